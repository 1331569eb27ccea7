"""The search against enumeration: every choice of every pair and integer is one linear program of another library."""

import itertools

import pyomo.environ as pyo
import pytest
from branching_cases import best_knapsack, by_enumeration, knapsack, pyomo_model, random_case

from bilevolt.errors import UnsupportedBySolverError
from bilevolt.solvers import get_solver
from bilevolt.solvers.branching import search
from bilevolt.solvers.complementarity import SUFFIX, complementary_pairs, empty_suffix

HIGHS = get_solver("highs")


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
