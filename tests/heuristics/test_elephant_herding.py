"""Elephant herding's operators, on one clan."""

from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest

from bilevolt.heuristics.population import Population

operators = import_module("bilevolt.heuristics.elephant_herding")
CLAN = np.array([[0.8, 0.4], [0.2, 0.6], [0.5, 0.5], [0.1, 0.9]])


def moved(beta=0.5, separated=0.3, alpha=0.6):
    rng = np.random.default_rng(0)
    run = SimpleNamespace(rng=rng, sample=lambda count: 10 + rng.random((count, 2)))
    return operators._moved(CLAN, run, alpha, beta, separated)


def test_the_matriarch_goes_to_beta_times_the_centre():
    assert moved()[0] == pytest.approx(0.5 * CLAN.mean(axis=0))


def test_elephants_move_towards_their_matriarch_in_each_dimension_on_its_own():
    share = (moved()[1:3] - CLAN[1:3]) / (CLAN[0] - CLAN[1:3])
    assert ((share >= 0) & (share <= 0.6)).all() and np.unique(share.round(9)).size == share.size


@pytest.mark.parametrize(("separated", "males"), [(0.0, 1), (0.3, 1), (0.5, 2), (1.0, 3)])
def test_the_worst_leave(separated, males):
    assert (moved(separated=separated) >= 10).all(axis=1).tolist() == [False] * (4 - males) + [True] * males


def test_elites_take_the_places_of_the_worst():
    def herd(*objectives):
        points = np.arange(len(objectives), dtype=float)[:, None]
        return Population(points, np.zeros(len(objectives)), np.array(objectives))

    kept = operators._with_elites(herd(7.0, 5.0, 9.0, 6.0), herd(1.0, 2.0, 3.0, 4.0), 2)
    assert kept.objective.tolist() == [1.0, 2.0, 5.0, 6.0]
