"""Stances on small problems that are solved by hand: the worst response, weights, rows for every response, infima."""

import itertools
import math
from dataclasses import replace

import pyomo.environ as pyo
import pytest

import bilevolt as bv
from bilevolt import Solution, Status, SubModel
from bilevolt.errors import ArgumentError, StanceError

PAIRS = itertools.cycle(
    [("highs", "branch"), ("gurobi", "sos1"), ("scip", "indicator"), ("auto", "auto"), ("scip", "sos1")]
)

TWINS = itertools.cycle(itertools.product((1, -1), (1, -1)))


def base(x=(0, 4), count=2, y=(0, 4), domain=pyo.Reals):
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=x, domain=domain)
    m.L = SubModel(fixed=[m.x])
    m.L.y = pyo.Var(range(1, count + 1), bounds=y)
    return m


def declare(m, leader, follower, senses):
    m.cost = pyo.Objective(expr=senses[0] * leader, sense=senses[0])
    m.L.cost = pyo.Objective(expr=senses[1] * follower, sense=senses[1])
    return m


def two_suppliers(s):
    """The follower buys x from either: y1 is anything in [0, x]. F = -x + 2 y1 is -x at best, x at worst."""
    m = base()
    m.L.row = pyo.Constraint(expr=m.L.y[1] + m.L.y[2] >= m.x)
    return declare(m, -m.x + 2 * m.L.y[1], m.L.y[1] + m.L.y[2], s)


def indifferent(s):
    """y is anything in [0, 1]: F = y - x, x <= 2."""
    m = base((0, 2), 1, (0, 1))
    return declare(m, m.L.y[1] - m.x, 0 * m.L.y[1] + 0 * m.x, s)


def row(s):
    """x + y <= 3 for every y in [0, 1]: x = 2 instead of 3."""
    m = base((0, 5), 1, (0, 1))
    m.row = pyo.Constraint(expr=m.x + m.L.y[1] <= 3)
    return declare(m, -m.x, 0 * m.L.y[1] + 0 * m.x, s)


def above_all(s):
    """min x with x >= y for every y in [-1, 1] (which is free to the follower): 1 instead of -1."""
    m = base((-2, 2), 1, (-1, 1))
    m.row = pyo.Constraint(expr=m.x - m.L.y[1] >= 0)
    return declare(m, m.x, 0 * m.L.y[1] + 0 * m.x, s)


def range_row(s):
    """-1 <= x - 2 y <= 2 for every y in [0, 1]: x is in [1, 2]; alone, x may be -1."""
    m = base((-4, 4), 1, (0, 1))
    m.row = pyo.Constraint(expr=(-1, m.x - 2 * m.L.y[1], 2))
    return declare(m, m.x, 0 * m.L.y[1] + 0 * m.x, s)


def total(s):
    """A bill T = y1 + 3 y2 with y1 + y2 = 2 follows the response: 6 at worst, 2 at best; x = 0."""
    m = base()
    m.T = pyo.Var()
    m.bill = pyo.Constraint(expr=2 * m.L.y[1] + 6 * m.L.y[2] == 2 * m.T)
    m.L.row = pyo.Constraint(expr=m.L.y[1] + m.L.y[2] == 2)
    return declare(m, m.T + m.x, m.L.y[1] + m.L.y[2] + 0 * m.x, s)


def bounded_total(s):
    """As before with y1 + y2 = x and T <= 6 for every response: 3 x <= 6, x = 2; with kind ties x = 4."""
    m = base()
    m.T = pyo.Var(bounds=(None, 6))
    m.bill = pyo.Constraint(expr=m.L.y[1] + 3 * m.L.y[2] == m.T)
    m.L.row = pyo.Constraint(expr=m.L.y[1] + m.L.y[2] == m.x)
    return declare(m, -m.x, m.L.y[1] + m.L.y[2], s)


def equality(s):
    """y1 + y2 = x for every response, of which all have the sum 3, and none is the only one; F = x + y1."""
    m = base((0, 5), 2, (0, 4), pyo.Integers)
    m.L.row = pyo.Constraint(expr=m.L.y[1] + m.L.y[2] >= 3)
    m.row = pyo.Constraint(expr=m.L.y[1] + m.L.y[2] == m.x)
    return declare(m, m.x + m.L.y[1], m.L.y[1] + m.L.y[2] + 0 * m.x, s)


