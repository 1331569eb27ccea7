"""What is known of variables, multipliers and slacks: their ranges, and each big-M with the reason that proves it."""

from .. import reformulations  # first: its modules import those here, and these import its map
