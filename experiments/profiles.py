r"""What is drawn and averaged of a tournament, as numbers: nothing here knows of models or of figures.

Costs are given competitor -> cost on each problem, all in the same order; infinite where it did not solve it.

Sources: E. D. Dolan and J. J. Moré, *Benchmarking optimization software with performance profiles*, Math. Program. 91,
2002; J. J. Moré and S. M. Wild, *Benchmarking derivative-free optimization algorithms*, SIAM J. Optim. 20, 2009;
T. Berthold, *Measuring the impact of primal heuristics*, Oper. Res. Lett. 41, 2013.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from ..solvers.trace import Mark

Costs = Mapping[str, Sequence[float]]
SAME = 1e-6
"""What solvers' tolerances do not tell apart."""
Steps = list[tuple[float, float]]
"""A function that is constant between jumps: (where it jumps, its value from there on)."""


def performance_profile(costs: Costs, least: float = 0.0) -> dict[str, Steps]:
    r"""Return each competitor's share of problems that it solves within a factor of the best.

    .. math:: \rho_s(\tau) = \frac{1}{|P|} |\{p : t_{ps} \le \tau \min_r t_{pr}\}|

    :param least: costs below it count as that much, as clocks cannot tell them apart.

    >>> performance_profile({"a": [1, 4], "b": [2, 2]})
    {'a': [(1.0, 0.5), (2.0, 1.0)], 'b': [(1.0, 0.5), (2.0, 1.0)]}
    """
    names = list(costs)
    raised = {name: [max(least, cost) for cost in costs[name]] for name in names}
    best = [min(column) for column in zip(*raised.values(), strict=True)]
    return {name: _shares([_ratio(*pair) for pair in zip(raised[name], best, strict=True)]) for name in names}


def data_profile(costs: Costs) -> dict[str, Steps]:
    r"""Return each competitor's share of problems that it solves at a cost.

    .. math:: d_s(\alpha) = \frac{1}{|P|} |\{p : t_{ps} \le \alpha\}|

    Moré and Wild count evaluations, in units of the problem's variables and one; here costs are what they are.

    >>> data_profile({"a": [1.0, float("inf")]})
    {'a': [(1.0, 0.5)]}
    """
    return {name: _shares(list(given)) for name, given in costs.items()}


def cactus(costs: Costs) -> dict[str, Steps]:
    """Return, for each competitor, the cost within which each number of problems is solved, each on its own.

    >>> cactus({"a": [3.0, 1.0, float("inf")]})
    {'a': [(1.0, 1.0), (2.0, 3.0)]}
    """
    return {
        name: [(float(place), cost) for place, cost in enumerate(sorted(filter(math.isfinite, given)), start=1)]
        for name, given in costs.items()
    }


def shifted_geometric_mean(costs: Iterable[float], shift: float = 1.0) -> float | None:
    r"""Return :math:`\prod_{i=1}^n (t_i + s)^{1/n} - s`; None of nothing.

    >>> shifted_geometric_mean([1, 7], shift=1)
    3.0
    """
    logarithms = [math.log(cost + shift) for cost in costs]
    if not logarithms:
        return None
    return round(math.exp(math.fsum(logarithms) / len(logarithms)) - shift, 12)


def gap(one: float | None, other: float | None) -> float:
    r"""Return :math:`|a - b| / \max(|a|, |b|)`, 1 where the signs differ or one is missing: a gap between 0 and 1.

    Numbers that are nearer than ``SAME`` have none: 0 and 1e-12 are one number to every solver.

    >>> gap(3.0, 4.0), gap(-1.0, 1.0), gap(None, 2.0), gap(0.0, 0.0)
    (0.25, 1.0, 1.0, 0.0)
    """
    if one is None or other is None:
        return 1.0
    if abs(one - other) <= SAME:
        return 0.0
    return 1.0 if one * other < 0 else abs(one - other) / max(abs(one), abs(other))


def primal_integral(trace: Sequence[Mark], end: float, reference: float) -> float:
    r"""Return the integral over time of the best point's gap to the optimum, until ``end``.

    .. math:: P(T) = \int_0^T p(t)\,dt, \qquad p(t) = 1 \text{ without a point}, \quad
              |F^* - \tilde F(t)| / \max(|F^*|, |\tilde F(t)|) \text{ with one}

    :param reference: the optimum, or the best that is known.

    >>> primal_integral([(1.0, 8.0, None), (3.0, 4.0, None)], end=5.0, reference=4.0)
    2.0
    """
    return integral([(seconds, gap(found, reference)) for seconds, found, _ in trace], end)


def gap_over_time(trace: Sequence[Mark]) -> Steps:
    """Return the gap of best point and bound, from 1 at the start."""
    return [(seconds, gap(found, bound)) for seconds, found, bound in trace]


def integral(steps: Steps, end: float, before: float = 1.0) -> float:
    """Return the integral of a step function from 0 to ``end``.

    >>> integral([(1.0, 0.5)], end=3.0)
    2.0
    """
    jumps = [(0.0, before), *(step for step in steps if step[0] < end), (end, 0.0)]
    return math.fsum((after[0] - here[0]) * here[1] for here, after in pairwise(jumps))


def mean(functions: Sequence[Steps], before: float = 1.0) -> Steps:
    """Return the mean of step functions.

    >>> mean([[(1.0, 0.0)], [(2.0, 0.5)]])
    [(1.0, 0.5), (2.0, 0.25)]
    """
    jumps = [(at, place, value) for place, steps in enumerate(functions) for at, value in steps]
    jumps.sort(key=lambda jump: jump[0])  # of two jumps of a function at one time, the later one counts
    now = [before] * len(functions)
    found: Steps = []
    for at, place, value in jumps:
        now[place] = value
        average = math.fsum(now) / len(now)
        if found and found[-1][0] == at:
            found[-1] = (at, average)
        else:
            found.append((at, average))
    return found


def _shares(costs: list[float]) -> Steps:
    finite = sorted(filter(math.isfinite, costs))
    last = {cost: place for place, cost in enumerate(finite, start=1)}
    return [(float(cost), place / len(costs)) for cost, place in last.items()]


def _ratio(cost: float, best: float) -> float:
    if math.isinf(cost):
        return math.inf
    return 1.0 if cost == best else cost / best if best > 0 else math.inf
