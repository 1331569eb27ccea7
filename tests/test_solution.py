"""Saved solutions: what is written is read back, and anything else is refused by the name of its field."""

import json
import math

import pytest
from driver_cases import market

import bilevolt as bv
from bilevolt.errors import MalformedError
from bilevolt.models import textbook
from bilevolt.solution import Solution
from bilevolt.solvers.status import Status


@pytest.fixture(scope="module")
def solved():
    return bv.solve(market(), reformulation="sos1", solver="gurobi")


@pytest.fixture
def document(solved):
    return json.loads(solved.to_json())


@pytest.mark.parametrize(
    "solution",
    [
        lambda: bv.solve(market(), reformulation="sos1", solver="gurobi"),
        lambda: bv.solve(textbook.build("gecco2013"), method="nested"),
        lambda: bv.solve(textbook.build("jointc1_infeasible"), solver="scip"),
        lambda: Solution(Status.feasible, 1.0, values={"x": 1.0}, interrupted=True),
    ],
    ids=["exact", "nested", "infeasible", "interrupted"],
)
@pytest.mark.parametrize("beside", [{}, {"target": "market", "summary": {"cost": 1, "by": [1, "a"]}}], ids=str)
def test_round_trip(solution, beside):
    before = solution()
    after = Solution.from_json(json.dumps(json.loads(before.to_json()) | beside))
    assert after == before and isinstance(after.status, Status)


def test_infinite_numbers_become_nan_or_none(solved):
    endless = Solution(Status.feasible, 1.0, -math.inf, {"L": math.inf}, values={"x": 1.0})
    after = Solution.from_json(endless.to_json())
    assert after.bound is None and math.isnan(after.lower_objectives["L"])


def test_verify_takes_what_was_read(solved):
    assert bv.verify(market(), Solution.from_json(solved.to_json())).bilevel_feasible


def put(*path_and_value):
    *path, last, value = path_and_value

    def change(document):
        here = document
        for key in path:
            here = here[key]
        here[last] = value

    return change


BAD = {
    "status": (put("status", "wonderful"), "status: 'wonderful' is none of optimal, feasible"),
    "no status": (lambda d: d.pop("status"), "not a Solution .no 'status'"),
    "no assumptions": (lambda d: d.pop("assumptions"), "no 'assumptions'"),
    "unknown field": (put("colour", "red"), "unknown 'colour'"),
    "text for a number": (put("objective", "-10"), "objective: '-10' is given, where a number is needed"),
    "true for a number": (put("objective", True), "objective: True is given"),
    "value no number": (put("values", "x", "5"), r"values\['x'\]: '5' is given, where a number"),
    "value null": (put("values", "x", None), r"values\['x'\] is no number"),
    "value NaN": (put("values", "x", math.nan), r"values\['x'\]: nan is given, where a finite number"),
    "huge value": (put("values", "x", 10**400), r"values\['x'\]: 1000.*finite number"),
    "values a list": (put("values", [5]), r"values: \[5\] is given, where an object is needed"),
    "notes a text": (put("notes", "fine"), "notes: 'fine' is given, where a list is needed"),
    "a note no text": (put("notes", [3]), r"notes\[0\]: 3 is given, where a text"),
    "a size no integer": (put("sizes", "variables", 1.5), r"sizes\['variables'\]: 1.5 is given, where a whole"),
    "interrupted": (put("interrupted", "no"), "interrupted: 'no' is given, where true or false"),
    "certificate a list": (put("certificate", []), r"certificate: \[\] is given, where a Certificate is an object"),
    "certificate's field": (put("certificate", "tolerance", "x"), "certificate: tolerance: 'x' is given"),
    "certificate lacks": (lambda d: d["certificate"].pop("violations"), "certificate: not a Certificate"),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_malformed_fields_are_named(change, message, document):
    change(document)
    with pytest.raises(MalformedError, match=f"^mine.json: .*{message}"):
        Solution.from_json(json.dumps(document), "mine.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON at line 1, column 2"),
        ("[" * 100_000, "nested too deeply"),
        ("[1, 2]", r"\[1, 2\] is given, where a Solution is an object"),
        ("3" * 5000, "Exceeds the limit"),
        ("null", "None is given"),
    ],
    ids=lambda text: text[:12],
)
def test_what_is_no_object(text, message):
    with pytest.raises(MalformedError, match=f"^solution: .*{message}"):
        Solution.from_json(text)
