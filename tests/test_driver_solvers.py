"""``solve`` and its solvers: licences, fallbacks, refusals; the solution as data."""

import json
import subprocess
import sys

import pyomo.environ as pyo
import pytest
from driver_cases import market, near, run
from pyomo.contrib.solver.common.results import TerminationCondition

import bilevolt
from bilevolt import SubModel, errors
from bilevolt.models import textbook
from bilevolt.solvers import SOLVERS, Solver, Status
from bilevolt.solvers.gurobi import is_restricted

# Solvers --------------------------------------------------------------------------------------------------


def large(n=400):
    """n followers' variables: more rows than the restricted licence takes."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 1))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(range(n), bounds=(0, 2))
    model.L.objective = pyo.Objective(expr=sum(model.L.y.values()))
    model.L.row = pyo.Constraint(range(n), rule=lambda b, i: b.y[i] - model.x >= 0.5)
    model.objective = pyo.Objective(expr=sum(model.L.y.values()) - 2 * n * model.x)
    return model


def test_licence_too_small():
    if not is_restricted():  # a full licence takes it
        assert run(large()).objective == near(-200)
        return
    with pytest.raises(errors.SolverUnavailableError, match=r"licence.*solver='highs' or 'scip'"):
        run(large())
    solution = run(large(), ("bigm", "auto"), big_m=10)
    assert (solution.status, solution.solver) == ("optimal", "highs")
    assert solution.objective == near(-200)
    assert any("not gurobi: the restricted licence is too small" in note for note in solution.notes)


def test_auto_falls_back_when_the_solver_gives_out_at_run_time(monkeypatch):
    def refuse(self, model, **options):
        raise errors.SolverUnavailableError("Gurobi's licence has just expired")

    monkeypatch.setattr(type(SOLVERS["gurobi"]), "solve", refuse)
    solution = run(market(), ("sos1", "auto"))
    assert (solution.status, solution.solver, solution.objective) == ("optimal", "scip", near(-10))
    assert any("has just expired" in note for note in solution.notes)
    with pytest.raises(errors.SolverUnavailableError, match="just expired"):
        run(market(), ("sos1", "gurobi"))


def test_highs_refuses_a_product_of_continuous_variables_by_name():
    model = market()
    model.gain.set_value(model.x * model.L.y[1])
    with pytest.raises(errors.UnsupportedBySolverError, match=r"x\*L.y\[1\] in 'leader.objective'.*gurobi"):
        run(model, ("bigm", "highs"))


def test_highs_takes_a_convex_objective_of_the_leader():
    model = market()
    model.gain.set_value(0.3 * (model.x - 4) ** 2 - 2 * model.x + 6 * model.L.y[2])
    expected = run(model, ("sos1", "gurobi")).objective
    solution = run(model, ("bigm", "highs"))
    assert (solution.status, solution.objective) == ("optimal", near(expected))
    assert any("outer approximation" in note for note in solution.notes)
    model.gain.set_value(-0.3 * (model.x - 4) ** 2)
    with pytest.raises(errors.UnsupportedBySolverError, match=r"x\*x in 'leader.objective'"):
        run(model, ("bigm", "highs"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"method": "guess"}, "'guess' is unknown. Choose one of exact, column_and_constraint, enumeration"),
        ({"reformulation": "magic"}, "'magic' is unknown. Choose one of auto, sos1, bigm"),
        ({"solver": "baron"}, "solver 'baron' is unknown"),
    ],
)
def test_unknown_choices_are_refused(options, said):
    with pytest.raises(errors.BilevoltError, match=said):
        bilevolt.solve(market(), **options)


def test_highs_is_asked_again_before_a_milp_is_called_infeasible(monkeypatch):
    """Its presolve was seen to lose the optimum of a MILP with near-equal bounds."""
    run_once = Solver._run

    def lose(self, program, settings):
        outcome = run_once(self, program, settings)
        if settings.presolve:
            outcome.condition, outcome.point = TerminationCondition.provenInfeasible, None
        return outcome

    monkeypatch.setattr(Solver, "_run", lose)
    assert run(textbook.build("bard511"), ("bigm", "highs")).objective == near(-12)
    assert run(textbook.build("jointc1_infeasible"), ("bigm", "highs")).status == "no_solution"


def test_a_long_log_of_scip_does_not_stop_it(tmp_path):
    """SCIP writes into a pipe that Pyomo empties in a thread: in a process of its own, as it would never end."""
    script = (
        "import pyomo.environ as pyo, bilevolt\n"
        "m = pyo.ConcreteModel(); m.x = pyo.Var(range(40), domain=pyo.Binary)\n"
        "w = [(7 * i * i + 3 * i) % 101 + 50 for i in range(40)]\n"
        "m.c = pyo.Constraint(expr=sum(a * m.x[i] for i, a in enumerate(w)) == sum(w) // 2)\n"
        "m.o = pyo.Objective(expr=sum((a * a % 17) * m.x[i] for i, a in enumerate(w)))\n"
        "options = {'display/freq': 1, 'display/verblevel': 5, 'display/headerfreq': 1,\n"
        "           'presolving/maxrounds': 0, 'limits/nodes': 3000}\n"
        "print(bilevolt.solvers.get_solver('scip').solve(m, options=options).status)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, cwd=tmp_path, check=True
    )
    assert done.stdout.split()[-1] in ("optimal", "feasible")


# The solution as data -------------------------------------------------------------------------------------


def test_json_round_trip():
    solution = run(market())
    text = solution.to_json()
    again = bilevolt.Solution.from_json(text)
    assert again == solution
    assert again.to_json() == text
    assert again.status is Status.optimal
    assert again.certificate.report() == solution.certificate.report()
    assert json.loads(text)["gap"] == solution.gap
    certificate = bilevolt.verify(market(), again)
    assert certificate.bilevel_feasible and certificate.globally_optimal is None  # a file's word proves nothing
    assert solution.certificate.globally_optimal is True


def test_json_has_no_infinite_numbers():
    solution = bilevolt.Solution(
        Status.feasible, objective=float("inf"), seconds={"a": float("nan")}, history=[{"b": -float("inf")}]
    )
    data = json.loads(solution.to_json(), parse_constant=lambda name: pytest.fail(name))
    assert (data["objective"], data["seconds"], data["history"]) == (None, {"a": None}, [{"b": None}])
    assert solution.gap is None


def test_progress_tells_what_is_done():
    said = []
    bilevolt.solve(textbook.build("bard511"), reformulation="sos1", solver="gurobi", progress=said.append)
    assert [line.split()[0].rstrip(":") for line in said] == ["decisions", "reformulating", "solving", "verifying"]
