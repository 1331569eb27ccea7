"""The picture: the reaction agrees with a solver everywhere, jumps and cuts are where they are, and what is refused."""

import numpy as np
import pyomo.environ as pyo
import pytest
from sweeps import one_in

from bilevolt import Solution, SubModel, dual_of, plot, verify
from bilevolt.errors import BilevoltError
from bilevolt.levels.follower_problem import follower_at
from bilevolt.levels.reading import read_levels
from bilevolt.models import textbook
from bilevolt.solvers import Status, choose
from bilevolt.teaching.draw.reaction_curve import curve, reply
from bilevolt.teaching.draw.small_model import high_point, small_model

DRAWN = {  # name -> a range of x in which to look
    "bard511": (0, 6),
    "gecco2013": (1, 7),
    "dempe_2002_p25": (0, 8),
    "bard_1988_1": (0, 5),
    "clark_westerberg_1990b": (0, 7),
    "siddiqui_gabriel_max": (0, 9),
    "dempe_2000_56": (-0.5, 3),
    "bard_1991_2": (0, 1),
    "own_unbounded_lower": (0, 2),
}


def small(model):
    return small_model(read_levels(model))


@pytest.mark.parametrize("name", DRAWN)
def test_replies_are_optima_of_the_follower(name):
    model = textbook.build(name)
    bilevel = read_levels(model)
    drawn = small_model(bilevel)
    (follower,), (x,) = bilevel.followers, bilevel.leader.variables
    for at in np.linspace(*DRAWN[name], 8):
        found = reply(drawn.follower, float(at))
        result = choose(problem := follower_at(follower, {id(x): float(at)}))[0].solve(problem)
        if result.status is not Status.optimal:
            assert not len(found.optimal), (at, result.status)
            continue
        for corner in found.optimal:
            point = {drawn.follower.x: float(at)} | dict(zip(drawn.follower.y, corner, strict=True))
            assert drawn.follower_objective.at(point) == pytest.approx(result.objective, abs=1e-6)


@pytest.mark.parametrize(
    "name", one_in(2, ["bard511", "dempe_2002_p25", "jointc1_infeasible", "clark_westerberg_1990b"])
)
def test_the_inducible_region_is_the_bilevel_feasible_set(name):
    """Corners of accepted optima pass bilevolt's own check; rejected reactions do not."""
    model = textbook.build(name)
    bilevel = read_levels(model)
    drawn = small_model(bilevel)
    (x,), (follower,) = bilevel.leader.variables, bilevel.followers
    checked = 0
    for found in curve(drawn.follower, 0, 6)[::9]:
        for corners, expected in ((found.accepted, True), (found.rejected, False)):
            for corner in corners:
                if expected is False and len(found.accepted):
                    continue  # some of the optima are accepted, and this may be one of them
                x.set_value(found.x, skip_validation=True)
                for variable, number in zip(follower.variables, corner, strict=True):
                    variable.set_value(number, skip_validation=True)
                assert verify(model).bilevel_feasible is expected, (found.x, corner)
                checked += 1
    assert checked > 5


def jumping():
    """The follower goes to one end of its interval or to the other, by the sign of x."""
    model = pyo.ConcreteModel(name="jumping")
    model.x = pyo.Var(bounds=(-1, 2))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, 3))
    model.objective = pyo.Objective(expr=model.x - model.L.y)
    model.L.objective = pyo.Objective(expr=model.x * model.L.y)
    return model


def test_a_jump_is_found_where_it_is():
    replies = curve(small(jumping()).follower, -1.0, 2.0)
    tops = {r.x: r.optimal.max() for r in replies if len(r.optimal) == 1}
    assert all(top == (3 if x < 0 else 0) for x, top in tops.items())
    around = [r.x for r in replies if len(r.optimal) == 2]
    assert around and max(map(abs, around)) < 1e-6


def test_a_cut_by_the_leaders_rows_is_found_where_it_is():
    """Bilevel row x <= 5 of dempe_2002_p25 cuts the reaction at y = 3 (and on the left, at the line of c2)."""
    replies = curve(small(textbook.build("dempe_2002_p25")).follower, 0, 8)
    cut = [r.x for r in replies if len(r.rejected)]
    assert max(cut) == pytest.approx(3, abs=1e-5)
    assert all(r.optimal.max() > 5 for r in replies if len(r.rejected) and 1e-3 < 3 - r.x < 1)


@pytest.mark.parametrize("name", ["bard511", "moore_bard_upper_int", "own_unbounded_lower", "dempe_2002_p32"])
def test_figures_show_what_they_say(name):
    model = textbook.build(name)
    data = textbook.problem(name)
    before = [(v, v.value) for v in model.component_data_objects(pyo.Var, descend_into=(pyo.Block, SubModel))]
    figure = plot(model)
    assert all(v.value == value for v, value in before)
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    follower_variables = small(model).follower.y
    assert len(figure.axes) == (1 if len(follower_variables) == 1 else 3)
    best = next(text for text in texts if "bilevel optimum" in text)
    assert best.endswith("infeasible" if data.status == "infeasible" else f": {data.objective:.5g}")
    assert any("high-point relaxation" in text for text in texts)


def test_a_given_solution_is_marked():
    point = Solution(Status.feasible, objective=-2.0, values={"x": 2.0, "y": 1.0})
    texts = [text.get_text() for text in plot(textbook.build("bard511"), point).legends[0].get_texts()]
    assert "bilevel feasible point: -2" in texts


def test_the_relaxation_may_be_unbounded():
    status, values = high_point(read_levels(textbook.build("pineda")))
    assert status is Status.unbounded and not values
    texts = [text.get_text() for text in plot(textbook.build("pineda")).legends[0].get_texts()]
    assert "high-point relaxation: unbounded" in texts


def priced():
    model = jumping()
    model.L.row = pyo.Constraint(expr=model.L.y >= 1)
    model.price = pyo.Constraint(expr=dual_of(model.L.row) <= 4)
    return model


def curved():
    model = jumping()
    model.circle = pyo.Constraint(expr=model.L.y**2 + model.x**2 <= 4)
    return model


REFUSED = {
    "three variables": (lambda: textbook.build("bard_falk_1982_1"), "2 variables of the leader"),
    "two followers": (lambda: textbook.build("pao2"), "2 followers with 1 and 1"),
    "prices": (priced, "dual_of"),
    "a circle": (curved, "'circle' is not linear"),
}


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_other_models_are_refused_by_name(case):
    build, words = REFUSED[case]
    with pytest.raises(BilevoltError, match=words):
        plot(build())
