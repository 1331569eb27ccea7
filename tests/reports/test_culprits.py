"""Contradictions among rows are marked, and the right row is blamed."""

import pytest

from bilevolt.reports.culprits import mark
from bilevolt.reports.row import Row


def row(solver: str, status: str, objective: float | None, **more: object) -> Row:
    point = {"objective": objective, "verified": True if objective is not None else None}
    bound = {"bound": objective if status == "optimal" else None}
    return Row("toy", str(more.pop("method", "exact")), "sos1", solver, status=status, **(point | bound | more))  # type: ignore[arg-type]


CASES = [
    # name, minimising, rows as (status, objective, more), culprits by position -> words of the reason
    ("agreement", True, [("optimal", 10.0, {}), ("optimal", 10.0 + 5e-6, {})], {}),
    (
        "worse optimum, min",
        True,
        [("optimal", 10.0, {}), ("optimal", 11.0, {})],
        {1: "claims the optimum 11"},
    ),
    (
        "worse optimum, max",
        False,
        [("optimal", 10.0, {}), ("optimal", 11.0, {})],
        {0: "claims the optimum 10"},
    ),
    (
        "a heuristic's point refutes a proof",
        True,
        [("feasible", 9.0, {"method": "nested"}), ("optimal", 10.0, {})],
        {1: "nested"},
    ),
    (
        "a point that fails its check refutes nobody",
        True,
        [("error", 5.0, {"verified": False}), ("optimal", 10.0, {})],
        {0: "fails the check"},
    ),
    (
        "false infeasibility",
        True,
        [("infeasible", None, {}), ("optimal", 10.0, {})],
        {0: "claims infeasible"},
    ),
    (
        "false bound of an unfinished run",
        True,
        [("feasible", 12.0, {"bound": 11.0}), ("feasible", 10.0, {})],
        {0: "claims the bound 11"},
    ),
    (
        "unfinished run with a worse point",
        True,
        [("feasible", 12.0, {"bound": 9.0}), ("optimal", 10.0, {})],
        {},
    ),
    (
        "proofs without a point",
        True,
        [("infeasible", None, {}), ("unbounded", None, {})],
        {0: "no point tells", 1: "no point tells"},
    ),
    ("refused rows contradict nobody", True, [("refused", None, {}), ("optimal", 10.0, {})], {}),
]


@pytest.mark.parametrize(("minimising", "given", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_culprits(minimising: bool, given: list, expected: dict[int, str]) -> None:
    rows = [row(f"solver{k}", status, objective, **more) for k, (status, objective, more) in enumerate(given)]
    mark(rows, minimising, rel_gap=1e-6)
    marked = {position: one.culprit for position, one in enumerate(rows) if one.culprit}
    assert marked.keys() == expected.keys()
    for position, words in expected.items():
        assert words in str(marked[position])
