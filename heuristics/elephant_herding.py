r"""Elephant herding optimisation: clans that follow their matriarchs, and males that leave them.

The herd is dealt to clans by rank. In each generation, with :math:`p` a point of the unit cube, :math:`r` uniform in
[0, 1], drawn for each dimension, and :math:`\bar p` a clan's centre,

.. math:: p_j \leftarrow p_j + \alpha (p_\mathrm{best} - p_j)\, r, \qquad
          p_\mathrm{best} \leftarrow \beta \bar p, \qquad
          p_\mathrm{worst} \leftarrow \text{uniform in the cube}

and the best two of the last generation take the place of the worst two.

Source: G.-G. Wang, S. Deb and L. dos S. Coelho, *Elephant herding optimization*, ISCBI 2015; vectors of random numbers,
dealing by rank and the two elites are as in the authors' program. Theirs draws separated males from
[min, max + 1], which puts most of them on the upper bound of a variable with a narrow range; here it is [min, max].
"""

from typing import Any

import numpy as np

from ..levels.bilevel import Bilevel
from ..solvers.session import Session
from .encoding.limits import Array
from .options import require
from .population import Population, Run
from .result import HeuristicResult


def elephant_herding(
    bilevel: Bilevel,
    session: Session,
    *,
    population: int = 50,
    clan_size: int = 10,
    iterations: int = 50,
    alpha: float = 0.6,
    beta: float = 1.0,
    separated: float = 0.3,
    elites: int = 2,
    **shared: Any,
) -> HeuristicResult:
    """Run elephant herding; other options are those of :class:`.options.SearchOptions`.

    :param population: elephants, in clans of ``clan_size``.
    :param alpha: how far an elephant moves towards its matriarch.
    :param beta: where a matriarch goes, as a factor of her clan's centre.
    :param separated: share of each clan that leaves and is replaced, at least one (in the paper: one).
    :param elites: how many of the best are kept from one generation to the next.
    """
    require(
        population=(population, 2, np.inf), clan_size=(clan_size, 2, population), iterations=(iterations, 1, np.inf),
        alpha=(alpha, 0, 1), beta=(beta, 0, 1), separated=(separated, 0, 1), elites=(elites, 0, population),
    )  # fmt: skip
    run = Run(bilevel, session, population * (iterations + 1), **shared)
    clans = max(1, population // clan_size)
    herd = run.evaluate(run.sample(population)).sorted()
    run.close_iteration()
    while run.goes_on(iterations):
        moved = np.empty_like(herd.points)
        for clan in range(clans):
            members = np.arange(clan, population, clans)  # best first
            moved[members] = _moved(herd.points[members], run, alpha, beta, separated)
        herd = _with_elites(run.evaluate(moved), herd, elites)
        run.close_iteration()
    return run.finish()


def _moved(clan: Array, run: Run, alpha: float, beta: float, separated: float) -> Array:
    """Return where the elephants of a clan go; it is sorted, best first."""
    moved = clan + alpha * (clan[0] - clan) * run.rng.random(clan.shape)
    moved[0] = beta * clan.mean(axis=0)
    leaving = min(len(clan) - 1, max(1, round(separated * len(clan))))
    moved[len(clan) - leaving :] = run.sample(leaving)
    return moved


def _with_elites(herd: Population, last: Population, elites: int) -> Population:
    """Return the herd, sorted, with the last generation's best instead of its worst."""
    staying = herd.sorted().take(np.arange(len(herd) - elites))
    return staying.joined(last.take(np.arange(elites))).sorted()
