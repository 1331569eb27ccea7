"""What methods that move points share: options, repeatability, budget, bounds, and what they say of no answer."""

import math
import pickle
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pyomo.environ as pyo
import pytest
from sweeps import only

import bilevolt
from bilevolt import SubModel, dual_of, errors
from bilevolt.heuristics import METHODS
from bilevolt.heuristics.population import Population

METHODS_THAT_MOVE_POINTS = ("elephant_herding", "immune_ga", "pso", "annealing", "exchange")
SMALL = {
    "elephant_herding": {"population": 12, "clan_size": 4, "iterations": 9},
    "immune_ga": {"population": 12, "iterations": 9, "memory": 2},
    "pso": {"population": 12, "iterations": 9},
    "annealing": {"evaluations": 120, "steps": 10},
    "exchange": {"evaluations": 120, "steps": 10},
}


@pytest.fixture(params=METHODS_THAT_MOVE_POINTS)
def method(request):
    return request.param


def mixed(sense=pyo.minimize):
    """A leader with an integer, a binary and a continuous variable, rows of its own, and one that adapts."""
    model = pyo.ConcreteModel(name="mixed")
    model.k = pyo.Var(domain=pyo.Integers, bounds=(0, 7))
    model.open = pyo.Var(domain=pyo.Binary)
    model.p = pyo.Var(bounds=(0.5, 4))
    model.e = pyo.Var(domain=pyo.NonNegativeReals)
    model.link = pyo.Constraint(expr=model.k <= 7 * model.open)
    model.close = pyo.Constraint(expr=model.open <= model.k)
    model.level = pyo.Constraint(expr=model.k + 2 * model.p <= 11)
    model.L = SubModel(fixed=[model.k, model.p])
    model.L.y = pyo.Var([1, 2, 3], bounds=(0, 6))
    y = model.L.y
    model.L.objective = pyo.Objective(expr=model.p * y[1] + 2 * y[2] + 3 * y[3])
    model.L.demand = pyo.Constraint(expr=y[1] + y[2] + y[3] == 8)
    model.L.capacity = pyo.Constraint(expr=y[2] <= model.k)
    model.extra = pyo.Constraint(expr=model.e >= y[1] - 2)
    cost = 3 * model.k + 2 * model.open - model.p * y[1] + 1.5 * model.e + 4 * y[3]
    model.objective = pyo.Objective(expr=cost if sense == pyo.minimize else -cost, sense=sense)
    return model


def run(model, method, **options):
    return bilevolt.solve(model, method=method, solver="highs", method_options={**SMALL[method], **options})


def trace(solution):
    return solution.history, solution.values, solution.objective


@pytest.fixture(scope="module")
def optimum():
    return bilevolt.solve(mixed(), solver="gurobi", reformulation="sos1").objective


@pytest.mark.parametrize("sense", [pyo.minimize, pyo.maximize])
def test_a_feasible_point_that_is_not_better_than_the_optimum(method, sense, optimum, structure):
    model = mixed(sense)
    before = structure(model)
    solution = run(model, method)
    assert (solution.status, solution.bound, solution.method) == ("feasible", None, method)
    assert solution.certificate.bilevel_feasible, solution.certificate.report()
    assert solution.certificate.globally_optimal is None
    cost = solution.objective if sense == pyo.minimize else -solution.objective
    assert cost >= optimum - 1e-6
    assert cost <= 0.7 * optimum  # which is where the follower is indifferent: not to be drawn exactly
    assert structure(model) == before


def test_history_holds_exact_values_that_only_improve(method):
    solution = run(mixed(), method)
    objectives = [entry["objective"] for entry in solution.history if entry["objective"] is not None]
    assert objectives == sorted(objectives, reverse=True)
    assert objectives[-1] == pytest.approx(solution.objective, abs=1e-9)
    assert [entry["iteration"] for entry in solution.history] == list(range(1, len(solution.history) + 1))
    counts = [entry["evaluations"] for entry in solution.history]
    assert counts == sorted(counts)
    ranked = [entry for entry in solution.history if entry["ranked"] is not None]
    assert all(entry["ranked"] == pytest.approx(entry["objective"], abs=1e-4) for entry in ranked)


def test_the_same_seed_repeats_bit_for_bit_and_another_does_not(method):
    first, second, other = (run(mixed(), method, seed=seed) for seed in (3, 3, 4))
    assert trace(first) == trace(second)
    assert first.history != other.history


def test_an_executor_changes_nothing(method):
    options = {"chains": 3} if method == "annealing" else {}
    alone = run(mixed(), method, **options)
    with ThreadPoolExecutor(2) as threads:
        assert trace(run(mixed(), method, executor=threads, **options)) == trace(alone)


class Forgetful(Executor):
    """Each task gets a worker of its own, which knows nothing of the run; what it says is sent."""

    def submit(self, task, /, *args, **kwargs):
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(lambda: pickle.loads(pickle.dumps(task(*args, **kwargs))))


