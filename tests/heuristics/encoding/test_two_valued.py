"""Decisions of two-valued variables as bits, against the propagation of ranges, row by row."""

import numpy as np
import pyomo.environ as pyo
import pytest

from bilevolt import SubModel
from bilevolt.heuristics.encoding.decision_space import encode
from bilevolt.heuristics.encoding.propagation import LinearRow, Propagator
from bilevolt.heuristics.encoding.two_valued import MOST
from bilevolt.levels.reading import read_levels
from bilevolt.reformulations import kkt

VARIABLES = 12


def rows_of(rng, weights, count):
    """Rows with sides that random points satisfy, some of which contradict one another."""
    found = []
    for _ in range(count):
        columns = rng.choice(VARIABLES, int(rng.integers(1, 7)), replace=False)
        a = rng.choice(weights, columns.size)
        total = float(a @ rng.integers(0, 2, columns.size))
        slack = float(rng.choice([0.0, 0.5, 1.0]))
        sides = [(-np.inf, total + slack), (total - slack, np.inf), (total - slack, total + slack)][rng.integers(3)]
        found.append(LinearRow(tuple(zip(columns.tolist(), a.tolist(), strict=True)), *sides))
    return found


KINDS = {
    "packing, covering, partitioning": ([1.0], 7),
    "both signs": ([1.0, -1.0], 7),
    "all of one size": ([0.3, -0.3], 6),
    "weights": ([1.0, 2.0, -3.0, 5.0], 6),
    "contradictions": ([1.0, -1.0, 2.0], 9),
}


@pytest.mark.parametrize("kind", KINDS)
def test_decisions_are_those_of_the_ranges(kind):
    weights, count = KINDS[kind]
    rng = np.random.default_rng(len(kind))
    compiled = repaired = 0
    for _ in range(40):
        lower = rng.choice([0.0, 0.0, 2.0, -1.0], VARIABLES)
        width = rng.choice([1.0, 1.0, 1.0, 0.0], VARIABLES)
        rows = [
            LinearRow(row.terms, row.lower + shift, row.upper + shift)
            for row in rows_of(rng, weights, count)
            for shift in [sum(a * lower[j] for j, a in row.terms)]
        ]
        propagator = Propagator(rows, lower.tolist(), (lower + width).tolist(), [True] * VARIABLES)
        targets = lower + rng.choice([0.0, 0.2, 0.5, 0.9, 1.0, 1.7], (20, VARIABLES))
        orders = rng.permuted(np.tile(np.arange(VARIABLES), (20, 1)), axis=1)
        found = propagator.fix_all(targets, orders)
        one_by_one = [propagator.fix(t, o)[0] for t, o in zip(targets.tolist(), orders.tolist(), strict=True)]
        assert found.tolist() == one_by_one
        compiled += propagator._bits is not None
        repaired += (found != np.clip(np.rint(targets), lower, lower + width)).any()
    assert compiled >= 10 and repaired >= 10


def test_a_long_count_is_kept_exactly():
    """Ten of thirty, and never more than three of each five: rows that no single literal settles."""
    blocks = [LinearRow(tuple((j, 1.0) for j in range(k, k + 5)), -np.inf, 3.0) for k in range(0, 30, 5)]
    propagator = Propagator(
        [LinearRow(tuple((j, 2.0) for j in range(30)), 20.0, 20.0), *blocks], [0.0] * 30, [1.0] * 30, [True] * 30
    )
    rng = np.random.default_rng(0)
    orders = rng.permuted(np.tile(np.arange(30), (50, 1)), axis=1)
    found = propagator.fix_all(rng.random((50, 30)), orders)
    assert propagator._bits is not None
    assert (found.sum(axis=1) == 10).all()
    assert (found.reshape(50, 6, 5).sum(axis=2) <= 3).all()


@pytest.mark.parametrize(
    ("upper", "integer", "rows"),
    [
        ([2.0, 1.0], [True, True], []),
        ([1.0, 1.0], [True, False], []),
        ([1.0, 0.5], [True, True], []),
        ([1.0, 1.0], [True, True], [LinearRow(((0, 1.0), (1, 1.0)), 3.0, np.inf)]),
    ],
    ids=["three values", "continuous", "an end that is no integer", "nothing is left"],
)
def test_others_go_by_ranges(upper, integer, rows):
    propagator = Propagator(rows, [0.0, 0.0], upper, integer)
    assert propagator._bits is None
    targets = np.array([[0.7, 0.4], [1.9, 0.9]])
    orders = np.array([[0, 1], [1, 0]])
    assert propagator.fix_all(targets, orders).tolist() == [
        propagator.fix(t, o)[0] for t, o in zip(targets.tolist(), orders.tolist(), strict=True)
    ]


def test_very_many_variables_go_by_ranges():
    assert Propagator([], [0.0] * (MOST + 1), [1.0] * (MOST + 1), [True] * (MOST + 1))._bits is None


def leader():
    """Continuous variables with rows of their own, an integer, and binaries of which one is chosen."""
    model = pyo.ConcreteModel()
    model.a = pyo.Var(range(11), bounds=(0, 4))
    model.b = pyo.Var(range(5), domain=pyo.Binary)
    model.k = pyo.Var(domain=pyo.Integers, bounds=(0, 6))
    model.L = SubModel(fixed=[model.a, model.b, model.k])
    model.L.y = pyo.Var(bounds=(0, 100))
    model.L.objective = pyo.Objective(expr=model.L.y)
    model.L.row = pyo.Constraint(expr=model.L.y >= model.k + sum(model.a.values()) + sum(model.b.values()))
    model.sum = pyo.Constraint(expr=sum((1 + 0.1 * j) * model.a[j] for j in range(11)) == 9)
    model.some = pyo.Constraint(expr=model.a[0] + model.a[3] >= 2)
    model.one = pyo.Constraint(expr=sum(model.b.values()) == 1)
    model.link = pyo.Constraint(expr=model.k <= 6 * model.b[2])
    model.objective = pyo.Objective(expr=model.L.y)
    return model


@pytest.mark.parametrize("binaries", [False, True])
def test_no_point_depends_on_those_beside_it(binaries):
    model = leader()
    if binaries:
        model.k.setub(1)
        model.a.fix(1.0)
        model.sum.deactivate()
        model.some.deactivate()
    encoding, _ = encode(kkt.apply(read_levels(model)))
    rng = np.random.default_rng(1)
    points, draws = rng.random((30, encoding.dimensions)) * 1.2 - 0.1, encoding.draws(30, rng)
    together = encoding.repaired_all(points, draws)
    for size in (1, 7):
        parts = [encoding.repaired_all(points[k : k + size], draws[k : k + size]) for k in range(0, 30, size)]
        for all_, part in zip(together, zip(*parts, strict=True), strict=True):
            assert np.concatenate(part).tobytes() == all_.tobytes()
    assert (encoding.propagator._bits is not None) is binaries
    assert encoding.violations(together[0]).tolist() == [encoding.violation(x) for x in together[0]]
    assert (encoding.violations(together[0]) == 0).all()
