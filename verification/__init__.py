"""Is it right: independent checks and certificates."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .breaker import BigMBreak, break_big_m
    from .certificate import Certificate
    from .check import verify

_PUBLIC = {"BigMBreak": "breaker", "Certificate": "certificate", "break_big_m": "breaker", "verify": "check"}
__all__ = ["BigMBreak", "Certificate", "break_big_m", "verify"]


def __getattr__(name: str) -> Any:
    # Loaded when first used: the checker of proofs (replay) runs without Pyomo and NumPy.
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_PUBLIC[name]}", __name__), name)
