"""What ``solve`` does around the exact solve: starts, points where none is said to be, polish and check."""
