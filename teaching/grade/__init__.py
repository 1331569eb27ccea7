"""``grade``: single-level models made by hand, compared with the KKT system; and exercises with a seeded mistake."""
