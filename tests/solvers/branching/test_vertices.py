"""Vertices of multipliers' polyhedra against lists of them, and what the search makes of their bounds."""

import functools
import itertools

import numpy as np
import pyomo.environ as pyo
import pytest
from scipy.optimize import linprog
from sweeps import one_in

from bilevolt.solvers import get_solver
from bilevolt.solvers.branching import search, strengthen
from bilevolt.solvers.branching.vertices import Block, VertexSearch
from bilevolt.solvers.complementarity import SUFFIX, empty_suffix

HIGHS = get_solver("highs")
ARGUMENT = "at vertices of their polyhedron"


# The search for vertices ----------------------------------------------------------------------------------


def random_block(seed):
    """Return D' lambda + slacks = c with 4 entries and 7 rows, most of which have slacks of both signs."""
    random = np.random.default_rng(seed)
    count, size = 7, 4
    matrix = random.integers(-3, 4, (count, size)) * (random.random((count, size)) < 0.55)
    matrix[:size][np.eye(size, dtype=bool)] = random.choice((-2, 1, 3), size)
    right = matrix @ random.integers(0, 6, size) + random.integers(-3, 4, count)
    slack = random.random((2, count)) < 0.85
    free = random.random(size) < 0.2
    return Block(np.arange(size), free, matrix.astype(float), right.astype(float), *slack)


def largest_entry(block):
    """Return the largest entry of all vertices; None if there is none."""
    size = block.matrix.shape[1]
    hyperplanes = np.r_[np.eye(size)[~block.free], block.matrix]
    values = np.r_[np.zeros(size - block.free.sum()), block.right]
    largest = None
    for basis in itertools.combinations(range(len(values)), size):
        own = hyperplanes[list(basis)]
        if abs(np.linalg.det(own)) < 1e-9:
            continue
        point = np.linalg.solve(own, values[list(basis)])
        rest = block.matrix @ point - block.right
        inside = (point[~block.free] >= -1e-9).all()
        if inside and (rest[~block.above] <= 1e-9).all() and (rest[~block.below] >= -1e-9).all():
            largest = max(largest or 0.0, np.abs(point).max())
    return largest


@pytest.mark.parametrize("seed", range(40))
def test_nothing_below_the_largest_entry_is_proven(seed):
    block = random_block(seed)
    largest = largest_entry(block)
    for part in (0.999, 0.5, 0.01) if largest else ():
        assert not VertexSearch(block, part * largest).proves()


def test_most_that_is_true_is_proven():
    proven = [VertexSearch(block, 30 * largest_entry(block) + 30).proves()
              for block in map(random_block, range(40)) if largest_entry(block) is not None]  # fmt: skip
    assert len(proven) > 20 and np.mean(proven) > 0.9


def chain(ratio, length, *, closed=True):
    """lambda_1 = 1 where its row has no slack, lambda_(i+1) = ratio lambda_i where that has none."""
    matrix = np.eye(length) - ratio * np.eye(length, k=-1)
    both = np.ones(length if closed else length - 1, dtype=bool)
    matrix, right = (matrix, np.eye(length)[0]) if closed else (matrix[1:], np.zeros(length - 1))
    return Block(np.arange(length), np.zeros(length, dtype=bool), matrix, right, both, both)


@pytest.mark.parametrize(
    ("block", "most", "proven"),
    [
        (chain(3.0, 7), 3.0**6 * 1.01, True),
        (chain(3.0, 7), 3.0**6 * 0.99, False),
        (chain(3.0, 12), 1e4, False),  # 3^11 = 177147
        (chain(3.0, 12), 1e6, True),
        (chain(3.0, 12, closed=False), 1e-3, True),  # nothing but 0 is a vertex
    ],
)
def test_chains(block, most, proven):
    assert VertexSearch(block, most).proves() is proven


def test_effort_is_limited():
    search_of_chain = VertexSearch(chain(3.0, 12), 1e6, left=2)
    assert not search_of_chain.proves()


# Problems -------------------------------------------------------------------------------------------------


@pytest.fixture
def at_once(monkeypatch):
    """Hand what is left to HiGHS's MILP before the first node."""
    monkeypatch.setattr(search, "FINISH_AFTER", 0)


@pytest.fixture
def unaided(at_once, monkeypatch):
    """The same, with no bounds of pairs from linear programs."""
    monkeypatch.setattr(strengthen, "MOST_PAIRS", 0)


def random_follower(seed):
    """min c x + d y over x in [0, 3]^2, y an answer of min f y : C x + D y >= e, 0 <= y <= 4."""
    random = np.random.default_rng(seed)
    C, D = random.integers(-2, 3, (2, 2)), random.integers(-3, 4, (2, 3))
    e = C @ random.integers(0, 4, 2) + D @ random.integers(0, 5, 3)
    return C, D, e, random.integers(-3, 4, 3), random.integers(-5, 6, 2), random.integers(-5, 6, 3)


