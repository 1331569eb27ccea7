r"""The best and worst that tied net prices can do to the aggregator, without a solver for single-level models.

At given prices each vehicle may share what is left of its energy among its tied slots as it likes (see
:mod:`.reaction`). The leader's cost, :math:`\sum_t q L_t^2 + \sum_{it} b_{it} P_{it}`, is convex in
these shares, and they are independent but for the loads L.

*Optimistic*: minimise it. One vehicle at a time, the others held, this is a separable strictly convex problem with one
budget row, solved by water filling; sweeping over the vehicles converges to the joint optimum, since the cost is
differentiable and no row couples two vehicles. The sweeps end when the linearised cost of no feasible point is lower by
more than a tolerance: by convexity, neither is the cost (the Frank-Wolfe gap).

*Pessimistic*: maximise it. A convex cost is largest at vertices: all but one of the tied slots are empty or full. One
vehicle at a time the worst vertex is found exactly; the sweeps, from several starts, end at a point that no vehicle
alone can worsen. The value is attained, so that the truth is at most that: no bound.

Source: D. P. Bertsekas, *Nonlinear Programming*, 2nd ed., 1999, sec. 2.7 (block coordinate descent); M. Jaggi,
*Revisiting Frank-Wolfe*, ICML 2013 (the gap).
"""

from dataclasses import dataclass

import numpy as np

from ...instances.demand_response import DemandResponseInstance
from .reaction import TIE, Face, Prices, faces, react
from .references import Normalisers, load, normalisers

GAP = 1e-10  # of the objective, at which the optimistic sweeps end
MOST_SWEEPS = 20_000
RANDOM_STARTS = 8


@dataclass(frozen=True)
class _Cost:
    """The aggregator's cost as a function of power: curvature in a slot's load, and a price by vehicle and slot."""

    curvature: float
    linear: np.ndarray
    base: np.ndarray

    def gradient(self, power: np.ndarray) -> np.ndarray:
        """Derivative with respect to every vehicle's power."""
        return 2 * self.curvature * (self.base + power.sum(axis=0)) + self.linear

    def value(self, power: np.ndarray) -> float:
        """Cost of a schedule, up to a constant."""
        total = self.base + power.sum(axis=0)
        return float(self.curvature * total @ total + (self.linear * power).sum())


def optimistic(
    instance: DemandResponseInstance, prices: Prices, norms: Normalisers | None = None, tie: float = TIE
) -> np.ndarray:
    """Optimal power (kW, EV x slot) at the prices that is best for the aggregator.

    :raises InstanceError: a station's limit may bind.
    """
    choices = list(faces(instance, prices, tie))
    cost, power = _cost(instance, prices, norms or normalisers(instance)), react(instance, prices)
    dt = instance.slot_hours
    for _ in range(MOST_SWEEPS):
        for face in choices:
            row, tied = power[face.position], list(face.tied)
            others = cost.base[tied] + power[:, tied].sum(axis=0) - row[tied]
            row[tied] = _water_fill(cost.curvature, others, cost.linear[face.position, tied], face, dt)
        if _frank_wolfe_gap(cost, power, choices, dt) <= GAP:
            break
    return power


def pessimistic(
    instance: DemandResponseInstance,
    prices: Prices,
    norms: Normalisers | None = None,
    tie: float = TIE,
    seed: int = 0,
    random_starts: int = RANDOM_STARTS,
) -> np.ndarray:
    """Optimal power (kW, EV x slot) at the prices that is bad for the aggregator: the worst that local search finds.

    :raises InstanceError: a station's limit may bind.
    """
    choices = list(faces(instance, prices, tie))
    cost = _cost(instance, prices, norms or normalisers(instance))
    starts = [react(instance, prices, "earliest"), react(instance, prices, "latest")]
    starts += [react(instance, prices, "random", seed + k) for k in range(random_starts)]
    return max((_worsen(cost, power, choices, instance.slot_hours) for power in starts), key=cost.value)


def _cost(instance: DemandResponseInstance, prices: Prices, norms: Normalisers) -> _Cost:
    dt, weights = instance.slot_hours, instance.weights
    margin = np.asarray(prices) - np.array(instance.base_price_usd_per_kwh)
    delay = np.array([[instance.delay_h(ev, t) / ev.energy_kwh for t in range(instance.slots)] for ev in instance.evs])
    linear = weights.wait / norms.wait_h * delay * dt / len(instance.evs)
    linear = linear - weights.revenue / norms.revenue_usd * margin * dt
    curvature = weights.variance / norms.variance_kw2 / instance.slots
    # The mean load is the same for all schedules: the mean square stands for the variance.
    return _Cost(curvature, linear, load(instance, np.zeros((1, instance.slots))))


def _water_fill(curvature: float, others: np.ndarray, linear: np.ndarray, face: Face, dt: float) -> np.ndarray:
    """Share the rest: min sum_t curvature (others_t + P_t)^2 + linear_t P_t, 0 <= P_t <= p, sum P_t dt = rest."""
    total, most = face.rest / dt, face.ev.power_kw
    if curvature == 0:
        share = np.zeros(len(linear))
        for k in np.argsort(linear, kind="stable"):
            share[k] = min(most, total - share.sum())
        return share
    start = 2 * curvature * others + linear  # marginal cost of the first kW; the last one's is higher by 2 curvature p
    levels = np.sort(np.concatenate([start, start + 2 * curvature * most]))
    filled = [np.clip((level - start) / (2 * curvature), 0, most).sum() for level in levels]
    level = np.interp(total, filled, levels)
    return np.clip((level - start) / (2 * curvature), 0, most)


def _frank_wolfe_gap(cost: _Cost, power: np.ndarray, choices: list[Face], dt: float) -> float:
    slope = cost.gradient(power)
    gap = 0.0
    for face in choices:
        tied = list(face.tied)
        marginal, rest, best = slope[face.position, tied], face.rest / dt, 0.0
        for price in np.sort(marginal):
            best += price * (part := min(face.ev.power_kw, rest))
            rest -= part
        gap += float(marginal @ power[face.position, tied]) - best
    return gap


def _worsen(cost: _Cost, power: np.ndarray, choices: list[Face], dt: float) -> np.ndarray:
    reached = cost.value(power)
    while True:
        for face in choices:
            row, tied = power[face.position], list(face.tied)
            others = cost.base[tied] + power[:, tied].sum(axis=0) - row[tied]
            row[tied] = _worst_vertex(cost.curvature, others, cost.linear[face.position, tied], face, dt)
        before, reached = reached, cost.value(power)
        if reached <= before + GAP:
            return power


def _worst_vertex(curvature: float, others: np.ndarray, linear: np.ndarray, face: Face, dt: float) -> np.ndarray:
    """The dearest vertex of a vehicle's tied slots: each one tried as the partial one, beside the dearest full ones."""
    most, total = face.ev.power_kw, face.rest / dt
    full = min(int(total / most + 1e-9), len(linear))
    part = max(0.0, total - full * most)

    def extra(amount: float) -> np.ndarray:
        return curvature * ((others + amount) ** 2 - others**2) + linear * amount

    gain, small = extra(most), extra(part)
    order = np.argsort(-gain, kind="stable")
    best, worst = np.zeros(len(linear)), -np.inf
    for partial in range(len(linear)) if full < len(linear) else [-1]:
        chosen = [k for k in order if k != partial][:full]
        value = gain[chosen].sum() + (small[partial] if partial >= 0 else 0.0)
        if value > worst:
            worst, best = value, np.zeros(len(linear))
            best[chosen] = most
            if partial >= 0:
                best[partial] = part
    return best
