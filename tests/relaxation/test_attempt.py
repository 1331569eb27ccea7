"""The high-point relaxation with a model's separators: the same optima, and nothing said that is not proven."""

import os
import signal

import pyomo.environ as pyo
import pytest

import bilevolt as bv


def stairs(separator, dear=0.0, sense=pyo.minimize):
    """Worth 1.5 x - 2 y, -4 at x = 0: the follower wants the least y, max(x, 2 - x); at[k] says that x is k."""
    m = pyo.ConcreteModel(name="stairs")
    m.x = pyo.Var(domain=pyo.Integers, bounds=(0, 4), initialize=1)
    m.L = bv.SubModel(fixed=[m.x])
    m.L.y = pyo.Var(bounds=(0, 9), initialize=2)
    m.L.up = pyo.Constraint(expr=m.L.y >= m.x)
    m.L.down = pyo.Constraint(expr=m.L.y >= 2 - m.x)
    m.L.objective = pyo.Objective(expr=m.L.y)
    worth = 1.5 * m.x - 2 * m.L.y + dear * m.x * m.L.y
    m.objective = pyo.Objective(expr=worth if sense == pyo.minimize else -worth, sense=sense)
    m.cuts = bv.ValidInequalities(reason="the follower's optimal value at each x", separator=separator)
    m.cuts.at = pyo.Var(range(5), domain=pyo.Binary, initialize=0)
    m.cuts.one = pyo.Constraint(expr=sum(m.cuts.at.values()) == 1)
    m.cuts.which = pyo.Constraint(expr=m.x == sum(k * z for k, z in m.cuts.at.items()))
    return m


def values(block):
    """The follower's value at each x that the point is at, where the point has more."""
    m = block.model()
    for k, z in block.at.items():
        most = max(k, 2 - k)
        if z.value > 1e-6 and m.L.y.value > most + 9 * (1 - z.value) + 1e-6:
            yield m.L.y <= most + 9 * (1 - z)


def nothing(_):
    return ()


def said(solution, words):
    return [note for note in solution.notes if words in note]


@pytest.mark.parametrize("sense", [pyo.minimize, pyo.maximize], ids=["min", "max"])
@pytest.mark.parametrize("solver", ["highs", "scip", "gurobi"])
def test_rows_of_the_separator_prove_the_optimum(solver, sense):
    solution = bv.solve(stairs(values, sense=sense), solver=solver)
    assert (solution.status, solution.reformulation) == ("optimal", "high_point")
    assert solution.objective == pytest.approx(sense * -4)
    assert solution.bound == pytest.approx(sense * -4) and sense * (solution.objective - solution.bound) >= 0
    assert solution.certificate.bilevel_feasible and solution.certificate.globally_optimal
    assert abs(solution.multipliers["L.down"]) == pytest.approx(1)  # a unit less on the right is a unit less of y
    found = [entry["bound"] for entry in solution.history]
    assert found == sorted(found, key=lambda bound: sense * bound)


@pytest.mark.parametrize("dear", [0.0, 0.25, 1.0])
def test_the_optimum_is_that_without_it(dear):
    """Products of the levels, an integer of the leader's times y, are relaxed, and exact where all is decided."""
    first, other = (bv.solve(stairs(values, dear), solver="highs", **way) for way in ({}, {"cuts": None}))
    best = min(1.5 * x - 2 * y + dear * x * y for x in range(5) for y in [max(x, 2 - x)])
    assert [s.status for s in (first, other)] == ["optimal", "optimal"]
    assert [s.objective for s in (first, other)] == pytest.approx([best, best], abs=1e-6)


def test_the_single_level_model_is_solved_where_separators_have_nothing_to_add():
    solution = bv.solve(stairs(nothing), solver="highs")
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(-4))
    assert solution.reformulation not in (None, "high_point")
    assert len(said(solution, "high_point: tried first, it ended without a proof")) == 1
    assert len(said(solution, "started from a point")) == 1


