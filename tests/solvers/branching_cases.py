"""Problems with complementary pairs for the tests of the search, and what enumeration says of them."""

import functools
import itertools

import numpy as np
import pyomo.environ as pyo
from scipy.optimize import linprog

from bilevolt.solvers.complementarity import SUFFIX, empty_suffix

BOX = 8.0


def random_case(seed, pairs=4, integers=1, rows=5):
    """Columns a (pairs' first members), b (second), z (integers in 0..3), all in random rows."""
    random = np.random.default_rng(seed)
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
