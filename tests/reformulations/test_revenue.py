"""The leader's revenue from an LP follower is linear: rows as text, exactness against breakpoints."""

import itertools
import random

import numpy as np
import pyomo.environ as pyo
import pytest

import bilevolt
from bilevolt import SubModel, reformulate
from bilevolt.reformulations import map_of
from bilevolt.solvers import needs_of


def toll(share=1, sense=1, leader=pyo.maximize, fixed_cost=True):
    """The leader charges t on y[1]; the follower needs 4 units, y[2] costs 5, y[1] costs 1 + t."""
    model = pyo.ConcreteModel()
    model.t = pyo.Var(bounds=(0, 9))
    model.L = SubModel(fixed=[model.t])
    model.L.y = pyo.Var([1, 2], bounds=(0, 3))
    y = model.L.y
    cost = (1 + model.t) * y[1] + 5 * y[2] if fixed_cost else model.t * y[1] + 5 * y[2]
    model.L.objective = pyo.Objective(expr=sense * cost, sense=sense)
    model.L.need = pyo.Constraint(expr=y[1] + y[2] >= 4)
    model.objective = pyo.Objective(expr=leader * -share * model.t * y[1], sense=leader)
    return model


def test_objective_becomes_linear():
    single = reformulate(toll(), "sos1")
    assert map_of(single).steps[:3] == ["kkt", "revenue", "sos1"]
    assert not {"nonconvex", "qp"} & set(needs_of(single).because)
    text = str(single.leader.objective.expr).replace("followers[L].multiplier", "m").replace("'", "")
    for term in ("4.0*m[need.lower]", "- 3.0*m[y[1].upper] ", "- (L.y[1] + 5*L.y[2])"):
        assert term in text, text


@pytest.mark.parametrize("share", [1, 0.25, 3])
@pytest.mark.parametrize("sense", [1, -1])
@pytest.mark.parametrize("leader", [pyo.maximize, pyo.minimize])
@pytest.mark.parametrize("pair", [("sos1", "gurobi"), ("sos1", "scip"), ("bigm", "highs")])
def test_revenue_is_exact_for_all_senses_and_shares(share, sense, leader, pair):
    """At t = 4 the follower still buys 3 units of y[1] (optimistic); beyond, only the one that it must: 9."""
    big_m = 50 if pair[0] == "bigm" else None
    model = toll(share, sense, leader)
    solution = bilevolt.solve(model, reformulation=pair[0], solver=pair[1], big_m=big_m, time_limit=30)
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(leader * -share * 12))
    assert solution.values["t"] == pytest.approx(4)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda m: m.objective.set_value(m.t * m.L.y[2]),  # not a share of the bill
        lambda m: m.L.objective.set_value(m.t * m.L.y[1] + 2 * m.t * m.L.y[2]),  # only part of the bill
        lambda m: m.L.objective.set_value((1 + m.t) * m.L.y[1] + m.L.y[2] ** 2),  # QP
        lambda m: m.L.need.set_value(m.L.y[1] + m.L.y[2] - m.t >= 1),  # the leader is in a right-hand side
        lambda m: setattr(m.t, "domain", pyo.Integers),  # linearised product by product
    ],
)
def test_left_alone_where_it_does_not_apply(spoil):
    model = toll()
    spoil(model)
    single = reformulate(model, "sos1")
    assert "revenue" not in map_of(single).steps


def random_toll(seed):
    draw = random.Random(seed)
    n = draw.randint(2, 3)
    data = {
        "cost": [draw.randint(0, 6) for _ in range(n)],
        "charged": [1, *(draw.choice([0, 1, 2, -1]) for _ in range(n - 1))],
        "upper": [draw.randint(1, 4) for _ in range(n)],
        "rows": [[draw.choice([0, 1, 1, 2, -1]) for _ in range(n)] for _ in range(draw.randint(1, 2))],
        "share": draw.choice([1, 2, -1]),
        "extra": [draw.randint(-2, 2) for _ in range(n)],
    }
    # every row is met by the point of all upper bounds' halves, so that the follower always has an answer
    data["sides"] = [sum(a * u / 2 for a, u in zip(row, data["upper"], strict=True)) for row in data["rows"]]
    return data


def vertices(data):
    n = len(data["cost"])
    rows = np.array([*np.eye(n), *-np.eye(n), *(-np.array(row, float) for row in data["rows"])])
    limits = np.array([*data["upper"], *[0] * n, *(-side for side in data["sides"])], float)
    for chosen in itertools.combinations(range(len(rows)), n):
        if abs(np.linalg.det(rows[list(chosen)])) > 1e-9:
            point = np.linalg.solve(rows[list(chosen)], limits[list(chosen)])
            if (rows @ point <= limits + 1e-9).all():
                yield point


def best_revenue(data, low=0.0, high=8.0):
    """Each vertex of the follower is optimal on an interval of t; the leader's objective is linear there."""
    points = np.array(list(vertices(data)))
    level, slope = points @ np.array(data["cost"], float), points @ np.array(data["charged"], float)
    best = -np.inf
    for v in range(len(points)):
        rise, gap = slope[v] - slope, level - level[v]  # v is optimal where rise * t <= gap
        up, down = rise > 1e-9, rise < -1e-9
        if (gap[~up & ~down] < -1e-9).any():
            continue
        first = max([low, *(gap[down] / rise[down])])
        last = min([high, *(gap[up] / rise[up])])
        if first <= last + 1e-9:
            extra = points[v] @ np.array(data["extra"])
            best = max(best, *(data["share"] * t * slope[v] + extra for t in (first, last)))
    return best


@pytest.mark.parametrize("solver", ["gurobi", "scip"])
@pytest.mark.parametrize("seed", range(25))
def test_random_bills_against_breakpoints(seed, solver):
    data = random_toll(seed)
    n = len(data["cost"])
    model = pyo.ConcreteModel()
    model.t = pyo.Var(bounds=(0, 8))
    model.L = SubModel(fixed=[model.t])
    model.L.y = pyo.Var(range(n), bounds=lambda m, j: (0, data["upper"][j]))
    y = model.L.y
    bill = model.t * sum(a * y[j] for j, a in enumerate(data["charged"]))
    model.L.objective = pyo.Objective(expr=sum(c * y[j] for j, c in enumerate(data["cost"])) + bill)
    model.L.rows = pyo.Constraint(pyo.Any)
    for k, (row, side) in enumerate(zip(data["rows"], data["sides"], strict=True)):
        if any(row):
            model.L.rows[k] = sum(a * y[j] for j, a in enumerate(row)) >= side
    model.objective = pyo.Objective(
        expr=data["share"] * bill + sum(a * y[j] for j, a in enumerate(data["extra"])), sense=pyo.maximize
    )
    solution = bilevolt.solve(model, reformulation="sos1", solver=solver, time_limit=30)
    assert solution.status == "optimal", solution.notes
    assert solution.objective == pytest.approx(best_revenue(data), rel=1e-5, abs=1e-5)
