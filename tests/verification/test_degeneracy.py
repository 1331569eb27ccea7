"""The report on degeneracy: by hand, against vertices and a dual LP of its own, its limits, saved and shown."""

import itertools
import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest
from scipy.optimize import linprog

import bilevolt as bv
from bilevolt import Solution, SubModel
from bilevolt.models import textbook
from bilevolt.verification import check
from bilevolt.verification.certificate import Degeneracy, Interval

TWINS = list(itertools.product((pyo.minimize, pyo.maximize), repeat=2))


def a_price(m: Any) -> Any:
    """Sources at 1 (up to 5) and 3 cover x = 5: one more costs 3, one less saves 1."""
    m.L.first = pyo.Constraint(expr=m.y[1] + m.y[2] == m.x)
    m.y[1].setub(5)
    return m.y[1] + 3 * m.y[2]


def a_price_within(m: Any) -> Any:
    """The same with room for 6: the price is 1."""
    a_price(m)
    m.y[1].setub(6)
    return m.y[1] + 3 * m.y[2]


def a_row_twice(m: Any) -> Any:
    """y1 >= x twice at a cost of 2: the rows share it as they like."""
    m.L.first = pyo.Constraint(expr=m.y[1] - m.x >= 0)
    m.L.second = pyo.Constraint(expr=m.y[1] + m.y[2] - m.x >= 0)
    return 2 * m.y[1] + m.y[2]


def both_sides(m: Any) -> Any:
    """x <= y1 <= x: what the one row costs more, the other gives back."""
    m.L.first = pyo.Constraint(expr=m.y[1] - m.x >= 0)
    m.L.second = pyo.Constraint(expr=m.y[1] - m.x <= 0)
    return m.y[1] + m.y[2]


def indifferent(m: Any) -> Any:
    """y1 + y2 = x, at one cost: an edge, and one price."""
    m.L.first = pyo.Constraint(expr=m.y[1] + m.y[2] == m.x)
    return m.y[1] + m.y[2]


def nothing_matters(m: Any) -> Any:
    """No cost: the whole square."""
    m.L.first = pyo.Constraint(expr=m.y[1] + m.y[2] <= 99)
    return 0 * m.y[1] + 0 * m.x


def a_ray(m: Any) -> Any:
    """y1 = y2 without an end and without a cost."""
    m.L.first = pyo.Constraint(expr=m.y[1] - m.y[2] == 0 * m.x)
    m.y[1].setub(None)
    m.y[2].setub(None)
    return 0 * m.y[1]


def a_bowl(m: Any) -> Any:
    """(y1 + y2 - x)^2: an edge, whose row costs nothing."""
    m.L.first = pyo.Constraint(expr=m.y[1] + m.y[2] <= 9)
    return (m.y[1] + m.y[2] - m.x) ** 2


def a_bowl_with_a_corner(m: Any) -> Any:
    """y1^2 / 2 + y2^2 with y1 >= x = 5, said twice: the gradient 5 is shared."""
    m.L.first = pyo.Constraint(expr=m.y[1] - m.x >= 0)
    m.L.second = pyo.Constraint(expr=2 * m.y[1] - 2 * m.x >= 0)
    return m.y[1] ** 2 / 2 + m.y[2] ** 2


def small_beside_large(m: Any) -> Any:
    """A cost of 1e-4 beside 1e7 decides."""
    m.L.first = pyo.Constraint(expr=m.y[1] - m.x >= 0)
    return 1e7 * m.y[1] + 1e-4 * m.y[2]


def all_small(m: Any) -> Any:
    """Costs of 1e-9 decide as others do, but between equal ones there is a tie."""
    m.L.first = pyo.Constraint(expr=m.y[1] + m.y[2] == m.x)
    return 1e-9 * (m.y[1] + m.y[2])


def flat_in_a_corner(m: Any) -> Any:
    """Three rows meet in y = (5, 0), of which none need have a price: still unique, as x is at y1's bound."""
    m.L.first = pyo.Constraint(expr=m.y[1] + m.y[2] <= m.x)
    m.L.second = pyo.Constraint(expr=m.y[1] - m.y[2] <= m.x)
    return -m.y[1]


