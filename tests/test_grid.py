"""The grid of problems, textbook ones and random bilevel LPs, by reformulations and solvers; all of it is ``long``."""

import json
import sys
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from pyomo.repn import generate_standard_repn
from typer import Typer
from typer.testing import CliRunner

from bilevolt.models import textbook
from bilevolt.reports import Row

SCRIPTS = Path(__file__).parents[1] / "scripts"
sys.path.insert(0, str(SCRIPTS))  # as for a script that is run: its own folder comes first

import grid  # noqa: E402

TIME_LIMIT = 60.0
NODES = 2000  # so that what rarely ends, products of continuous variables, ends at the same point on every machine
INTEGERS, UNPROVEN, UNSUPPORTED = "IntegerFollowerError", "UnprovenBigMError", "UnsupportedBySolverError"
NEVER = (1, {UNSUPPORTED: 47})  # but moore, whose follower leaves nothing to linearise

# pair: how many of the textbook problems it proves at least (whether an optimum, or that there is none), and how many
# it refuses, exactly, by kind. The rest is stopped by the limit of nodes, or its optimum is not proven to the gap.
GRID = {
    ("sos1", "gurobi"): (48, {}),
    ("sos1", "highs"): NEVER,
    ("sos1", "scip"): (48, {}),
    ("bigm", "gurobi"): (28, {UNPROVEN: 20}),
    ("bigm", "highs"): (28, {UNPROVEN: 20}),
    ("bigm", "scip"): (28, {UNPROVEN: 20}),
    ("indicator", "gurobi"): (47, {UNSUPPORTED: 1}),
    ("indicator", "highs"): NEVER,
    ("indicator", "scip"): (47, {UNSUPPORTED: 1}),
    ("strong_duality", "gurobi"): (45, {}),
    ("strong_duality", "highs"): NEVER,
    ("strong_duality", "scip"): (39, {}),
    ("product", "gurobi"): (45, {}),
    ("product", "highs"): NEVER,
    ("product", "scip"): (46, {}),
    ("branch", "gurobi"): NEVER,
    ("branch", "highs"): (48, {}),
    ("branch", "scip"): NEVER,
    ("mixed", "gurobi"): (47, {INTEGERS: 1}),
    ("mixed", "highs"): (0, {INTEGERS: 1, UNSUPPORTED: 47}),
    ("mixed", "scip"): (47, {INTEGERS: 1}),
}

# seed, n, integer leader.
RANDOM = [
    (1, 10, False),
    (2, 10, True),
    (3, 10, True),
    (4, 10, False),
    (7, 10, False),
    (9, 16, True),
    (10, 10, True),
    (12, 10, False),
    (8, 14, True),
    (15, 12, True),
    (17, 14, True),
    (24, 10, True),
    (46, 40, False),
]
# Of those, what was wrong on SCIP: with its own indicator constraints, and the last with its SOS1 cuts.
WRONG_ONCE = [case for case in RANDOM if case[0] in (2, 10, 8, 24, 46)]


def told(rows):
    return [f"{row.instance}, {row.label}: {row.culprit}" for row in rows]


def test_the_table_has_every_pair():
    assert list(GRID) == [(step, solver) for step in grid.REFORMULATIONS for solver in ("gurobi", "highs", "scip")]


def answers(problems, pair):
    """The rows of one pair, of which none may be wrong."""
    rows = []
    for problem in problems:
        row, known = grid.solve_by_all(problem, [pair], TIME_LIMIT, nodes=NODES)
        assert not told(grid.wrong([row, known]))
        if row.status == "optimal":
            assert row.verified
            assert row.objective == pytest.approx(textbook.problem(problem.name).objective, rel=1e-5, abs=1e-5)
        rows.append(row)
    return rows


@pytest.mark.long
@pytest.mark.parametrize(("reformulation", "solver"), GRID)
def test_textbook(reformulation, solver):
    rows = answers(grid.textbook_problems(), (reformulation, solver))
    least, refused = GRID[reformulation, solver]
    counts = Counter(map(grid.symbol, rows))
    assert counts["="] >= least, [(row.instance, row.status, row.remark) for row in rows if grid.symbol(row) in "~t!"]
    assert Counter(grid.kind_of_refusal(row) for row in rows if row.reason) == refused


