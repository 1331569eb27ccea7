"""bilevolt behind PAO's solver interface."""

import pytest

import bilevolt
from bilevolt.models import textbook


@pytest.fixture
def solver():
    assert bilevolt.SubModel  # registers
    import pao.pyomo

    return pao.pyomo.Solver


@pytest.mark.parametrize("name", ["bard511", "gecco2013", "allende_still_2013", "pao2"])
def test_answers_are_those_of_the_catalogue(solver, name):
    model, problem = textbook.build(name), textbook.problem(name)
    results = solver("bilevolt", reformulation="sos1").solve(model, solver="gurobi")
    assert results.check_optimal_termination()
    assert results.solver.best_feasible_objective == pytest.approx(problem.objective, rel=1e-5)
    assert results.problem.lower_bound == pytest.approx(results.problem.upper_bound, rel=1e-5)
    assert results.solution.certificate.bilevel_feasible
    for variable in problem.unique:
        assert model.find_component(variable).value == pytest.approx(problem.solution[variable], abs=1e-4)


def test_infeasible_is_infeasible(solver):
    results = solver("bilevolt").solve(textbook.build("jointc1_infeasible"))
    assert results.solver.termination_condition.name == "infeasible"
    assert not results.check_optimal_termination() and not results.found_feasible_solution()


@pytest.mark.parametrize("where", ["constructor", "solve"])
def test_unknown_options_are_refused_by_name(solver, where):
    options = {"bigm": 1e5}
    with pytest.raises(bilevolt.errors.BilevoltError, match=r"no option 'bigm'.*big_m"):
        if where == "constructor":
            solver("bilevolt", **options)
        else:
            solver("bilevolt").solve(textbook.build("bard511"), **options)


def test_refusals_come_through(solver):
    with pytest.raises(bilevolt.errors.IntegerFollowerError):
        solver("bilevolt").solve(textbook.build("moore"), method="nested")


def test_followers_with_integers_are_solved(solver):
    results = solver("bilevolt").solve(textbook.build("moore"))
    assert results.check_optimal_termination() and results.solver.best_feasible_objective == -22
