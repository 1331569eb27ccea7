"""Delta debugging: take away and simplify whatever leaves a claim wrong in the same way.

Every step makes the problem smaller in a fixed order of sizes, so that shrinking ends.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from .problem import PRICE, Column, Problem, Row, Term, Terms, flaw

StillWrong = Callable[[Problem], bool]


def shrink(problem: Problem, still_wrong: StillWrong, seconds: float = 20.0) -> Problem:
    """Return a smaller problem that is still wrong: the first such candidate again and again, until none is.

    :param still_wrong: whether a candidate shows what the problem shows; it decides what it can judge at all.
    """
    end = time.monotonic() + seconds
    progress = True
    while progress:
        progress = False
        for candidate in candidates(problem):
            if time.monotonic() > end:
                return problem
            if size(candidate) < size(problem) and flaw(candidate) is None and still_wrong(candidate):
                problem, progress = candidate, True
                break
    return problem


def size(problem: Problem) -> tuple[float, ...]:
    """Return what makes a problem large: levels, then columns and rows, then terms, then how odd its numbers are."""
    terms = [term for owner in problem.levels for term in problem.terms_of(owner)]
    items = (*problem.columns.values(), *problem.rows.values())
    numbers = [term.coefficient for term in terms]
    numbers += [side for item in items for side in (item.lower, item.upper) if side is not None]
    kinds = sum(column.integer + (column.fixed is not None) for column in problem.columns.values())
    ends = sum(side is not None for item in items for side in (item.lower, item.upper))
    powers = sum(abs(item.power) for item in (*items, *problem.levels.values()))
    maximised = sum(level.sense < 0 for level in problem.levels.values())
    oddness = sum(map(_oddness, numbers)) + maximised
    return (len(problem.levels), len(items), sum(1 + len(t.factors) for t in terms) + ends + kinds, powers, oddness)


def _oddness(number: float) -> float:
    return abs(number) + (number < 0) * 0.25 + (number != round(number)) * 0.5


def candidates(problem: Problem) -> Iterator[Problem]:
    """Yield simpler problems, what takes away most first."""
    for follower in problem.followers:
        yield without(problem, {follower})
    if problem.scaled:
        yield _unscaled(problem)
    for name in (*problem.rows, *problem.columns):
        yield without(problem, {name})
    yield from _fewer_terms(problem)
    yield from _simpler_items(problem)
    yield from _simpler_powers(problem)
    yield from _simpler_terms(problem)


def without(problem: Problem, names: set[str]) -> Problem:
    """Return a problem without these followers, columns or rows, and without what refers to them."""
    columns = {n: c for n, c in problem.columns.items() if n not in names and c.owner not in names}
    rows = {n: r for n, r in problem.rows.items() if n not in names and r.owner not in names}
    levels = {n: level for n, level in problem.levels.items() if n not in names}
    left = {*columns, *(PRICE + n for n in (*columns, *rows))}

    def kept(terms: Terms) -> Terms:
        return tuple(term for term in terms if left.issuperset(term.factors))

    rows = {n: replace(row, terms=kept(row.terms)) for n, row in rows.items()}
    gone = {n for n, row in rows.items() if not row.terms}
    if gone:  # a row that says nothing any more, whose price may be in other terms
        return without(Problem(columns, rows, levels), gone)
    return Problem(columns, rows, {n: replace(level, terms=kept(level.terms)) for n, level in levels.items()})


def _unscaled(problem: Problem) -> Problem:
    return Problem(
        {name: replace(column, power=0) for name, column in problem.columns.items()},
        {name: replace(row, power=0) for name, row in problem.rows.items()},
        {name: replace(level, power=0) for name, level in problem.levels.items()},
    )


def _with_terms(problem: Problem, where: str, terms: Terms) -> Problem:
    if where in problem.rows:
        return replace(problem, rows=problem.rows | {where: replace(problem.rows[where], terms=terms)})
    return replace(problem, levels=problem.levels | {where: replace(problem.levels[where], terms=terms)})


def _all_terms(problem: Problem) -> Iterator[tuple[str, Terms]]:
    yield from ((name, item.terms) for name, item in (*problem.levels.items(), *problem.rows.items()))


def _fewer_terms(problem: Problem) -> Iterator[Problem]:
    for where, terms in _all_terms(problem):
        if len(terms) > 1 and where in problem.levels:
            yield _with_terms(problem, where, ())
        for k in range(len(terms)):
            yield _with_terms(problem, where, terms[:k] + terms[k + 1 :])


def _simpler_terms(problem: Problem) -> Iterator[Problem]:
    for where, terms in _all_terms(problem):
        for k, term in enumerate(terms):
            options = [replace(term, coefficient=c) for c in _simpler(term.coefficient) if c]
            if len(term.factors) > 1:
                options += [Term(term.coefficient, (factor,)) for factor in term.factors]
            for option in options:
                yield _with_terms(problem, where, (*terms[:k], option, *terms[k + 1 :]))
    for name, level in problem.levels.items():
        if level.sense < 0:  # the twin: a leader or follower that minimises the negative
            negative = tuple(replace(term, coefficient=-term.coefficient) for term in level.terms)
            yield replace(problem, levels=problem.levels | {name: replace(level, sense=1, terms=negative)})
            yield replace(problem, levels=problem.levels | {name: replace(level, sense=1)})


def _simpler_items(problem: Problem) -> Iterator[Problem]:
    for name, item in (*problem.columns.items(), *problem.rows.items()):
        options: list[Column | Row] = []
        sides = {"lower": item.lower, "upper": item.upper}
        options += [replace(item, **{end: None}) for end, side in sides.items() if side is not None]
        for end, side in sides.items():
            options += [replace(item, **{end: number}) for number in (_simpler(side) if side is not None else ())]
        if item.lower is not None and item.lower == item.upper:
            options += [replace(item, lower=number, upper=number) for number in _simpler(item.lower)]
        if isinstance(item, Column):
            options += [replace(item, integer=False)] if item.integer else []
            options += [replace(item, fixed=None)] if item.fixed is not None else []
        for option in options:
            yield _with_item(problem, name, option)


def _simpler_powers(problem: Problem) -> Iterator[Problem]:
    for name, item in (*problem.columns.items(), *problem.rows.items()):
        for power in _simpler(item.power):
            yield _with_item(problem, name, replace(item, power=round(power)))
    for name, level in problem.levels.items():
        for power in _simpler(level.power):
            yield replace(problem, levels=problem.levels | {name: replace(level, power=round(power))})


def _with_item(problem: Problem, name: str, item: Column | Row) -> Problem:
    if isinstance(item, Column):
        return replace(problem, columns=problem.columns | {name: item})
    return replace(problem, rows=problem.rows | {name: item})


def _simpler(number: float) -> list[float]:
    """Return numbers to try instead: 0, 1, -1, the half, one less."""
    sign = -1 if number < 0 else 1
    options = [0, 1, -1, sign * (abs(number) // 2), sign * (abs(number) - 1), sign * float(int(abs(number)))]
    found: list[float] = []
    for option in options:
        if _oddness(option) < _oddness(number) and option not in found:
            found.append(option)
    return found
