"""What may be asked of a reformulation: a name, or a dict of them, and Ms where a big-M is made."""

import math
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

from pyomo.common.collections import ComponentMap

from ..bounds.given import BigM
from ..errors import ArgumentError, UnprovenBigMError
from ..spelling import canonical
from .registry import LINEARIZATIONS, with_option

CUTS = ("strong_duality", "auto", None)


def named(asked: Any, known: Iterable[str]) -> str | Mapping[Any, str]:
    """Return the reformulation that is asked for, in the spelling of ``known``.

    :param asked: a name, or a mapping row -> name (whose values are steps, hence neither "auto" nor "kkt").
    :raises ArgumentError: neither, or an unknown name.
    """
    known = tuple(known)
    if isinstance(asked, Mapping):
        steps = [name for name in known if name not in ("auto", "kkt")]
        items = [(row, canonical("reformulation", name, steps)) for row, name in asked.items()]
        return ComponentMap(items) if isinstance(asked, ComponentMap) else dict(items)
    if not isinstance(asked, str):
        raise ArgumentError(
            f"reformulation={asked!r} is neither a name nor a dict row -> name. Choose one of {', '.join(known)}."
        )
    return canonical("reformulation", asked, known)


def may_use_big_m(asked: str | Mapping[Any, str]) -> bool:
    """Whether numbers in ``big_m`` can be of any use: a mixture may take a step that has Ms for some rows."""
    return isinstance(asked, Mapping) or asked in ("auto", *with_option("big_m"))


def may_branch(asked: str | Mapping[Any, str]) -> bool:
    """Whether the solver may get pairs to branch on."""
    steps = set(asked.values()) if isinstance(asked, Mapping) else {asked}
    return "auto" in steps or any("complementarity" in LINEARIZATIONS[name].needs for name in steps - {"kkt"})


def refuse_big_m(big_m: Any, asked: str | Mapping[Any, str]) -> None:
    """Refuse Ms that are no positive finite numbers, and Ms that nothing would use.

    :raises UnprovenBigMError: a number that bounds nothing.
    :raises ArgumentError: no number at all, or a reformulation without big-Ms.
    """
    for number in _numbers(big_m):
        if isinstance(number, bool) or not isinstance(number, Real):
            raise ArgumentError(
                f"big_m={big_m!r}: {number!r} is no number. Give a number, or a dict of numbers (or pairs of "
                "multiplier's and slack's) by row, variable or name."
            )
        if not 0 < float(number) < math.inf:
            raise UnprovenBigMError(
                f"big_m must be positive and finite, not {number}. Give a bound, or use reformulation='sos1' "
                "(with solver='gurobi' or solver='scip')."
            )
    if big_m is not None and not may_use_big_m(asked):
        raise ArgumentError(
            f"big_m is not used by reformulation {asked!r}; leave it out, or choose "
            f"{', '.join(map(repr, with_option('big_m')))}, 'auto' or a dict."
        )


def refuse_cuts(cuts: Any) -> None:
    """Refuse what is no choice of cuts.

    :raises ArgumentError: an unknown name.
    """
    if cuts not in CUTS:
        raise ArgumentError(f"cuts={cuts!r} is unknown; choose 'strong_duality', 'auto' or None.")


def _numbers(big_m: BigM) -> Iterable[Any]:
    if big_m is None:
        return
    if not isinstance(big_m, Mapping):
        yield big_m
        return
    for given in big_m.values():
        if isinstance(given, tuple) and len(given) == 2:
            yield from given
        else:
            yield given
