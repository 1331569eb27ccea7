"""Names of many components: Pyomo puts a name together anew each time that it is asked, blocks and all."""

from collections.abc import Iterable, Iterator
from typing import Any

from pyomo.core.base.component_namer import index_repr


def names(components: Iterable[Any]) -> Iterator[str]:
    """Yield each component's name, as ``component.name`` has it; of an indexed one its own name is found once."""
    heads: dict[int, str] = {}
    for component in components:
        parent = component.parent_component()
        if parent is component or parent is None:
            yield component.name
            continue
        head = heads.get(id(parent))
        if head is None:
            head = heads[id(parent)] = parent.name
        yield head + index_repr(component.index())