@pytest.mark.parametrize(("reformulation", "solver"), GRID)
def test_a_share_of_the_textbook(reformulation, solver):
    """Every eighth problem, from another one on for each pair, so that each is there for several pairs."""
    problems = grid.textbook_problems()[list(GRID).index((reformulation, solver)) % 8 :: 8]
    rows = answers(problems, (reformulation, solver))
    least, refused = GRID[reformulation, solver]
    unproven = [row for row in rows if not row.reason and grid.symbol(row) != "="]
    assert len(unproven) <= 48 - least - sum(refused.values()), [(row.instance, row.status) for row in unproven]
    assert {grid.kind_of_refusal(row) for row in rows if row.reason} <= set(refused)


def agreeing(seed, n, integer, pairs):
    """The problem and its rows by pair, of which none may be wrong."""
    (problem,) = grid.random_problems([(seed, n, integer)])
    rows = grid.solve_by_all(problem, pairs, TIME_LIMIT, nodes=NODES)
    assert not told(grid.wrong(rows))
    assert rows[-1].verified  # the planted point
    return problem, {(row.reformulation, row.solver): row for row in rows[:-1]}


@pytest.mark.parametrize(("seed", "n", "integer"), WRONG_ONCE)
def test_random_on_scip(seed, n, integer):
    agreeing(seed, n, integer, [("sos1", "gurobi"), ("sos1", "scip"), ("indicator", "scip")])


@pytest.mark.long
@pytest.mark.parametrize(("seed", "n", "integer"), RANDOM)
def test_random(seed, n, integer):
    problem, by_pair = agreeing(seed, n, integer, GRID)
    assert by_pair["sos1", "gurobi"].status == "optimal"  # what the others are measured by
    assert by_pair["bigm", "highs"].status == ("optimal" if seed % 2 or is_flow(problem.build().L) else "refused")


def is_flow(follower):
    """Whether every variable is in one of two rows, or in both with the same coefficient: a network's multipliers."""
    rows = [generate_standard_repn(row.body) for row in follower.rows.values()]
    own = [
        {id(v): a for v, a in zip(r.linear_vars, r.linear_coefs, strict=True) if v.parent_component() is follower.y}
        for r in rows
    ]
    return len(own) == 2 and all(own[0][key] == own[1][key] for key in own[0].keys() & own[1].keys())


# The script itself ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("better", "marked"), [(-1.0, "x"), (0.0, "=")])
def test_an_optimum_that_a_known_point_refutes_is_wrong(better, marked):
    (problem,) = (p for p in grid.textbook_problems() if p.name == "bard511")
    known = replace(problem.known, objective=problem.known.objective + better)
    rows = grid.solve_by_all(replace(problem, known=known), [("sos1", "gurobi"), ("bigm", "highs")], TIME_LIMIT)
    assert [grid.symbol(row) for row in rows[:-1]] == [marked, marked]
    if marked == "x":
        assert "listed answer has a verified point" in rows[0].culprit


def test_a_known_answer_that_a_point_refutes_is_wrong():
    (problem,) = (p for p in grid.textbook_problems() if p.name == "bard511")
    known = replace(problem.known, objective=problem.known.objective + 1)
    rows = grid.solve_by_all(replace(problem, known=known), [("sos1", "gurobi")], TIME_LIMIT)
    assert [grid.symbol(row) for row in rows] == ["=", "x"]


@pytest.fixture
def command():
    app = Typer()
    app.command()(grid.main)
    return partial(CliRunner().invoke, app)


CALL = ["--problems", "bard511,moore", "--reformulations", "sos1,bigm", "--solvers", "highs,scip"]


def test_table(command):
    result = command(CALL)
    assert result.exit_code == 0, result.output
    lines = [line.rstrip() for line in result.output.splitlines()]
    assert lines[:4] == [
        "         sos1  bigm",
        "problem  hs    hs",
        "bard511  r=    ==",
        "moore    ==    ==",
    ]
    assert "bigm scip                    2     0     0     0     0     0     0" in result.output
    assert "r  sos1 (1 highs), such as bard511 on highs: UnsupportedBySolverError" in result.output
    assert "IntegerFollowerError" not in result.output


def test_json(command):
    rows = json.loads(command([*CALL, "--json"]).output)["rows"]
    assert len(rows) == 2 * (4 + 1)
    statuses = {(row["instance"], row["method"], row["reformulation"], row["solver"]): row["status"] for row in rows}
    assert statuses["bard511", "exact", "bigm", "highs"] == "optimal"
    assert statuses["moore", "exact", "bigm", "highs"] == "optimal"
    assert statuses["moore", "listed answer", None, None] == "optimal"


