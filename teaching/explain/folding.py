"""Families as families: members with the same structure become one formula under quantifiers, long sums one sum sign.

``P[1] + P[2] + ... + P[24]`` becomes the sum of ``P[t]`` over T; 24 balance rows become one "for all t in T". Indices
that run along become letters, numbers that vary become data, and index sets that vary become sets with an argument.
Nothing is approximated: at every member, the folded formula is that member.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .catalogue import Catalogue
from .formula import (
    ONE,
    ZERO,
    BigSum,
    Call,
    Elements,
    Formula,
    Index,
    IndexVar,
    Lookup,
    Number,
    Quantifier,
    Relation,
    Shifted,
    Sum,
    Symbol,
    Words,
    add,
    multiply,
    negate,
    parts_of,
    split,
    walk,
    with_parts,
)

FEW = 3  # so many members are still written one by one
_CLASSES = 2  # members of so many structures make a family each; of more, one with sums over empty sets

Members = Sequence[tuple[Elements, Formula]]  # (index, statement)
Rows = Sequence[tuple[Elements, Formula]]  # (values of the indices in scope, formula there)
Scope = tuple[IndexVar, ...]


class IrregularError(Exception):
    """The members have no common template."""


@dataclass(frozen=True)
class Folded:
    """A statement under quantifiers; ``index`` is that of its members, with letters where it runs."""

    statement: Formula
    quantifiers: tuple[Quantifier, ...] = ()
    index: Elements = ()


class Folder:
    """Folds formulas; what they refer to goes into the catalogue."""

    def __init__(self, catalogue: Catalogue, few: int = FEW) -> None:
        self.catalogue = catalogue
        self.few = few

    def one(self, formula: Formula) -> Formula:
        """Return a formula with its long sums folded."""
        try:
            return self._fold([((), formula)], ())
        except IrregularError:
            return formula

    def family(self, members: Members) -> list[Folded]:
        """Return a family's statements: one for each structure among its members, or one by one where they are few."""
        if len(members) <= self.few:
            return self._listed(members)
        classes = _classes(members, _key)
        if 1 < len(classes) <= _CLASSES:
            return [folded for own in classes for folded in self._family(own)]
        return self._family(members)

    def _family(self, members: Members) -> list[Folded]:
        """Fold all members into one, or those of each structure, or those with as many terms of each structure."""
        for structure in (_anything, _key, _counts):
            try:
                return [folded for own in _classes(members, structure) for folded in self._class(own)]
            except IrregularError:
                continue
        return self._listed(members)

    def _class(self, members: Members) -> list[Folded]:
        return self._listed(members) if len(members) == 1 else [self._template(members)]

    def _listed(self, members: Members) -> list[Folded]:
        return [Folded(self.one(statement), index=index) for index, statement in members]

    def _template(self, members: Members) -> Folded:
        indices = tuple(index for index, _ in members)
        if len({len(index) for index in indices}) > 1 or len(set(indices)) < len(indices):
            raise IrregularError("indices of different lengths")
        running: dict[int, IndexVar] = {}
        for k, column in enumerate(zip(*indices, strict=True)):
            if len(set(column)) > 1:
                running[k] = self.catalogue.letter(dict.fromkeys(column), tuple(running.values()))
        scope = tuple(running.values())
        moving = tuple(tuple(index[k] for k in running) for index in indices)
        statement = self._fold([(c, f) for c, (_, f) in zip(moving, members, strict=True)], scope)
        shown = tuple(running[k].name if k in running else element for k, element in enumerate(indices[0]))
        return Folded(statement, self.catalogue.quantifiers(scope, {(): moving}, ()), shown)

    def _fold(self, rows: Rows, scope: Scope) -> Formula:
        formulas = [formula for _, formula in rows]
        if any(isinstance(f, Sum) for f in formulas):
            return self._fold_sum(rows, scope)
        first = formulas[0]
        if isinstance(first, Relation | Words | Call):
            return self._fold_parts(rows, scope)
        numbers, rests = zip(*map(split, formulas), strict=True)
        if all(rest == ONE for rest in rests):
            return self._number(rows, numbers, scope)
        rest = self._fold_rest([(coords, r) for (coords, _), r in zip(rows, rests, strict=True)], scope)
        return multiply((self._number(rows, numbers, scope), rest))

    def _fold_rest(self, rows: Rows, scope: Scope) -> Formula:
        first = rows[0][1]
        if any(isinstance(formula, Sum) for _, formula in rows):
            return self._fold_sum(rows, scope)
        if any(type(formula) is not type(first) for _, formula in rows):
            raise IrregularError("different operations")
        if isinstance(first, Symbol):
            return self._symbol([(coords, f) for coords, f in rows if isinstance(f, Symbol)], scope)
        return self._fold_parts(rows, scope)

    def _fold_parts(self, rows: Rows, scope: Scope) -> Formula:
        first = rows[0][1]
        size = len(parts_of(first))
        if any(type(f) is not type(first) or len(parts_of(f)) != size or _mark(f) != _mark(first) for _, f in rows):
            raise IrregularError("different operations")
        parts = [self._fold([(coords, parts_of(f)[k]) for coords, f in rows], scope) for k in range(size)]
        return with_parts(first, parts)

    def _number(self, rows: Rows, numbers: Sequence[Number], scope: Scope) -> Formula:
        values = {coords: number.value for (coords, _), number in zip(rows, numbers, strict=True)}
        return self.catalogue.number(values, scope, numbers[0].role)

    def _symbol(self, rows: Sequence[tuple[Elements, Symbol]], scope: Scope) -> Symbol:
        name = rows[0][1].name
        if any(s.name != name or len(s.index) != len(rows[0][1].index) for _, s in rows):
            raise IrregularError("different symbols")
        coordinates = [coords for coords, _ in rows]
        columns = zip(*(s.index for _, s in rows), strict=True)
        return Symbol(name, tuple(self._index(column, coordinates, scope) for column in columns))

    def _index(self, column: Sequence[Any], coordinates: Sequence[Elements], scope: Scope) -> Index:
        found = _known_index(column, coordinates, scope)
        if found is not None:
            return found[0]
        by_row = dict(zip(coordinates, column, strict=True))
        return self.catalogue.lookup(by_row, scope)

    def _fold_sum(self, rows: Rows, scope: Scope) -> Formula:
        """Fold sums group by group: terms that differ in numbers and indices only are a group."""
        groups: dict[Any, list[list[Formula]]] = {}
        for k, (_, formula) in enumerate(rows):
            for term in formula.parts if isinstance(formula, Sum) else (formula,):
                groups.setdefault(_key(term), [[] for _ in rows])[k].append(term)
        by_sign = [own for key, group in groups.items() for own in (_by_sign(group) if key != "number" else [group])]
        return _sum([term for group in by_sign for term in self._group(rows, group, scope)])

    def _group(self, rows: Rows, group: list[list[Formula]], scope: Scope) -> list[Formula]:
        counts = {len(terms) for terms in group}
        coordinates = [coords for coords, _ in rows]
        if all(split(term)[1] == ONE for terms in group for term in terms):
            constants = [(c, add(terms)) for c, terms in zip(coordinates, group, strict=True)]
            return [self._fold(constants, scope)]
        if len(counts) == 1 and counts <= set(range(self.few + 1)):
            try:
                positions = [
                    self._fold([(c, terms[k]) for c, terms in zip(coordinates, group, strict=True)], scope)
                    for k in range(len(group[0]))
                ]
            except IrregularError:
                positions = []
            if len(positions) == 1 or (positions and not any(map(_looks_up, positions))):
                return positions
        return [self._big_sum(coordinates, group, scope)]

    def _big_sum(self, coordinates: Sequence[Elements], group: list[list[Formula]], scope: Scope) -> Formula:
        entries = [(c, term) for c, terms in zip(coordinates, group, strict=True) for term in terms]
        outer = [c for c, _ in entries]
        bound: list[IndexVar] = []
        columns: list[Sequence[Any]] = []
        for column in zip(*(_spine(term) for _, term in entries), strict=True):
            known = [c + tuple(col[k] for col in columns) for k, c in enumerate(outer)]
            if _known_index(column, known, (*scope, *bound)) is None:
                bound.append(self.catalogue.letter(dict.fromkeys(column), (*scope, *bound)))
                columns.append(column)
        if not bound:
            raise IrregularError("terms that differ in numbers only")
        inner = list(zip(*columns, strict=True))
        by_row: dict[Elements, tuple[Elements, ...]] = dict.fromkeys(coordinates, ())
        for c, elements in zip(outer, inner, strict=True):
            by_row[c] += (elements,)
        if any(len(set(elements)) < len(elements) for elements in by_row.values()):
            raise IrregularError("two terms at one index")
        extended = [(c + e, term) for (c, term), e in zip(entries, inner, strict=True)]
        body = self._fold(extended, (*scope, *bound))
        over = self.catalogue.quantifiers(tuple(bound), by_row, scope)
        if split(body)[0].value < 0:
            return negate(BigSum(over, (negate(body),)))
        return BigSum(over, (body,))