def two_followers(s):
    """Ties of both add up: F = -3 x + 2 y1 + 2 z1 with y1, z1 in [0, x]: -3 x at best, x at worst."""
    m = base()
    m.L.row = pyo.Constraint(expr=m.L.y[1] + m.L.y[2] >= m.x)
    m.M = SubModel(fixed=[m.x])
    m.M.z = pyo.Var([1, 2], bounds=(0, 4))
    m.M.row = pyo.Constraint(expr=m.M.z[1] + m.M.z[2] >= m.x)
    m.M.cost = pyo.Objective(expr=m.M.z[1] + m.M.z[2])
    return declare(m, -3 * m.x + 2 * m.L.y[1] + 2 * m.M.z[1], m.L.y[1] + m.L.y[2], s)


def quadratic(s):
    """A QP follower, (y1 + y2)^2 with y1 + y2 >= x: the ties of ``two_suppliers``."""
    m = base()
    m.L.row = pyo.Constraint(expr=m.L.y[1] + m.L.y[2] >= m.x)
    return declare(m, -m.x + 2 * m.L.y[1], (m.L.y[1] + m.L.y[2]) ** 2, s)


def hill(s):
    """F = x - (y - 1)^2, y in [0, 2]: 0 at worst (y = 1), -1 at best."""
    m = base((0, 4), 1, (0, 2))
    return declare(m, m.x - (m.L.y[1] - 1) ** 2, 0 * m.L.y[1] + 0 * m.x, s)


def ray(s):
    """y is anything >= 0, F = y: no decision is worth a number."""
    m = base((0, 4), 1, (0, None))
    return declare(m, m.L.y[1] + m.x, 0 * m.L.y[1] + 0 * m.x, s)


def product(s):
    """F = x (y - 1) with x in {1, 2} and y in [0, 3]: 2 x = 2 at worst, -x = -2 at best; half way x / 2 = 1/2."""
    m = base((1, 2), 1, (0, 3), pyo.Integers)
    return declare(m, m.x * (m.L.y[1] - 1), 0 * m.L.y[1] + 0 * m.x, s)


def costs_of_integers(s):
    """x in {0, 1} is the cost of y in [0, 1]: F = 0.4 x + y is 1 at worst for x = 0, and 0.4 for x = 1."""
    m = base((0, 1), 1, (0, 1), pyo.Integers)
    return declare(m, 0.4 * m.x + m.L.y[1], m.x * m.L.y[1], s)


def unique(s):
    """No ties: F = -x + y1 with y1 = x: 0 for all stances."""
    m = base()
    m.L.row = pyo.Constraint(expr=m.L.y[1] + m.L.y[2] >= m.x)
    return declare(m, -m.x + m.L.y[1], m.L.y[1] + 2 * m.L.y[2], s)


# stance -> value
VALUES = {
    two_suppliers: {0.25: -2, "pessimistic": 0},
    indifferent: {"Pessimistic": -1},
    row: {0.01: -2},
    above_all: {1: 1},
    range_row: {1: 1},
    total: {0.5: 4, 1: 6},
    bounded_total: {1: -2},
    equality: {0.5: 4.5, 1: 6},
    two_followers: {0.5: -4, 1: 0},
    quadratic: {1: 0},
    hill: {0.5: -0.5},
    ray: {1: None},
    product: {0.5: 0.5, 1: 2},
    costs_of_integers: {0.5: 0.4, 1: 0.4},
    unique: {1: 0},
}
CASES = [
    pytest.param(build, stance, value, *next(PAIRS), next(TWINS), id=f"{build.__name__}-{stance}")
    for build, values in VALUES.items()
    for stance, value in values.items()
]


