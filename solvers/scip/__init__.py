"""SCIP: everything but duals."""

from .solver import Scip

__all__ = ["Scip"]
