"""The fuzzer: its truth against known answers and nested solving, its verdicts, its shrinking, its exit codes."""

import itertools
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.repn import generate_standard_repn
from scipy.optimize import linprog
from sweeps import only

import bilevolt

SCRIPTS = Path(__file__).parents[1] / "scripts"
sys.path.insert(0, str(SCRIPTS))  # as for a script that is run: its own folder comes first

import fuzz  # noqa: E402
from fuzzing import verdict  # noqa: E402
from fuzzing.conditions import NotCoveredError, derivative, evaluate  # noqa: E402
from fuzzing.enumeration import Truth, check_point, enumerate_truth  # noqa: E402
from fuzzing.generator import generate  # noqa: E402
from fuzzing.problem import LEADER, Column, Level, Problem, Row, Term, flaw  # noqa: E402
from fuzzing.script import build  # noqa: E402
from fuzzing.shrink import candidates, shrink, size  # noqa: E402
from fuzzing.verdict import Claim, judge  # noqa: E402
from fuzzing.worker import Worker  # noqa: E402


def terms(**coefficients):
    """x=2, x_y=3 for 2 x + 3 x y; "one" is a constant, "price_c" the price of c."""
    made = []
    for name, coefficient in coefficients.items():
        factors = name.replace("price_", "price:").split("_")
        made.append(Term(coefficient, () if name == "one" else tuple(factors)))
    return tuple(made)


def twin(problem):
    """The same problem with every objective negated and its sense flipped; the followers' prices change sign."""

    def negated(term):
        priced = any(factor.startswith("price:") for factor in term.factors)
        return term if priced else replace(term, coefficient=-term.coefficient)

    flipped = {
        name: Level(-level.sense, tuple(map(negated, level.terms)), level.power)
        for name, level in problem.levels.items()
    }
    return replace(problem, levels=flipped)


def bard():
    """Bard (1998), example 5.1.1: -12 at (4, 4)."""
    rows = {
        "c1": Row("L", terms(x=-1, y=-1), None, -3),
        "c2": Row("L", terms(x=-2, y=1), None, 0),
        "c3": Row("L", terms(x=2, y=1), None, 12),
        "c4": Row("L", terms(x=3, y=-2), None, 4),
    }
    columns = {"x": Column(LEADER, 0), "y": Column("L", 0)}
    return Problem(columns, rows, {LEADER: Level(1, terms(x=1, y=-4)), "L": Level(1, terms(y=1))})


def market():
    """The example of docs/signs.md: coal at 2, gas at 5, the leader's profit is 8 at x = 2."""
    columns = {
        "x": Column(LEADER, 0, 6, integer=True),
        "coal": Column("L", 0),
        "gas": Column("L", 0),
    }
    rows = {"demand": Row("L", terms(coal=1, gas=1, x=1), 6), "limit": Row("L", terms(coal=1), None, 3.5)}
    profit = (Term(1, ("x", "price:demand")), Term(-1, ("x",)))
    return Problem(columns, rows, {LEADER: Level(-1, profit), "L": Level(1, terms(coal=2, gas=5))})


def market_that_maximises():
    """The market as the follower's twin, whose price has the other sign."""
    problem = market()
    profit = (Term(-1, ("x", "price:demand")), Term(-1, ("x",)))
    levels = {LEADER: Level(-1, profit), "L": Level(-1, terms(coal=-2, gas=-5))}
    return replace(problem, levels=levels)


def parabola():
    """The follower takes y = min(x, 3) by (y - x)^2 / 2; the leader pays 2 x - 3 y, so that it stops at 3: -3."""
    columns = {"x": Column(LEADER, -5, 8), "y": Column("L", None, 3)}
    cost = (Term(0.5, ("y", "y")), Term(-1, ("x", "y")))
    return Problem(columns, {}, {LEADER: Level(1, terms(x=2, y=-3)), "L": Level(1, cost)})


def two_followers():
    """y = x by a row of L, v = 4 - y seen by M, which sees L's column: y - 3 v is least at x = 0, where v = 4."""
    columns = {"x": Column(LEADER, 0, 3, integer=True), "y": Column("L", 0), "v": Column("M", 0)}
    rows = {"c": Row("L", terms(y=1, x=-1), 0, 0), "d": Row("M", terms(v=1, y=1), 4, 9)}
    levels = {LEADER: Level(1, terms(y=1, v=-3)), "L": Level(1, terms(y=1)), "M": Level(1, terms(v=1))}
    return Problem(columns, rows, levels)


