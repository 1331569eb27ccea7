"""Files in which linear two-level problems are published: MPS or LP with AUX beside it, and solutions (.sol)."""
