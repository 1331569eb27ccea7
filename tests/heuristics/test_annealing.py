"""Simulated annealing: acceptance, steps, chains."""

from importlib import import_module

import numpy as np
import pytest

import bilevolt
import bilevolt.heuristics
from bilevolt.heuristics.population import Population

operators = import_module("bilevolt.heuristics.annealing")


def candidates(*scores):
    violation, objective = np.array(scores, dtype=float).T
    return Population(np.zeros((len(scores), 1)), violation, objective)


def test_the_worsening_is_an_objective_only_between_feasible_decisions():
    inf = np.inf
    walk = candidates((0, 5), (0, 5), (0, 5), (2, inf), (2, inf), (1, inf))
    tried = candidates((0, 7), (0, 4), (1, inf), (0, 9), (1, inf), (2, inf))
    assert operators._worsening(walk, tried).tolist() == [2, -1, inf, -inf, -inf, inf]


@pytest.mark.parametrize(("temperature", "share"), [(0.0, 0.0), (1.0, np.exp(-1)), (1e9, 1.0)])
def test_a_worsening_is_accepted_with_the_probability_of_metropolis(temperature, share):
    rng = np.random.default_rng(0)
    accepted = operators._accepted(np.ones(20000), temperature, rng)
    assert accepted.mean() == pytest.approx(share, abs=0.01)
    assert operators._accepted(np.array([0.0, -1.0, -np.inf, np.inf]), temperature, rng).tolist() == [
        True, True, True, False
    ]  # fmt: skip


def test_a_step_changes_at_least_one_coordinate_and_as_many_as_asked_on_average():
    chosen = operators._chosen((5000, 10), 2.0, np.random.default_rng(0))
    assert chosen.any(axis=1).all()
    assert chosen.sum(axis=1).mean() == pytest.approx(2.0 + 0.8, abs=0.1)  # the one for sure, where it is not yet


def test_chains_share_the_evaluations():
    model = bilevolt.models.station_location.build(bilevolt.load_instance("zone_small"))
    options = {"chains": 4, "evaluations": 200, "steps": 5}
    solution = bilevolt.solve(model, method="annealing", solver="highs", method_options=options)
    assert [entry["evaluations"] for entry in solution.history[:3]] == [20, 40, 60]
    assert solution.history[-1]["evaluations"] == 200
