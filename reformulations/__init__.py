"""How two levels become one: reading the levels, then one small file per step.

==============  ===========================================================  =========================
step            what it does                                                 file
==============  ===========================================================  =========================
``kkt``         follower -> its KKT conditions; the result is an MPCC        ``kkt.py``
``mixing``      each pair by a step of its own                               ``mixing.py``
``revenue``     the leader's share of a follower's bill, linear by duality   ``revenue.py``
``sos1``        complementarity -> SOS1                                      ``sos1.py``
``bigm``        complementarity -> binary and proven (or user's) big-M       ``bigm.py``
``indicator``   complementarity -> binary that switches one of two rows on   ``indicator.py``
``strong_...``  complementarity -> equal primal and dual objectives          ``strong_duality.py``
``product``     complementarity -> a bilinear row for each pair              ``product.py``
``branch``      complementarity -> pairs that the solver branches on         ``branch.py``
``pattern``     complementarity -> settled as at a point                     ``pattern.py``
``offered``     rows that the model offers as valid inequalities             ``offered.py``
``products``    integer x bounded variable -> linear rows, exactly           ``products.py``
==============  ===========================================================  =========================
"""

from collections.abc import Callable, Mapping
from typing import Any

from ..bounds.given import BigM
from ..errors import UnprovenBigMError
from ..levels.reading import Bilevel, read_levels
from . import (
    asking,
    bigm,
    branch,
    indicator,
    kkt,
    mixing,
    offered,
    pattern,
    product,
    products,
    revenue,
    sos1,
    strong_duality,
)
from .mapping import SingleLevelMap, map_of

__all__ = [
    "LINEARIZATIONS", "Bilevel", "SingleLevelMap", "choose_reformulation", "map_of", "read_levels", "reformulate"
]  # fmt: skip

#: How complementarity is made linear; a new way is one file and one line here.
LINEARIZATIONS: dict[str, Callable[..., Any]] = {
    "sos1": sos1.apply,
    "bigm": bigm.apply,
    "indicator": indicator.apply,
    "strong_duality": strong_duality.apply,
    "product": product.apply,
    "branch": branch.apply,
}


def reformulate(
    model: Any,
    reformulation: str | Mapping[Any, str] = "sos1",
    big_m: BigM = None,
    linearize_products: bool = True,
    cuts: str | None = "auto",
) -> Any:
    """Return the single-level model of a PAO model; the PAO model itself is not changed.

    The result refers to the user's own variables, with rows and multipliers of its own; ``map_of(result)`` says
    what was made of what.

    :param model: a PAO model (``pyomo.ConcreteModel`` with ``SubModel``), or its levels, already read.
    :param reformulation: "kkt" (the MPCC, complementarity as ``pyomo.mpec``), a name in ``LINEARIZATIONS``, or a dict
        row -> name (see :mod:`mixing`).
    :param big_m: for "bigm": a number, or numbers by follower's row, variable or name, where no M is proven.
    :param linearize_products: replace integer x bounded products exactly.
    :param cuts: "strong_duality" adds the primal-dual inequality of each LP block, where it can be made linear; "auto"
        adds it only where it needs no product that the model does not have already. Both add what the model offers in
        active ``ValidInequalities``; None adds nothing.
    """
    reformulation = asking.named(reformulation, ("kkt", *LINEARIZATIONS))
    asking.refuse_big_m(big_m, reformulation)
    asking.refuse_cuts(cuts)
    bilevel = model if isinstance(model, Bilevel) else read_levels(model)
    single = kkt.apply(bilevel)
    if reformulation == "kkt":
        return single
    revenue.apply(single)
    if not isinstance(reformulation, str):
        mixing.apply(single, reformulation, LINEARIZATIONS, big_m=big_m)
    else:
        LINEARIZATIONS[reformulation](single, **({"big_m": big_m} if reformulation == "bigm" else {}))
    if cuts and reformulation != "strong_duality" and linearize_products:
        strong_duality.add_cut(single)
    if cuts:
        offered.apply(single)
    if linearize_products:
        products.apply(single, enlarge_for_cuts=cuts == "strong_duality")
    return single


def choose_reformulation(
    bilevel: Bilevel,
    asked: str | Mapping[Any, str],
    big_m: BigM = None,
    cuts: str | None = "auto",
    with_sos1: bool = True,
) -> tuple[Any, str, str]:
    """Return the single-level model, the reformulation's name ("mixed" for a dict), and why: "" unless "auto" chose.

    :param asked: as for :func:`reformulate`; "auto" is big-M where every M is proven or given, else SOS1.
    :param with_sos1: whether "auto" may choose SOS1; without, an unproven M is refused.
    """
    asked = asking.named(asked, ("auto", "kkt", *LINEARIZATIONS))
    if asked != "auto":
        return reformulate(bilevel, asked, big_m, cuts=cuts), asked if isinstance(asked, str) else "mixed", ""
    try:
        return reformulate(bilevel, "bigm", big_m, cuts=cuts), "bigm", "bigm: every M is proven or given"
    except UnprovenBigMError as refusal:
        if not with_sos1:
            raise
        return reformulate(bilevel, "sos1", cuts=cuts), "sos1", f"sos1, as bigm was refused: {refusal}"


def _register() -> None:
    from .transformations import register  # here, because it needs the table above

    register()


_register()