def range_price():
    """y = 2 + x at the lower side of a range, at cost 3: its price is 3, the limit leaves the leader only x >= 0."""
    columns = {"x": Column(LEADER, -1, 4), "y": Column("L", -9, 9)}
    rows = {"c": Row("L", terms(y=1, x=-1), 2, 5)}
    return Problem(columns, rows, {LEADER: Level(1, (*terms(y=1), Term(1, ("price:c",)))), "L": Level(1, terms(y=3))})


def bound_price():
    """The price of y's bounds is the reduced cost: 2 at its lower end, whatever x."""
    columns = {"x": Column(LEADER, 0, 1), "y": Column("L", 1, 4)}
    objective = (Term(1, ("price:y",)), Term(1, ("x",)))
    return Problem(columns, {}, {LEADER: Level(1, objective), "L": Level(1, terms(y=2))})


def no_response():
    """The follower's y has no end, for any x."""
    columns = {"x": Column(LEADER, 0, 1), "y": Column("L", 0)}
    return Problem(columns, {}, {LEADER: Level(1, terms(x=1)), "L": Level(-1, terms(y=1))})


def leader_without_end():
    """y = x, and both leave for infinity."""
    columns = {"x": Column(LEADER, 0), "y": Column("L", 0)}
    rows = {"c": Row("L", terms(y=1, x=-1), 0)}
    return Problem(columns, rows, {LEADER: Level(-1, terms(y=1)), "L": Level(1, terms(y=1))})


def fixed_column():
    """v is fixed to 2, a number that has no stationarity; y = 5 - v."""
    columns = {"x": Column(LEADER, 0, 1), "y": Column("L", 0), "v": Column("L", 0, 9, fixed=2)}
    rows = {"c": Row("L", terms(y=1, v=1), 5)}
    return Problem(columns, rows, {LEADER: Level(1, terms(y=1, x=1)), "L": Level(1, terms(y=1, v=1))})


KNOWN = [
    (bard, "optimal", -12),
    (market, "optimal", 8),
    (market_that_maximises, "optimal", 8),
    (parabola, "optimal", -3),
    (two_followers, "optimal", -12),
    (range_price, "optimal", 1 + 3),
    (bound_price, "optimal", 2),
    (no_response, "infeasible", None),
    (leader_without_end, "unbounded", None),
    (fixed_column, "optimal", 3),
]
every_known = pytest.mark.parametrize(("make", "status", "value"), KNOWN, ids=[make.__name__ for make, *_ in KNOWN])


@every_known
def test_enumeration_of_known_answers(make, status, value):
    truth = enumerate_truth(make())
    assert flaw(make()) is None
    assert (truth.status, truth.value) == (status, pytest.approx(value) if value is not None else None)


@every_known
def test_the_twin_has_the_opposite_value(make, status, value):
    truth = enumerate_truth(twin(make()))
    assert (truth.status, truth.value) == (status, pytest.approx(-value) if value is not None else None)


@every_known
@pytest.mark.parametrize("scaled", [False, True], ids=["", "scaled"])
def test_the_library_agrees_on_the_model_of_each(make, status, value, scaled):
    """What is built means what is enumerated, also in other units."""
    for problem in (make(), twin(make())):
        problem = in_other_units(problem) if scaled else problem
        said = verdict.claim(problem, "sos1", "gurobi", 20)
        judged = judge(said, problem, enumerate_truth(problem))
        assert judged.outcome in (("right",) if value is not None else ("right", "open")), judged


def in_other_units(problem):
    return Problem(
        {n: replace(c, power=0 if c.integer else 1 + k % 2) for k, (n, c) in enumerate(problem.columns.items())},
        {n: replace(r, power=1 - k % 3) for k, (n, r) in enumerate(problem.rows.items())},
        {n: replace(level, power=k) for k, (n, level) in enumerate(problem.levels.items())},
    )


def test_products_of_continuous_columns_are_not_covered():
    problem = bard()
    product = (*problem.rows["c2"].terms, Term(1, ("x", "y")))
    with pytest.raises(NotCoveredError, match="continuous"):
        enumerate_truth(replace(problem, rows=problem.rows | {"c2": replace(problem.rows["c2"], terms=product)}))
    with pytest.raises(NotCoveredError, match="not convex"):
        enumerate_truth(concave())


def concave():
    """The parabola, maximised."""
    problem = parabola()
    return replace(problem, levels=problem.levels | {"L": replace(problem.levels["L"], sense=-1)})


