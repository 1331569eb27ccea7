"""Who decides what, in a line of text; and what may not be as it was meant.

A variable that is not in a SubModel's ``fixed=[...]`` is the follower's if the follower's objective or rows hold it,
wherever it is declared. That is what the declaration says; where it may be a slip, it is said.
"""

from collections.abc import Iterable
from typing import Any

from pyomo.common.collections import ComponentSet
from pyomo.core.base.var import VarData
from pyomo.core.expr.visitor import identify_variables

from ..errors import NotBilevelError
from .bilevel import Bilevel
from .follower import Follower

NOTE = "decisions: "
"""How the note starts that says who decides what."""

WARNING = "warning: "
FEW = 3  # members of a family (or followers alike) that are still named one by one
SHOWN = 8  # families of a level, and levels, that are shown


def decisions(bilevel: Bilevel) -> dict[str, str]:
    """Map "leader" and the followers' names to what each decides: ``{"leader": "x", "L": "y[*] (24), price of L.c"}``.

    Families are shown as one; where many followers are alike (one for each index of a block), so are they.
    """
    prices: dict[str, list[Any]] = {follower.name: [] for follower in bilevel.followers}
    blocks = {id(follower.block): follower.name for follower in bilevel.followers}
    for source in bilevel.leader.prices.values():
        prices[_enclosing(source, blocks)].append(source)
    found = {"leader": listed(bilevel.leader.variables) or "nothing"}
    alike: dict[str, list[Follower]] = {}
    for follower in bilevel.followers:
        alike.setdefault(_template(follower.block), []).append(follower)
    for template, members in alike.items():
        groups = [(f"{template} ({len(members)})", members)] if len(members) > FEW else [(f.name, [f]) for f in members]
        for name, group in groups:
            name = f"follower {name}" if name in found else name  # one may be called "leader"
            own = listed(v for follower in group for v in follower.variables)
            priced = listed((s for follower in group for s in prices[follower.name]), "price of ")
            found[name] = ", ".join(part for part in (own, priced) if part) or "nothing"
    return found


def told(who: dict[str, str]) -> str:
    """Return what :func:`decisions` found as a line of text."""
    parts = [f"{name}: {what}" for name, what in who.items()]
    more = [f"{len(parts) - SHOWN} more followers"] if len(parts) > SHOWN else []
    return "; ".join(parts[:SHOWN] + more)


def remarks(bilevel: Bilevel) -> list[str]:
    """Return the first notes of every answer: who decides what, and what of it was perhaps not meant."""
    return [NOTE + told(decisions(bilevel)), *(WARNING + text for text in warnings(bilevel))]


def warnings(bilevel: Bilevel) -> list[str]:
    """Name variables that are a follower's, and were perhaps meant to be the leader's.

    They are declared outside the SubModel, in the leader's rows or objective, and not in the follower's objective.
    """
    leaders = _in([bilevel.leader.objective, *bilevel.leader.constraints])
    found = []
    for follower in bilevel.followers:
        aims = _in([follower.objective])
        doubtful = [v for v in declared_outside(follower) if v in leaders and v not in aims]
        if doubtful:
            one = len(doubtful) == 1
            found.append(
                f"{_taken_over(doubtful, follower)}, though {'it is' if one else 'they are'} in the leader's rows or "
                f"objective and not in the objective of {follower.name!r}. If {'it is' if one else 'they are'} the "
                f"leader's: SubModel(fixed=[{listed(doubtful)}])."
            )
    return found


def refuse_idle_leader(bilevel: Bilevel) -> None:
    """Refuse a model whose leader has nothing to decide, unless its decision was made with ``fix()``.

    :raises NotBilevelError: the message says how the leader's variables are named, and which the followers took over.
    """
    if bilevel.leader.variables or _decision_is_fixed(bilevel):
        return
    taken = [text for f in bilevel.followers if (text := _taken_over(declared_outside(f), f))]
    likely = next((v for f in bilevel.followers for v in declared_outside(f) if v not in _in([f.objective])), None)
    example = "x" if likely is None else likely.name
    raise NotBilevelError(
        f"the leader of model {bilevel.model.name!r} decides nothing: every variable is a follower's. "
        + "".join(f"{text}. " for text in taken[:SHOWN])
        + ("Declare the leader's variables on the model, and list" if not taken else "List the leader's variables,")
        + (" those that the follower takes as given" if not taken else "")
        + f" as in SubModel(fixed=[{example}])."
    )


def declared_outside(follower: "Follower") -> list[VarData]:
    """Return the follower's variables that are not declared inside its SubModel."""
    block = {id(follower.block): follower.name}
    inside: dict[int, bool] = {}  # a component's variables are in one place
    found = []
    for variable in follower.variables:
        component = variable.parent_component()
        if id(component) not in inside:
            inside[id(component)] = _enclosing(component, block) is not None
        if not inside[id(component)]:
            found.append(variable)
    return found


def listed(components: Iterable[Any], before: str = "") -> str:
    """Return components by name; many of an indexed family as one, ``x[*] (24)``.

    :param before: what comes before each name.
    """
    families: dict[str, list[Any]] = {}
    for component in components:
        families.setdefault(_template(component), []).append(component)
    names: list[str] = []
    for template, members in families.items():
        if len(members) > FEW:
            names.append(f"{before}{template} ({len(members)})")
        else:
            names += [f"{before}{member.name}" for member in members]
    more = [f"{len(names) - SHOWN} more"] if len(names) > SHOWN else []
    return ", ".join(names[:SHOWN] + more)


def _taken_over(variables: list[VarData], follower: "Follower") -> str:
    if not variables:
        return ""
    are, them = ("is", "it") if len(variables) == 1 else ("are", "them")
    return (
        f"{listed(variables)} {are} declared outside SubModel {follower.name!r} and not in its fixed=[...], so that "
        f"the follower decides {them}"
    )


def _decision_is_fixed(bilevel: Bilevel) -> bool:
    """Whether the leader has variables, which are fixed: its decision is given, and the followers answer it."""
    listed_fixed = any(v.fixed for follower in bilevel.followers for v in follower.named)
    return listed_fixed or any(
        v.fixed for v in _in([bilevel.leader.objective, *bilevel.leader.constraints], include_fixed=True)
    )


def _template(component: Any) -> str:
    """Return a component's name with every index replaced by a star."""
    parts = []
    while component is not None and component.parent_block() is not None:
        family = component.parent_component()
        parts.append(family.local_name + "[*]" * family.is_indexed())
        component = family.parent_block()
    return ".".join(reversed(parts))


def _enclosing(component: Any, blocks: dict[int, str]) -> Any:
    """Return the name of the block among these that a component is in; None if it is in none."""
    block = component.parent_block()
    while block is not None and id(block) not in blocks:
        block = block.parent_block()
    return None if block is None else blocks[id(block)]


def _in(components: Iterable[Any], include_fixed: bool = False) -> ComponentSet:
    found = ComponentSet()
    for component in components:
        found.update(identify_variables(component.expr, include_fixed=include_fixed))
    return found
