"""The immune genetic algorithm's operators."""

from importlib import import_module

import numpy as np
import pytest

from bilevolt.heuristics.population import Population

operators = import_module("bilevolt.heuristics.immune_ga")


def antibodies(*points):
    table = np.array(points, dtype=float)
    return Population(table, np.zeros(len(table)), np.arange(len(table), dtype=float))


def test_the_better_and_the_rarer_have_the_greater_chance():
    crowd = antibodies([0.5, 0.5], [0.5, 0.51], [0.51, 0.5], [0.9, 0.1])
    fitness_only = operators._chance(crowd, 0.1, 1.0, 1.0)
    assert fitness_only == pytest.approx([0.4, 0.3, 0.2, 0.1])
    rarity_only = operators._chance(crowd, 0.1, 0.0, 1.0)
    # p = (1 - t/N)/N with t = 3, 3, 3, 1
    assert rarity_only == pytest.approx(np.array([1, 1, 1, 3]) / 6)
    assert operators._chance(crowd, 0.1, 0.7, 1.0) == pytest.approx(0.7 * fitness_only + 0.3 * rarity_only)


def test_a_crowd_of_equals_still_has_chances():
    assert operators._chance(antibodies([0.5], [0.5]), 0.1, 0.0, 1.0) == pytest.approx([0.5, 0.5])


def test_crossover_exchanges_what_is_between_the_cuts():
    parents = np.array([[0.0] * 9, [1.0] * 9, [0.5] * 9])
    children = operators._crossed(parents, 1.0, 2, np.random.default_rng(3))
    assert (children[0] + children[1] == 1.0).all() and 0 < children[0].sum() < 9
    assert np.abs(np.diff(children[0])).sum() <= 2
    assert (children[2] == 0.5).all()
    assert (operators._crossed(parents, 0.0, 2, np.random.default_rng(3)) == parents).all()


def test_memory_cells_stay_and_the_others_need_a_chance():
    sorted_best_first = antibodies([0.0], [0.1], [0.2], [0.3], [0.4])
    kept = operators._promoted(sorted_best_first, 2, 4, np.array([0.0, 0.0, 0.1, 0.3, 0.6]))
    assert kept.points[:, 0].tolist() == [0.0, 0.1, 0.3, 0.4]
    assert len(operators._promoted(sorted_best_first, 2, 9, np.full(5, 0.2))) == 5
