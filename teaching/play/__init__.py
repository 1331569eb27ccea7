"""``play``: a small model as a page in which the leader's decision is moved by hand."""
