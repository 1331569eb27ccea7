"""Proofs of global optimality: made with floating-point LPs, stated in exact numbers, checked by ``replay``."""

from .proof import Proof, prove, read_proof

__all__ = ["Proof", "prove", "read_proof"]