@pytest.fixture(scope="module")
def alone():
    return trace(run(mixed(), "pso", population=40, iterations=3))


@pytest.mark.parametrize("executor", [ThreadPoolExecutor(1), ThreadPoolExecutor(3), Forgetful()])
def test_how_many_work_changes_nothing(executor, alone):
    with executor:
        assert trace(run(mixed(), "pso", population=40, iterations=3, executor=executor)) == alone


@pytest.fixture(scope="module")
def zone():
    """A model, and what the search makes of it in this process."""
    model = bilevolt.models.station_location.build(bilevolt.load_instance("zone_small"))
    return model, trace(run(model, "pso", population=40, iterations=2))


def test_other_processes_change_nothing(zone):
    with ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as processes:
        assert trace(run(zone[0], "pso", population=40, iterations=2, executor=processes)) == zone[1]


def test_a_number_of_processes_changes_nothing(zone):
    said = []
    options = {"population": 40, "iterations": 2}
    found = bilevolt.solve(
        zone[0], method="pso", solver="highs", executor=2, method_options=options, progress=said.append
    )
    assert trace(found) == zone[1]
    assert not any("workers are gone" in line for line in said)


def test_an_executor_that_cannot_help_is_said(method):
    with ThreadPoolExecutor(1) as threads:
        found = run(mixed(), method, evaluations=1, estimate=lambda x: 0.0, executor=threads)
    assert "the executor is not used" in found.notes[1]


@pytest.mark.parametrize("evaluations", [1, 17, 50])
def test_no_more_evaluations_than_allowed(method, evaluations):
    solution = run(mixed(), method, evaluations=evaluations)
    assert solution.history[-1]["evaluations"] == evaluations
    assert f"ended after {evaluations} evaluations" in solution.notes[1]


def test_no_time_no_point(method):
    solution = bilevolt.solve(mixed(), method=method, time_limit=0)
    assert (solution.status, solution.certificate) == ("no_solution", None)
    assert "stopped by the time limit" in solution.notes[1]


def test_a_time_limit_ends_a_long_run_with_a_point(method):
    endless = {"evaluations": 10**9, **({} if method in ("annealing", "exchange") else {"iterations": 10**8})}
    solution = bilevolt.solve(mixed(), method=method, solver="highs", time_limit=0.7, method_options=endless)
    assert "stopped by the time limit" in solution.notes[1]
    assert solution.status == "feasible" and solution.seconds["solve"] < 30


def test_bounds_integrality_and_the_leaders_rows(method):
    values = run(mixed(), method, seed=5).values
    assert values["k"] == round(values["k"]) and 0 <= values["k"] <= 7
    assert values["open"] == (1 if values["k"] > 0 else 0)
    assert 0.5 - 1e-9 <= values["p"] <= 4 + 1e-9
    assert values["k"] + 2 * values["p"] <= 11 + 1e-6
    assert values["e"] == pytest.approx(max(0.0, values["L.y[1]"] - 2), abs=1e-6)


def test_no_feasible_decision_is_a_status(method):
    model = mixed()
    model.never = pyo.Constraint(expr=model.L.y[1] >= 7)  # its bound is 6
    solution = run(model, method)
    assert (solution.status, solution.objective, solution.values) == ("no_solution", None, {})
    assert "no candidate was bilevel feasible" in solution.notes[1]


def test_a_follower_that_is_infeasible_for_some_decisions(method):
    model = mixed()
    model.L.y[1].setub(1)
    model.L.y[3].setub(1)  # demand 8 needs k = 6 at least
    solution = run(model, method)
    assert solution.status == "feasible" and solution.values["k"] >= 6


def test_a_follower_that_is_infeasible_for_all_decisions(method):
    model = mixed()
    model.L.y.setub(2)
    assert run(model, method).status == "no_solution"


def test_progress_is_said(method):
    said = []
    bilevolt.solve(mixed(), method=method, method_options=SMALL[method], progress=said.append)
    assert any("leader variables are searched" in line and "compiled LPs" in line for line in said)
    assert any(line.startswith("iteration 2: objective") for line in said)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"sede": 1}, "has no option 'sede'"),
        ({"evaluations": 0}, "evaluations=0 is out of range"),
        ({"seed": -1}, "seed=-1 is out of range"),
        ({"search": ["nothing"]}, "search: 'nothing' is no variable of the leader"),
        ({"search": ["L.y"]}, "search: 'L.y' is no variable of the leader"),
    ],
)
def test_wrong_options_are_refused_by_name(method, options, said):
    with pytest.raises(errors.BilevoltError, match=said.replace("(", r"\(")):
        run(mixed(), method, **options)


@pytest.mark.parametrize(
    ("method", "option", "value"),
    [
        ("elephant_herding", "clan_size", 13),
        ("elephant_herding", "alpha", 1.5),
        ("immune_ga", "memory", 13),
        ("immune_ga", "mutation", -0.1),
        ("pso", "population", 1),
        ("pso", "speed_limit", 0),
        ("annealing", "cooling", 2),
        ("annealing", "steps", "many"),
    ],
)
def test_options_out_of_range_are_refused(method, option, value):
    with pytest.raises(errors.BilevoltError, match=f"option {option}="):
        run(mixed(), method, **{option: value})


