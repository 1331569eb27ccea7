"""The pessimistic value: by hand, against the vertices of the optimal faces, on the catalogue of problems."""

import itertools
import json
import math
from dataclasses import replace

import numpy as np
import pyomo.environ as pyo
import pytest
from scipy.optimize import linprog
from sweeps import one_in

import bilevolt
from bilevolt import Solution, Status, SubModel, dual_of, verify
from bilevolt.models import textbook
from bilevolt.solvers.session import Session
from bilevolt.verification import pessimistic

BOTH = (pyo.minimize, pyo.maximize)
TWINS = list(itertools.product(BOTH, BOTH))


def certificate_at(model, point, pessimistic=True, **options):
    """Put values on the model (by name) and verify."""
    for name, number in point.items():
        model.find_component(name).set_value(number, skip_validation=True)
    return verify(model, pessimistic=pessimistic, **options)


# By hand: (leader's objective F and follower, all in min), the value of F at the worst response, rows violated.
# Each problem is x = 2 for the leader; the follower's own variables are y[1], y[2].


def indifferent(m):
    """The follower cares for y1 + y2 = x only: y1 is anything in [0, 2]."""
    m.L.row = pyo.Constraint(expr=m.y[1] + m.y[2] == m.x)
    return m.y[1] + m.y[2], {"y[1]": 2, "y[2]": 0}


def unique(m):
    m.L.row = pyo.Constraint(expr=m.y[1] + m.y[2] >= m.x)
    return m.y[1] + 2 * m.y[2], {"y[1]": 2, "y[2]": 0}


def bowl(m):
    """A QP follower: (y1 + y2 - 2)^2 leaves the segment y1 + y2 = 2."""
    return (m.y[1] + m.y[2] - 2) ** 2 + 0 * m.x, {"y[1]": 2, "y[2]": 0}


def free(m):
    """Nothing but y1 = y2: a ray."""
    m.L.row = pyo.Constraint(expr=m.y[1] - m.y[2] == 0 * m.x)
    m.y[1].setub(None)
    m.y[2].setub(None)
    return 0 * m.y[1], {"y[1]": 0, "y[2]": 0}


CASES = {
    "linear": (indifferent, lambda m: m.x - m.y[1], 2, {}),
    "unique": (unique, lambda m: m.x - m.y[1], 0, {}),
    "unique, squares": (unique, lambda m: (m.y[1] - 5) ** 2 + m.y[2] ** 2, 9, {}),
    "unique, not quadratic": (unique, lambda m: pyo.exp(m.y[1]), math.exp(2), {}),
    "QP": (bowl, lambda m: m.x - 3 * m.y[1] + m.y[2], 4, {}),
    "a square, at a corner": (indifferent, lambda m: (m.y[1] - 1.5) ** 2, 2.25, {}),
    "no follower in it": (indifferent, lambda m: 7 * m.x, 14, {}),
    "ray": (free, lambda m: m.y[1] + m.x, math.inf, {}),
    "the good end of a ray": (free, lambda m: m.x - m.y[1], 2, {}),
    "row that holds": (indifferent, lambda m: m.x - m.y[1], 2, {"row": (lambda m: m.y[1] <= 2, None)}),
    "row that need not hold": (indifferent, lambda m: m.x + m.y[1], 4, {"row": (lambda m: m.y[1] + m.x <= 3, 1)}),
    "row on a ray": (free, lambda m: m.x - m.y[1], 2, {"row": (lambda m: m.y[1] <= 9, math.inf)}),
    "two sides": (indifferent, lambda m: m.y[1], 2, {"row": (lambda m: (0.5, m.y[1], 1.75), 0.5)}),
    "squares in a row": (indifferent, lambda m: m.y[1], 2, {"row": (lambda m: m.y[1] ** 2 <= 1, 3)}),
}


