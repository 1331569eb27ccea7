"""Changed proofs: what is changed, and whether what comes of it still is a proof."""
