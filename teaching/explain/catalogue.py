"""Index sets, data tables and letters that folded formulas refer to: the user's where they fit, else new ones."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, combinations, count
from math import prod
from typing import Any

from .formula import Data, Elements, Formula, IndexSet, IndexVar, Lookup, Number, Quantifier, Table, is_span, multiply
from .names import Names

SHOWN_INLINE = 6  # a set without a name, of at most so many members, is written out
LEFT_OUT = 2  # "T without 1": a named set may lack so many members
_SETS = tuple("IJKLHGQ")
_NUMBERS = tuple("abcehkpqrvw")
_FUNCTIONS = ("phi", "psi", "rho", "chi", "tau", "sigma")


class Catalogue:
    """Names for what folding finds; the same set or table gets the same name everywhere in a document."""

    def __init__(self, names: Names) -> None:
        self.user_sets = names.user_sets()
        self.params = names.number_params()
        self._taken = names.letters | {name for name, _ in self.user_sets}
        self._letter: dict[str, IndexVar] = {}
        self._sets: dict[Any, IndexSet] = {}
        self._tables: dict[tuple[str, Sequence[str]], Table] = {}  # by name and the letters it was chosen from

    def letter(self, values: Iterable[Any], scope: Sequence[IndexVar]) -> IndexVar:
        """Return a letter for an index with these values, other than those in scope."""
        needed = {(v,) for v in values}
        homes = [(len(members), name) for name, members in self.user_sets if needed and needed <= set(members)]
        home = min(homes)[1] if homes else ""
        var = self._letter_of(home)
        while var in scope:
            if home and not home.endswith("'"):
                return self.letter((), scope) if (dashed := IndexVar(var.name + "'")) in scope else dashed
            home += "'"  # values of no set: i, then j, then k
            var = self._letter_of(home)
        return var

    def _letter_of(self, home: str) -> IndexVar:
        if home not in self._letter:
            used = self._taken | {var.name for var in self._letter.values()}
            wanted = [c for c in home.lower() if c.isalpha()] + list("ijklmnpqrt")
            self._letter[home] = IndexVar(next((c for c in wanted if c not in used), f"i{len(used)}"))
        return self._letter[home]

    def quantifiers(
        self, vars_: tuple[IndexVar, ...], by_row: Mapping[Elements, tuple[Elements, ...]], scope: Sequence[IndexVar]
    ) -> tuple[Quantifier, ...]:
        """Return quantifiers under which ``vars_`` take, for each value of the scope, exactly these tuples."""
        used, members = dependence(by_row)
        if not used:
            only = members[()]
            named = self._named(only)
            columns = [tuple(dict.fromkeys(column)) for column in zip(*only, strict=True)] if only else []
            if len(vars_) > 1 and named is None and _is_product(columns, only):
                return tuple(
                    Quantifier((var,), self._set(tuple((e,) for e in column)))
                    for var, column in zip(vars_, columns, strict=True)
                )
            return (Quantifier(vars_, named or self._set(only)),)
        args = tuple(scope[k] for k in used)
        return (Quantifier(vars_, self._new_set(members, args)),)

    def _named(self, members: tuple[Elements, ...]) -> IndexSet | None:
        """Return the user's set with these members, or one that has just a few more."""
        found = set(members)
        near: IndexSet | None = None
        for name, own in self.user_sets:
            if not found <= set(own) or len(own) - len(found) > LEFT_OUT or 2 * len(found) <= len(own):
                continue
            rest = tuple(e for e in own if e not in found)
            if not rest:
                return self._sets.setdefault(("set", name), IndexSet(name, {(): members}, whole=own))
            if near is None:
                near = IndexSet(name, {(): members}, whole=own)
        return near and self._sets.setdefault(("set", near.name, near.without), near)

    def _set(self, members: tuple[Elements, ...]) -> IndexSet:
        named = self._named(members)
        if named is not None:
            return named
        if len(members) <= SHOWN_INLINE or is_span(members):
            return self._sets.setdefault(("members", members), IndexSet("", {(): members}))
        return self._new_set({(): members}, ())

    def _new_set(self, members: Mapping[Elements, tuple[Elements, ...]], args: tuple[IndexVar, ...]) -> IndexSet:
        key = ("new", args, tuple(members.items()))
        if key not in self._sets:
            self._sets[key] = IndexSet(self._fresh(_SETS), members, args)
        return self._sets[key]

    def number(self, values: Mapping[Elements, float], scope: Sequence[IndexVar], role: str) -> Formula:
        """Return a number if it is always the same, else data: the user's Param if its values are these."""
        used, table = dependence(values)
        if not used:
            return Number(table[()], role)
        args = tuple(scope[k] for k in used)
        for sign in (1, -1):
            signed = {index: sign * number for index, number in table.items()}
            found = self._param(signed) or self._known(signed, _NUMBERS if not role else (role,))
            if found is not None:
                return multiply((Number(float(sign)), Data(found, args)))
        sign = -1 if all(number < 0 for number in table.values()) else 1
        made = self._table({index: sign * number for index, number in table.items()}, (role,) if role else _NUMBERS)
        return multiply((Number(float(sign)), Data(made, args)))

    def _param(self, table: Mapping[Elements, float]) -> Table | None:
        """Return the user's Param that has these values."""
        for name, own in self.params:
            if len(table) > 1 and all(own.get(index) == number for index, number in table.items()):
                return self._tables.setdefault((name, ()), Table(name, own, of_model=True))
        return None

    def lookup(self, values: Mapping[Elements, Any], scope: Sequence[IndexVar]) -> Lookup:
        """Return an index that is a function of those in scope."""
        used, table = dependence(values)
        return Lookup(self._table(table, _FUNCTIONS), tuple(scope[k] for k in used))

    def _table(self, values: Mapping[Elements, Any], wanted: Sequence[str]) -> Table:
        """Return a table with these values, called after one of the letters wanted."""
        known = self._known(values, wanted)
        if known is not None:
            return known
        name = self._fresh(wanted)
        return self._tables.setdefault((name, wanted), Table(name, dict(values)))

    def _known(self, values: Mapping[Elements, Any], wanted: Sequence[str]) -> Table | None:
        """Return a table of this kind with these values, and perhaps more."""
        for (_, letters), known in self._tables.items():
            if letters == wanted and all(known.values.get(index) == number for index, number in values.items()):
                return known
        return None

    def _fresh(self, wanted: Sequence[str]) -> str:
        for suffix in chain([""], map(str, count(2))):
            for letter in wanted:
                letters = self._taken | {var.name for var in self._letter.values()}
                if letter + suffix not in letters:
                    self._taken.add(letter + suffix)
                    return letter + suffix
        raise AssertionError("count() does not end")


def dependence(values: Mapping[Elements, Any]) -> tuple[tuple[int, ...], dict[Elements, Any]]:
    """Return the fewest coordinates that determine a value, and the values by these coordinates."""
    width = len(next(iter(values)))
    for size in range(width + 1):
        for used in combinations(range(width), size):
            reduced = _projected(values.items(), used)
            if reduced is not None:
                return used, reduced
    raise AssertionError("all coordinates together determine a value")


def _projected(items: Iterable[tuple[Elements, Any]], used: tuple[int, ...]) -> dict[Elements, Any] | None:
    reduced: dict[Elements, Any] = {}
    for index, value in items:
        key = tuple(index[k] for k in used)
        if reduced.setdefault(key, value) != value:
            return None
    return reduced


def _is_product(columns: Sequence[tuple[Any, ...]], members: Sequence[Elements]) -> bool:
    return prod(map(len, columns)) == len(set(members)) == len(members)
