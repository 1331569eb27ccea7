"""``plot``: pictures of bilevel models that are small enough for paper."""
