"""Neighbourhood search: never beats the exact optimum, improves on its start, leaves the model as it was."""

import pyomo.environ as pyo
import pytest
from sweeps import only

import bilevolt as bv
from bilevolt import SubModel, errors
from bilevolt.heuristics.box import box_around, covers, inside
from bilevolt.heuristics.neighbourhood import neighbourhood
from bilevolt.models import random_bilevel, textbook
from bilevolt.reformulations import read_levels
from bilevolt.solvers.session import Session


def toll(revenue=1.0, integer=False):
    """A leader sells at price p in [0, 10] to ten users, each with a limit of his own: the optimum is far from 0."""
    model = pyo.ConcreteModel(name="toll")
    model.p = pyo.Var(bounds=(0, 10), initialize=0.5, domain=pyo.Integers if integer else pyo.Reals)
    model.user = pyo.Block(range(10))
    for k in range(10):
        user = model.user[k].choice = SubModel(fixed=[model.p])
        user.y = pyo.Var(bounds=(0, 1))
        user.cost = pyo.Objective(expr=(model.p - (1 + 0.9 * k)) * user.y)
    sold = sum(model.p * model.user[k].choice.y for k in range(10))
    model.revenue = pyo.Objective(expr=revenue * sold, sense=pyo.maximize)
    return model


TEXTBOOK = ["bard511", "bard_falk_1982_1", "savard_1989", "moore_bard_upper_int", "clark_westerberg_1990b", "pineda"]


@pytest.mark.parametrize("name", only(["bard511", "savard_1989", "pineda"], TEXTBOOK))
def test_textbook_optimum_is_found(name):
    exact = bv.solve(textbook.build(name), time_limit=30)
    found = bv.solve(textbook.build(name), method="neighbourhood", method_options={"radius": 0.3})
    assert found.status == "feasible"
    assert found.bound is None
    assert found.certificate.bilevel_feasible
    assert found.objective == pytest.approx(exact.objective, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_random_problems_are_never_beaten_by_it(seed):
    exact = bv.solve(random_bilevel.build(seed, 12, integer_leader=seed > 3), reformulation="sos1", solver="gurobi")
    model = random_bilevel.build(seed, 12, integer_leader=seed > 3)
    found = bv.solve(model, method="neighbourhood", method_options={"reformulation": "sos1"}, solver="gurobi")
    sense = int(read_levels(model).leader.objective.sense)
    if found.objective is not None:
        assert found.certificate.bilevel_feasible
        assert sense * (found.objective - exact.objective) >= -1e-5 * (1 + abs(exact.objective))
        begun = next(row["objective"] for row in found.history)
        assert sense * (found.objective - begun) <= 1e-9


@pytest.mark.parametrize("integer", only([False], [False, True]))
def test_it_walks_from_box_to_box(integer):
    options = {"radius": 0.1, "start": "model"}
    exact = bv.solve(toll(integer=integer))
    found = bv.solve(toll(integer=integer), method="neighbourhood", method_options=options)
    assert found.objective == pytest.approx(exact.objective, rel=1e-6)
    best = [row["objective"] for row in found.history]
    assert best == sorted(best)
    assert best[0] < best[-1]
    assert found.history[0]["radius"] == 0.1
    again = bv.solve(toll(integer=integer), method="neighbourhood", method_options=options)
    assert again.history == found.history


def test_a_solved_box_without_a_better_point_doubles_and_the_whole_ends_it():
    model = toll()
    bv.solve(model)
    found = bv.solve(model, method="neighbourhood", method_options={"radius": 0.25})
    assert [row["radius"] for row in found.history] == [0.25, 0.5, 1.0][: len(found.history)]
    assert "the last box held all decisions" in found.notes
    assert found.status == "feasible"


def test_a_box_that_is_not_solved_is_halved():
    radii = []

    class GivesUp(Session):
        def solve(self, problem, **options):
            result = super().solve(problem, **options)
            if "warm_start" in options:  # the box itself
                radii.append(model.p.ub - model.p.lb)
                result.status, result.values, result.objective = "no_solution", None, None
            return result

    model = toll()
    result = neighbourhood(read_levels(model), GivesUp(), radius=0.05, rounds=4)
    assert result.status == "feasible"
    assert radii == sorted(radii, reverse=True)
    assert [row["radius"] for row in result.history] == [0.05, 0.025, 0.0125, 0.00625]
    assert result.message == "stopped after 4 boxes"


@pytest.mark.parametrize("failure", [KeyboardInterrupt, errors.SolverUnavailableError])
def test_bounds_and_values_are_put_back_whatever_happens(failure):
    def state():
        return [(v.name, v._lb, v._ub, v.domain.name, v.value, v.fixed) for v in model.component_data_objects(pyo.Var)]

    class Fails(Session):
        def solve(self, problem, **options):
            if "warm_start" in options:
                assert (model.p.lb, model.p.ub) != (0, 10)
                raise failure("halfway")
            return super().solve(problem, **options)

    model = toll()
    model.p.value = 5.0
    before = state()
    with pytest.raises(failure):
        neighbourhood(read_levels(model), Fails())
    assert state() == before
    assert ("p", 0, 10, "Reals", 5.0, False) in before


def test_box_restates_multiplier_bounds_and_takes_them_back(structure):
    model = bv.models.demand_response.build(bv.load_instance("ev8"))
    bilevel = read_levels(model)
    follower = model.vehicle[next(iter(model.vehicle))].charging

    def stated():
        return {row.name: stated.upper for row, stated in follower.multiplier_bound.items()}

    before, loose = structure(model), stated()
    box = box_around(pyo.ComponentMap((model.DP[t], model.DP[t].value) for t in model.SLOTS), 0.05)
    with pytest.raises(ZeroDivisionError), inside(bilevel, box):
        assert sum(stated().values()) < sum(loose.values())
        assert model.DP[0].ub - model.DP[0].lb == pytest.approx(0.05 * 1.2 * 0.15 * 2)
        raise ZeroDivisionError
    assert stated() == loose
    assert structure(model) == before


def test_boxes():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(-4, 0))
    model.free = pyo.Var()
    model.n = pyo.Var(domain=pyo.Integers, bounds=(0, 8))
    centre = pyo.ComponentMap([(model.x, -0.5), (model.free, 30.0), (model.n, 8.0)])
    box = box_around(centre, 0.25)
    assert [box[v] for v in centre] == [(-1.5, 0), (22.5, 37.5), (6, 8)]
    assert not covers(box)
    del centre[model.free]
    assert covers(box_around(centre, 1.0))
    assert box_around(centre, 1e-3)[model.n] == (7, 8)