def test_a_row_that_a_point_refutes_is_named():
    def wrong(block):
        if block.model().L.y.value > 1 + 1e-6:
            yield block.model().L.y <= 1  # but at x = 0 and from x = 2 on, the follower says 2 and more

    model = stairs(wrong)
    model.L.up.deactivate()
    model.L.down.deactivate()
    model.L.row = pyo.Constraint(expr=model.L.y <= 2)
    model.L.objective.set_value(-model.L.y)
    solution = bv.solve(model, solver="highs")
    assert (solution.status, solution.bound, solution.objective) == ("feasible", None, pytest.approx(-4))
    assert len(said(solution, "the valid inequalities 'cuts' are not valid")) == 1
    assert not solution.certificate.globally_optimal


def late(wrong):
    """A separator that has nothing to say in the rounds, and is wrong where x is one of some numbers."""
    asked = []

    def separator(block):
        asked.append(1)
        for k, z in block.at.items():
            if len(asked) > 1 and z.value > 0.5:
                yield block.model().L.y <= max(k, 2 - k) - (k in wrong) + 9 * (1 - z)

    return separator


@pytest.mark.parametrize("wrong", [{0}, set(range(5))], ids=["its bound", "none left"])
def test_a_point_known_refutes_a_relaxation_that_has_lost_it(wrong):
    solution = bv.solve(stairs(late(wrong)), solver="highs")
    assert (solution.status, solution.bound, solution.objective) == ("feasible", None, pytest.approx(-4))
    assert len(said(solution, "the valid inequalities 'cuts' are not valid")) == 1


def test_rows_that_are_found_late_prove_the_optimum():
    solution = bv.solve(stairs(late(set())), solver="highs")
    assert (solution.status, solution.objective, solution.reformulation) == ("optimal", pytest.approx(-4), "high_point")
    assert len(solution.history) > 2


def test_rows_without_a_reason_are_an_assumption():
    model = stairs(values)
    model.cuts.reason = ""
    solution = bv.solve(model, solver="highs")
    assert (solution.status, solution.reformulation) == ("optimal", "high_point")
    assert len(solution.assumptions) == 1 and "without a reason" in solution.assumptions[0]
    assert not solution.certificate.globally_optimal


ASKED = [
    {"reformulation": "bigm"},
    {"cuts": None},
    {"cuts": "strong_duality"},
    {"big_m": 100},
    {"warm_start": "nested"},
]


@pytest.mark.parametrize("asked", ASKED, ids=[next(iter(asked)) for asked in ASKED])
def test_what_is_asked_of_the_single_level_model_is_done(asked):
    solution = bv.solve(stairs(values), solver="highs", **asked)
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(-4))
    assert solution.reformulation != "high_point" and not said(solution, "high_point")


def test_prices_need_the_single_level_model():
    model = stairs(values)
    price = bv.dual_of(model.L.up)
    model.objective.set_value(model.objective.expr + 0.5 * price)
    for row in (model.L.up, model.L.down, model.L.y):
        bv.state_bound(row, -1, 1, "a unit of y costs 1", price=True)
    solution = bv.solve(model, solver="highs")
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(-4))
    assert solution.reformulation != "high_point"


@pytest.mark.parametrize("solver", ["highs", "scip", "gurobi"])
def test_an_interrupt_while_a_separator_is_asked_ends_the_run_with_a_point(solver):
    asked = []

    def interrupting(block):
        asked.append(1)
        if len(asked) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        yield from values(block)

    solution = bv.solve(stairs(interrupting), solver=solver)
    assert solution.interrupted and solution.status in ("feasible", "no_solution", "optimal")
    assert solution.reformulation == "high_point" and len(asked) >= 2
    assert solution.certificate is None or solution.certificate.bilevel_feasible


def test_the_confirming_solver_is_asked():
    solution = bv.solve(stairs(values), solver="highs", confirm="gurobi")
    assert solution.certificate.confirmed_by.startswith("gurobi")


def test_a_proof_is_made_of_its_answer():
    solution = bv.solve(stairs(values), solver="highs", proof=True)
    assert solution.reformulation == "high_point" and solution.proof is not None