@pytest.mark.parametrize(("leader", "follower"), TWINS)
@pytest.mark.parametrize(("case", "cost", "worst", "rows"), CASES.values(), ids=CASES)
def test_by_hand(case, cost, worst, rows, leader, follower):
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 9))
    model.y = pyo.Var([1, 2], bounds=(0, 4))
    model.L = SubModel(fixed=[model.x])
    objective, point = case(model)
    model.L.objective = pyo.Objective(expr=follower * objective, sense=follower)
    model.objective = pyo.Objective(expr=leader * cost(model), sense=leader)
    for name, (rule, _) in rows.items():
        model.add_component(name, pyo.Constraint(rule=rule))
    found = certificate_at(model, {"x": 2} | point)
    assert found.pessimistic_objective == pytest.approx(leader * worst, abs=1e-5), found.report()
    violated = {name: distance for name, (_, distance) in rows.items() if distance is not None}
    assert found.pessimistic_violations == pytest.approx(violated, abs=1e-5)
    assert found.pessimistic_feasible is not bool(violated)
    assert ("without a limit" in found.pessimistic_note) == math.isinf(worst)


def test_a_small_cost_beside_a_large_one_still_decides():
    """y costs 1e-4 beside 1e7: within 1e-7 of the optimal cost it would be anything, at the optimum it is 0."""
    model = pyo.ConcreteModel()
    model.x, model.y, model.z = pyo.Var(bounds=(0, 9)), pyo.Var(bounds=(0, 1000)), pyo.Var(bounds=(0, 10))
    model.L = SubModel(fixed=[model.x])
    model.L.row = pyo.Constraint(expr=model.z - model.x >= 0)
    model.L.objective = pyo.Objective(expr=1e-4 * model.y + 1e7 * model.z)
    model.objective = pyo.Objective(expr=model.x + model.y)
    found = certificate_at(model, {"x": 1, "y": 0, "z": 1})
    assert found.pessimistic_objective == pytest.approx(1, abs=1e-6)


def test_a_qp_whose_optimum_is_known_to_rounding_only():
    """Every optimum has y0 = 0, y3 = 1.6, y1 + y2 = 3.6, y1 >= y3 + 1; F = 1 - 3 y2 - y3 is worst at y1 = 3.

    HiGHS returns y1 = 2.6, where a row has no slack and a multiplier of 0 but for rounding.
    """
    model = pyo.ConcreteModel()
    model.x, model.y = pyo.Var(bounds=(0, 2)), pyo.Var(range(4), bounds=(0, 3))
    y = model.y
    model.L = SubModel(fixed=[model.x])
    model.L.first = pyo.Constraint(expr=-y[0] + y[1] + y[2] - y[3] >= 2)
    model.L.second = pyo.Constraint(expr=y[1] - y[3] >= 1)
    squares = ((y[0] + y[1] + y[2]) ** 2 + (y[1] + y[2] + y[3]) ** 2 + y[0] ** 2 + y[3] ** 2) / 2
    quadratic = squares - (y[1] + y[2]) ** 2 / 2
    model.L.objective = pyo.Objective(expr=quadratic - 3 * y[0] - 5 * y[1] - 5 * y[2] - 7 * y[3] + 0 * model.x)
    model.objective = pyo.Objective(expr=model.x - 3 * y[0] - 3 * y[2] - y[3])
    found = certificate_at(model, {"x": 1, "y[0]": 0, "y[1]": 2.6, "y[2]": 1, "y[3]": 1.6})
    assert found.bilevel_feasible, found.report()
    assert found.pessimistic_objective == pytest.approx(-2.4, abs=1e-3)


