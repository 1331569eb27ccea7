r"""Simulated annealing: a walk that accepts a worse decision with a probability that falls.

A step changes ``changes`` searched variables on average, a continuous one by a Gaussian step, an integer one by one,
now and then either to any value. With :math:`\Delta` the worsening of the leader's objective,

.. math:: P(\text{accept}) = \min(1, e^{-\Delta / T}), \qquad T_k = T_0\, (T_{\mathrm{end}} / T_0)^{k / K}

:math:`T_0` is such that a typical worsening among first random steps is accepted with probability ``accept``. Deb's
rules decide where a decision is infeasible: a less infeasible one is always accepted, a more infeasible one never.
Several chains, if asked for, walk side by side and share the evaluations.

Source: S. Kirkpatrick, C. D. Gelatt and M. P. Vecchi, *Optimization by simulated annealing*, Science 220, 1983; the
first temperature after D. S. Johnson et al., *Optimization by simulated annealing: an experimental evaluation*, Oper.
Res. 37, 1989.
"""

import math
from typing import Any

import numpy as np

from ..levels.bilevel import Bilevel
from ..solvers.session import Session
from .encoding.limits import Array
from .options import require
from .population import Population, Run
from .result import HeuristicResult


def annealing(
    bilevel: Bilevel,
    session: Session,
    *,
    chains: int = 1,
    steps: int = 20,
    changes: float = 2.0,
    step: float = 0.1,
    jump: float = 0.1,
    accept: float = 0.5,
    cooling: float = 1e-3,
    **shared: Any,
) -> HeuristicResult:
    """Run simulated annealing; other options are those of :class:`.options.SearchOptions`.

    :param chains: walks side by side; an executor helps only where there are several.
    :param steps: steps at one temperature (one iteration of the history).
    :param changes: searched variables that a step changes, on average.
    :param step: standard deviation of a continuous change, as a share of the variable's range.
    :param jump: share of the changes that go anywhere in the variable's range instead.
    :param accept: probability with which a typical worsening is accepted at first.
    :param cooling: last temperature over the first.
    """
    require(
        chains=(chains, 1, np.inf), steps=(steps, 1, np.inf), changes=(changes, 1e-6, np.inf), step=(step, 1e-9, 1),
        jump=(jump, 0, 1), accept=(accept, 1e-6, 1 - 1e-6), cooling=(cooling, 1e-12, 1),
    )  # fmt: skip
    run = Run(bilevel, session, 2000, **shared)
    walk = _first(run, chains, steps)
    worsenings: list[float] = []
    hot = 0.0
    while not run.over:
        for _ in range(steps):
            if run.over:
                break
            chosen = _chosen(walk.points.shape, changes, run.rng)
            tried = run.evaluate(run.encoding.changed(walk.points, chosen, step, jump, run.rng))
            change = _worsening(walk, tried)
            if hot == 0.0:
                worsenings += [d for d in change.tolist() if 0 < d < math.inf]
            temperature = hot * cooling ** (run.count / run.budget)
            walk = walk.where(_accepted(change, temperature, run.rng), tried)
        if hot == 0.0 and worsenings:
            hot = float(np.median(worsenings)) / -math.log(accept)
        run.close_iteration()
    return run.finish()


def _first(run: Run, chains: int, draws: int) -> Population:
    """Return the best of some random decisions for each chain."""
    sampled = run.evaluate(run.sample(chains * draws)).sorted()
    run.close_iteration()
    return sampled.take(np.arange(chains))


def _chosen(shape: tuple[int, int], changes: float, rng: np.random.Generator) -> Array:
    """Return which coordinates a step changes, at least one of each point."""
    chosen = rng.random(shape) < changes / shape[1]
    chosen[np.arange(shape[0]), rng.integers(0, shape[1], shape[0])] = True
    return chosen


def _worsening(walk: Population, tried: Population) -> Array:
    """Return the change of objective between feasible decisions, else minus or plus infinity by Deb's rules."""
    both = (walk.violation == 0) & (tried.violation == 0)
    change = np.subtract(tried.objective, walk.objective, out=np.zeros(len(walk)), where=both)
    return np.where(both, change, np.where(tried.violation <= walk.violation, -np.inf, np.inf))


def _accepted(change: Array, temperature: float, rng: np.random.Generator) -> Array:
    drawn = rng.random(change.size)
    if temperature <= 0:
        return change <= 0
    return drawn < np.exp(-np.maximum(change, 0.0) / temperature)
