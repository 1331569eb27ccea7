"""Files that others publish linear two-level problems in: MPS or LP with an AUX file beside it, and solutions (.sol)."""