def market(leader=pyo.minimize, follower=pyo.minimize, limit=5):
    """Sources at cost 1 (up to 5) and 3 (up to ``limit``) cover x: at x = 5 the price is anything in [1, 3]."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 9))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var([1, 2], bounds=(0, limit))
    model.L.y[1].setub(5)
    model.L.balance = pyo.Constraint(expr=model.L.y[1] + model.L.y[2] == model.x)
    model.L.cost = pyo.Objective(expr=follower * (model.L.y[1] + 3 * model.L.y[2]), sense=follower)
    model.price = follower * dual_of(model.L.balance)
    model.sense = leader
    return model


def declare(model, cost):
    model.objective = pyo.Objective(expr=model.sense * cost, sense=model.sense)
    return model


AT_5 = {"x": 5, "L.y[1]": 5, "L.y[2]": 0, "L.shadow_price[balance]": 0}


@pytest.mark.parametrize(("leader", "follower"), TWINS)
@pytest.mark.parametrize(("sign", "worst"), [(1, 15), (-1, -5)])
def test_prices(leader, follower, sign, worst):
    """The leader pays (1) or is paid (-1) the price of its demand: times x, which is a number at the decision."""
    model = market(leader, follower)
    declare(model, sign * model.price * model.x)
    assert certificate_at(model, AT_5).pessimistic_objective == pytest.approx(leader * worst)


def test_a_price_that_no_source_limits_is_infinite():
    model = market(limit=4)
    declare(model, model.price + 0 * model.x)
    point = AT_5 | {"x": 9, "L.y[2]": 4}
    found = certificate_at(model, point)
    assert found.pessimistic_objective == math.inf
    assert "pessimistic value    inf (the followers' optimal responses leave" in found.report()


@pytest.mark.parametrize("leader", BOTH)
def test_a_bill_of_the_leader_follows_the_price(leader):
    """bill == price * x is no decision; its bound, and the cap on twice the bill, are rows to check."""
    model = market(leader)
    model.bill, model.twice = pyo.Var(bounds=(0, 12)), pyo.Var()
    model.define = pyo.Constraint(expr=model.bill == model.price * model.x)
    model.define_twice = pyo.Constraint(expr=model.twice - 2 * model.bill == 1)
    model.cap = pyo.Constraint(expr=model.twice <= 21)
    declare(model, model.twice + model.x)
    found = certificate_at(model, AT_5 | {"bill": 5, "twice": 11, "L.shadow_price[balance]": 1})
    assert found.pessimistic_objective == pytest.approx(leader * (31 + 5))
    assert found.pessimistic_violations == pytest.approx({"bill": 3, "cap": 10})
    assert found.pessimistic_feasible is False
    assert "violates cap: 10 for some optimal response" in found.report()


def test_a_decision_of_the_leader_is_held():
    """z >= price is a row with a decision z in it: F is the same for every price, and the row fails for some."""
    model = market()
    model.z = pyo.Var(bounds=(0, 9))
    model.row = pyo.Constraint(expr=model.z >= model.price)
    declare(model, 10 * model.z + model.x)
    found = certificate_at(model, AT_5 | {"z": 1.5, "L.shadow_price[balance]": 1})
    assert found.pessimistic_objective == pytest.approx(20)
    assert found.pessimistic_violations == pytest.approx({"row": 1.5})


@pytest.mark.parametrize(
    ("cost", "worst"),
    [
        (lambda y, price: y * price, 6),
        (lambda y, price: -y * price, 0),
        (lambda y, price: (y - 1) * (price - 2), 1),
        (lambda y, price: price**2 - y, 9),
    ],
)
@pytest.mark.parametrize("leader", BOTH)
def test_products_of_a_quantity_and_a_price(leader, cost, worst):
    """A's y1 is anything in [0, 2], B's price anything in [1, 3]: truly bilinear."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 9))
    model.A, model.B = SubModel(fixed=[model.x]), SubModel(fixed=[model.x])
    model.A.y = pyo.Var([1, 2], bounds=(0, 2))
    model.A.balance = pyo.Constraint(expr=model.A.y[1] + model.A.y[2] == model.x)
    model.A.cost = pyo.Objective(expr=model.A.y[1] + model.A.y[2])
    model.B.z = pyo.Var(["own", "shortage"], bounds=(0, None))
    model.B.balance = pyo.Constraint(expr=model.B.z["own"] + model.B.z["shortage"] - model.x >= 0)
    model.B.limit = pyo.Constraint(expr=model.B.z["own"] <= 2)
    model.B.cost = pyo.Objective(expr=model.B.z["own"] + 3 * model.B.z["shortage"])
    expression = cost(model.A.y[1], dual_of(model.B.balance))
    model.objective = pyo.Objective(expr=leader * expression, sense=leader)
    point = {"x": 2, "A.y[1]": 1, "A.y[2]": 1, "B.z[own]": 2, "B.z[shortage]": 0}
    assert certificate_at(model, point).pessimistic_objective == pytest.approx(leader * worst, abs=1e-5)


