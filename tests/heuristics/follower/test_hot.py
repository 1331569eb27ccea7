"""Scores along a walk, which go on from the last basis, against those of ``react``."""

import math

import numpy as np
import pyomo.environ as pyo
import pytest

from bilevolt import SubModel
from bilevolt.heuristics.encoding.decision_space import encode
from bilevolt.heuristics.follower.compilation import compile_reaction
from bilevolt.heuristics.follower.evaluation import Exact
from bilevolt.heuristics.follower.hot import HotScore
from bilevolt.levels.reading import read_levels
from bilevolt.models import textbook
from bilevolt.reformulations import kkt
from bilevolt.reformulations.single_level import map_of
from bilevolt.solvers import get_solver


def shop(capped=False):
    """Expansions of the leader, each in rows of its own: a cost and a gain, two rows on one side."""
    model = pyo.ConcreteModel()
    model.k = pyo.Var(domain=pyo.Integers, bounds=(0, 7))
    model.e = pyo.Var(domain=pyo.NonNegativeReals, bounds=(0, 1.5 if capped else None))
    model.gain = pyo.Var(bounds=(-3, 9))
    model.L = SubModel(fixed=[model.k])
    model.L.y = pyo.Var([1, 2], bounds=(0, 6))
    y = model.L.y
    model.L.objective = pyo.Objective(expr=y[1] + 2 * y[2])
    model.L.demand = pyo.Constraint(expr=y[1] + y[2] == 7)
    model.L.capacity = pyo.Constraint(expr=y[1] <= model.k)
    model.first = pyo.Constraint(expr=2 * model.e >= y[1] - 2)
    model.second = pyo.Constraint(expr=-model.e <= 1 - 0.3 * y[2])
    model.third = pyo.Constraint(expr=model.gain + y[1] <= 8)
    model.objective = pyo.Objective(expr=model.k + 3 * model.e - model.gain)
    return model


MODELS = {
    "shop": shop,
    "capped": lambda: shop(capped=True),
    **{name: (lambda name=name: textbook.build(name)) for name in ("bard511", "clark_westerberg_1990b")},
}


@pytest.mark.parametrize("name", MODELS)
def test_a_walk_is_scored_as_react_does(name):
    """Textbook leaders gain where followers are tied: what was found is never better than the true value."""
    single = kkt.apply(read_levels(MODELS[name]()))
    encoding, own = encode(single)
    forms = map_of(single).conditions.forms
    hot = HotScore(compile_reaction(map_of(single).bilevel, forms, encoding.decision, own))
    exact, rng, feasible = Exact(single, encoding, get_solver("highs").solve), np.random.default_rng(1), 0
    for _ in range(6):
        x, _ = encoding.decode(rng.random(encoding.dimensions), rng)
        score, true = hot.score(x), exact.scores(x[None])[0]
        feasible += math.isfinite(true.objective)
        if math.isfinite(true.objective):
            assert score.objective >= true.objective - 1e-6 * (1 + abs(true.objective))
        else:
            assert math.isinf(score.objective)
        if name in ("shop", "capped"):
            assert hot.closed
            assert score.objective == pytest.approx(true.objective, abs=1e-6)
    assert feasible