# What the follower minimises at x = 5 with y in 0..9, a response, the dimension of the face, and the intervals of the
# prices of the rows `first` and `second`, and what F = y1 loses at worst.
CASES: dict[str, tuple[Any, tuple[float, float], int, dict[str, tuple[float | None, float | None]], float]] = {
    "a price": (a_price, (5, 0), 0, {"first": (1, 3)}, 0),
    "a price within": (a_price_within, (5, 0), 0, {"first": (1, 1)}, 0),
    "a row twice": (a_row_twice, (5, 0), 0, {"first": (1, 2), "second": (0, 1)}, 0),
    "both sides": (both_sides, (5, 0), 0, {"first": (1, None), "second": (None, 0)}, 0),
    "indifferent": (indifferent, (0, 5), 1, {"first": (1, 1)}, 5),
    "nothing matters": (nothing_matters, (0, 0), 2, {"first": (0, 0)}, 9),
    "ray": (a_ray, (0, 0), 1, {"first": (0, 0)}, math.inf),
    "bowl": (a_bowl, (0, 5), 1, {"first": (0, 0)}, 5),
    "bowl with a corner": (a_bowl_with_a_corner, (5, 0), 0, {"first": (0, 5), "second": (0, 2.5)}, 0),
    "small beside large": (small_beside_large, (5, 0), 0, {"first": (1e7, 1e7)}, 0),
    "all small": (all_small, (0, 5), 1, {"first": (1e-9, 1e-9)}, 5),
    "flat in a corner": (flat_in_a_corner, (5, 0), 0, {"first": (-1, -0.5), "second": (-0.5, 0)}, 0),
}


