"""The search against enumeration: every choice of every pair and integer is one linear program of another library."""

import functools
import itertools

import numpy as np
import pyomo.environ as pyo
import pytest
from scipy.optimize import linprog

from bilevolt.errors import UnsupportedBySolverError
from bilevolt.solvers import get_solver
from bilevolt.solvers.branching import search
from bilevolt.solvers.complementarity import SUFFIX, complementary_pairs, empty_suffix

HIGHS = get_solver("highs")
BOX = 8.0


def random_case(seed):
    """Columns a (pairs' first members), b (second), z (integers in 0..3), all in random rows."""
    random = np.random.default_rng(seed)
    pairs, integers, rows = 4, 1, 5
    n = 2 * pairs + integers
    cost = random.integers(-5, 6, n).astype(float)
    matrix = random.integers(-3, 4, (rows, n)) * (random.random((rows, n)) < 0.6)
    bounded = random.random(2 * pairs) < 0.5
    inside = random.integers(0, 3, n)
    right = matrix @ inside + random.integers(-1, 5, rows)
    upper = np.r_[np.where(bounded, BOX, np.inf), np.full(integers, 3.0)]
    return pairs, integers, cost, matrix.astype(float), right.astype(float), upper


def pyomo_model(case):
    pairs, integers, cost, matrix, right, upper = case
    n = 2 * pairs + integers
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(n), domain=lambda _, j: pyo.Integers if j >= 2 * pairs else pyo.Reals)
    for j in range(n):
        model.x[j].setlb(0)
        model.x[j].setub(None if np.isinf(upper[j]) else upper[j])
    model.row = pyo.Constraint(
        range(len(right)), rule=lambda _, i: pyo.quicksum(matrix[i, j] * model.x[j] for j in range(n)) <= right[i]
    )
    model.objective = pyo.Objective(expr=sum(cost[j] * model.x[j] for j in range(n)))
    model.add_component(SUFFIX, empty_suffix())
    for k in range(pairs):
        model.complementarity[model.x[k]] = (model.x[pairs + k], f"pair {k}")
    return model


@functools.cache
def by_enumeration(seed):
    """Return (status, optimal objective) over all choices."""
    case = random_case(seed)
    pairs, integers, cost, matrix, right, upper = case
    best, unbounded = np.inf, False
    for sides in itertools.product((0, 1), repeat=pairs):
        for whole in itertools.product(range(4), repeat=integers):
            bounds = [(0, None if np.isinf(u) else u) for u in upper]
            for k, side in enumerate(sides):
                bounds[k + pairs * side] = (0, 0)
            for j, z in enumerate(whole):
                bounds[2 * pairs + j] = (z, z)
            found = linprog(cost, matrix, right, bounds=bounds, method="highs")
            if found.status == 3:
                unbounded = True
            elif found.status == 0:
                best = min(best, found.fun)
    if unbounded:
        return "unbounded", None
    return ("infeasible", None) if np.isinf(best) else ("optimal", best)


@pytest.mark.parametrize("seed", range(25))
def test_answers_are_those_of_enumeration(seed):
    case = random_case(seed)
    status, objective = by_enumeration(seed)
    model = pyomo_model(case)
    result = HIGHS.solve(model)
    assert result.status == status, result.message
    if status != "optimal":
        return
    assert result.objective == pytest.approx(objective, rel=1e-6, abs=1e-6)
    assert result.bound == pytest.approx(objective, rel=1e-5, abs=1e-5)
    assert all(min(result.values[p.first], result.values[p.second]) <= 1e-9 for p in complementary_pairs(model))


def test_the_cases_are_of_all_kinds():
    assert {by_enumeration(seed)[0] for seed in range(25)} >= {"optimal", "unbounded"}


# What is not linear ---------------------------------------------------------------------------------------


def with_products(objective, *, u, v, rows=lambda model: [], sense=pyo.minimize):
    """A pair p, q with p + q >= 1 beside variables u and v (domain, lower, upper) that are multiplied."""
    model = pyo.ConcreteModel()
    for name, (domain, lower, upper) in {"u": u, "v": v}.items():
        model.add_component(name, pyo.Var(domain=domain, bounds=(lower, upper)))
    model.p, model.q = pyo.Var(bounds=(0, None)), pyo.Var(bounds=(0, None))
    model.one = pyo.Constraint(expr=model.p + model.q >= 1)
    model.rows = pyo.ConstraintList()
    for row in rows(model):
        model.rows.add(row)
    model.objective = pyo.Objective(expr=objective(model), sense=sense)
    model.add_component(SUFFIX, empty_suffix())
    model.complementarity[model.p] = model.q
    return model


