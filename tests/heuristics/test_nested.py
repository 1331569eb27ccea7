"""The nested heuristic: bilevel feasible points, never better than the exact optimum; the electric-bus iterates."""

import pyomo.environ as pyo
import pytest

import bilevolt
from bilevolt import SubModel, dual_of, errors
from bilevolt.models import textbook

SOLVED = [name for name in textbook.NAMES if name != "moore" and textbook.problem(name).status == "optimal"]
# Started without values, the heuristic ends without a point, and says so: the leader's first decision, made
# with the follower's answer held fixed, has no reaction, or none that the leader's rows admit, or no end.
NO_POINT = {
    "bard511": "follower 'L' is infeasible",
    "savard_1989": "follower 'L' is infeasible",
    "dempe_2002_p25": "follower 'L' is infeasible",
    "clark_westerberg_1990b": "follower 'L' is infeasible",
    "allende_still_2013": "follower 'L' is infeasible",
    "getachew_ex1": "do not admit the followers' reaction",
    "dtmp_74": "do not admit the followers' reaction",
    "fruits_01": "do not admit the followers' reaction",
    "shimizu_aiyoshi_1981_1_max": "do not admit the followers' reaction",
    "own_capacity_rent": "do not admit the followers' reaction",
    "getachew_ex2": "the leader's problem is unbounded",
    "toll_1": "the leader's problem is unbounded",
    "pineda": "infeasible or unbounded, so that there is no answer to start from",
}


@pytest.fixture(scope="module")
def limassol():
    model = bilevolt.models.electric_bus.build(bilevolt.load_instance("limassol"))
    variables = model.component_data_objects(pyo.Var, descend_into=(pyo.Block, SubModel))
    return model, [(variable, variable.value) for variable in variables]


def solve_from_the_start(limassol, method):
    model, start = limassol
    for variable, value in start:
        variable.set_value(value, skip_validation=True)
    return bilevolt.solve(model, method=method, solver="highs", time_limit=120)


def test_limassol_iterates(limassol):
    solution = solve_from_the_start(limassol, "nested")
    reached = [entry["objective"] for entry in solution.history]
    assert reached == pytest.approx([455785, 467420, 454241, 468039, 454241], abs=1)
    assert [entry["iteration"] for entry in solution.history] == [1, 2, 3, 4, 5]
    assert solution.history[0]["believed"] == pytest.approx(393914.13, abs=1)
    assert (solution.status, solution.bound, solution.method) == ("feasible", None, "nested")
    assert solution.objective == pytest.approx(454240.54, abs=1)
    assert solution.certificate.bilevel_feasible and solution.certificate.globally_optimal is None
    assert "repeats an earlier one" in solution.notes[1]


def test_leader_alone_is_the_first_iterate(limassol):
    solution = solve_from_the_start(limassol, "leader_alone")
    assert len(solution.history) == 1
    assert (solution.status, solution.objective) == ("feasible", pytest.approx(455785.28, abs=1))
    assert solution.certificate.bilevel_feasible


@pytest.mark.parametrize("name", [name for name in SOLVED if name not in NO_POINT])
def test_never_better_than_the_exact_optimum(name):
    data, model = textbook.problem(name), textbook.build(name)
    solution = bilevolt.solve(model, method="nested", time_limit=30)
    assert (solution.status, solution.bound) == ("feasible", None), solution.notes
    assert solution.certificate.bilevel_feasible, solution.certificate.report()
    assert solution.certificate.globally_optimal is None
    loss = (solution.objective - data.objective) * (1 if data.leader.sense == "minimize" else -1)
    assert loss >= -1e-4 * (1 + abs(data.objective))


@pytest.mark.parametrize(("name", "said"), sorted(NO_POINT.items()))
def test_ends_without_a_point_and_says_why(name, said):
    solution = bilevolt.solve(textbook.build(name), method="nested", time_limit=30)
    assert (solution.status, solution.objective, solution.values) == ("no_solution", None, {})
    assert said in solution.notes[1]


@pytest.mark.parametrize("name", ["jointc1_infeasible", "own_unbounded_lower"])
def test_infeasible_problems_give_no_point(name):
    solution = bilevolt.solve(textbook.build(name), method="nested", time_limit=30)
    assert (solution.status, solution.certificate) == ("no_solution", None)


