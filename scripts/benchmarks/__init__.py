"""The rows of ``scripts/bench.py``, a file for each subject, and the peers that have no other home."""
