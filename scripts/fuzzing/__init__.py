"""The parts of ``scripts/fuzz.py``: problems as plain data, their truth by enumeration, verdicts, shrinking."""