def _classes(members: Members, structure: Callable[[Formula], Any]) -> list[Members]:
    classes: dict[Any, list[tuple[Elements, Formula]]] = {}
    for index, statement in members:
        classes.setdefault(structure(statement), []).append((index, statement))
    return list(classes.values())


def _anything(_: Formula) -> Any:
    return None


def _counts(formula: Formula) -> Any:
    """Return how many terms of each structure and sign are in each sum that is not inside another."""
    if isinstance(formula, Sum):
        return frozenset(Counter((_key(part), split(part)[0].value > 0) for part in formula.parts).items())
    return type(formula).__name__, tuple(map(_counts, parts_of(formula)))


def _by_sign(group: list[list[Formula]]) -> list[list[list[Formula]]]:
    """Split terms that differ in sign only, such as what flows in and what flows out, into two groups."""
    numbers = {split(term)[0].value for terms in group for term in terms}
    if len(numbers) != 2 or sum(numbers) != 0:
        return [group]
    first = next(split(term)[0].value for terms in group for term in terms)
    return [
        [[term for term in terms if split(term)[0].value == number] for terms in group] for number in (first, -first)
    ]


def _looks_up(formula: Formula) -> bool:
    return any(isinstance(f, Symbol) and any(isinstance(i, Lookup) for i in f.index) for f in walk(formula))