@pytest.mark.parametrize(("build", "stance", "value", "solver", "reformulation", "senses"), CASES)
def test_values(build, stance, value, solver, reformulation, senses):
    model = build(senses)
    if build in (product, quadratic, hill) and solver != "gurobi":
        solver, reformulation = "gurobi", "sos1"  # products, and QPs, are nobody else's
    solution = bv.solve(model, stance=stance, solver=solver, reformulation=reformulation)
    if value is None:
        assert solution.status is Status.infeasible and solution.objective is None
        return
    assert (solution.status, solution.objective) == (Status.optimal, pytest.approx(senses[0] * value, abs=1e-4))
    certificate = solution.certificate
    assert certificate.bilevel_feasible and certificate.globally_optimal
    for variable in model.component_data_objects(pyo.Var):
        if variable.name in solution.values:
            assert variable.value == solution.values[variable.name]
    weight = 1 if isinstance(stance, str) else stance
    best, worst = certificate.optimistic_objective, certificate.pessimistic_objective
    assert (1 - weight) * best + weight * worst == pytest.approx(solution.objective, abs=1e-4)
    assert certificate.price_of_ties == pytest.approx(abs(worst - best))
    assert pyo.value(model.cost) == pytest.approx(worst, abs=1e-4)


def test_a_saved_answer_keeps_its_stance():
    model = two_suppliers((1, 1))
    again = Solution.from_json(bv.solve(model, stance=0.25).to_json())
    assert again.stance == 0.25 and bv.verify(model, again).bilevel_feasible
    again.objective -= 0.1
    assert not bv.verify(model, again).bilevel_feasible


def test_what_an_optimist_believes_fails_a_pessimists_check():
    model = two_suppliers((1, 1))
    solution = bv.solve(model)
    solution.stance = 1.0
    found = bv.verify(model, solution)
    assert not found.bilevel_feasible and "objective" in found.violations
    assert (found.optimistic_objective, found.pessimistic_objective) == (pytest.approx(-4), pytest.approx(4))
    assert found.price_of_ties == pytest.approx(8) and "price of ties        8" in found.report()


@pytest.mark.parametrize("stance", ["pessimistic", 0.5])
def test_only_a_weight_needs_the_best_response(stance):
    """y is anything below 1, F = x + y: 1 at worst, and without a best."""
    model = base((0, 2), 1, (None, 1))
    solution = bv.solve(declare(model, model.x + model.L.y[1], 0 * model.L.y[1] + 0 * model.x, (1, 1)), stance=stance)
    if stance == "pessimistic":
        assert (solution.status, solution.objective) == (Status.optimal, pytest.approx(1))
        assert solution.certificate.optimistic_objective is None and solution.certificate.globally_optimal
    else:
        assert solution.status is not Status.optimal


def free_ties(s):
    """The leader pays for x >= 1 only: which supplier sells is all the same to it. F = x."""
    m = base((1, 4))
    m.L.row = pyo.Constraint(expr=m.L.y[1] + m.L.y[2] >= m.x)
    return declare(m, m.x + 0 * m.L.y[1], m.L.y[1] + m.L.y[2], s)


@pytest.mark.parametrize(("build", "confirm", "enough"), [
    (free_ties, None, True), (free_ties, "highs", False), (two_suppliers, None, False),
])  # fmt: skip
def test_the_larger_problem_is_posed_only_where_ties_decide(build, confirm, enough):
    solution = bv.solve(build((1, 1)), stance="pessimistic", solver="scip", confirm=confirm)
    assert solution.status is Status.optimal and solution.certificate.bilevel_feasible
    assert solution.objective == pytest.approx({free_ties: 1, two_suppliers: 0}[build], abs=1e-6)
    assert any("no worse ones" in note for note in solution.notes) is enough
    assert solution.certificate.price_of_ties == pytest.approx({free_ties: 0, two_suppliers: 0}[build], abs=1e-6)


@pytest.mark.parametrize("senses", [(1, 1), (-1, 1)])
def test_a_stopped_search_keeps_the_first_decision(senses, monkeypatch):
    """x = 4, best with kind ties (-4), is worth 4 at worst."""
    monkeypatch.setattr("bilevolt.stances.approach._rest_of", lambda request, _: replace(request, time_limit=0.0))
    solution = bv.solve(two_suppliers(senses), stance="pessimistic", solver="highs")
    assert solution.status is Status.feasible and solution.certificate.bilevel_feasible
    assert solution.objective == pytest.approx(senses[0] * 4) and solution.bound == pytest.approx(senses[0] * -4)
    assert bv.solve(row(senses), stance="pessimistic", solver="highs").status is Status.no_solution  # y = 1 breaks it


