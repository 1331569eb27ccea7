"""LPs by bases that are known, against a fresh solve of each: ties, degenerate and infeasible ones are among them."""

import numpy as np
import pytest
from scipy.sparse import csr_array

import bilevolt
from bilevolt.heuristics.encoding.decision_space import encode
from bilevolt.heuristics.encoding.limits import Limits
from bilevolt.heuristics.follower.batched_lp import BatchedLp
from bilevolt.heuristics.follower.compilation import compile_reaction
from bilevolt.heuristics.follower.critical_region import KNOWN, Numbers
from bilevolt.heuristics.follower.persistent_lp import PersistentLp
from bilevolt.levels.reading import read_levels
from bilevolt.reformulations import kkt
from bilevolt.reformulations.single_level import map_of

COUNT = 60
PLACES = np.array([5]), np.array([6])


def matrix():
    """Two parts of two rows, one row whose entry moves, and rows of a single variable; column 7 is alone."""
    entries = [
        *[(0, 0, 1.0), (0, 1, 1.0), (0, 2, 2.0), (1, 1, 1.0), (1, 2, -1.0)],
        *[(2, 3, 1.0), (2, 4, 1.0), (3, 3, 3.0), (3, 4, -1.0), (4, 0, 2.0), (4, 0, 0.0)],
        *[(5, 5, 1.0), (6, 3, -1.0), (7, 7, 1.0), (8, 7, -2.0)],
    ]
    r, k, a = (np.array(column) for column in zip(*entries, strict=True))
    return csr_array((a, (r, k)), shape=(9, 8))


def random_numbers(rng):
    """Small whole numbers, so that ties, degenerate vertices and contradictions are frequent, and others, mixed."""
    whole = rng.random((COUNT, 1)) < 0.4

    def drawn(low, high, columns):
        return np.where(whole, rng.integers(low, high, (COUNT, columns)), rng.uniform(low, high, (COUNT, columns)))

    columns = Limits(np.zeros((COUNT, 8)), np.where(rng.random((COUNT, 8)) < 0.1, np.inf, drawn(1, 6, 8)))
    entries = drawn(-2, 3, 1)
    inside = np.minimum(drawn(0, 4, 8), columns.upper)
    middle = inside @ matrix().toarray().T
    middle[:, PLACES[0]] += entries * inside[:, PLACES[1]]
    middle += np.where(rng.random((COUNT, 9)) < 0.05, 5.0, 0.0)
    gap = np.where(rng.random((COUNT, 9)) < 0.3, 0.0, rng.integers(0, 4, (COUNT, 9)))
    lower = np.where(rng.random((COUNT, 9)) < 0.3, -np.inf, middle - gap)
    upper = np.where(rng.random((COUNT, 9)) < 0.3, np.inf, middle + gap)
    return Numbers(drawn(-3, 4, 8), entries, Limits(lower, upper), columns)


def simplex(numbers, k, cost=None, most=np.inf):
    """Solve one LP; with another cost among those points whose own cost is at most this."""
    at = matrix().toarray()
    at[PLACES] = numbers.entries[k]
    rows, columns = numbers.rows, numbers.columns
    lp = PersistentLp(
        numbers.costs[k] if cost is None else cost, csr_array(np.vstack([at, numbers.costs[k]])),
        columns.lower[k], columns.upper[k], np.r_[rows.lower[k], -np.inf], np.r_[rows.upper[k], most],
    )  # fmt: skip
    return lp.solve()


@pytest.fixture(scope="module", params=range(3))
def case(request):
    """An LP that learnt bases, others of its pattern, and a fresh solve of each."""
    rng = np.random.default_rng(request.param)
    lp = BatchedLp(matrix(), PLACES)
    seen = random_numbers(rng)
    answers = [answer for k in range(COUNT) if (answer := simplex(seen, k)) is not None]
    lp.learn([(columns, rows[:-1]) for columns, rows in (answer.status for answer in answers)])
    numbers = random_numbers(rng)
    return lp, numbers, [simplex(numbers, k) for k in range(COUNT)]