def _sum(terms: Sequence[Formula]) -> Formula:
    """Return the sum as it is, without zeros: unlike :func:`add` it does not put equal terms together."""
    flat = [part for term in terms for part in (term.parts if isinstance(term, Sum) else (term,)) if part != ZERO]
    if len(flat) <= 1:
        return flat[0] if flat else ZERO
    return Sum(tuple(flat))


def _known_index(column: Sequence[Any], coordinates: Sequence[Elements], scope: Scope) -> tuple[Index] | None:
    """Return (index,) if a column of indices is constant, or runs along with an index in scope."""
    if all(e == column[0] for e in column):
        return (column[0],)
    for k, var in enumerate(scope):
        if all(e == c[k] for e, c in zip(column, coordinates, strict=True)):
            return (var,)
    for k, var in enumerate(scope):
        pairs = [(e, c[k]) for e, c in zip(column, coordinates, strict=True)]
        if all(type(e) is int and type(i) is int for e, i in pairs):
            steps = {e - i for e, i in pairs}
            if len(steps) == 1:
                return (Shifted(var, steps.pop()),)
    return None


def _spine(term: Formula) -> list[Any]:
    """Return the indices of the symbols of a term, but for those inside sums, which fold by themselves."""
    if isinstance(term, Symbol):
        return list(term.index)
    if isinstance(term, Sum):
        return []
    return [index for part in parts_of(term) for index in _spine(part)]


def _mark(formula: Formula) -> Any:
    match formula:
        case Relation(_, signs):
            return signs
        case Words(text) | Call(text):
            return text
    return None


def _key(formula: Formula) -> Any:
    """Return the structure of a formula: all but numbers and indices; of a sum, which kinds of terms it has."""
    match formula:
        case Number():
            return "number"
        case Symbol(name, index):
            return name, len(index)
        case Sum(parts):
            return "sum", frozenset(map(_key, parts)) - {"number"}
        case Relation(parts, signs):  # a side of one term is a short sum
            return signs, tuple(_key(part if isinstance(part, Sum) else Sum((part,))) for part in parts)
    _, rest = split(formula)
    if rest is not formula:
        return _key(rest)
    return type(formula).__name__, _mark(formula), tuple(map(_key, parts_of(formula)))
