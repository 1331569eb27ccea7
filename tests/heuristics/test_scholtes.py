"""Scholtes' sequence: what it finds is bilevel feasible, and often the optimum."""

import itertools
import math

import pyomo.environ as pyo
import pytest

import bilevolt
from bilevolt.models import textbook

FOUND = [
    *("bard_falk_1982_1", "bard_falk_1982_2", "candler_townsley_1982", "savard_1989", "dempe_2002_p25", "bard_1988_1"),
    *("clark_westerberg_1988", "toll_1", "shimizu_aiyoshi_1981_1_max", "siddiqui_gabriel_max", "own_qp_upper_int"),
    *("conejo2016", "own_capacity_rent", "pao2"),
]
LOCAL = ["bard511", "getachew_ex1", "bialas_karwan_1984b", "moore_bard_upper_int"]
NO_START = ["pineda", "own_unbounded_lower"]


def run(name, **keywords):
    return bilevolt.solve(textbook.build(name), method="scholtes", time_limit=20, **keywords)


@pytest.mark.parametrize("name", FOUND)
def test_the_optimum_is_found(name):
    solution = run(name)
    known = textbook.problem(name).objective
    assert solution.status == "feasible"
    assert solution.objective == pytest.approx(known, rel=1e-5, abs=1e-6)
    assert solution.certificate.bilevel_feasible, solution.certificate.report()


@pytest.mark.parametrize("name", LOCAL)
def test_a_local_point_is_feasible_and_no_better_than_the_optimum(name):
    solution = run(name)
    model, known = textbook.build(name), textbook.problem(name).objective
    assert solution.status == "feasible"
    assert solution.certificate.bilevel_feasible, solution.certificate.report()
    sense = 1 if model.objective.sense == pyo.minimize else -1
    assert sense * (solution.objective - known) >= -1e-6


@pytest.mark.parametrize("name", NO_START)
def test_without_a_relaxation_to_start_from_there_is_no_point(name):
    model = textbook.build(name)
    before = {v.name: v.value for v in model.component_data_objects(pyo.Var)}
    solution = bilevolt.solve(model, method="scholtes")
    assert (solution.status, solution.objective) == ("no_solution", None)
    assert "no optimum" in solution.notes[1]
    assert {v.name: v.value for v in model.component_data_objects(pyo.Var)} == before


def test_the_history_has_a_shrinking_epsilon():
    history = run("bard_falk_1982_1", method_options={"rounds": 4, "shrink": 0.5}).history
    epsilons = [entry["epsilon"] for entry in history]
    assert epsilons[0] is None
    assert len(epsilons) >= 3
    assert all(b <= 0.5 * a for a, b in itertools.pairwise(epsilons[1:]))


def test_no_time_is_no_solution():
    assert bilevolt.solve(textbook.build("bard511"), method="scholtes", time_limit=0).status == "no_solution"


def test_it_is_a_start_for_the_exact_solver():
    solution = bilevolt.solve(textbook.build("bard_falk_1982_1"), warm_start="scholtes", reformulation="sos1")
    assert solution.status == "optimal"
    assert any("started from a point with objective -26" in note for note in solution.notes)
    assert math.isclose(solution.objective, -26, rel_tol=1e-6)


def test_unknown_options_are_refused():
    with pytest.raises(bilevolt.errors.BilevoltError, match=r"no option 'rouns'; choose among rounds, shrink, steps"):
        run("bard511", method_options={"rouns": 3})
