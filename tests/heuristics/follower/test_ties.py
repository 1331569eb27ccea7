"""Followers with several optima, compiled: which of them count, which is taken, and what is said where none will do."""

import math

import numpy as np
import pyomo.environ as pyo
import pytest

from bilevolt import SubModel
from bilevolt.heuristics.encoding.decision_space import encode
from bilevolt.heuristics.follower.compilation import compile_reaction
from bilevolt.heuristics.population import Population
from bilevolt.levels.reading import read_levels
from bilevolt.reformulations import kkt
from bilevolt.reformulations.single_level import map_of


def compiled(model):
    single = kkt.apply(read_levels(model))
    encoding, own = encode(single)
    return compile_reaction(map_of(single).bilevel, map_of(single).conditions.forms, encoding.decision, own)


def score(model, x=0.5):
    return compiled(model).score(np.array([x]))


def follower(costs, worths, demand=2.0):
    """y1 + y2 + ... >= demand + x at these costs; the leader pays its worth for each, and x."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 1))
    model.L = SubModel(fixed=[model.x])
    members = range(1, len(costs) + 1)
    y = model.L.y = pyo.Var(members, bounds=(0, 5))
    model.L.cost = pyo.Objective(expr=sum(c * y[i] for i, c in zip(members, costs, strict=True)))
    model.L.row = pyo.Constraint(expr=sum(y.values()) - model.x >= demand)
    model.objective = pyo.Objective(expr=model.x + sum(w * y[i] for i, w in zip(members, worths, strict=True)))
    return model


CASES = [  # the follower's costs, the leader's worths, the leader's objective at x = 0.5, where the follower buys 2.5
    # A tie: the leader's best, whichever the follower's LP ends at.
    ("tie, first", (1, 1), (-1, 1), 0.5 - 2.5),
    ("tie, second", (1, 1), (1, -1), 0.5 - 2.5),
    ("tie of three, last", (1, 1, 1), (1, 2, -1), 0.5 - 2.5),
    ("tie of two among three", (1, 2, 1), (1, -9, -1), 0.5 - 2.5),
    ("tie of two among three, mirrored", (1, 2, 1), (-1, -9, 1), 0.5 - 2.5),
    # A tie up to rounding: 0.1 + 0.2 is not 0.3.
    ("rounding, first", (0.1 + 0.2, 0.3), (-1, 1), 0.5 - 2.5),
    ("rounding, second", (0.1 + 0.2, 0.3), (1, -1), 0.5 - 2.5),
    # The tolerance is relative to the largest cost above 1, and absolute below.
    ("large costs, rounding", (1e6 * (1 + 1e-10), 1e6), (-1, 1), 0.5 - 2.5),
    ("large costs, no tie", (1e6 * (1 + 1e-8), 1e6), (-1, 1), 0.5 + 2.5),
    ("small costs, rounding", (1e-2 + 1e-10, 1e-2), (-1, 1), 0.5 - 2.5),
    # No tie: what costs the follower more stays out, however much the leader would like it.
    ("no tie, first", (1, 1 + 1e-6), (1, -1), 0.5 + 2.5),
    ("no tie, second", (1 + 1e-6, 1), (-1, 1), 0.5 + 2.5),
    ("no tie of three", (1, 2, 3), (1, -9, -9), 0.5 + 2.5),
    # Free for the follower: what it buys beyond its need is the leader's choice, up to its bound.
    ("free, unused", (0, 0), (1, 2), 0.5 + 2.5),
    ("free, used", (0, 0), (-1, -2), 0.5 - 15),
    ("one free", (1, 0), (-9, -2), 0.5 - 10),
    # At its upper bound by the follower's will, and the other free.
    ("at the upper bound", (-1, 0), (9, -1), 0.5 + 45 - 5),
]


@pytest.mark.parametrize(("costs", "worths", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_which_of_the_optimal_responses_is_taken(costs, worths, expected):
    found = score(follower(costs, worths))
    assert (found.violation, found.objective) == (0, pytest.approx(expected, abs=1e-6))


@pytest.mark.parametrize("worths", [(1, 2), (2, 1)])
def test_a_row_that_is_tight_for_the_follower_stays_tight_for_the_leader(worths):
    """It sells all that it may, from either source; the leader would rather it sold nothing."""
    model = follower((-1, -1), worths)
    model.L.row.set_value(sum(model.L.y.values()) - model.x <= 2)
    assert score(model).objective == pytest.approx(0.5 + 2.5)


def test_the_choice_is_the_best_that_the_leaders_rows_admit():
    """Tied, the leader would take y2 = 2.5; a row of its own lets it have 1."""
    model = follower((1, 1), (1, -1))
    model.most = pyo.Constraint(expr=model.L.y[2] <= 1)
    found = score(model)
    assert (found.violation, found.objective) == (0, pytest.approx(0.5 + 1.5 - 1))


def test_what_adapts_is_chosen_for_the_leader_with_or_without_a_tie():
    for costs, expected in (((1, 2), 0.5 + 3 * (2.5 - 1)), ((1, 1), 0.5 - 2.5)):
        model = follower(costs, (0, -1))
        model.extra = pyo.Var(domain=pyo.NonNegativeReals)
        model.paid = pyo.Constraint(expr=model.extra >= model.L.y[1] - 1)
        model.objective.set_value(model.objective.expr + 3 * model.extra)
        assert score(model).objective == pytest.approx(expected)


def test_where_the_leaders_objective_is_quadratic_the_optimum_found_is_kept():
    """Any other might be worse: the LP over the optimal face does not know of the square."""
    for worths in ((-1, 1), (1, -1)):
        model = follower((1, 1), worths)
        model.objective.set_value(model.objective.expr + model.L.y[1] ** 2 + 2 * model.L.y[2] ** 2)
        reaction = compiled(model)
        x = np.array([0.5])
        optimum = reaction._follow(x).columns
        assert sorted(optimum) == pytest.approx([0, 2.5])
        assert reaction.score(x).objective == float(reaction.objective.values(x[None], optimum[None])[0, 0])


VIOLATED = [  # costs, least sum that the leader asks for, violation at x = 0.5 (the follower buys 2.5)
    ((1, 2), 2.75, 0.25 / 3.75),  # one optimum: by how much it violates the row
    ((1, 1), 2.75, 1 + 0.25 / 3.75),  # several, none of which will do: worse than any single optimum's
    ((1, 2), 2.5, 0),
    ((1, 1), 2.5, 0),
]


@pytest.mark.parametrize(("costs", "least", "violation"), VIOLATED)
def test_how_far_the_responses_are_from_the_leaders_rows(costs, least, violation):
    model = follower(costs, (1, 1))
    model.coupling = pyo.Constraint(expr=sum(model.L.y.values()) >= least)
    found = score(model)
    assert found.violation == pytest.approx(violation)
    assert math.isfinite(found.objective) is (violation == 0)


@pytest.mark.parametrize("product", [False, True])
def test_only_rows_without_what_adapts_are_counted(product):
    """The other row might be mended by its own variable, also where the decision multiplies it."""
    model = follower((1, 1), (1, 1))
    model.extra = pyo.Var(bounds=(0, 1))
    model.coupling = pyo.Constraint(expr=sum(model.L.y.values()) >= 3)
    model.mended = pyo.Constraint(expr=model.L.y[1] + (model.x if product else 1) * model.extra >= 4)
    assert score(model).violation == pytest.approx(1 + 0.5 / 4)


def test_equal_candidates_keep_their_order_and_none_beats_the_other():
    points = np.arange(5.0)[:, None]
    one = Population(points, np.array([0.0, 1, 0, 0, 1]), np.array([2.0, 0, 1, 1, 0]))
    assert one.order().tolist() == [2, 3, 0, 1, 4]
    assert not one.better_than(one).any()
    lower = Population(points, one.violation, one.objective - np.array([0, 0, 1, 0, 1]))
    assert lower.better_than(one).tolist() == [False, False, True, False, True]
