"""Is it right: independent checks and certificates."""

from .certificate import Certificate
from .check import verify

__all__ = ["Certificate", "verify"]
