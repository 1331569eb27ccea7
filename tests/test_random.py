"""Random bilevel problems against oracles that know no KKT conditions: enumeration, vertices, breakpoints."""

import itertools
from dataclasses import dataclass

import numpy as np
import pyomo.environ as pyo
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import bilevolt
from bilevolt.errors import UnprovenBigMError

RUN = settings(derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
EPS = 1e-7


@dataclass(frozen=True)
class Problem:
    """Leader: sense F = c x + d y s.t. A z <= b, z = (x, y). Follower: sense f = (e + x_0 g) y s.t. H z <= k."""

    x_box: tuple[tuple[int, int], ...]
    x_integer: tuple[bool, ...]
    y_box: tuple[tuple[int, int], ...]
    leader_sense: int
    leader_cost: tuple[int, ...]
    leader_rows: tuple[tuple[tuple[int, ...], int], ...]
    follower_sense: int
    follower_cost: tuple[int, ...]
    follower_product: tuple[int, ...]
    follower_rows: tuple[tuple[tuple[int, ...], int], ...]


def boxes(count, low=-2, width=5):
    one = st.tuples(st.integers(low, 1), st.integers(0, width)).map(lambda b: (b[0], b[0] + b[1]))
    return st.tuples(*[one] * count)


def tuples(count, low=-3, high=3):
    return st.tuples(*[st.integers(low, high)] * count)


@st.composite
def problems(draw):
    nx, ny = draw(st.integers(1, 2)), 2
    integer = draw(st.tuples(*[st.booleans()] * nx))
    row = st.tuples(tuples(nx + ny), st.integers(-2, 8))
    sense = st.sampled_from([1, -1])
    return Problem(
        x_box=draw(boxes(nx, width=4)),
        x_integer=integer,
        y_box=draw(boxes(ny)),
        leader_sense=draw(sense),
        leader_cost=draw(tuples(nx + ny)),
        leader_rows=tuple(draw(st.lists(row, max_size=2))),
        follower_sense=draw(sense),
        follower_cost=draw(tuples(ny)),
        # an integer leader in the follower's objective; with a continuous one, vertices would not do as oracle
        follower_product=draw(tuples(ny, -2, 2)) if integer[0] else (0,) * ny,
        follower_rows=tuple(draw(st.lists(row, max_size=3))),
    )


def build(problem):
    model = pyo.ConcreteModel()
    nx, ny = len(problem.x_box), len(problem.y_box)
    domain = {i: pyo.Integers if integer else pyo.Reals for i, integer in enumerate(problem.x_integer)}
    model.x = pyo.Var(range(nx), bounds=lambda m, i: problem.x_box[i], domain=lambda m, i: domain[i])
    model.L = bilevolt.SubModel(fixed=[model.x])
    model.L.y = pyo.Var(range(ny), bounds=lambda m, j: problem.y_box[j])
    z = [*model.x.values(), *model.L.y.values()]

    def at_most(block, rows):
        block.rows = pyo.Constraint(pyo.Any)
        for k, (row, limit) in enumerate(rows):
            if any(row):
                block.rows[k] = sum(a * v for a, v in zip(row, z, strict=True)) <= limit
            elif limit < 0:
                block.rows[k] = 0 * z[0] <= limit

    at_most(model, problem.leader_rows)
    at_most(model.L, problem.follower_rows)
    model.objective = pyo.Objective(
        expr=sum(c * v for c, v in zip(problem.leader_cost, z, strict=True)), sense=problem.leader_sense
    )
    model.L.objective = pyo.Objective(
        expr=sum(
            (e + g * model.x[0]) * y
            for e, g, y in zip(problem.follower_cost, problem.follower_product, model.L.y.values(), strict=True)
        )
        + 0 * (model.x[0] + sum(model.L.y.values())),
        sense=problem.follower_sense,
    )
    return model


def vertices(rows, limits):
    """All vertices of {z: rows z <= limits}."""
    n = rows.shape[1]
    chosen = np.array(list(itertools.combinations(range(len(rows)), n)))
    square, right = rows[chosen], limits[chosen]
    regular = np.abs(np.linalg.det(square)) > 1e-9
    points = np.linalg.solve(square[regular], right[regular][..., None])[..., 0]
    return points[(points @ rows.T <= limits + EPS).all(axis=1)]


def rows_of(box, rows):
    """Box and rows as one system."""
    n = len(box)
    matrix = [*np.eye(n), *(-np.eye(n)), *(np.array(row, float) for row, _ in rows)]
    limits = [u for _, u in box] + [-lo for lo, _ in box] + [limit for _, limit in rows]
    return np.array(matrix), np.array(limits, float)


def by_vertices(problem):
    """Best follower-optimal vertex of the high-point polyhedron, per value of the integer leaders.

    For LPs the bilevel feasible set is a union of faces of that polyhedron (Bard 1998, ch. 5).
    """
    nx = len(problem.x_box)
    best = None
    integers = [i for i in range(nx) if problem.x_integer[i]]
    for values in itertools.product(*(range(problem.x_box[i][0], problem.x_box[i][1] + 1) for i in integers)):
        box = list(problem.x_box + problem.y_box)
        for i, value in zip(integers, values, strict=True):
            box[i] = (value, value)
        matrix, limits = rows_of(box, problem.leader_rows + problem.follower_rows)
        free = [k for k in range(len(box)) if k not in integers]
        fixed = matrix[:, integers] @ np.array(values, float)
        if (limits - fixed < -EPS)[~np.abs(matrix[:, free]).any(axis=1)].any():
            continue
        keep = np.abs(matrix[:, free]).any(axis=1)
        for point in vertices(matrix[keep][:, free], (limits - fixed)[keep]):
            z = np.zeros(len(box))
            z[free], z[integers] = point, values
            if follower_optimal(problem, z):
                value = problem.leader_sense * (np.array(problem.leader_cost) @ z)
                best = value if best is None else min(best, value)
    return None if best is None else problem.leader_sense * best


def follower_cost(problem, x):
    cost = np.array(problem.follower_cost) + np.array(problem.follower_product) * x[0]
    return problem.follower_sense * cost


def follower_optimal(problem, z):
    nx = len(problem.x_box)
    x, y = z[:nx], z[nx:]
    matrix, limits = rows_of(problem.x_box + problem.y_box, problem.follower_rows)
    used = np.abs(matrix[:, nx:]).any(axis=1)
    reactions = vertices(matrix[used][:, nx:], (limits - matrix[:, :nx] @ x)[used])
    cost = follower_cost(problem, x)
    return cost @ y <= (reactions @ cost).min() + EPS


def by_enumeration(problem):
    """For integer leaders: every decision, the follower's LP, then the leader's best among the follower's optima."""
    nx = len(problem.x_box)
    best = None
    for x in itertools.product(*(range(lo, u + 1) for lo, u in problem.x_box)):

        def at(rows, x=x):
            if not rows:
                return None, None
            matrix, limits = np.array([r for r, _ in rows], float), np.array([b for _, b in rows], float)
            return matrix[:, nx:], limits - matrix[:, :nx] @ x

        matrix, limits = at(problem.follower_rows)
        cost = follower_cost(problem, x)
        reaction = linprog(cost, matrix, limits, bounds=problem.y_box)
        if reaction.status == 2:
            continue
        matrix, limits = at(problem.leader_rows + problem.follower_rows)
        optimal = (cost[None, :], np.array([reaction.fun + 1e-9]))
        matrix = optimal[0] if matrix is None else np.vstack((matrix, optimal[0]))
        limits = optimal[1] if limits is None else np.r_[limits, optimal[1]]
        leader = problem.leader_sense * np.array(problem.leader_cost, float)
        choice = linprog(leader[nx:], matrix, limits, bounds=problem.y_box)
        if choice.status == 0:
            value = leader[:nx] @ np.array(x) + choice.fun
            best = value if best is None else min(best, value)
    return None if best is None else problem.leader_sense * best


def assert_agrees(problem, expected, solver, reformulation="sos1"):
    solution = bilevolt.solve(build(problem), reformulation=reformulation, solver=solver, time_limit=30)
    if expected is None:
        assert solution.status == "infeasible", (solution.status, solution.objective)
        return
    assert solution.status == "optimal", solution.notes
    assert solution.objective == pytest.approx(expected, rel=1e-5, abs=1e-5)
    assert solution.certificate.globally_optimal is True


@settings(RUN, max_examples=60)
@given(problems())
def test_oracles_agree_with_each_other(problem):
    if all(problem.x_integer):
        vertex, enumerated = by_vertices(problem), by_enumeration(problem)
        assert (vertex is None) == (enumerated is None)
        assert vertex is None or vertex == pytest.approx(enumerated, abs=1e-6)


@settings(RUN, max_examples=40)
@given(problems())
def test_random_lp_on_gurobi(problem):
    assert_agrees(problem, by_vertices(problem), "gurobi")


@pytest.mark.long
@settings(RUN, max_examples=150)
@given(problems())
def test_more_random_lps_on_gurobi(problem):
    assert_agrees(problem, by_vertices(problem), "gurobi")


@settings(RUN, max_examples=30)
@given(problems())
def test_random_lp_on_scip(problem):
    assert_agrees(problem, by_vertices(problem), "scip")


@settings(RUN, max_examples=40)
@given(problems())
def test_random_lp_with_proven_ms_on_highs(problem):
    try:
        assert_agrees(problem, by_vertices(problem), "highs", "bigm")
    except UnprovenBigMError as refusal:
        assert "no M is known for" in str(refusal)


@settings(RUN, max_examples=30)
@given(problems(), st.sampled_from([1, 10, 1e3]))
def test_random_lp_with_given_ms_on_highs(problem, big_m):
    """Whatever the user's M: no point that is better than the optimum, and none certified that is worse."""
    expected = by_vertices(problem)
    solution = bilevolt.solve(build(problem), reformulation="bigm", solver="highs", big_m=big_m, time_limit=30)
    if expected is None:
        assert solution.status == ("no_solution" if solution.assumptions else "infeasible")
        return
    assert solution.status in ("optimal", "feasible", "no_solution"), solution.notes
    if solution.status == "no_solution":
        assert solution.assumptions
        return
    loss = problem.leader_sense * (solution.objective - expected)
    assert loss >= -1e-4 * (1 + abs(expected))
    if solution.certificate.globally_optimal:
        assert not solution.assumptions
        assert loss <= 1e-4 * (1 + abs(expected))


@st.composite
def clipped_followers(draw):
    """Followers min (or max the negative of) q/2 (y - a - b x)^2 over [low, high]: y = clip(a + b x)."""
    one = st.tuples(
        st.sampled_from([0.5, 1.0, 2.0, 8.0]),
        st.integers(-3, 3),
        st.sampled_from([-2, -1, -0.5, 0.5, 1, 2]),
        boxes(1),
        st.sampled_from([1, -1]),
    )
    return (
        draw(boxes(1, width=6))[0],
        draw(st.lists(one, min_size=1, max_size=3)),
        draw(tuples(4)),
        draw(st.sampled_from([1, -1])),
    )


@settings(RUN, max_examples=40)
@given(clipped_followers())
def test_random_qp_followers_against_breakpoints(data):
    """The leader's objective is piecewise linear in x, so that one of the reactions' breakpoints is best."""
    (low, high), followers, cost, sense = data
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(low, high))
    objective = cost[0] * model.x
    for k, (q, a, b, (box,), direction) in enumerate(followers):
        block = bilevolt.SubModel(fixed=[model.x])
        model.add_component(f"F{k}", block)
        block.y = pyo.Var(bounds=box)
        block.objective = pyo.Objective(
            expr=direction * q / 2 * (block.y**2 - 2 * (a + b * model.x) * block.y), sense=direction
        )
        objective += cost[k + 1] * block.y
    model.objective = pyo.Objective(expr=objective, sense=sense)

    def leader(x):
        reactions = (np.clip(a + b * x, *box) for _, a, b, (box,), _ in followers)
        return cost[0] * x + sum(c * y for c, y in zip(cost[1:], reactions, strict=False))

    breaks = [(end - a) / b for _, a, b, (box,), _ in followers for end in box]
    expected = sense * min(sense * leader(x) for x in (low, high, *breaks) if low <= x <= high)
    solution = bilevolt.solve(model, reformulation="sos1", solver="gurobi", time_limit=30)
    assert solution.status == "optimal", solution.notes
    assert solution.objective == pytest.approx(expected, rel=1e-5, abs=1e-5)