def test_exit_code_of_a_wrong_claim(command, monkeypatch):
    problems = [p for p in grid.textbook_problems() if p.name == "bard511"]
    false = Row("bard511", "false answer", None, None, "infeasible")
    monkeypatch.setattr(grid, "textbook_problems", lambda: [replace(problems[0], known=false)])
    result = command(CALL)
    assert result.exit_code == 1
    assert "x  bard511, false answer: claims infeasible, but exact" in result.output


def test_random_ones_by_command(command):
    result = command(["--random", "4", "--sizes", "4", "--reformulations", "sos1", "--solvers", "gurobi"])
    assert result.exit_code == 0, result.output
    names = [line.split()[0] for line in result.output.splitlines() if line.startswith("random_")]
    assert names == [f"random_n4_{kind}_seed{k + 1}" for k, kind in enumerate(["continuous"] * 2 + ["integer"] * 2)]


def test_every_seed_by_every_size_and_leader(command):
    sizes = ["--sizes", "4,5", "--leaders", "continuous,integer"]
    result = command(["--random", "2", *sizes, "--reformulations", "sos1", "--solvers", "gurobi"])
    assert result.exit_code == 0, result.output
    names = [line.split()[0] for line in result.output.splitlines() if line.startswith("random_")]
    kinds = [f"random_n{n}_{kind}" for n in (4, 5) for kind in ("continuous", "integer")]
    assert names == [f"{kind}_seed{seed}" for kind in kinds for seed in (1, 2)]


def test_sums_by_set_and_pair_as_markdown(command):
    sizes = ["--sizes", "10", "--leaders", "integer"]
    result = command(["--random", "2", *sizes, "--reformulations", "auto,bigm", "--solvers", "highs", "--rivals", "gdp",
                      "--summary"])  # fmt: skip
    assert result.exit_code == 0, result.output
    head, ruler, *lines = result.output.strip().splitlines()
    assert head == "| problems | pair | proven | not proven | refused | no answer | wrong | CPU s |"
    assert ruler == "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    assert [line.rpartition(" | ")[0] for line in lines] == [
        "| 2 random, n = 10, integer leader | auto highs | 2 | 0 | 0 | 0 | 0",
        "| 2 random, n = 10, integer leader | bigm highs | 1 | 0 | 1 | 0 | 0",
        "| 2 random, n = 10, integer leader | kkt+gdp(1e5) highs | 0 | 2 | 0 | 0 | 0",
    ]
    assert all(float(line.split("|")[-2]) >= 0 for line in lines)


@pytest.mark.parametrize(("objective", "verified", "sign"), [(-5.0, True, "?"), (-3.0, True, "x"), (-9.0, False, "x")])
def test_a_rivals_optimum_is_a_claim(monkeypatch, objective, verified, sign):
    def asked(rival, instance, *_):
        row = Row(instance, "rival", rival.reformulation, rival.solver, "optimal", objective, verified=verified)
        return row

    monkeypatch.setattr(grid, "ask", asked)
    (problem,) = (p for p in grid.textbook_problems() if p.name == "bard511")
    known = replace(problem.known, objective=-5.0)
    rows = grid.solve_by_all(replace(problem, known=known), [], TIME_LIMIT, [grid.RIVALS["gdp"]])
    assert [grid.symbol(row) for row in rows] == [sign, "="]


def test_a_wrong_rival_is_no_failure_of_ours(command, monkeypatch):
    def asked(rival, instance, *_):
        return Row(instance, "rival", rival.reformulation, rival.solver, "infeasible")

    monkeypatch.setattr(grid, "ask", asked)
    result = command([*CALL, "--rivals", "gdp"])
    assert result.exit_code == 0, result.output
    assert "x  bard511, rival kkt+gdp(1e5) highs: claims infeasible, but" in result.output


def test_what_auto_uses_is_told_beside_what_was_asked(command):
    call = ["--problems", "bard511", "--reformulations", "auto", "--solvers", "highs", "--json"]
    (row, _) = json.loads(command(call).output)["rows"]
    assert (row["reformulation"], row["solver"], row["used"]) == ("auto", "highs", "bigm highs")


def test_unknown_names_are_refused(command):
    for option in ("--problems", "--reformulations", "--solvers", "--rivals", "--leaders"):
        result = command([option, "unknown"])
        assert result.exit_code == 2
        assert "unknown" in result.output
