"""One lower level, as it was read, and what the Suffixes on its block say."""

from dataclasses import dataclass
from typing import Any

from pyomo.common.collections import ComponentMap
from pyomo.core import Block, Suffix
from pyomo.core.base.constraint import ConstraintData
from pyomo.core.base.objective import ObjectiveData
from pyomo.core.base.var import VarData

from ..errors import NotBilevelError
from .pao_adapter import SubModel


@dataclass(frozen=True)
class Follower:
    """One lower level: ``variables`` are its own, ``given`` those of others that its objective or rows contain.

    ``named`` is what ``fixed=[...]`` lists, whether the follower contains it or not.
    """

    name: str
    block: Any
    objective: ObjectiveData
    constraints: tuple[ConstraintData, ...]
    variables: tuple[VarData, ...]
    given: tuple[VarData, ...]
    named: tuple[VarData, ...] = ()

    def local_name(self, component: Any) -> str:
        """Return a component's name without that of the follower's block, for what is declared inside it."""
        return self.localised(component.name)

    def localised(self, name: str) -> str:
        """Return the same of a name that is known: Pyomo puts it together anew each time that it is asked."""
        return name.removeprefix(f"{self.name}.")


def submodel_around(component: Any, otherwise: str) -> Any:
    """Return the SubModel that a component is declared in.

    :param otherwise: what the error says beyond that it is in none.
    :raises NotBilevelError: it is in none.
    """
    block = component.parent_block()
    while block is not None and block.ctype is not SubModel:
        block = block.parent_block()
    if block is None:
        raise NotBilevelError(f"{component.name!r} is not inside a SubModel. {otherwise}")
    return block


def suffix_values(follower: Follower, name: str) -> ComponentMap:
    """Return what a Suffix of this name on the follower's block says, component data -> value.

    A value given for an indexed component holds for each of its members that has none of its own.
    """
    values: ComponentMap = ComponentMap()
    for suffix in follower.block.component_objects(Suffix, active=True, descend_into=Block):
        if suffix.local_name != name:
            continue
        for component, value in suffix.items():
            if component is None:
                continue
            members = component.values() if component.is_indexed() else (component,)
            for member in members:
                if member is component or member not in suffix:
                    values[member] = value
    return values
