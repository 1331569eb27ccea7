"""What is asked -> which steps: the order in which two levels become one, and what "auto" chooses."""

import gc
from collections.abc import Mapping
from typing import Any

from pyomo.common.gc_manager import PauseGC

from ..bounds.given import BigM
from ..errors import UnprovenBigMError, UnsupportedBySolverError
from ..levels.bilevel import Bilevel
from ..levels.reading import read_levels
from ..option_names import Cuts, Linearization, SingleLevelForm
from . import asking, kkt, mixing, products, revenue, strong_duality, user_cuts
from .registry import AUTO, LINEARIZATIONS
from .single_level import map_of

_NONE = "the solver takes none of " + ", ".join(step.name for step, _ in AUTO) + ", among which 'auto' chooses"


def reformulate(
    model: Any,
    reformulation: SingleLevelForm | Mapping[Any, Linearization] = "sos1",
    big_m: BigM = None,
    linearize_products: bool = True,
    cuts: Cuts | None = "auto",
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
    with PauseGC():  # what is made here stays, and collections that walk through it took half of the time
        single = _reformulate(model, reformulation, big_m, linearize_products, cuts)
    if gc.isenabled():
        gc.collect(0)  # the one that is due now, while the model is held: who keeps but a block of it may lose the rest
    return single


def _reformulate(
    model: Any, reformulation: str | Mapping[Any, str], big_m: BigM, linearize_products: bool, cuts: str | None
) -> Any:
    """Return the single-level model, see :func:`reformulate`."""
    bilevel = model if isinstance(model, Bilevel) else read_levels(model)
    single = kkt.apply(bilevel, with_complementarity=reformulation == "kkt")
    if reformulation == "kkt":
        return single
    revenue.apply(single)
    if isinstance(reformulation, str):
        steps = [LINEARIZATIONS[reformulation]]
        steps[0].apply(single, **steps[0].own({"big_m": big_m, "cuts": cuts}))
    else:
        steps = mixing.apply(single, reformulation, big_m=big_m, cuts=cuts)
    if map_of(single).pending():
        kkt.write_complementarity(map_of(single))  # never a model without some of its conditions
    if cuts and linearize_products and not all(step.equal_objectives for step in steps):
        strong_duality.add_cut(single)
    if cuts:
        user_cuts.apply(single)
    if linearize_products:
        products.apply(single, enlarge_for_cuts=cuts == "strong_duality")
    return single


def choose_reformulation(
    bilevel: Bilevel,
    asked: str | Mapping[Any, str],
    big_m: BigM = None,
    cuts: str | None = "auto",
    features: Mapping[str, bool] | None = None,
) -> tuple[Any, str, str]:
    """Return the single-level model, the reformulation's name ("mixed" for a dict), and why: "" unless "auto" chose.

    :param asked: as for :func:`reformulate`; "auto" is big-M where every M is proven or given, else SOS1.
    :param features: what the solver takes, if it is known already: "auto" chooses among the steps that it takes.
    :raises UnprovenBigMError: "auto", and every step that the solver takes needs an M that is not known.
    """
    asked = asking.named(asked, ("auto", "kkt", *LINEARIZATIONS))
    if asked != "auto":
        return reformulate(bilevel, asked, big_m, cuts=cuts), asked if isinstance(asked, str) else "mixed", ""
    refusals: dict[str, UnprovenBigMError] = {}
    for step, merit in AUTO:
        if features is not None and not all(features.get(name) for name in step.needs):
            continue
        try:
            single = reformulate(bilevel, step.name, cuts=cuts, **step.own({"big_m": big_m}))
        except UnprovenBigMError as refusal:
            refusals[step.name] = refusal
            continue
        why = ", ".join(f"as {name} was refused: {refusal}" for name, refusal in refusals.items())
        return single, step.name, f"{step.name}, {why}" if why else f"{step.name}: {merit}"
    raise next(iter(refusals.values()), UnsupportedBySolverError(f"{_NONE}; choose another solver or reformulation."))