def stated(case: Any, point: tuple[float, float], leader: int = 1, follower: int = 1, priced: bool = True) -> Any:
    """The case at x = 5 with F = y1, and a row with all prices; the sense of a level flips its objective's sign."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=(0, 9), initialize=5)
    m.y = pyo.Var([1, 2], bounds=(0, 9))
    for k, number in enumerate(point, start=1):
        m.y[k].set_value(number)
    m.L = SubModel(fixed=[m.x])
    m.L.objective = pyo.Objective(expr=follower * case(m), sense=follower)
    if priced:
        rows = [m.L.component(name) for name in ("first", "second") if m.L.component(name) is not None]
        m.free = pyo.Var(initialize=0)
        m.used = pyo.Constraint(expr=sum(map(bv.dual_of, rows)) + m.free == 0)
    m.objective = pyo.Objective(expr=leader * m.y[1], sense=leader)
    return m


def swapped(ends: tuple[float | None, float | None], sign: int) -> tuple[float | None, float | None]:
    """The interval of the price of a maximising follower."""
    low, high = (None if end is None else sign * end for end in ends)
    return (low, high) if sign == 1 else (high, low)


@pytest.mark.parametrize(("leader", "follower"), TWINS)
@pytest.mark.parametrize(("case", "point", "dimension", "prices", "ties"), CASES.values(), ids=CASES)
def test_by_hand(
    case: Any, point: tuple[float, float], dimension: int, prices: dict[str, Any], ties: float, leader: int,
    follower: int,
) -> None:  # fmt: skip
    model = stated(case, point, leader, follower)
    found = bv.verify(model).degeneracy
    assert found is not None and not found.note and found.dimension == {"L": dimension}
    assert set(found.multipliers) == {f"L.{name}" for name in prices}
    for name, ends in prices.items():
        interval = found.multipliers[f"L.{name}"]
        scale = max(abs(end or 0.0) for end in ends) or 1.0
        for end, expected in zip((interval.lower, interval.upper), swapped(ends, follower), strict=True):
            assert end is None if expected is None else end == pytest.approx(expected, abs=1e-4 * scale)


def tied(case: str, leader: int = 1) -> Any:
    """The case with F = y1 and no price: what is lost at worst is by the response alone."""
    rule, point, *_ = CASES[case]
    return stated(rule, point, leader, priced=False)


@pytest.mark.parametrize("leader", [pyo.minimize, pyo.maximize])
@pytest.mark.parametrize("case", CASES)
def test_what_rests_on_ties(case: str, leader: int) -> None:
    certificate = bv.verify(tied(case, leader))
    assert certificate.bilevel_feasible, certificate.report()
    assert certificate.degeneracy is not None
    assert certificate.degeneracy.rests_on_ties == pytest.approx(CASES[case][-1], abs=1e-5)
    assert certificate.degeneracy.multipliers == {}


def test_the_worst_of_a_price() -> None:
    """The leader pays the price of 5 units: 1 at best, 3 at worst."""
    model = tied("a price")
    price = bv.dual_of(model.L.first)
    price.set_value(1)
    model.objective.set_value(model.x * price)
    certificate = bv.verify(model)
    assert certificate.degeneracy is not None and certificate.pessimistic_objective == pytest.approx(15)
    assert certificate.degeneracy.rests_on_ties == pytest.approx(10)
    assert not certificate.degeneracy.is_unique


def vertices(a: Any, b: Any, n: int) -> Any:
    """The vertices of {y : a y >= b}, by choosing n rows at a time."""
    found = []
    for rows in map(list, itertools.combinations(range(len(b)), n)):
        if abs(np.linalg.det(a[rows])) > 1e-9:
            vertex = np.linalg.solve(a[rows], b[rows])
            if np.all(a @ vertex >= b - 1e-9):
                found.append(vertex)
    return np.array(found)


@pytest.mark.parametrize("seed", range(25))
def test_random_followers(seed: int) -> None:
    """Small whole numbers make ties: the dimension is that of the best vertices, the ends those of the dual LP."""
    rng = np.random.default_rng(seed)
    n, rows = 3, 4
    own, limits = rng.integers(-1, 2, (rows, n)), -rng.integers(0, 3, rows)
    cost = rng.integers(0, 2, n) - rng.integers(0, 2, n)
    a = np.vstack([own, np.eye(n), -np.eye(n)])
    b = np.r_[limits, np.zeros(n), -2 * np.ones(n)].astype(float)
    corners = vertices(a, b, n)
    best = corners[corners @ cost <= (corners @ cost).min() + 1e-9]
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 0), initialize=0)
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(range(n), bounds=(0, 2))
    for k in range(n):
        model.L.y[k].set_value(float(best[0][k]))
    model.L.rows = pyo.Constraint(
        range(rows),
        rule=lambda m, r: sum(int(own[r, k]) * m.y[k] for k in range(n)) - m.model().x + 0 * m.y[0] >= int(limits[r]),
    )
    model.L.objective = pyo.Objective(expr=sum(int(cost[k]) * model.L.y[k] for k in range(n)) + 0 * model.x)
    priced = [r for r in range(rows) if own[r].any()]
    model.total = pyo.Var(initialize=0)
    model.use = pyo.Constraint(expr=sum(bv.dual_of(model.L.rows[r]) for r in priced) + model.total == 0)
    model.objective = pyo.Objective(expr=model.x)
    found = bv.verify(model).degeneracy
    assert found is not None and not found.note
    assert found.dimension == {"L": np.linalg.matrix_rank(best - best[0])}
    assert len(found.multipliers) == len(priced)
    for r in priced:
        interval = found.multipliers[f"L.rows[{r}]"]
        for sign, end in ((1, interval.lower), (-1, interval.upper)):
            equal = np.vstack([a.T, b]), np.r_[cost, (corners @ cost).min()]
            answer = linprog(sign * np.eye(len(b))[r], A_eq=equal[0], b_eq=equal[1], bounds=(0, None))
            assert answer.status == (3 if end is None else 0)
            assert end is None or end == pytest.approx(sign * answer.fun, abs=1e-6)


def test_each_follower_takes_the_others_as_they_are() -> None:
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 2), initialize=2)
    model.A, model.B = SubModel(fixed=[model.x]), SubModel(fixed=[model.x])
    for part in (model.A, model.B):
        part.y = pyo.Var([1, 2], bounds=(0, 2), initialize=1)
    model.A.row = pyo.Constraint(expr=model.A.y[1] + model.A.y[2] == model.x)
    model.A.objective = pyo.Objective(expr=model.A.y[1] + model.A.y[2])
    model.B.row = pyo.Constraint(expr=model.B.y[1] >= model.x / 2)
    model.B.objective = pyo.Objective(expr=model.B.y[1] - model.B.y[2])
    model.B.y[2].set_value(2)
    model.objective = pyo.Objective(expr=model.x)
    certificate = bv.verify(model)
    assert certificate.degeneracy is not None and certificate.degeneracy.dimension == {"A": 1, "B": 0}
    lines = certificate.report().splitlines()
    assert "responses            several: a face of dimension 1  (A)" in lines
    assert "responses            unique (1 others)" in lines


def test_what_is_too_large_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    model = stated(a_price, (5, 0))
    monkeypatch.setattr(check, "CHEAP", replace(check.CHEAP, size=2))
    found = bv.verify(model).degeneracy
    assert found is not None and not found.dimension and "not computed: 3 rows and variables" in found.note
    assert "verify(..., pessimistic=True) does it" in bv.verify(model).report()
    full = bv.verify(model, pessimistic=True).degeneracy
    assert full is not None and full.dimension == {"L": 0} and not full.note
    assert bv.verify(model, pessimistic=False).degeneracy is None


def test_out_of_iterations(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not told is no interval; in particular none without an end."""
    model = stated(a_row_twice, (5, 0))
    for iterations in range(12):
        monkeypatch.setattr(check, "CHEAP", replace(check.CHEAP, iterations=iterations))
        found = bv.verify(model).degeneracy
        assert found is not None
        assert all(i.lower is not None and i.upper is not None for i in found.multipliers.values())
        complete = found.dimension == {"L": 0} and len(found.multipliers) == 2
        assert bool(found.note) is not complete
    assert complete


