"""Reading the two levels of a PAO model: who owns which variables, rows and objective.

``SubModel(fixed=[...])`` lists what its follower takes as given; every other variable in the SubModel's active
objective or rows is that follower's, wherever it is declared; the rest is the leader's. A variable fixed with
``fix()`` is a number. Only reading happens here: the model is not changed.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from pyomo.common.collections import ComponentMap, ComponentSet
from pyomo.core import Block, Constraint, Objective, Var
from pyomo.core.base.objective import ObjectiveData
from pyomo.core.base.sos import SOSConstraint
from pyomo.core.base.var import VarData

from ..errors import NotBilevelError
from .bilevel import Bilevel, Leader, UserCuts
from .decisions import refuse_idle_leader
from .dual_of import prices_of
from .follower import Follower
from .integers import refuse_integers
from .numbers_given import refuse_missing_numbers, refuse_no_model
from .pao_adapter import SubModel
from .scanning import Scan
from .valid_inequalities import ValidInequalities

_HOLDERS = {SubModel: "a follower", ValidInequalities: "a block of valid inequalities"}
# What a level may hold besides rows, objectives and blocks: data and annotations, which need no treatment.
_PASSIVE = {"Var", "BooleanVar", "Param", "Set", "RangeSet", "Expression", "Suffix", "BuildAction", "BuildCheck"}


def read_levels(model: Any, *, integer_followers: bool = False) -> Bilevel:
    """Read leader and followers from a PAO model.

    :param model: a ``pyomo.ConcreteModel`` with one or more ``SubModel``.
    :param integer_followers: whether whoever asks covers followers that own integers.
    :raises NotBilevelError: no built Pyomo model, no SubModel, a SubModel inside a SubModel, not exactly one active
        objective on a level, a variable owned by two followers, a component that is neither row, objective nor data, a
        leader that decides nothing.
    :raises IntegerFollowerError: a follower owns an integer variable, and that is not covered.
    :raises MissingNumberError: a row, objective or bound holds a number that is not given, or NaN.
    """
    refuse_no_model(model)
    blocks = tuple(model.component_data_objects(SubModel, active=True, descend_into=Block))
    if not blocks:
        raise NotBilevelError(
            f"model {model.name!r} has no active SubModel, so that there is no follower. "
            "Declare the lower level as bilevolt.SubModel(fixed=[leader's variables])."
        )
    owner: ComponentMap = ComponentMap()
    scan = Scan()
    followers = tuple(_read_follower(block, owner, scan) for block in blocks)
    for follower in () if integer_followers else followers:
        refuse_integers(follower)
    prices = ComponentMap(item for follower in followers for item in prices_of(follower.block).items())
    _refuse_prices_in_followers(followers, prices)
    own = _read_leader(model, followers, owner, prices, scan)
    blocks = tuple(model.component_data_objects(ValidInequalities, active=True, descend_into=Block))
    known = ComponentSet((*own.variables, *owner) if blocks else ())
    user_cuts = tuple(_read_user_cuts(block, known, prices, scan) for block in blocks)
    seen = scan.variables((own.objective, *own.constraints)) if user_cuts else {}
    only_in_cuts = ComponentSet(price for block in user_cuts for price in block.prices if id(price) not in seen)
    kept = ComponentMap((price, row) for price, row in prices.items() if price not in only_in_cuts)
    bilevel = Bilevel(model, replace(own, prices=kept), followers, owner, user_cuts)
    refuse_idle_leader(bilevel)
    refuse_missing_numbers(bilevel, only_bounds=not scan.doubtful)
    return bilevel


def _read_follower(block: Any, owner: ComponentMap, scan: Scan) -> Follower:
    for inner in block.component_data_objects(SubModel, descend_into=(Block, SubModel)):
        raise NotBilevelError(
            f"SubModel {inner.name!r} is inside SubModel {block.name!r}: three levels are not covered. "
            "Declare both SubModels on the model, or solve the inner one by hand first."
        )
    _refuse_unknown_components(block, (Constraint, Objective, Block))
    objective = _only_objective(block, f"follower {block.name!r}")
    constraints = tuple(block.component_data_objects(Constraint, active=True, descend_into=Block))
    given_set = ComponentSet(_flatten(block._fixed or (), block))
    own: list[VarData] = []
    given: list[VarData] = []
    for variable in scan.variables((objective, *constraints)).values():
        if variable in given_set:
            given.append(variable)
            continue
        if variable in owner:
            raise NotBilevelError(
                f"variable {variable.name!r} is owned by two followers, {owner[variable]!r} and {block.name!r}. "
                "List it in the fixed=[...] of the follower that takes it as given."
            )
        owner[variable] = block.name
        own.append(variable)
    return Follower(block.name, block, objective, constraints, tuple(own), tuple(given), tuple(given_set))


def _read_leader(
    model: Any, followers: tuple[Follower, ...], owner: ComponentMap, prices: ComponentMap, scan: Scan
) -> Leader:
    _refuse_unknown_components(model, (Constraint, Objective, Block, SOSConstraint, SubModel, ValidInequalities))
    objective = _only_objective(model, "the leader")
    constraints = tuple(model.component_data_objects(Constraint, active=True, descend_into=Block))
    sos = tuple(model.component_data_objects(SOSConstraint, active=True, descend_into=Block))
    seen: ComponentSet = ComponentSet(scan.variables((objective, *constraints)).values())
    seen.update(v for s in sos for v in s.variables if not v.fixed)
    seen.update(v for follower in followers for v in follower.given)
    variables = tuple(v for v in seen if v not in owner and v not in prices)
    return Leader(objective, constraints, sos, variables, prices)


def _read_user_cuts(block: Any, known: ComponentSet, prices: ComponentMap, scan: Scan) -> UserCuts:
    _refuse_unknown_components(block, (Constraint, Block))
    constraints = tuple(block.component_data_objects(Constraint, active=True, descend_into=Block))
    seen = scan.variables(constraints).values()
    own = tuple(v for v in seen if v not in known and v not in prices)
    used = ComponentMap((v, prices[v]) for v in seen if v in prices)
    separate = None if block.separator is None else partial(block.separator, block)
    return UserCuts(block.name, block.reason, constraints, own, used, separate)


def _only_objective(block: Any, who: str) -> ObjectiveData:
    objectives = list(block.component_data_objects(Objective, active=True, descend_into=Block))
    if len(objectives) != 1:
        found = ", ".join(repr(o.name) for o in objectives) or "none"
        raise NotBilevelError(
            f"{who} has {len(objectives)} active objectives ({found}); exactly one is needed. "
            "Activate one with .activate() and deactivate the others."
        )
    return objectives[0]


def _flatten(items: Any, block: Any) -> Iterator[VarData]:
    if isinstance(items, (list, tuple, set, ComponentSet)):
        for item in items:
            yield from _flatten(item, block)
    elif getattr(items, "ctype", None) is Var:
        yield from items.values() if items.is_indexed() else (items,)
    else:
        raise NotBilevelError(
            f"SubModel {block.name!r} lists {items!r} in fixed=[...], which is not a variable. "
            "List the leader's variables there."
        )


def _refuse_unknown_components(block: Any, known: tuple[type, ...]) -> None:
    for component in block.component_objects(active=True, descend_into=Block):
        if component.ctype in known or component.ctype.__name__ in _PASSIVE:
            continue
        raise NotBilevelError(
            f"{component.name!r} is an active {component.ctype.__name__}, which "
            f"{_HOLDERS.get(block.ctype, 'the leader')} cannot hold here. "
            "Write it as constraints (Pyomo's gdp or mpec transformations may do that), or deactivate it."
        )


def _refuse_prices_in_followers(followers: tuple[Follower, ...], prices: ComponentMap) -> None:
    for follower in followers:
        for variable in (*follower.variables, *follower.given):
            if variable in prices:
                raise NotBilevelError(
                    f"follower {follower.name!r} contains dual_of({prices[variable].name}); shadow prices can only "
                    "be used by the leader. Give the leader a variable equal to the price and pass that."
                )