ZERO = np.full(COUNT, 1e-9)


@pytest.mark.parametrize("unique", [True, False])
def test_what_is_explained_is_an_optimum(case, unique):
    lp, numbers, answers = case
    values, known = lp.solve(numbers, ZERO, unique)
    for k in np.flatnonzero(known):
        assert answers[k] is not None
        assert numbers.costs[k] @ values[k] == pytest.approx(numbers.costs[k] @ answers[k].columns, abs=1e-6)
        if unique:
            assert values[k] == pytest.approx(answers[k].columns, abs=1e-6)
    assert known.sum() >= (25 if unique else 35)
    assert sum(answer is None for answer in answers) >= 5
    assert len(lp._parts) == 3 and all(1 < len(part.bases) <= KNOWN for part, *_ in lp._parts[:2])


def test_where_optima_are_several_the_simplex_method_decides(case):
    """Another optimum may be the better for the leader, so what is explained is the best and the worst of them."""
    lp, numbers, answers = case
    values, known = lp.solve(numbers, ZERO, True)
    _, optimal = lp.solve(numbers, ZERO, False)
    assert not (known & ~optimal).any() and (optimal & ~known).any()
    leader = np.arange(1.0, 9.0)
    for k in np.flatnonzero(known)[:12]:
        best = numbers.costs[k] @ answers[k].columns + 1e-7
        for cost in (leader, -leader):
            assert cost @ simplex(numbers, k, cost, best).columns == pytest.approx(cost @ values[k], abs=1e-3)


def test_no_answer_depends_on_those_beside_it(case):
    lp, numbers, _ = case
    values, known = lp.solve(numbers, ZERO, True)
    for size in (1, 7):
        for first in range(0, COUNT, size):
            some = np.arange(first, min(first + size, COUNT))
            w, explained = lp.solve(numbers.some(some), ZERO[some], True)
            assert explained.tolist() == known[some].tolist()
            assert w[explained].tobytes() == values[some][explained].tobytes()


def test_bounds_that_contradict_each_other_are_no_optimum():
    lp = BatchedLp(csr_array(np.array([[2.0]])), (np.arange(0), np.arange(0)))

    def solved(low, high):
        rows, columns = Limits(np.array([[low]]), np.array([[high]])), Limits(np.array([[0.0]]), np.array([[3.0]]))
        w, known = lp.solve(Numbers(np.ones((1, 1)), np.empty((1, 0)), rows, columns), ZERO[:1], True)
        return w[0, 0] if known[0] else None

    assert [solved(1, 9), solved(-1, 9), solved(6, 9), solved(6.1, 9), solved(-2, -1)] == [0.5, 0, 3, None, None]


SYSTEMS = [("station_location", "zone_small"), ("station_location", "zone_ties"), ("demand_response", "ev3")]


@pytest.mark.parametrize(("system", "instance"), [*SYSTEMS, ("electric_bus", "limassol_small")])
def test_scores_are_those_of_the_simplex_method(system, instance):
    single = kkt.apply(read_levels(getattr(bilevolt.models, system).build(bilevolt.load_instance(instance))))
    encoding, own = encode(single)
    reaction = compile_reaction(map_of(single).bilevel, map_of(single).conditions.forms, encoding.decision, own)
    rng = np.random.default_rng(3)
    decisions, _ = encoding.repaired_all(rng.random((24, encoding.dimensions)), encoding.draws(24, rng))
    reaction.start_at(decisions[:8])
    for x, score in zip(decisions, reaction.scores(decisions), strict=True):
        one = reaction._by_simplex(x)
        assert (score.violation, score.objective) == pytest.approx((one.violation, one.objective), rel=1e-7, abs=1e-7)
        assert reaction.score(x) == score
