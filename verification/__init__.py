"""Is it right: independent checks and certificates."""

from typing import TYPE_CHECKING

from .. import lazily

if TYPE_CHECKING:
    from .breaker import BigMBreak, break_big_m
    from .certificate import Certificate
    from .check import verify
else:  # the checker of proofs (replay) runs without Pyomo and NumPy
    __getattr__ = lazily.names(
        __name__,
        {"BigMBreak": "breaker", "Certificate": "certificate", "break_big_m": "breaker", "verify": "check"},
    )

__all__ = ["BigMBreak", "Certificate", "break_big_m", "verify"]
