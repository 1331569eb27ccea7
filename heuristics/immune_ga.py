r"""Immune genetic algorithm: a GA that keeps antibodies apart, and remembers the best.

Antibodies are points of the unit cube. With :math:`K_{gh}` the mean squared distance of two of them (their affinity is
the smaller, the more distant), :math:`t_g` the number of antibodies with :math:`K_{gh} \le` ``similar`` squared and
:math:`f_g \in [0, 1]` the fitness, an antibody is chosen by roulette with probability

.. math:: \lambda\, \frac{f_g}{\sum_h f_h} + (1 - \lambda)\, \frac{p_g}{\sum_h p_h}, \qquad
          p_g = \frac1N \Big( 1 - \frac{t_g}{N} \Big)

so that what is frequent is suppressed. Each generation: roulette, multi-point crossover, mutation; parents and
offspring merge, equal decisions are kept once; the best of these are the memory cells and stay, and the other places
go to those with the greatest probability above.

Source: the station-location text that this library takes its model from ("immune genetic algorithm"; its formulas of
concentration and distance), after J.-S. Chun, H.-K. Jung and S.-Y. Hahn, *A study on comparison of optimization
performances between immune algorithm and other heuristic algorithms*, IEEE Trans. Magn. 34, 1998. Its fitness formula
mixes quantities of different units; here it is a power of the rank by Deb's rules.
"""

from typing import Any

import numpy as np

from ..levels.bilevel import Bilevel
from ..solvers.session import Session
from .encoding.limits import Array
from .options import require
from .population import Population, Run
from .result import HeuristicResult


def immune_ga(
    bilevel: Bilevel,
    session: Session,
    *,
    population: int = 30,
    iterations: int = 66,
    memory: int = 5,
    crossover: float = 0.9,
    cuts: int = 2,
    mutation: float | None = None,
    step: float = 0.1,
    jump: float = 0.2,
    similar: float = 0.1,
    fitness_share: float = 0.7,
    pressure: float = 3.0,
    **shared: Any,
) -> HeuristicResult:
    """Run the immune genetic algorithm; other options are those of :class:`.options.SearchOptions`.

    :param population: antibodies.
    :param memory: memory cells.
    :param crossover: probability that two parents are crossed, at ``cuts`` places.
    :param mutation: probability that a gene changes; by default two genes of an antibody on average.
    :param step: standard deviation of a small change of a continuous gene, as a share of the variable's range.
    :param jump: share of the mutations that go anywhere in the variable's range instead.
    :param similar: root mean squared distance, of ranges, up to which two antibodies are similar.
    :param fitness_share: lambda, the share of fitness (against rarity) in the choice of parents.
    :param pressure: fitness is (rank share) to this power, 1 for the best.
    """
    require(
        population=(population, 2, np.inf), iterations=(iterations, 1, np.inf), memory=(memory, 0, population),
        crossover=(crossover, 0, 1), cuts=(cuts, 1, np.inf), mutation=(0 if mutation is None else mutation, 0, 1),
        step=(step, 1e-9, 1), jump=(jump, 0, 1), similar=(similar, 0, 1), fitness_share=(fitness_share, 0, 1),
        pressure=(pressure, 0, 20),
    )  # fmt: skip
    run = Run(bilevel, session, population * (iterations + 1), **shared)
    rate = min(1.0, 2 / max(1, run.dimensions)) if mutation is None else mutation
    antibodies = run.evaluate(run.sample(population)).sorted()
    run.close_iteration()
    while run.goes_on(iterations):
        chance = _chance(antibodies, similar, fitness_share, pressure)
        parents = antibodies.points[run.rng.choice(len(antibodies), size=population, p=chance)]
        children = _crossed(parents, crossover, cuts, run.rng)
        mutated = np.less(run.rng.random(children.shape), rate)
        offspring = run.evaluate(run.encoding.changed(children, mutated, step, jump, run.rng))
        merged = _distinct(antibodies.joined(offspring), run)
        antibodies = _promoted(merged, memory, population, _chance(merged, similar, fitness_share, pressure))
        run.close_iteration()
    return run.finish()


def _chance(antibodies: Population, similar: float, fitness_share: float, pressure: float) -> Array:
    """Return the roulette's probabilities for antibodies sorted from best to worst."""
    count = len(antibodies)
    fitness = (np.arange(count, 0, -1) / count) ** pressure
    distance = ((antibodies.points[:, None, :] - antibodies.points[None, :, :]) ** 2).mean(axis=2)
    frequency = (distance <= similar**2).sum(axis=1)
    rarity = (1 - frequency / count) / count
    rarity = rarity if rarity.any() else np.ones(count)
    return fitness_share * fitness / fitness.sum() + (1 - fitness_share) * rarity / rarity.sum()


def _crossed(parents: Array, probability: float, cuts: int, rng: np.random.Generator) -> Array:
    """Return the children of consecutive parents: what is between two cuts is exchanged."""
    children = parents.copy()
    genes = parents.shape[1]
    for first in range(0, len(parents) - 1, 2):
        if rng.random() >= probability:
            continue
        places = rng.integers(0, genes + 1, size=cuts)
        exchanged = (np.arange(genes)[:, None] >= places).sum(axis=1) % 2 == 1
        children[first, exchanged] = parents[first + 1, exchanged]
        children[first + 1, exchanged] = parents[first, exchanged]
    return children


def _distinct(antibodies: Population, run: Run) -> Population:
    """Return each decision once, best first."""
    ranked = antibodies.sorted()
    _, first = np.unique(run.encoding.snapped(ranked.points), axis=0, return_index=True)
    return ranked.take(np.sort(first))


def _promoted(antibodies: Population, memory: int, count: int, chance: Array) -> Population:
    """Return the memory cells, which are the best, and of the others those with the greatest chance, best first."""
    others = np.argsort(-chance[memory:], kind="stable") + memory
    return antibodies.take(np.r_[np.arange(min(memory, len(antibodies))), others][:count]).sorted()