# Nearly optimal responses -----------------------------------------------------------------------------------


def near_row(s):
    """y >= x costs y: within 10 % y is up to 1.1 x, and y <= 2 holds for x <= 2 / 1.1."""
    m = base((0, 4), 1, (0, 9))
    m.L.row = pyo.Constraint(expr=m.L.y[1] >= m.x)
    m.row = pyo.Constraint(expr=m.L.y[1] <= 2)
    return declare(m, -m.x, m.L.y[1] + 0 * m.x, s)


def near_objective(s):
    """The same without the row, F = 2 y - x: y = x if exact, 1.1 x at worst; x >= 1."""
    m = base((1, 4), 1, (0, 9))
    m.L.row = pyo.Constraint(expr=m.L.y[1] >= m.x)
    return declare(m, 2 * m.L.y[1] - m.x, m.L.y[1] + 0 * m.x, s)


def near_of_any_sign(s):
    """The optimum x is of any sign: F = y + x is at worst 2 x + 0.1 |x|."""
    m = base((-3, 3), 1, (-9, 9))
    m.L.row = pyo.Constraint(expr=m.L.y[1] >= m.x)
    return declare(m, m.L.y[1] + m.x, m.L.y[1], s)


NEAR = [
    (near_row, "optimistic", -2 / 1.1),
    (near_row, "pessimistic", -2 / 1.1),
    (near_objective, "optimistic", 1.0),
    (near_objective, "pessimistic", 1.2),
    (near_objective, 0.5, 1.1),
    (near_of_any_sign, "pessimistic", -5.7),
]


@pytest.mark.parametrize(("build", "stance", "value"), NEAR)
def test_nearly_optimal_followers(build, stance, value):
    senses = next(TWINS)
    model = build(senses)
    solver, reformulation = next(PAIRS)
    solution = bv.solve(model, stance=stance, follower_tolerance=0.1, solver=solver, reformulation=reformulation)
    assert (solution.status, solution.objective) == (Status.optimal, pytest.approx(senses[0] * value, abs=1e-5))
    assert solution.certificate.bilevel_feasible and "within 0.1 of their optimum" in solution.certificate.report()
    solution.follower_tolerance = 0.2  # not what was asked for
    assert bv.verify(model, solution).bilevel_feasible is (build is near_objective and stance == "optimistic")


# Optima that may not be attained ----------------------------------------------------------------------------


def jumping(s):
    """x in [0, 1] is the cost of y in [0, 1]: F = x + y falls to 0 with x, and is 1 at x = 0."""
    m = base((0, 1), 1, (0, 1))
    return declare(m, m.x + m.L.y[1], m.x * m.L.y[1], s)


def price(s):
    """y at the price x, or z at 1, cover a demand of 1: the leader earns x y, below 1 if indifferent buyers go away."""
    m = base((0, 2), 2, (0, 1))
    m.L.row = pyo.Constraint(expr=m.L.y[1] + m.L.y[2] == 1)
    return declare(m, -m.x * m.L.y[1], m.x * m.L.y[1] + m.L.y[2], s)


def twins(s):
    """Two goods of one price: no price breaks the tie. F = -x + 2 y1 is 2 - x = 0 at worst, -x = -2 at best."""
    m = base((1, 2), 2, (0, 1))
    m.L.row = pyo.Constraint(expr=m.L.y[1] + m.L.y[2] == 1)
    return declare(m, -m.x + 2 * m.L.y[1], m.x * (m.L.y[1] + m.L.y[2]), s)


def no_tie(s):
    """x >= 1/2 is what the follower is paid for y: y = 1, whatever x; F = x + y."""
    m = base((0.5, 1), 1, (0, 1))
    return declare(m, m.x + m.L.y[1], -m.x * m.L.y[1], s)


def near_the_edge(s):
    """As ``jumping``, with a row that holds for every response only where y = 0: y <= 1/2."""
    m = base((0, 1), 1, (0, 1))
    m.row = pyo.Constraint(expr=m.L.y[1] <= 0.5)
    return declare(m, m.x + 0 * m.L.y[1], m.x * m.L.y[1], s)