def follower_model(case):
    C, D, e, f, c, d = case
    model = pyo.ConcreteModel()
    model.x, model.y = pyo.Var(range(2), bounds=(0, 3)), pyo.Var(range(3), bounds=(0, 4))
    model.s, model.t = pyo.Var(range(2), bounds=(0, None)), pyo.Var(range(3), bounds=(0, None))
    model.l = pyo.Var(range(2), bounds=(0, None))
    model.low, model.up = pyo.Var(range(3), bounds=(0, None)), pyo.Var(range(3), bounds=(0, None))
    dot = lambda row, v: sum(int(a) * w for a, w in zip(row, v.values(), strict=True))  # noqa: E731
    model.row = pyo.Constraint(range(2), rule=lambda m, i: m.s[i] == dot(C[i], m.x) + dot(D[i], m.y) - int(e[i]))
    model.room = pyo.Constraint(range(3), rule=lambda m, j: m.t[j] == 4 - m.y[j])
    model.stationary = pyo.Constraint(range(3), rule=lambda m, j: dot(D[:, j], m.l) + m.low[j] - m.up[j] == int(f[j]))
    model.objective = pyo.Objective(expr=dot(c, model.x) + dot(d, model.y))
    model.add_component(SUFFIX, empty_suffix())
    pairs = [
        pair
        for members in ((model.l, model.s), (model.low, model.y), (model.up, model.t))
        for pair in zip(*(m.values() for m in members), strict=True)
    ]
    for first, second in pairs:
        model.complementarity[first] = (second, first.name)
    return model


@functools.cache
def follower_by_enumeration(seed):
    """Return the optimum over all choices; columns x, y, s, t, l, low, up."""
    C, D, e, f, c, d = random_follower(seed)
    rows = np.block([
        [-C, -D, np.eye(2), np.zeros((2, 11))],
        [np.zeros((3, 2)), np.eye(3), np.zeros((3, 2)), np.eye(3), np.zeros((3, 8))],
        [np.zeros((3, 10)), D.T, np.eye(3), -np.eye(3)],
    ])  # fmt: skip
    right, cost = np.r_[-e, 4, 4, 4, f], np.r_[c, d, np.zeros(13)]
    pairs = [(10, 5), (11, 6), *((12 + j, 2 + j) for j in range(3)), *((15 + j, 7 + j) for j in range(3))]
    best = np.inf
    for sides in itertools.product((0, 1), repeat=len(pairs)):
        bounds = [(0, 3)] * 2 + [(0, 4)] * 3 + [(0, None)] * 13
        for pair, side in zip(pairs, sides, strict=True):
            bounds[pair[side]] = (0, 0)
        found = linprog(cost, A_eq=rows, b_eq=right, bounds=bounds, method="highs")
        best = min(best, found.fun) if found.status == 0 else best
    return best


@pytest.mark.parametrize("seed", one_in(2, range(12)))
def test_answers_are_those_of_enumeration(seed, unaided):
    model = follower_model(random_follower(seed))
    result = HIGHS.solve(model)
    assert result.status == "optimal"
    assert result.objective == pytest.approx(follower_by_enumeration(seed), abs=1e-6)
    assert "MILP" not in HIGHS.solve(model, tree=True).message


def test_the_argument_is_used_and_said(unaided):
    said = [HIGHS.solve(follower_model(random_follower(seed))).message for seed in range(12)]
    assert sum(ARGUMENT in message for message in said) >= 2, said


def long_chain(ratio):
    """The leader gains 10 for each row without slack: lambda = 1, ratio, ratio^2, ...; or 1/2 for each entry at 0."""
    model = pyo.ConcreteModel()
    n = 6
    model.l, model.s = pyo.Var(range(n), bounds=(0, None)), pyo.Var(range(n), bounds=(0, 1))
    model.r, model.w = pyo.Var(range(n), bounds=(0, None)), pyo.Var(range(n), bounds=(0, 10))
    model.more, model.v = pyo.Var(range(n), bounds=(0, None)), pyo.Var(range(n), bounds=(0, 10))
    previous = {0: 1.0} | {i: ratio * model.l[i - 1] for i in range(1, n)}
    model.rows = pyo.Constraint(range(n), rule=lambda m, i: m.l[i] + m.r[i] - m.more[i] == previous[i])
    model.only = pyo.Constraint(range(n), rule=lambda m, i: m.w[i] >= 10 - 10 * m.s[i])
    model.none = pyo.Constraint(range(n), rule=lambda m, i: m.v[i] >= 1)
    model.objective = pyo.Objective(expr=sum(model.w.values()) + 0.5 * sum(model.s.values()), sense=pyo.maximize)
    model.add_component(SUFFIX, empty_suffix())
    for i in range(n):
        model.complementarity[model.l[i]] = (model.s[i], f"l {i}")
        model.complementarity[model.r[i]] = (model.w[i], f"r {i}")
        model.complementarity[model.more[i]] = (model.v[i], f"more {i}")
    return model


@pytest.mark.parametrize(("ratio", "proven"), [(2.0, True), (3.0, True), (20.0, False)])
def test_a_multiplier_beyond_what_could_be_tried_is_not_lost(ratio, proven, at_once):
    result = HIGHS.solve(long_chain(ratio))
    assert result.status == "optimal"
    assert result.objective == pytest.approx(60.0)  # all rows without slack: l = 1, ratio, ratio^2, ...
    last = max(v for variable, v in result.values.items() if variable.name == "l[5]")
    assert last == pytest.approx(ratio**5, rel=1e-6)
    assert ("MILP" in result.message) is proven or result.nodes == 0
