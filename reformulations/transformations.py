"""The steps under Pyomo's own names: ``TransformationFactory("bilevel.kkt").create_using(model)`` and so on.

===================================  ============================================================================
name                                 from -> to
===================================  ============================================================================
``bilevel.kkt``                      PAO model -> MPCC (``pyomo.mpec`` complementarity)
``bilevel.strong_duality``           PAO model -> single level by strong duality
``mpcc.sos1``, ``mpcc.bigm``, ...    MPCC of ``bilevel.kkt`` -> linear complementarity
===================================  ============================================================================

``bilevel.*`` only offer ``create_using``: the user's model is not changed, and the result refers to its variables.
``mpcc.*`` offer both; ``create_using`` makes the MPCC anew from the levels and leaves the given one as it is.
"""

from typing import Any

from pyomo.core import TransformationFactory

from ..errors import BilevoltError
from ..levels.reading import read_levels
from . import kkt, products
from .choosing import reformulate
from .linearization import Linearization
from .registry import LINEARIZATIONS
from .single_level import map_of


class _Bilevel:
    """A transformation of a PAO model, which makes a new model."""

    reformulation = "kkt"

    def create_using(self, model: Any, **options: Any) -> Any:
        """Return the single-level model; options are those of ``bilevolt.reformulate``."""
        return reformulate(model, self.reformulation, **options)

    def apply_to(self, model: Any, **options: Any) -> None:
        """Refuse: the user's model is never changed."""
        raise BilevoltError(
            f"a bilevel model is not changed in place ({model.name!r}); use create_using, which returns a new model."
        )


class _Mpcc:
    """A transformation of the complementarity pairs of an MPCC, in place or on a new one."""

    step: Linearization

    def apply_to(self, single: Any, **options: Any) -> None:
        """Linearise the pending pairs in place, then the products."""
        self.step.apply(single, **options)
        products.apply(single)

    def create_using(self, single: Any, **options: Any) -> Any:
        """Return a new single-level model; the MPCC stays as it is."""
        if len(map_of(single).pending()) != len(map_of(single).conditions.pairs):
            raise BilevoltError(f"{single.name!r} is linearised in part already; use apply_to for the rest.")
        fresh = kkt.apply(read_levels(map_of(single).bilevel.model))
        self.apply_to(fresh, **options)
        return fresh


def register() -> None:
    """Register all steps with Pyomo (done when ``bilevolt`` reformulations are imported)."""
    bilevel = {
        "bilevel.kkt": ("kkt", "Replace followers by their KKT conditions (an MPCC)"),
        "bilevel.strong_duality": ("strong_duality", "Replace followers by feasibility and strong duality"),
    }
    for name, (reformulation, doc) in bilevel.items():
        TransformationFactory.register(name, doc=doc)(type(name, (_Bilevel,), {"reformulation": reformulation}))
    for name, step in LINEARIZATIONS.items():
        doc = f"Linearise the complementarity pairs of an MPCC: {name}"
        TransformationFactory.register(f"mpcc.{name}", doc=doc)(type(name, (_Mpcc,), {"step": step}))
