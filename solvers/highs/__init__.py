"""HiGHS: LP, MILP, convex QP with a proof afterwards, convex MIQP by tangents."""

from .solver import Highs

__all__ = ["Highs"]
