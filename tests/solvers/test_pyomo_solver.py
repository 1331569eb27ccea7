"""A solver object of Pyomo's: CBC, where it is installed, on every case that it takes; and what is refused."""

import numpy as np
import pyomo.environ as pyo
import pytest
from conformance_cases import CASES, twin, violation
from conformance_models import market_split, milp_max
from pyomo.opt import SolverResults, SolverStatus, TerminationCondition

import bilevolt as bv
from bilevolt.errors import SolverUnavailableError, UnsupportedBySolverError
from bilevolt.models import textbook
from bilevolt.solvers import get_solver, needs_of, pyomo_solver, solver_name

CBC = "pyomo:cbc"
reason = get_solver(CBC).available()
with_cbc = pytest.mark.skipif(reason is not None, reason=f"{CBC}: {reason}")
TAKEN = [case for case in CASES if not get_solver(CBC).features.missing(needs_of(case.build()))]
ENDLESS = {"unbounded_milp", "infeasible_milp_with_unbounded_relaxation"}
"""CBC was seen to branch for ever on integers without bounds: it may leave these open, and claim nothing else."""


@with_cbc
@pytest.mark.parametrize("turned", [False, True], ids=["as_it_is", "twin"])
@pytest.mark.parametrize("case", TAKEN, ids=lambda case: case.name)
def test_known_answer(case, turned):
    model = twin(case.build()) if turned else case.build()
    result = get_solver(CBC).solve(model, time_limit=1 if case.name in ENDLESS else 60)
    if case.name in ENDLESS:
        assert result.status in (case.status, "no_solution", "feasible", "infeasible_or_unbounded"), result.message
        return
    assert result.status == case.status, result.message
    if result.status == "optimal":
        assert violation(model, result.values) <= 1e-5
        if case.objective is not None:
            expected = -case.objective if turned else case.objective
            assert (result.objective, result.bound) == pytest.approx((expected,) * 2, rel=case.rel, abs=1e-6)


def test_the_cases_are_not_few():
    assert len(TAKEN) >= 19


@with_cbc
def test_a_solver_object_solves_a_bilevel_model():
    solution = bv.solve(textbook.build("bard511"), solver=pyo.SolverFactory("cbc"), reformulation="bigm")
    assert (solution.status, solution.objective, solution.solver) == ("optimal", pytest.approx(-12), CBC)
    assert solution.certificate.bilevel_feasible


@with_cbc
def test_the_time_limit_reaches_the_solver():
    result = get_solver(CBC).solve(market_split(), time_limit=1)
    assert result.status in ("feasible", "no_solution") and result.seconds < 30


@with_cbc
def test_what_it_does_not_take_is_refused():
    single = bv.reformulate(textbook.build("bard511"), "sos1")
    with pytest.raises(UnsupportedBySolverError, match="sos1"):
        get_solver(CBC).solve(single)
    with pytest.raises(UnsupportedBySolverError, match="threads=2"):
        get_solver(CBC).solve(milp_max(), threads=2)


def test_unknown_names_are_refused():
    with pytest.raises(SolverUnavailableError, match="Pyomo knows no solver 'nothing'"):
        solver_name("pyomo:nothing")
    with pytest.raises(SolverUnavailableError, match="solver 7 is no name"):
        solver_name(7)


class Liar:
    """Says *optimal* of a point, with a bound that is far away, or without any point."""

    type = "liar"

    def __init__(self, bound):
        self.bound = bound

    def available(self, exception_flag=True):
        return True

    def version(self):
        return (1, 0)

    def solve(self, model, **_):
        results = SolverResults()
        results.solver.status, results.solver.termination_condition = SolverStatus.ok, TerminationCondition.optimal
        results.problem.lower_bound = self.bound
        return results


LIES = [(-100.0, 0.0, "feasible"), (-100.0, None, "error"), (-1.0, 0.4, "error"), (-1e6, 1e5, "error")]


@pytest.mark.parametrize(("bound", "value", "status"), LIES)
def test_an_optimum_is_believed_no_further_than_its_bound_and_its_point(monkeypatch, bound, value, status):
    monkeypatch.setattr(pyomo_solver, "_point", lambda *_: None if value is None else np.full(2, value))
    result = get_solver(solver_name(Liar(bound))).solve(milp_max())
    assert result.status == status, result.message
