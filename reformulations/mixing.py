"""Mixing: each complementarity pair by a step of its own choice.

The choice is made by row: ``{"bus_balance": "bigm", model.L.limit: "sos1", "*": "sos1"}``, with a follower's row or
variable (or an indexed one, for all its members), or its name, with or without the SubModel's; a follower's name stands
for all its rows, ``"*"`` for what is left. Single members of variables, ``model.L.y[1]``, go into a ``ComponentMap`` or
by name: Pyomo's ``==`` makes them unreliable keys of a dict. Or by a Suffix ``reformulation`` on the follower, for what
the dict leaves.
"""

from collections.abc import Mapping
from typing import Any

from ..errors import BilevoltError
from ..levels.follower import suffix_values
from ..levels.optimality import Pair
from .linearization import Linearization
from .registry import LINEARIZATIONS
from .single_level import map_of

SUFFIX = "reformulation"
DEFAULT = "sos1"


def apply(single: Any, choice: Mapping[Any, str], **options: Any) -> list[Linearization]:
    """Linearise every pair of an MPCC, in place, by the step chosen for it; return the steps used.

    :param choice: row, variable, name or ``"*"`` -> name of a step.
    :param options: go to the steps that have them (``big_m``).
    :raises BilevoltError: an unknown step, or a key that is no row of a follower.
    """
    single_map = map_of(single)
    components = {id(key): key for key in choice if not isinstance(key, str)}
    by_id = {i: choice[key] for i, key in components.items()}
    by_name = {key: name for key, name in choice.items() if isinstance(key, str)}
    for form in single_map.conditions.forms:
        for source, name in suffix_values(form.follower, SUFFIX).items():
            by_id.setdefault(id(source), name)
    used: set[Any] = {"*"}
    of_step: dict[str, list[Pair]] = {}
    for pair in single_map.pending():
        of_step.setdefault(_step(pair, by_id, by_name, used), []).append(pair)
    unused = [key for key in by_name if key not in used]
    unused += [getattr(key, "name", repr(key)) for i, key in components.items() if i not in used]
    if unused:
        raise BilevoltError(f"reformulation names {unused}, which are no inequality rows or bounds of a follower.")
    for name in of_step:
        if name not in LINEARIZATIONS:
            known = ", ".join(map(repr, LINEARIZATIONS))
            raise BilevoltError(f"reformulation {name!r} is unknown; choose one of {known}.")
    for name, pairs in of_step.items():
        LINEARIZATIONS[name].apply(single, pairs, **LINEARIZATIONS[name].own(options))
    left = single_map.pending()
    if left:
        raise BilevoltError(
            f"{len(left)} pairs are left, the first is {left[0].name!r}: strong_duality takes a follower's block as a "
            "whole. Choose it for all rows of the block, or another step for these."
        )
    return [LINEARIZATIONS[name] for name in of_step]


def _step(pair: Pair, by_id: Mapping[int, str], by_name: Mapping[str, str], used: set[Any]) -> str:
    source = pair.row.source
    for component in (source, source.parent_component()):
        if id(component) in by_id:
            used.add(id(component))
            return by_id[id(component)]
        for name in (component.name, component.name.removeprefix(f"{pair.follower}."), component.local_name):
            if name in by_name:
                used.add(name)
                return by_name[name]
    if pair.follower in by_name:
        used.add(pair.follower)
        return by_name[pair.follower]
    return by_name.get("*", DEFAULT)