def test_the_check_of_a_point_refuses_what_is_no_response():
    problem, point = bard(), enumerate_truth(bard()).point
    check_point(problem, point)
    with pytest.raises(AssertionError, match="can do better"):
        check_point(problem, point | {"x": 3.0, "y": 6.0})
    with pytest.raises(AssertionError, match="is violated"):
        check_point(problem, point | {"y": 0.0})


def nested(problem):
    """The optimistic optimum where the leader has nothing but integers and one LP follower, without KKT conditions."""
    (follower,), leader = problem.followers, problem.levels[LEADER]
    own, best = problem.columns_of(follower), None
    deciding = problem.columns_of(LEADER)
    fixed = {n: c.fixed for n, c in problem.columns.items() if c.fixed is not None}
    for values in itertools.product(*(range(problem.columns[n].lower, problem.columns[n].upper + 1) for n in deciding)):
        at = fixed | dict(zip(deciding, values, strict=True))

        def halves(owners, at=at):
            matrix, right = [], []
            for name in (n for owner in owners for n in problem.rows_of(owner)):
                row = problem.rows[name]
                slope = [evaluate(derivative(row.terms, y), at | dict.fromkeys(own, 0)) for y in own]
                rest = evaluate(row.terms, at | dict.fromkeys(own, 0))
                for sign, side in ((-1, row.lower), (1, row.upper)):
                    if side is not None:
                        matrix.append([sign * s for s in slope])
                        right.append(sign * (side - rest))
            return matrix, right

        def slopes(owner, at=at):
            level = problem.levels[owner]
            zero = at | dict.fromkeys(own, 0)
            return level.sense * np.array([evaluate(derivative(level.terms, y), zero) for y in own])

        bounds = [(problem.columns[y].lower, problem.columns[y].upper) for y in own]
        matrix, right = halves([follower])
        response = linprog(slopes(follower), matrix or None, right or None, bounds=bounds)
        if response.status != 0:
            continue
        matrix, right = halves([follower, LEADER])
        matrix, right = [*matrix, list(slopes(follower))], [*right, response.fun + 1e-9]
        chosen = linprog(slopes(LEADER), matrix, right, bounds=bounds)
        if chosen.status == 0:
            value = leader.sense * (evaluate(leader.terms, at | dict.fromkeys(own, 0))) + chosen.fun
            best = value if best is None else min(best, value)
        else:
            assert chosen.status == 2, "the leader has no end: not for this test"
    return best if best is None else leader.sense * best


def nestable(problem):
    """Whether ``nested`` applies."""
    return (
        len(problem.followers) == 1
        and not problem.priced()
        and all(c.integer or c.fixed is not None for c in problem.columns.values() if c.owner == LEADER)
        and all(None not in (c.lower, c.upper) for c in problem.columns.values() if c.owner == LEADER)
        and problem.columns_of("L0")
        and not any(len({*t.factors} - {"x0", "x1"}) > 1 or (len(t.factors) > 1 and t.factors[0] == t.factors[1])
                    for t in problem.levels["L0"].terms)
    )  # fmt: skip


@pytest.mark.parametrize("count", only([200], [200, 400]))
def test_enumeration_agrees_with_nested_solving(count):
    found = {"optimal": 0, "infeasible": 0}
    for problem in filter(nestable, (generate(5, number) for number in range(count))):
        truth = enumerate_truth(problem)
        if truth.status == "unbounded":
            continue
        found[truth.status] += 1
        value = nested(problem)
        assert value == (None if truth.value is None else pytest.approx(truth.value, abs=1e-6)), problem.to_json()
    assert found["optimal"] >= count // 20 and found["infeasible"] >= count // 80, found


def test_problems_are_the_same_every_time_and_differ():
    first = [generate(3, number).to_json() for number in range(30)]
    assert first == [generate(3, number).to_json() for number in range(30)]
    assert len(set(first)) == 30 and first != [generate(4, number).to_json() for number in range(30)]
    assert [Problem.from_json(text).to_json() for text in first] == first


@pytest.mark.long
def test_enough_of_what_the_generator_draws_has_an_optimum():
    truths = [enumerate_truth(generate(1, number)).status for number in range(150)]
    assert truths.count("optimal") >= 75 and truths.count("infeasible") >= 10 and truths.count("unbounded") >= 2