def test_what_no_solver_takes_is_not_answered():
    model = pyo.ConcreteModel()
    model.x, model.y = pyo.Var(bounds=(0, 9)), pyo.Var(bounds=(0, 4))
    model.L = SubModel(fixed=[model.x])
    model.L.row = pyo.Constraint(expr=model.y <= model.x)
    model.L.objective = pyo.Objective(expr=0 * model.y)
    model.objective = pyo.Objective(expr=pyo.exp(model.y) + model.x)
    found = certificate_at(model, {"x": 2, "y": 1})
    assert found.pessimistic_objective is None and found.pessimistic_note.startswith("not computed")
    assert "pessimistic value    not computed" in found.report()


def test_followers_that_see_one_another_are_not_answered():
    model = pyo.ConcreteModel()
    model.x, model.y, model.z = pyo.Var(bounds=(0, 9)), pyo.Var(bounds=(0, 4)), pyo.Var(bounds=(0, 4))
    model.A = SubModel(fixed=[model.x, model.z])
    model.A.objective = pyo.Objective(expr=model.y)
    model.A.row = pyo.Constraint(expr=model.y >= model.x - model.z)
    model.B = SubModel(fixed=[model.y])
    model.B.objective = pyo.Objective(expr=model.z)
    model.B.row = pyo.Constraint(expr=model.z >= 1 - model.y)
    model.objective = pyo.Objective(expr=model.x + model.y + model.z)
    found = certificate_at(model, {"x": 1, "y": 1, "z": 0})
    assert found.pessimistic_objective is None and "'A' takes 'z' of 'B' as given" in found.pessimistic_note


def test_an_answer_that_is_not_proven_is_not_given(monkeypatch):
    """A nonconvex solver that stops early: what it found, and its bound, are in the note only."""
    solve = Session.solve

    def stop_early(self, model, **options):
        result = solve(self, model, **options)
        return replace(result, status=Status.feasible, bound=7.0) if "square" in model.name else result

    monkeypatch.setattr(Session, "solve", stop_early)
    monkeypatch.setattr("bilevolt.verification.responses.ConcreteModel", lambda name: pyo.ConcreteModel(name="square"))
    model = pyo.ConcreteModel()
    model.x, model.y = pyo.Var(bounds=(0, 9)), pyo.Var(bounds=(0, 4))
    model.L = SubModel(fixed=[model.x])
    model.L.row = pyo.Constraint(expr=model.y <= model.x)
    model.L.objective = pyo.Objective(expr=0 * model.y)
    model.objective = pyo.Objective(expr=model.y**2 + model.x)
    found = certificate_at(model, {"x": 2, "y": 1})
    assert found.pessimistic_objective is None
    assert "not established" in found.pessimistic_note and "worst found 6; bound 7" in found.pessimistic_note


