r"""What a schedule is worth to the aggregator, and the two references that normalise its objective.

With prices DP, power P (kW) and slots of length dt, load :math:`L_t = base_t + \sum_i P_{it}`:

- F1 :math:`= \sum_{it} (DP_t - BP_t) P_{it} dt`, revenue, $/day;
- F2 :math:`= \frac1T \sum_t (L_t - \bar L)^2`, variance of the load, kW^2;
- F3: the mean over vehicles of the energy-weighted delay :math:`\sum_t (t - arrival_i) P_{it} dt / E_i`, minus its
  least possible value, h.

The references are *uncontrolled* (charging at arrival) and the *reaction to the base price* (DP = BP, ties
earliest-first). n1 is the bill and n2 the variance of the first, n3 is F3 of the second. Uncontrolled charging has the
objective -alpha_2; a normaliser that would be 0 (a flat load, nobody who waits) is 1 of its unit.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...instances.demand_response import DemandResponseInstance, Station
from .reaction import Prices, charging_at_arrival, react


@dataclass(frozen=True)
class Normalisers:
    """What the terms of the objective are divided by, and the least mean delay."""

    revenue_usd: float
    variance_kw2: float
    wait_h: float
    least_wait_h: float


def normalisers(instance: DemandResponseInstance) -> Normalisers:
    """Normalisers of an instance, from its two references."""
    base = np.array(instance.base_price_usd_per_kwh)
    uncontrolled = charging_at_arrival(instance)
    least = mean_wait(instance, uncontrolled)
    excess = mean_wait(instance, react(instance, base)) - least
    bill = float(base @ uncontrolled.sum(axis=0)) * instance.slot_hours
    variance = float(np.var(load(instance, uncontrolled)))
    return Normalisers(bill, _nonzero(variance), _nonzero(excess), least)


def load(instance: DemandResponseInstance, power: np.ndarray) -> np.ndarray:
    """Load by slot, kW."""
    return np.array(instance.base_load_kw) + power.sum(axis=0)


def waits(instance: DemandResponseInstance, power: np.ndarray) -> np.ndarray:
    """Energy-weighted delay of every vehicle, h."""
    delay = np.array([[instance.delay_h(ev, slot) for slot in range(instance.slots)] for ev in instance.evs])
    energy = np.array([ev.energy_kwh for ev in instance.evs])
    return (delay * power).sum(axis=1) * instance.slot_hours / energy


def starts(instance: DemandResponseInstance, power: np.ndarray) -> np.ndarray:
    """Hours from every vehicle's arrival to the first slot with power: the wait that the text's (8) counts."""
    first = (power > 1e-6).argmax(axis=1)
    return np.array([instance.delay_h(ev, int(slot)) for ev, slot in zip(instance.evs, first, strict=True)])


def mean_wait(instance: DemandResponseInstance, power: np.ndarray) -> float:
    """Mean over vehicles of the energy-weighted delay, h."""
    return float(waits(instance, power).mean())


def evaluate(
    instance: DemandResponseInstance, prices: Prices, power: np.ndarray, norms: Normalisers | None = None
) -> dict[str, Any]:
    """The leader's terms and objective, and the reported figures, of prices and a schedule.

    Keys: objective; revenue_usd (F1), variance_kw2 (F2), excess_wait_h (F3); bill_usd, base_bill_usd (the energy at
    BP; bill = F1 + base bill), peak_kw, mean_kw, load_factor, max_deviation_kw, wait_h (mean energy-weighted delay).
    """
    norms = norms or normalisers(instance)
    dt, weights = instance.slot_hours, instance.weights
    charged = power.sum(axis=0) * dt
    total = load(instance, power)
    bill = float(np.asarray(prices) @ charged)
    base_bill = float(np.array(instance.base_price_usd_per_kwh) @ charged)
    wait = mean_wait(instance, power)
    terms = {
        "revenue_usd": bill - base_bill,
        "variance_kw2": float(np.var(total)),
        "excess_wait_h": wait - norms.least_wait_h,
    }
    objective = (
        weights.revenue * terms["revenue_usd"] / norms.revenue_usd
        - weights.variance * terms["variance_kw2"] / norms.variance_kw2
        - weights.wait * terms["excess_wait_h"] / norms.wait_h
    )
    mean, peak = float(total.mean()), float(total.max())
    return {
        "objective": objective,
        **terms,
        "bill_usd": bill,
        "base_bill_usd": base_bill,
        "peak_kw": peak,
        "mean_kw": mean,
        "load_factor": mean / peak,
        "max_deviation_kw": float(np.abs(total - mean).max()),
        "wait_h": wait,
    }


def describe(
    instance: DemandResponseInstance, prices: Prices, power: np.ndarray, norms: Normalisers | None = None
) -> dict[str, Any]:
    """All figures of prices and a schedule that reports show, in lists and numbers.

    Keys: those of :func:`evaluate`; price_usd_per_kwh and load_kw by slot; charging_kw (by slot), delay_h
    (energy-weighted) and start_h (arrival to first charging) by EV; station_peak_kw by station.
    """
    keys = [ev.id for ev in instance.evs]
    return {
        **evaluate(instance, prices, power, norms),
        "price_usd_per_kwh": np.asarray(prices, dtype=float).tolist(),
        "load_kw": load(instance, power).tolist(),
        "charging_kw": dict(zip(keys, power.tolist(), strict=True)),
        "delay_h": dict(zip(keys, waits(instance, power).tolist(), strict=True)),
        "start_h": dict(zip(keys, starts(instance, power).tolist(), strict=True)),
        "station_peak_kw": {station.id: _peak(instance, station, power) for station in instance.stations},
    }


def _peak(instance: DemandResponseInstance, station: Station, power: np.ndarray) -> float:
    own = [k for k, ev in enumerate(instance.evs) if ev.station == station.id]
    return float(power[own].sum(axis=0).max()) if own else 0.0


def _nonzero(number: float) -> float:
    return number if number > 1e-9 else 1.0