def coupled():
    """The leader wants x small, but its row needs y >= 4, and the follower makes y = x."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 9))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, 9), initialize=0)
    model.L.objective = pyo.Objective(expr=model.L.y)
    model.L.row = pyo.Constraint(expr=model.L.y - model.x >= 0)
    model.objective = pyo.Objective(expr=model.x)
    model.coupling = pyo.Constraint(expr=model.L.y >= 4)
    return model


def test_a_coupling_row_lets_its_followers_variables_react():
    """With y held at 0, the leader's row would leave no decision at all."""
    solution = bilevolt.solve(coupled(), method="nested")
    assert solution.history[0]["objective"] is None  # x = 0 and y = 4, but the follower reacts with y = 0
    assert (solution.status, solution.certificate) == ("no_solution", None)
    assert "do not admit the followers' reaction" in solution.notes[1]
    model = coupled()
    model.L.cap = pyo.Constraint(expr=model.L.y - model.x <= 0)
    solution = bilevolt.solve(model, method="nested")
    assert (solution.status, solution.objective) == ("feasible", pytest.approx(4))
    assert solution.certificate.bilevel_feasible


def test_an_infeasible_follower_ends_the_search_with_a_message():
    model = coupled()
    model.coupling.deactivate()
    model.objective.sense = pyo.maximize
    model.L.y.set_value(1)
    model.L.y.setub(5)  # the leader, held y, takes x = 9
    solution = bilevolt.solve(model, method="nested")
    assert solution.status == "no_solution"
    assert solution.notes[1] == "iteration 1: follower 'L' is infeasible"


def test_ties_are_broken_in_the_leaders_favour():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 1))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var([1, 2], bounds=(0, 5), initialize=0)
    y = model.L.y
    model.L.objective = pyo.Objective(expr=y[1] + y[2])
    model.L.row = pyo.Constraint(expr=y[1] + y[2] - model.x >= 2)
    model.objective = pyo.Objective(expr=model.x + y[1] - y[2])
    solution = bilevolt.solve(model, method="nested")
    assert (solution.status, solution.objective) == ("feasible", pytest.approx(-2, abs=1e-4))
    assert solution.certificate.bilevel_feasible


def test_prices_of_the_reaction_are_valid_and_written_back():
    model = pyo.ConcreteModel()
    model.k = pyo.Var(domain=pyo.Integers, bounds=(1, 3))
    model.L = SubModel(fixed=[model.k])
    model.L.y = pyo.Var(bounds=(0, 20), initialize=0)
    model.L.objective = pyo.Objective(expr=(1 + model.k) * model.L.y)
    model.L.row = pyo.Constraint(expr=model.L.y - model.k >= 1)
    model.objective = pyo.Objective(expr=dual_of(model.L.row) - 2 * model.k)
    solution = bilevolt.solve(model, method="nested")
    assert solution.status == "feasible", solution.notes
    assert solution.certificate.bilevel_feasible
    price = pyo.value(dual_of(model.L.row))
    assert price == solution.multipliers["L.row"] == pytest.approx(1 + solution.values["k"])
    assert solution.objective == pytest.approx(price - 2 * solution.values["k"])


def test_the_leaders_integers_stay_integer_and_several_followers_react():
    model = pyo.ConcreteModel()
    model.k = pyo.Var([1, 2], domain=pyo.Integers, bounds=(0, 7))
    model.budget = pyo.Constraint(expr=3 * model.k[1] + 2 * model.k[2] <= 17)

    def rule(block, i):
        block.y = pyo.Var(bounds=(0, 50))
        block.L = SubModel(fixed=[model.k])
        block.L.objective = pyo.Objective(expr=block.y, sense=pyo.maximize)
        block.L.row = pyo.Constraint(expr=block.y - (1 + i) * model.k[i] <= 0.5)

    model.b = pyo.Block([1, 2], rule=rule)
    model.objective = pyo.Objective(
        expr=model.b[1].y + model.b[2].y + 0.01 * (model.k[1] + model.k[2]), sense=pyo.maximize
    )
    solution = bilevolt.solve(model, method="nested")
    exact = bilevolt.solve(model, reformulation="sos1", solver="gurobi")
    assert solution.status == "feasible" and solution.certificate.bilevel_feasible
    assert set(solution.lower_objectives) == {"b[1].L", "b[2].L"}
    assert solution.objective <= exact.objective + 1e-5
    assert all(solution.values[f"k[{i}]"] == round(solution.values[f"k[{i}]"]) for i in (1, 2))


def test_followers_that_see_one_another_are_refused():
    model = coupled()
    model.M = SubModel(fixed=[model.x, model.L.y])
    model.M.z = pyo.Var(bounds=(0, 9))
    model.M.objective = pyo.Objective(expr=-model.M.z)
    model.M.row = pyo.Constraint(expr=model.M.z - model.L.y <= 0)
    with pytest.raises(errors.BilevoltError, match=r"'M' takes 'L.y' of follower 'L'.*method='exact'"):
        bilevolt.solve(model, method="nested")
    assert bilevolt.solve(model, reformulation="sos1", solver="gurobi").status == "optimal"