REAL, BINARY = pyo.Reals, pyo.Binary
PRODUCTS = {
    "binary x unbounded in a row": (
        with_products(
            lambda m: m.v + 3 * m.u, u=(BINARY, 0, 1), v=(REAL, 0, None),
            rows=lambda m: [m.u * m.v + m.p >= 5, m.p <= 2],
        ),
        6.0,  # u = 1, v = 3
    ),
    "bounded x bounded": (
        with_products(
            lambda m: m.u * m.v + m.p, u=(REAL, -1, 2), v=(REAL, -3, 1), rows=lambda m: [m.u + m.v >= -1, m.q <= 4]
        ),
        -6.0,  # u = 2, v = -3
    ),
    "a product in an equality": (
        with_products(
            lambda m: m.u + m.v + m.q, u=(REAL, 0.5, 4), v=(REAL, 0.5, 4), rows=lambda m: [m.u * m.v == 4, m.q <= 9]
        ),
        4.0,
    ),
    "convex squares": (
        with_products(
            lambda m: (m.u - 2) ** 2 + (m.u - m.v) ** 2 + 3, u=(REAL, None, None), v=(REAL, 3, None)
        ),
        3.5,
    ),
    "a concave square": (
        with_products(lambda m: m.v - m.u**2, u=(REAL, -3, 2), v=(REAL, 0, 5), rows=lambda m: [m.v >= m.u]),
        -9.0,
    ),
    "a maximised product with an integer": (
        with_products(
            lambda m: m.u * m.v - m.p, u=(pyo.Integers, 0, 5), v=(REAL, 0, 9),
            rows=lambda m: [2 * m.u + m.v <= 9], sense=pyo.maximize,
        ),
        10.0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PRODUCTS)
def test_products(name):
    model, objective = PRODUCTS[name]
    result = HIGHS.solve(model, rel_gap=1e-6)
    assert result.status == "optimal", result.message
    assert result.objective == pytest.approx(objective, rel=2e-5, abs=2e-5)
    for row in model.rows.values():
        body = _at(row.body, result.values)
        assert (row.lower is None or body >= row.lower - 1e-6) and (row.upper is None or body <= row.upper + 1e-6)


def _at(expression, values):
    for variable, number in values.items():
        variable.set_value(number, skip_validation=True)
    return pyo.value(expression)


def test_an_unbounded_product_of_continuous_variables_is_refused_by_name():
    free = (REAL, None, None)
    model = with_products(lambda m: m.p, u=free, v=free, rows=lambda m: [m.u * m.v == 1, m.u + m.v == 0])
    with pytest.raises(UnsupportedBySolverError, match=r"the product u\*v"):
        HIGHS.solve(model)


# Limits, starts, trees ------------------------------------------------------------------------------------


def knapsack():
    """Ten pairs (p, q), of which the p share a weight: the relaxation is far from the optimum."""
    model = pyo.ConcreteModel()
    items = range(10)
    model.p, model.q = pyo.Var(items, bounds=(0, 1)), pyo.Var(items, bounds=(0, 1))
    model.whole = pyo.Constraint(items, rule=lambda m, k: m.p[k] + m.q[k] == 1)
    model.weight = pyo.Constraint(expr=sum((13 + 7 * k % 11) * model.p[k] for k in items) <= 77)
    model.objective = pyo.Objective(expr=sum((15 + 5 * k % 13) * model.p[k] for k in items), sense=pyo.maximize)
    model.add_component(SUFFIX, empty_suffix())
    for k in items:
        model.complementarity[model.p[k]] = (model.q[k], f"item {k}")
    return model


def best_knapsack():
    weights, values = [13 + 7 * k % 11 for k in range(10)], [15 + 5 * k % 13 for k in range(10)]
    sets = itertools.product((0, 1), repeat=10)
    return max(np.dot(values, s) for s in sets if np.dot(weights, s) <= 77)


def test_a_node_limit_leaves_a_valid_bound():
    limited = HIGHS.solve(knapsack(), options={"mip_max_nodes": 2})
    assert limited.status in ("feasible", "no_solution") and "node limit" in limited.message
    assert limited.bound >= best_knapsack() - 1e-6
    assert limited.objective is None or limited.objective <= best_knapsack() + 1e-6


def test_the_same_twice():
    first, second = (HIGHS.solve(knapsack()) for _ in range(2))
    assert (first.objective, first.bound, first.nodes, first.message) == (
        second.objective, second.bound, second.nodes, second.message,
    )  # fmt: skip


def test_a_start_is_a_point():
    model = knapsack()
    for k in range(10):
        model.p[k].value, model.q[k].value = float(k == 9), float(k != 9)
    result = HIGHS.solve(model, warm_start=True, options={"mip_max_nodes": 0})
    assert result.status == "feasible"
    assert result.objective >= 15 + 45 % 13 - 1e-9


def leaves(tree, fixed=()):
    if tree[0] == "leaf":
        yield fixed
    elif tree[0] == "pair":
        assert tree[1] not in dict(fixed)
        yield from leaves(tree[2], (*fixed, (tree[1], "p")))
        yield from leaves(tree[3], (*fixed, (tree[1], "q")))


def test_the_tree_covers_the_problem_and_its_leaves_are_closed():
    optimum = best_knapsack()
    result = HIGHS.solve(knapsack(), tree=True)
    assert result.objective == pytest.approx(optimum)
    found = list(leaves(result.tree))
    for choice in itertools.product("pq", repeat=10):
        inside = [leaf for leaf in found if all(choice[int(name.split()[1])] == side for name, side in leaf)]
        assert len(inside) == 1  # each choice of zero members is in exactly one leaf
    assert HIGHS.solve(knapsack()).tree is None


# The finish -----------------------------------------------------------------------------------------------


@pytest.fixture
def at_once(monkeypatch):
    """Hand what is left to HiGHS's MILP before the first node."""
    monkeypatch.setattr(search, "FINISH_AFTER", 0)


@pytest.mark.parametrize("seed", range(25))
def test_answers_of_the_finish_are_those_of_enumeration(seed, at_once):
    test_answers_are_those_of_enumeration(seed)


def test_the_finish_is_said_and_has_no_tree(at_once):
    result = HIGHS.solve(knapsack())
    assert "a MILP with proven Ms" in result.message
    assert result.objective == pytest.approx(best_knapsack())
    assert result.bound == pytest.approx(best_knapsack(), rel=1e-5)
    assert "MILP" not in HIGHS.solve(knapsack(), tree=True).message


def test_no_finish_where_an_m_is_not_proven(at_once):
    model = knapsack()
    model.free, model.twin = pyo.Var(bounds=(0, None)), pyo.Var(bounds=(0, 1))
    model.complementarity[model.free] = (model.twin, "free")
    model.seen = pyo.Constraint(expr=model.free >= model.p[0])  # an inequality: the free one is no multiplier
    result = HIGHS.solve(model)
    assert "MILP" not in result.message
    assert result.objective == pytest.approx(best_knapsack())


@pytest.mark.parametrize("name", [n for n in PRODUCTS if n != "a concave square"])
def test_products_have_no_finish(name, at_once):
    assert "MILP" not in HIGHS.solve(PRODUCTS[name][0], rel_gap=1e-6).message


# The vocabulary -------------------------------------------------------------------------------------------


def test_members_that_may_be_negative_are_refused():
    model = knapsack()
    model.p[3].setlb(-1)
    with pytest.raises(UnsupportedBySolverError, match=r"'p\[3\]'.*may be negative"):
        HIGHS.solve(model)


def test_expressions_are_refused():
    model = knapsack()
    model.complementarity[model.p[3]] = model.q[3] + 1
    with pytest.raises(UnsupportedBySolverError, match="variable of its own"):
        HIGHS.solve(model)


@pytest.mark.parametrize("name", ["gurobi", "scip"])
def test_other_solvers_refuse_pairs_by_name(name):
    with pytest.raises(UnsupportedBySolverError, match="complementarity: pair 'item 0'"):
        get_solver(name).solve(knapsack())
