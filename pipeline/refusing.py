"""What a solver does not take, refused with the reason before it runs."""

from ..errors import UnsupportedBySolverError
from ..reformulations import product_advice
from ..reformulations.products import remaining
from ..reformulations.single_level import SingleLevel
from ..solvers.base import Solver
from ..solvers.reading import Reading


def refuse_products(chosen: Solver, single: SingleLevel, reading: Reading) -> None:
    """Refuse, with the reason, products that could not be linearised and that the solver does not take.

    Those that only make the objective convex are left to the solver's own features.
    """
    left = remaining(single.products)
    if left and "nonconvex" in chosen.features.missing(reading.needs):
        raise UnsupportedBySolverError(f"{chosen.name} does not take {product_advice.refusal(left, single)}")