def test_the_generator_draws_everything():
    problems = [generate(1, number) for number in range(150)]
    assert [flaw(problem) for problem in problems] == [None] * 150
    seen = {
        "scaled": sum(p.scaled for p in problems),
        "prices": sum(bool(p.priced()) for p in problems),
        "followers": sum(len(p.followers) > 1 for p in problems),
        "maximising followers": sum(p.levels["L0"].sense < 0 for p in problems),
        "free": sum(c.lower is None and c.upper is None for p in problems for c in p.columns.values()),
        "equalities": sum(r.lower == r.upper for p in problems for r in p.rows.values()),
        "ranges": sum(None not in (r.lower, r.upper) and r.lower < r.upper for p in problems for r in p.rows.values()),
        "quadratic": sum(any(len(t.factors) == 2 and t.factors[0] == t.factors[1] for t in p.levels["L0"].terms)
                         for p in problems),
        "products": sum(any(len(t.factors) == 2 and t.factors[0][0] == "x" for t in p.terms_of("L0"))
                        for p in problems),
        "fixed": sum(c.fixed is not None for p in problems for c in p.columns.values()),
    }  # fmt: skip
    assert min(seen.values()) >= 8, seen


OPTIMAL, UNBOUNDED, INFEASIBLE = Truth("optimal", -12.0), Truth("unbounded"), Truth("infeasible")


@pytest.mark.parametrize(
    ("said", "truth", "outcome"),
    [
        (Claim("optimal", -12.0001, -12.0001), OPTIMAL, "right"),
        (Claim("optimal", -12.01, -12.01), OPTIMAL, "wrong"),
        (Claim("optimal", -11.99, -12), OPTIMAL, "wrong"),
        (Claim("optimal", -12, -11.9), OPTIMAL, "wrong"),
        (Claim("optimal", -12, float("nan")), OPTIMAL, "wrong"),
        (Claim("optimal", -12), INFEASIBLE, "wrong"),
        (Claim("optimal", -12), UNBOUNDED, "wrong"),
        (Claim("feasible", -11, -13), OPTIMAL, "open"),
        (Claim("feasible", -11, None), OPTIMAL, "open"),
        (Claim("feasible", -11, float("-inf")), OPTIMAL, "open"),
        (Claim("feasible", -11, -11.5), OPTIMAL, "wrong"),
        (Claim("feasible", -13), OPTIMAL, "wrong"),
        (Claim("feasible", -13), INFEASIBLE, "wrong"),
        (Claim("feasible", -1e9, float("-inf")), UNBOUNDED, "open"),
        (Claim("feasible", -1e9, -1e10), UNBOUNDED, "wrong"),
        (Claim("infeasible"), OPTIMAL, "wrong"),
        (Claim("infeasible"), UNBOUNDED, "wrong"),
        (Claim("infeasible"), INFEASIBLE, "right"),
        (Claim("unbounded"), UNBOUNDED, "right"),
        (Claim("unbounded"), OPTIMAL, "wrong"),
        (Claim("unbounded"), INFEASIBLE, "wrong"),
        (Claim("infeasible_or_unbounded"), OPTIMAL, "wrong"),
        (Claim("infeasible_or_unbounded"), INFEASIBLE, "open"),
        (Claim("infeasible_or_unbounded"), UNBOUNDED, "open"),
        (Claim("no_solution"), OPTIMAL, "open"),
        (Claim("error", -99), OPTIMAL, "open"),
        (Claim("refused", error="UnprovenBigMError: none"), OPTIMAL, "refused"),
        (Claim("raised", error="IndexError: list"), OPTIMAL, "wrong"),
    ],
)
def test_verdicts(said, truth, outcome):
    assert judge(said, bard(), truth).outcome == outcome
    if None not in (said.objective, truth.value):
        opposite = Claim(said.status, -said.objective, None if said.bound is None else -said.bound)
        assert judge(opposite, twin(bard()), Truth("optimal", -truth.value)).outcome == outcome


def test_verdicts_are_in_the_units_of_the_model():
    problem = replace(bard(), levels=bard().levels | {LEADER: replace(bard().levels[LEADER], power=3)})
    assert judge(Claim("optimal", -12000.1), problem, OPTIMAL).outcome == "right"
    assert judge(Claim("optimal", -12.0), problem, OPTIMAL).outcome == "wrong"


def tiny_row(power):
    """y >= 1 by a row of the size 10**power, and everybody wants it small."""
    rows = {"c": Row("L", terms(y=1), 1, None, power)}
    columns = {"x": Column(LEADER, 0, 1), "y": Column("L", 0)}
    return Problem(columns, rows, {LEADER: Level(1, terms(y=1, x=1)), "L": Level(1, terms(y=1))})


