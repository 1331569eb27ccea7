"""From a PAO model with two linear levels back to data, and what of the model the field's files cannot hold."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

from pyomo.core import minimize
from pyomo.repn.linear import LinearRepnVisitor

from ...errors import InstanceError
from ...instances.files.words import word
from ...instances.linear_bilevel import LinearBilevelInstance, LinearRow, LinearVariable
from ...levels.bilevel import Bilevel
from ...levels.follower import Follower
from ...levels.follower_form import VariableRecorder
from ...levels.reading import read_levels


class Extracted(NamedTuple):
    """The data, and what of the model is not in them although it was left out with no effect on the decisions."""

    instance: LinearBilevelInstance
    notes: tuple[str, ...]


def instance_of(model: Any) -> Extracted:
    """Return the data of a model whose levels are linear in all variables together.

    Several followers, none of which sees what another decides, become one lower level: the sum of their objectives is
    least where each of them is.

    :raises BilevoltError: the levels cannot be read, or hold what the field's files have no place for; the message
        names the component.
    """
    bilevel = read_levels(model, integer_followers=True)
    _refuse_what_has_no_place(bilevel)
    notes = [f"valid inequalities {block.name!r} are left out: they are of no level" for block in bilevel.user_cuts]
    if len(bilevel.followers) > 1:
        notes.append(
            f"{', '.join(f.name for f in bilevel.followers)} are one lower level: none sees another's decision"
        )
    names = _names(bilevel.variables, "variable")
    leader = _linear(bilevel.leader.objective, "the leader's objective")
    maximize = all(follower.objective.sense != minimize for follower in bilevel.followers)
    costs: dict[int, float] = {}
    for follower in bilevel.followers:
        linear = _linear(follower.objective, "the follower's objective")
        sign = 1.0 if (follower.objective.sense != minimize) == maximize else -1.0
        own = {id(variable) for variable in follower.variables}
        costs |= {i: sign * linear.terms.get(i, 0.0) for i in own}
        notes += _left_out(follower, linear, own, names)
    instance = LinearBilevelInstance(
        problem="linear_bilevel",
        name=word(model.name) or "model",
        source="Extracted from a model.",
        sense="minimize" if bilevel.leader.objective.sense == minimize else "maximize",
        offset=leader.constant,
        follower_sense="maximize" if maximize else "minimize",
        variables=tuple(
            LinearVariable(
                name=names[id(variable)],
                level="follower" if id(variable) in costs else "leader",
                lower=variable.lb,
                upper=variable.ub,
                integer=not variable.is_continuous(),
                cost=leader.terms.get(id(variable), 0.0),
                follower_cost=costs.get(id(variable), 0.0),
            )
            for variable in bilevel.variables
        ),
        rows=tuple(_rows(bilevel, names)),
    )
    return Extracted(instance, tuple(notes))


def _left_out(follower: Follower, linear: "_Linear", own: set[int], names: dict[int, str]) -> list[str]:
    """Say what of a follower's objective has no effect on its decisions, and no place in an AUX file."""
    parts = [names[i] for i in linear.terms if i not in own]
    if linear.constant:
        parts.append(f"the constant {linear.constant:g}")
    if not parts:
        return []
    return [
        f"of the objective of {follower.name!r}, what it does not decide is left out ({', '.join(parts)}): its values "
        "change, its decisions do not"
    ]


def _refuse_what_has_no_place(bilevel: Bilevel) -> None:
    for follower in bilevel.followers:
        if (seen := next((v for v in follower.given if v in bilevel.owner), None)) is not None:
            raise InstanceError(
                f"follower {follower.name!r} sees {seen.name!r}, which follower {bilevel.owner[seen]!r} decides; an "
                "AUX file has one lower level. Write the single level instead (with a reformulation)."
            )
    if bilevel.leader.prices:
        names = ", ".join(f"dual_of({row.name})" for row in bilevel.leader.prices.values())
        raise InstanceError(f"the leader uses shadow prices ({names}), which MPS and AUX files have no place for.")
    if bilevel.leader.sos:
        names = ", ".join(one.name for one in bilevel.leader.sos)
        raise InstanceError(f"the leader has special ordered sets ({names}), which are not written with two levels.")


class _Linear(NamedTuple):
    """``sum of terms + constant``; terms by the variables' ids."""

    terms: dict[int, float]
    constant: float


def _linear(component: Any, what: str, body: Any = None) -> _Linear:
    recorder = VariableRecorder()
    repn = LinearRepnVisitor({}, var_recorder=recorder).walk_expression(component.expr if body is None else body)
    if repn.nonlinear is not None:
        raise InstanceError(
            f"{what} {component.name!r} is not linear in the variables of both levels: {repn.nonlinear}. MPS and AUX "
            "files hold linear levels only; products of leader's and follower's variables have no place in them."
        )
    factor = repn.multiplier
    return _Linear({i: factor * a for i, a in repn.linear.items() if a}, float(factor * repn.constant))


def _rows(bilevel: Bilevel, names: dict[int, str]) -> Iterable[LinearRow]:
    """Yield the rows of both levels; the followers' by their names on their blocks, where no other row has it."""
    called = _names(bilevel.leader.constraints, "row")
    local = {id(row): word(f.local_name(row)) for f in bilevel.followers for row in f.constraints}
    often = Counter([*called.values(), *local.values()])
    full = _names((row for follower in bilevel.followers for row in follower.constraints), "row")
    called |= {i: name if often[name] == 1 else full[i] for i, name in local.items()}
    yield from (_row(row, "leader", called, names) for row in bilevel.leader.constraints)
    yield from (_row(row, "follower", called, names) for f in bilevel.followers for row in f.constraints)


def _row(
    constraint: Any, level: Literal["leader", "follower"], called: dict[int, str], names: dict[int, str]
) -> LinearRow:
    low, body, high = constraint.to_bounded_expression(evaluate_bounds=True)
    linear = _linear(constraint, f"row of the {level}", body)
    return LinearRow(
        name=called[id(constraint)],
        level=level,
        lower=None if low is None else float(low) - linear.constant,
        upper=None if high is None else float(high) - linear.constant,
        terms=tuple((names[i], a) for i, a in linear.terms.items()),
    )


def _names(components: Iterable[Any], what: str) -> dict[int, str]:
    """Return names as files can hold them, without spaces, by the components' ids."""
    found: dict[int, str] = {}
    known: dict[str, str] = {}
    for component in components:
        name = word(component.name)
        if name in known:
            raise InstanceError(
                f"{what} {component.name!r} and {known[name]!r} are both {name!r} in a file; rename one."
            )
        known[name], found[id(component)] = component.name, name
    return found