def test_a_leader_without_bounds_is_refused_by_name(method):
    model = mixed()
    model.p.setub(None)
    model.level.deactivate()
    with pytest.raises(errors.BilevoltError, match="'p' of the leader has no finite range"):
        run(model, method)


def test_bounds_that_rows_imply_will_do(method):
    model = mixed()
    model.p.setub(None)  # k + 2p <= 11
    assert run(model, method).status == "feasible"


def test_a_quadratic_follower_and_shadow_prices_go_through_pyomo(method):
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 3))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, 9))
    model.L.objective = pyo.Objective(expr=(model.L.y - 1) ** 2)
    model.L.row = pyo.Constraint(expr=model.L.y >= model.x)
    model.objective = pyo.Objective(expr=dual_of(model.L.row) - 3 * model.x)
    said = []
    solution = bilevolt.solve(
        model, method=method, solver="highs", progress=said.append,
        method_options={**SMALL[method], "evaluations": 12},
    )  # fmt: skip
    assert any("evaluated with Pyomo, because follower 'L' is a QP" in line for line in said)
    assert solution.status == "feasible" and solution.certificate.bilevel_feasible
    x = solution.values["x"]
    assert solution.objective == pytest.approx(abs(pyo.value(dual_of(model.L.row))) * (-1) - 3 * x, abs=1e-5)


def test_followers_that_see_one_another_are_refused(method):
    model = mixed()
    model.M = SubModel(fixed=[model.p, model.L.y])
    model.M.z = pyo.Var(bounds=(0, 9))
    model.M.objective = pyo.Objective(expr=-model.M.z)
    model.M.row = pyo.Constraint(expr=model.M.z - model.L.y[1] <= 0)
    with pytest.raises(errors.BilevoltError, match="method='exact'"):
        run(model, method)


def test_an_estimate_ranks_and_the_incumbents_are_exact(method):
    solution = run(mixed(), method, estimate=lambda decision: (decision["p"] - 1) ** 2 + decision["k"])
    last = [entry for entry in solution.history if entry["ranked"] is not None][-1]
    assert last["ranked"] == pytest.approx((solution.values["p"] - 1) ** 2 + solution.values["k"], abs=0.5)
    assert solution.certificate.bilevel_feasible
    nothing = run(mixed(), method, estimate=lambda decision: math.inf)
    assert nothing.status == "no_solution"


def test_a_candidate_that_was_ranked_wrongly_does_not_stand_in_the_way(method):
    model = mixed()
    model.L.y[1].setub(1)
    model.L.y[3].setub(1)  # demand 8 needs k = 6 at least
    solution = run(model, method, estimate=lambda decision: float(decision["k"] >= 6))
    assert sum("infeasible" in entry["message"] for entry in solution.history) >= 2


def test_a_leader_whose_rows_leave_one_decision(method):
    model = mixed()
    model.none = pyo.Constraint(expr=model.k == 3)
    model.p.setlb(2)
    model.p.setub(2)
    solution = run(model, method)
    assert (solution.status, len(solution.history)) == ("feasible", 1)
    assert (solution.values["k"], solution.values["open"]) == (3, 1)


def test_search_leaves_the_others_where_they_are(method):
    model = mixed()
    model.p.set_value(1.25)
    solution = run(model, method, search=["k"])
    assert solution.values["p"] == pytest.approx(1.25)


@pytest.fixture(scope="module", params=only(["zone_small"], ["zone_small", "ev3"]))
def system(request):
    """A model, which objectives are worse (the higher: 1), and its proven optimum."""
    name = request.param
    models = bilevolt.models.station_location if name == "zone_small" else bilevolt.models.demand_response
    model = models.build(bilevolt.load_instance(name))
    return model, 1 if name == "zone_small" else -1, bilevolt.solve(model, solver="highs", time_limit=60)


def test_on_the_systems(method, system):
    model, worse, exact = system
    solution = run(model, method)
    assert exact.status == "optimal" and solution.status == "feasible"
    assert solution.certificate.bilevel_feasible, solution.certificate.report()
    assert worse * (solution.objective - exact.objective) >= -1e-5 * (1 + abs(exact.objective))


def test_the_four_are_methods_of_solve():
    assert set(METHODS_THAT_MOVE_POINTS) <= set(METHODS)


def test_debs_rules():
    candidates = Population(np.zeros((4, 1)), np.array([0.0, 2.0, 0.0, 1.0]), np.array([5.0, 0.0, 4.0, math.inf]))
    assert candidates.order().tolist() == [2, 0, 3, 1]
    assert candidates.better_than(candidates.take(np.array([2, 2, 0, 1]))).tolist() == [False, False, True, True]
