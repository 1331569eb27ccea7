"""``explain``: the KKT transformation of a bilevel model, step by step, in the user's own names."""

from collections.abc import Mapping
from typing import Any

from ...bounds.given import BigM
from ...levels.bilevel import Bilevel
from ...levels.reading import read_levels
from ...option_names import Cuts, Linearization, Reformulation
from ...reformulations import choose_reformulation, kkt, revenue
from ...reformulations.single_level import map_of
from ...solution import Solution
from . import step_duality, step_kkt, step_levels, step_linearize, step_sizes, step_solution
from .derivation import Derivation
from .document import Step
from .explanation import Explanation
from .folding import FEW
from .formula import Formula
from .reading import read


def explain(
    model: Any,
    reformulation: Reformulation | Mapping[Any, Linearization] = "auto",
    *,
    solution: Solution | None = None,
    big_m: BigM = None,
    cuts: Cuts | None = "auto",
    few: int = FEW,
) -> Explanation:
    """Return the derivation of a model's single level as a document.

    It renders with ``to_markdown()``, ``to_latex()``, ``to_html()`` and ``to_text()``, and by itself in notebooks;
    ``step("kkt")`` selects steps (``keys`` lists them). The model is not changed.

    :param model: a PAO model (``pyomo.ConcreteModel`` with ``SubModel``).
    :param reformulation: as in :func:`bilevolt.solve`: "auto", a name, or a dict row -> name; also "kkt", which leaves
        complementarity as it is.
    :param solution: what ``bilevolt.solve`` returned for this model: its numbers are shown, pair by pair.
    :param big_m: as in :func:`bilevolt.solve`.
    :param cuts: as in :func:`bilevolt.solve`.
    :param few: families of at most so many members are written member by member.
    :raises BilevoltError: a model that cannot be reformulated, or an expression that has no notation.
    """
    bilevel = read_levels(model)
    mpcc = kkt.apply(bilevel)
    derivation = Derivation(bilevel, map_of(mpcc), few)
    single, name, why = choose_reformulation(bilevel, reformulation, big_m, cuts)
    derivation.register(map_of(single))
    why = why and f"Chosen by `auto`, {why.removesuffix('.')}."
    steps = [
        step_levels.levels(derivation),
        *step_kkt.steps(derivation),
        step_linearize.linearize(derivation, map_of(single), why, _objective(bilevel, derivation)),
        step_duality.strong_duality(derivation, single),
        step_sizes.sizes(derivation, single, mpcc, name),
    ]
    if solution is not None:
        steps.append(step_solution.numbers(derivation, solution))
    return Explanation(f"{_title(model)}: from two levels to one", tuple[Step, ...](steps))


def _title(model: Any) -> str:
    return "The model" if model.name in (None, "unknown") else str(model.name)


def _objective(bilevel: Bilevel, derivation: Derivation) -> Formula:
    """Return the leader's objective after the step ``revenue``, and before products are linearised."""
    single = kkt.apply(bilevel)
    revenue.apply(single)
    derivation.register(map_of(single))
    return read(single.leader.objective.expr, derivation.names)  # here, while the model is alive