OPEN = {  # status, bound, objective
    jumping: (Status.feasible, 0, 0),
    price: (Status.feasible, -1, -1),
    twins: (Status.feasible, -2, 0),
    no_tie: (Status.optimal, 1.5, 1.5),
    near_the_edge: (Status.feasible, 0, 0),
}


@pytest.mark.parametrize(("build", "expected"), OPEN.items(), ids=lambda item: getattr(item, "__name__", ""))
def test_infima(build, expected):
    status, bound, objective = expected
    senses = next(TWINS)
    model = build(senses)
    solution = bv.solve(model, stance="pessimistic")
    assert solution.status is status
    assert solution.bound == pytest.approx(senses[0] * bound, abs=1e-4)
    assert solution.objective == pytest.approx(senses[0] * objective, abs=2e-3)
    assert solution.certificate.bilevel_feasible
    assert solution.certificate.pessimistic_objective == pytest.approx(solution.objective, abs=1e-6)
    assert any("may not be attained" in note for note in solution.notes) is (status is Status.feasible)
    attained = math.isclose(solution.objective, solution.bound, abs_tol=1e-6)
    assert attained is (status is Status.optimal)


# Refusals ---------------------------------------------------------------------------------------------------


def with_price(m):
    m.cost.set_value(m.x * bv.dual_of(m.L.row))


def with_integers(m):
    m.L.y.domain = pyo.Integers


def with_convex_loss(m):
    m.cost.set_value((m.L.y[1] - 1) ** 2)


def with_set(m):
    m.sets = pyo.SOSConstraint(var=m.L.y, sos=1)


def with_convex_row(m):
    m.squares = pyo.Constraint(expr=m.L.y[1] ** 2 <= 3)


def with_a_watcher(m):
    m.M = SubModel(fixed=[m.L.y[1]])
    m.M.z = pyo.Var(bounds=(0, 1))
    m.M.cost = pyo.Objective(expr=m.M.z * 2 + m.L.y[1])


def with_a_qp(m):
    m.L.cost.set_value((m.L.y[1] + m.L.y[2] - m.x) ** 2)


def with_open_costs(m):
    m.L.cost.set_value(m.x * m.L.y[1] + m.L.y[2])


PESSIMISTIC = {"stance": "pessimistic"}
REFUSED = [
    (None, {"stance": "gloomy"}, ArgumentError, "stance 'gloomy' is unknown"),
    (None, {"stance": 1.5}, ArgumentError, "from 0"),
    (None, {"stance": True}, ArgumentError, "from 0"),
    (None, {"follower_tolerance": -0.1}, ArgumentError, "follower_tolerance"),
    (None, {"follower_tolerance": 1}, ArgumentError, "0.01 for 1 %"),
    (None, PESSIMISTIC | {"method": "nested"}, ArgumentError, "method='nested'"),
    (None, PESSIMISTIC | {"proof": True}, ArgumentError, "proof=True"),
    (None, PESSIMISTIC | {"warm_start": True}, ArgumentError, "warm_start=True"),
    (with_price, PESSIMISTIC, StanceError, r"dual_of\(L.row\)"),
    (with_integers, PESSIMISTIC, StanceError, "owns integers"),
    (with_convex_loss, PESSIMISTIC, StanceError, "leader's objective"),
    (with_set, PESSIMISTIC, StanceError, "'sets'"),
    (with_convex_row, PESSIMISTIC, StanceError, "squares"),
    (with_a_watcher, PESSIMISTIC, StanceError, "equilibria"),
    (with_a_qp, {"follower_tolerance": 0.01}, StanceError, "is a QP"),
    (with_open_costs, {"follower_tolerance": 0.01}, StanceError, "may be 0"),
    (with_open_costs, PESSIMISTIC | {"confirm": "auto"}, StanceError, "confirm"),
]


@pytest.mark.parametrize(("change", "arguments", "error", "match"), REFUSED)
def test_refusals(change, arguments, error, match):
    model = two_suppliers((1, 1))
    if change is not None:
        change(model)
    with pytest.raises(error, match=match):
        bv.solve(model, **arguments)


def test_another_solver_confirms():
    solution = bv.solve(two_suppliers((1, 1)), stance=0.3, solver="highs", confirm="gurobi")
    assert solution.objective == pytest.approx(-1.6) and solution.certificate.confirmed_by == "gurobi (sos1)"