def test_many_prices_are_settled_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """60 prices without degeneracy cost a few LPs; one that has a range among them is found."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 9), initialize=5)
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(range(60), bounds=(0, 9), initialize=5)
    model.L.row = pyo.Constraint(range(60), rule=lambda m, k: (1 + k) * m.y[k] - (1 + k) * m.model().x >= 0)
    model.L.more = pyo.Constraint(expr=model.L.y[17] - model.x >= 0)
    model.L.objective = pyo.Objective(expr=sum(model.L.y[k] for k in range(60)))
    model.total = pyo.Var(initialize=0)
    model.use = pyo.Constraint(expr=sum(bv.dual_of(model.L.row[k]) for k in range(60)) + model.total == 0)
    model.objective = pyo.Objective(expr=model.x)
    found = bv.verify(model).degeneracy
    assert found is not None and len(found.multipliers) == 60
    for k in range(60):
        interval = found.multipliers[f"L.row[{k}]"]
        assert interval.is_point is (k != 17)
        assert interval.upper == pytest.approx(1 / (1 + k))
    assert found.multipliers["L.row[17]"].lower == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        (Interval(1.0, 3.0), "1 to 3"),
        (Interval(2.0, 2.0 + 1e-9), "2"),
        (Interval(1.0, None), "1 or more"),
        (Interval(None, -0.5), "-0.5 or less"),
        (Interval(None, None), "any number"),
    ],
    ids=str,
)
def test_intervals_as_text(interval: Interval, text: str) -> None:
    assert str(interval) == text


def test_the_report() -> None:
    ends = {f"r{k}": Interval(0.0, float(k)) for k in range(15)}
    report = Degeneracy({"L": 2}, ends, math.inf, "the rest takes too long").lines()
    assert report[0] == "responses            several: a face of dimension 2  (L)"
    assert report[1] == "shadow price         0 to 1  (dual_of r1)"
    assert report[-4:] == [
        "shadow prices        4 more are not unique",
        "shadow prices        unique (1 others)",
        "rests on ties        inf of the objective",
        "ties                 the rest takes too long",
    ]


def test_a_saved_solution_keeps_it() -> None:
    solution = bv.solve(textbook.build("own_capacity_rent"))
    certificate = solution.certificate
    assert certificate is not None and certificate.degeneracy is not None
    assert certificate.degeneracy.multipliers and certificate.degeneracy.rests_on_ties == pytest.approx(16)
    again = Solution.from_json(solution.to_json())
    assert again == solution
    old = json.loads(solution.to_json())
    del old["certificate"]["degeneracy"]
    with pytest.raises(bv.errors.MalformedError, match=r"certificate: not a Certificate .no 'degeneracy'"):
        Solution.from_json(json.dumps(old))