@pytest.mark.parametrize(
    ("power", "objective", "strict", "outcome"),
    [
        (-6, 0.5, False, "blurred"),
        (-6, 0.5, True, "wrong"),
        (-6, -0.5, False, "wrong"),  # below y = 0, a bound of the size of 1
        (-6, 1.5, False, "wrong"),  # a better point was not found: no tolerance explains that
        (-2, 0.5, False, "wrong"),
        (-2, 0.9995, False, "blurred"),
        (-6, 1.0, False, "right"),
    ],
)
def test_what_a_tolerance_explains_is_blurred(power, objective, strict, outcome, tmp_path):
    problem = tiny_row(power)
    fuzzer = fuzz.Fuzzer(None, tmp_path, strict=strict)
    assert fuzzer._judge(Claim("optimal", objective), problem, enumerate_truth(problem)).outcome == outcome


def test_the_blur_is_no_excuse_in_a_well_scaled_problem():
    for problem in (make() for make, *_ in KNOWN):
        truth, blurred = enumerate_truth(problem), enumerate_truth(problem, verdict.BLUR)
        assert blurred.status == truth.status
        assert truth.value is None or blurred.value == pytest.approx(truth.value, abs=1e-3)


def has_product(model):
    """Whether a row or an objective of the model multiplies two variables."""
    kinds, blocks = (pyo.Objective, pyo.Constraint), (pyo.Block, bilevolt.SubModel)
    parts = model.component_data_objects(kinds, descend_into=blocks)
    repns = [generate_standard_repn(part.body if part.ctype is pyo.Constraint else part.expr) for part in parts]
    return any(a is not b for repn in repns for a, b in repn.quadratic_vars)


def broken(model, **options):
    """A solve that is wrong by 1 where a problem has a product of two variables."""
    solution = bilevolt.solve(model, **options)
    if has_product(model) and solution.objective is not None:
        solution = SimpleNamespace(**{**vars(solution), "objective": solution.objective + 1, "bound": None})
    return solution


@pytest.fixture
def broken_fuzzer(tmp_path):
    def ask(problem, reformulation, solver, time_limit):
        return verdict.claim(problem, reformulation, solver, time_limit, solve=broken)

    return fuzz.Fuzzer(ask, tmp_path, shrink_seconds=15, say=lambda text: None)


def test_what_is_wrong_is_shrunk_to_what_makes_it_wrong(broken_fuzzer):
    """Of a problem with rows, bounds and powers, a product and what makes it a problem is left."""
    number = next(
        k
        for k in itertools.count()
        if generate(6, k).scaled
        and len(generate(6, k).rows) > 3
        and has_product(build(generate(6, k)))
        and enumerate_truth(generate(6, k)).status == "optimal"
    )
    broken_fuzzer.run(6, number, [("sos1", "gurobi"), ("sos1", "auto")], float("inf"))
    (found,) = broken_fuzzer.tally.findings  # sos1 auto is sos1 gurobi again, and is not shrunk twice
    assert found.kind in ("optimal, worse than the optimum", "optimal, better than the optimum")
    assert broken_fuzzer.tally.counts["sos1", "auto"]["wrong"] == 1 and not found.scaled
    text = Path(found.path).read_text("utf-8")
    # a product, its two variables, and one for the leader, which may not decide nothing
    assert text.count("pyo.Var(") <= 3 and text.count("pyo.Constraint(") <= 1 and len(text.splitlines()) <= 32, text
    result = subprocess.run([sys.executable, found.path], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0 and "optimal objective" in result.stdout, result.stdout + result.stderr


def test_candidates_that_are_taken_are_smaller():
    problem = generate(6, 3)
    taken = [problem]

    def every(candidate):
        taken.append(candidate)
        return True

    last = shrink(problem, every, seconds=30)
    sizes = [size(candidate) for candidate in taken]
    assert all(later < earlier for earlier, later in itertools.pairwise(sizes))
    assert last is taken[-1] and flaw(last) is None and len(last.columns) == 1 and not last.rows
    assert shrink(problem, lambda candidate: False) is problem
    assert len(list(candidates(problem))) > 10


def test_a_worker_that_dies_is_a_finding_and_is_replaced():
    worker = Worker()
    try:
        assert worker.claim(bard(), "sos1", "gurobi", 20).objective == pytest.approx(-12)
        worker._process.kill()
        worker._process.join()
        assert worker.claim(bard(), "bigm", "nobody", 20).status == "refused"
        worker._process.is_alive = lambda: True  # as if it died while it solves
        worker._process.kill()
        said = worker.claim(bard(), "sos1", "gurobi", 20)
        assert said.status == "crashed" and judge(said, bard(), OPTIMAL).outcome == "wrong"
    finally:
        worker.stop()