@pytest.mark.parametrize("options", [{"radius": 0}, {"start": "luck"}, {"rounds": -1}])
def test_bad_options_are_refused(options):
    with pytest.raises(errors.BilevoltError, match="neighbourhood: radius"):
        bv.solve(toll(), method="neighbourhood", method_options=options)


def test_no_point_to_start_from():
    model = toll()
    model.none = pyo.Constraint(expr=model.p >= 11)
    found = bv.solve(model, method="neighbourhood")
    assert found.status == "no_solution"
    assert any("no point to start from" in note for note in found.notes)


@pytest.mark.parametrize(("start", "expected"), [("model", -0.2279), ("relaxation", -0.0886), ("auto", -0.0886)])
def test_starts(start, expected):
    """The completion at the relaxation's prices is a QP on which HiGHS's own method goes round in circles."""
    model = bv.models.demand_response.build(bv.load_instance("ev8"))
    found = bv.solve(model, method="neighbourhood", solver="highs", method_options={"rounds": 0, "start": start})
    assert found.certificate.bilevel_feasible
    assert found.objective == pytest.approx(expected, abs=1e-4)


@pytest.mark.long
def test_demand_response_improves_on_the_reaction_to_the_base_price():
    """-0.08574 is the proven optimum of ev8, -0.2279 the reaction to the base price, where the search starts."""
    model = bv.models.demand_response.build(bv.load_instance("ev8"))
    found = bv.solve(
        model,
        method="neighbourhood",
        solver="highs",
        time_limit=12,
        method_options={"radius": 0.02, "rounds": 3, "start": "model"},
    )
    assert found.certificate.bilevel_feasible
    assert -0.227 < found.objective < -0.08574
