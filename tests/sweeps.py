"""What of a sweep the quick tests run; ``-m long`` runs the rest."""

from collections.abc import Iterable
from typing import Any

import pytest


def one_in(step: int, cases: Iterable[Any]) -> list[Any]:
    """Return all cases as parameters, of which all but each ``step``-th, from the first on, are ``long``."""
    return [_long(case) if k % step else case for k, case in enumerate(cases)]


def only(quick: Iterable[Any], cases: Iterable[Any]) -> list[Any]:
    """Return all cases as parameters, of which all but the quick ones are ``long``."""
    quick = list(quick)
    cases = list(cases)
    assert all(case in cases for case in quick), "a quick case is none of the cases"
    return [case if case in quick else _long(case) for case in cases]


def _long(case: Any) -> Any:
    """A tuple is several parameters, as pytest reads it where there are several names."""
    return pytest.param(*(case if type(case) is tuple else (case,)), marks=pytest.mark.long)