@pytest.mark.parametrize("leader", BOTH)
@pytest.mark.parametrize("seed", range(12))
def test_random_degenerate_followers_against_all_vertices(seed, leader):
    """Few distinct costs and small integers make ties; the worst optimal vertex is found by trying all bases."""
    random = np.random.default_rng(seed)
    n, rows = 4, 3
    D, C = random.integers(-1, 3, (rows, n)), random.integers(-1, 2, (rows, 2))
    f, d = random.integers(-1, 2, n), random.integers(-3, 4, n)
    x = random.integers(0, 3, 2)
    e = D @ random.integers(0, 3, n) + C @ x - random.integers(0, 2, rows)  # a point of the box is feasible
    vertices = list(corners(D, e - C @ x, 3.0))
    best = min(f @ v for v in vertices)
    optimal = [d @ v for v in vertices if f @ v <= best + 1e-9]
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(2), bounds=(0, 3))
    model.y = pyo.Var(range(n), bounds=(0, 3))
    model.L = SubModel(fixed=[model.x])

    def row(_, i):
        return sum(D[i, j] * model.y[j] for j in range(n)) + sum(C[i, k] * model.x[k] for k in range(2)) >= e[i]

    model.L.rows = pyo.Constraint(range(rows), rule=lambda _, i: row(_, i) if D[i].any() else pyo.Constraint.Skip)
    model.L.objective = pyo.Objective(expr=sum(f[j] * model.y[j] for j in range(n)) + 0 * model.x[0])
    model.objective = pyo.Objective(expr=leader * sum(d[j] * model.y[j] for j in range(n)) + model.x[0], sense=leader)
    start = min(vertices, key=lambda v: f @ v)
    point = {f"x[{k}]": x[k] for k in range(2)} | {f"y[{j}]": start[j] for j in range(n)}
    found = certificate_at(model, point)
    assert found.bilevel_feasible, found.report()
    assert found.pessimistic_objective == pytest.approx(leader * max(optimal) + x[0], abs=1e-6)


def corners(D, e, upper):
    """All vertices of D y >= e, 0 <= y <= upper."""
    n = D.shape[1]
    rows = np.vstack([D, np.eye(n), -np.eye(n)]).astype(float)
    limits = np.concatenate([e, np.zeros(n), np.full(n, -upper)])
    for chosen in itertools.combinations(range(len(rows)), n):
        basis = rows[list(chosen)]
        if abs(np.linalg.det(basis)) > 1e-9:
            vertex = np.linalg.solve(basis, limits[list(chosen)])
            if (rows @ vertex >= limits - 1e-9).all():
                yield vertex


@pytest.mark.parametrize("seed", range(12))
def test_random_degenerate_prices_against_the_dual_lp(seed):
    """Worst shadow prices, by scipy over the dual's optimal face, written down apart: D' p + r = f, p, r >= 0."""
    random = np.random.default_rng(100 + seed)
    n, rows = 4, 3
    D, f = random.integers(0, 3, (rows, n)), random.integers(1, 4, n)
    D[:, 0] = 1  # every row can be met
    e, weight = random.integers(1, 4, rows), random.integers(-3, 4, rows)
    primal = linprog(f, A_ub=-D, b_ub=-e, method="highs")
    face = linprog(-weight, A_ub=np.vstack([D.T, -e]), b_ub=np.append(f, -primal.fun + 1e-9), method="highs")
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(rows), bounds=(0, 9))
    model.y = pyo.Var(range(n), domain=pyo.NonNegativeReals)
    model.L = SubModel(fixed=[model.x])
    model.L.rows = pyo.Constraint(
        range(rows), rule=lambda _, i: sum(int(D[i, j]) * model.y[j] for j in range(n)) - model.x[i] >= 0
    )
    model.L.objective = pyo.Objective(expr=sum(int(f[j]) * model.y[j] for j in range(n)))
    prices = dual_of(model.L.rows)
    model.objective = pyo.Objective(expr=sum(int(weight[i]) * prices[i] for i in range(rows)))
    found = certificate_at(model, {f"x[{i}]": e[i] for i in range(rows)} | {f"y[{j}]": primal.x[j] for j in range(n)})
    assert found.pessimistic_objective == pytest.approx(-face.fun, abs=1e-5)


