r"""Particle swarm optimisation, global best, with Clerc and Kennedy's constriction as inertia.

With :math:`p` a particle's point of the unit cube, :math:`b` the best it has seen, :math:`g` the best of all, and
:math:`r, s` uniform in [0, 1], drawn for each dimension,

.. math:: v \leftarrow w v + c_1 r (b - p) + c_2 s (g - p), \qquad |v| \le v_{\max}, \qquad p \leftarrow p + v

A particle that repair or the cube's wall moved elsewhere loses its speed in those dimensions.

Source: J. Kennedy and R. Eberhart, *Particle swarm optimization*, ICNN 1995; M. Clerc and J. Kennedy, *The particle
swarm: explosion, stability, and convergence*, IEEE Trans. Evol. Comput. 6, 2002 (w = 0.7298, c = 1.4962).
"""

from typing import Any

import numpy as np

from ..levels.bilevel import Bilevel
from ..solvers.session import Session
from .options import require
from .population import Run
from .result import HeuristicResult

MOVED = 1e-6  # a particle this far from where its speed led it was moved by repair


def pso(
    bilevel: Bilevel,
    session: Session,
    *,
    population: int = 40,
    iterations: int = 50,
    inertia: float = 0.7298,
    cognitive: float = 1.4962,
    social: float = 1.4962,
    speed_limit: float = 0.5,
    **shared: Any,
) -> HeuristicResult:
    """Run particle swarm optimisation; other options are those of :class:`.options.SearchOptions`.

    :param population: particles.
    :param inertia: w, how much of its speed a particle keeps.
    :param cognitive: c_1, the pull of the best that the particle has seen.
    :param social: c_2, the pull of the best of all.
    :param speed_limit: v_max, as a share of each variable's range.
    """
    require(
        population=(population, 2, np.inf), iterations=(iterations, 1, np.inf), inertia=(inertia, 0, 1),
        cognitive=(cognitive, 0, 4), social=(social, 0, 4), speed_limit=(speed_limit, 1e-6, 1),
    )  # fmt: skip
    run = Run(bilevel, session, population * (iterations + 1), **shared)
    swarm = best = run.evaluate(run.sample(population))
    speed = speed_limit * (2 * run.sample(population) - 1)
    run.close_iteration()
    while run.goes_on(iterations):
        leader = best.points[best.order()[0]]
        pull = cognitive * run.sample(population) * (best.points - swarm.points)
        pull += social * run.sample(population) * (leader - swarm.points)
        speed = np.clip(inertia * speed + pull, -speed_limit, speed_limit)
        led = swarm.points + speed
        swarm = run.evaluate(led)
        speed[np.abs(swarm.points - led) > MOVED] = 0.0
        best = best.where(swarm.better_than(best), swarm)
        run.close_iteration()
    return run.finish()
