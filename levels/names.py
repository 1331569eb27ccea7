"""Names of many components: Pyomo puts one together from the blocks around it each time that it is asked."""

from collections.abc import Iterable, Iterator
from typing import Any

from pyomo.core.base.component_namer import index_repr


class Names:
    """Says names as ``component.name`` does, that of a family only once. For a model that nothing is moved in."""

    def __init__(self) -> None:
        self._of_family: dict[int, tuple[Any, str]] = {}  # with the family, whose id none other gets then

    def __call__(self, component: Any) -> str:
        """Return a component's name."""
        family = component.parent_component()
        if family is component or family is None:
            return str(component.name)
        known = self._of_family.get(id(family))
        if known is None:
            known = self._of_family[id(family)] = (family, family.name)
        return known[1] + str(index_repr(component.index()))


def names(components: Iterable[Any]) -> Iterator[str]:
    """Return the names of several components."""
    return map(Names(), components)