# Problems of the catalogue whose followers have several optimal responses at the listed optimum, by hand.
AMBIGUOUS = {
    "clark_westerberg_1990b": -9,
    "bard_1991_1": 8,
    "toll_1": 0,
    "conejo2016": 1_124_000,
    "own_capacity_rent": 34,
}


@pytest.mark.parametrize("name", one_in(2, [name for name in textbook.NAMES if name != "moore"]))
def test_the_catalogue_is_never_better_at_worst(name):
    model = textbook.build(name)
    solution = bilevolt.solve(model, reformulation="sos1", solver="gurobi", time_limit=30)
    if solution.objective is None:
        assert textbook.problem(name).status != "optimal"
        return
    worst = solution.certificate.pessimistic_objective
    assert worst is not None, solution.certificate.pessimistic_note
    sense = 1 if textbook.problem(name).leader.sense == "minimize" else -1
    margin = 1e-6 * (1 + abs(solution.objective))
    assert sense * (worst - solution.objective) >= -margin
    expected = AMBIGUOUS.get(name, solution.objective)
    assert worst == pytest.approx(expected, rel=1e-5, abs=1e-4 if "lower_qp" in textbook.problem(name).tags else 1e-5)


def test_effort_is_chosen_by_the_caller(monkeypatch):
    model = market()
    declare(model, model.price * model.x)
    none = certificate_at(model, AT_5, pessimistic=False)
    assert none.pessimistic_objective is None and "pessimistic" not in none.report()
    assert certificate_at(model, AT_5, pessimistic="auto").pessimistic_objective == pytest.approx(15)
    monkeypatch.setattr("bilevolt.verification.check.CHEAP", replace(pessimistic.CHEAP, size=2))
    skipped = certificate_at(model, AT_5, pessimistic="auto")
    assert skipped.pessimistic_objective is None
    assert "not computed: 3 rows and variables; verify(..., pessimistic=True)" in skipped.pessimistic_note
    assert certificate_at(model, AT_5, pessimistic=True).pessimistic_objective == pytest.approx(15)


def test_many_rows_are_checked_at_the_worst_response_only(monkeypatch):
    model = market()
    model.rows = pyo.Constraint([2, 4], rule=lambda m, k: m.price <= k)
    declare(model, model.price * model.x)
    few = replace(pessimistic.CHEAP, sides=1)
    monkeypatch.setattr("bilevolt.verification.check.CHEAP", few)
    assert certificate_at(model, AT_5, pessimistic="auto").pessimistic_violations == pytest.approx({"rows[2]": 1})
    model.rows[2].deactivate()
    model.other = pyo.Constraint(expr=model.price >= 0)
    found = certificate_at(model, AT_5, pessimistic="auto")
    assert found.pessimistic_feasible is None and found.pessimistic_violations == {}
    assert certificate_at(model, AT_5).pessimistic_feasible is True


def test_a_decision_without_an_answer_of_the_follower():
    model = market(limit=4)
    declare(model, model.price * model.x)
    model.x.setub(20)
    found = certificate_at(model, AT_5 | {"x": 12})
    assert found.pessimistic_objective is None and "no optimum is known" in found.pessimistic_note


def test_it_is_written_and_read_back():
    model = market()
    declare(model, model.price * model.x)
    certificate = certificate_at(model, AT_5)
    assert certificate.to_dict()["pessimistic_objective"] == pytest.approx(15)
    solution = Solution(Status.feasible, 5.0, certificate=certificate)
    again = Solution.from_json(solution.to_json()).certificate
    assert again == certificate
    assert json.loads(solution.to_json())["certificate"]["pessimistic_feasible"] is True


def test_the_model_is_left_as_it_was(structure):
    model = market()
    declare(model, model.price * model.x)
    certificate_at(model, AT_5)
    before = structure(model), {v.name: v.value for v in model.component_data_objects(pyo.Var)}
    verify(model, pessimistic=True)
    assert (structure(model), {v.name: v.value for v in model.component_data_objects(pyo.Var)}) == before
