r"""What things are called: the user's own names, as short as they are unambiguous, and names for what we add.

=============  ============  ==============================================================
text           LaTeX         what
=============  ============  ==============================================================
``λ^l_row``    \lambda^l     multiplier of the lower side of a row or bound, >= 0
``λ^u_row``    \lambda^u     multiplier of the upper side, >= 0
``ν_row``      \nu           multiplier of an equality, free
``π_row``      \pi           ``dual_of(row)``: the shadow price in the follower's own sense
``z^l_row``    z             binary of a pair
``s^l_row``    s             slack variable of a pair
=============  ============  ==============================================================
"""

from collections.abc import Iterable
from typing import Any

from pyomo.core import Block, Constraint, Expression, Param, RangeSet, Set, Var

from ...levels.bilevel import Bilevel
from ...levels.pao_adapter import SubModel
from .formula import Elements, Formula, Name, Symbol

_SIDES = {"lower": "l", "upper": "u", "equality": ""}
_BLOCKS = (Block, SubModel)


class Names:
    """The symbols of a bilevel model. ``definitions`` and ``parameters`` fill as expressions are read."""

    def __init__(self, bilevel: Bilevel) -> None:
        self.model = bilevel.model
        self._followers = bilevel.followers
        quantities = self._paths((Var, Param, Expression))
        self._quantity = _short(quantities)
        self._row = _short(self._paths((Constraint, Var)))
        self.definitions: dict[Symbol, Formula] = {}
        self.parameters: dict[Symbol, float] = {}
        self._of_data: dict[int, tuple[Any, Symbol]] = {}  # the component is kept, so that its id stays its own
        for price, source in bilevel.leader.prices.items():
            self.register(price, self.of_row(source, "π"))

    def _paths(self, types: tuple[Any, ...]) -> list[str]:
        components = self.model.component_objects(types, descend_into=_BLOCKS)
        return list(dict.fromkeys(self._path(component)[0] for component in components))

    def _path(self, component: Any) -> tuple[str, Elements]:
        """Return a component's dotted name without indices, and the indices of the blocks that it is in."""
        names, index = [component.local_name], ()
        block = component.parent_block()
        while block is not None and block is not self.model:
            names.insert(0, block.parent_component().local_name)
            index = index_of(block) + index
            block = block.parent_block()
        return ".".join(names), index

    def of(self, data: Any) -> Symbol:
        """Return the symbol of a variable, Param or named expression (one member of it)."""
        if id(data) not in self._of_data:
            path, index = self._path(data.parent_component())
            self.register(data, Symbol(Name(self._quantity.get(path, path)), index + index_of(data)))
        return self._of_data[id(data)][1]

    def of_row(self, source: Any, head: str, side: str = "equality") -> Symbol:
        """Return the symbol of what belongs to a row or bound: multiplier (λ, ν), price (π), binary (z), slack (s)."""
        path, index = self._path(source.parent_component())
        return Symbol(Name(self._row.get(path, path), head, _SIDES[side]), index + index_of(source))

    def row_label(self, source: Any) -> tuple[str, Elements]:
        """Return a row's short name and its indices."""
        path, index = self._path(source.parent_component())
        return self._row.get(path, path), index + index_of(source)

    def register(self, data: Any, symbol: Symbol) -> None:
        """Call a variable by this symbol."""
        self._of_data[id(data)] = data, symbol

    def known(self, data: Any) -> Name | None:
        """Return what a variable is called, if it is the user's or a multiplier."""
        found = self._of_data.get(id(data))
        if found is None and data.model() is self.model.model():
            return self.of(data).name
        return None if found is None else found[1].name

    @property
    def letters(self) -> set[str]:
        """The user's own names, of components and of what they are indexed by, which nothing new may take."""
        sets = self.model.component_objects(Set, descend_into=_BLOCKS)
        indices = (index for own in sets if not own.is_indexed() and own.isfinite() for index in own)
        words = {element for index in indices for element in as_tuple(index) if isinstance(element, str)}
        return words | set(self._quantity.values()) | {follower.name for follower in self._followers}

    def user_sets(self) -> list[tuple[str, tuple[Elements, ...]]]:
        """Return the Sets that the user named, with their members."""
        found = []
        for declared in self.model.component_objects((Set, RangeSet), descend_into=_BLOCKS):
            name = declared.local_name
            made_by_pyomo = name.endswith(("_index", "_domain")) or not name.isidentifier()
            if made_by_pyomo or declared.is_indexed() or not declared.isfinite():
                continue
            found.append((name, tuple(map(as_tuple, declared))))
        return found

    def number_params(self) -> list[tuple[str, dict[Elements, float]]]:
        """Return the indexed Params that are not mutable, of which Pyomo's expressions keep only the numbers."""
        found = []
        for param in self.model.component_objects(Param, descend_into=_BLOCKS):
            if param.mutable or not param.is_indexed():
                continue
            values = {as_tuple(index): param[index] for index in param.sparse_keys()}
            if all(isinstance(number, int | float) for number in values.values()):
                found.append((self._quantity[self._path(param)[0]], values))
        return found


def as_tuple(index: Any) -> Elements:
    """Return an index as a tuple: () for a scalar's."""
    if index is None:
        return ()
    return index if isinstance(index, tuple) else (index,)


def index_of(data: Any) -> Elements:
    """Return the index of one member of a component."""
    return as_tuple(data.index()) if data.parent_component().is_indexed() else ()


def _short(paths: Iterable[str]) -> dict[str, str]:
    """Map each dotted path to its shortest ending that no other path has."""
    owners: dict[str, set[str]] = {}
    for path in paths:
        for ending in _endings(path):
            owners.setdefault(ending, set()).add(path)
    return {path: next(e for e in _endings(path) if len(owners[e]) == 1 or e == path) for path in paths}


def _endings(path: str) -> list[str]:
    words = path.split(".")
    return [".".join(words[k:]) for k in reversed(range(len(words)))]
