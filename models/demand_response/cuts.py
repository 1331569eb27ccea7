r"""Valid inequalities of demand response: who charges before whom, whatever the prices are.

Vehicles with followers of their own, and those of one pooled station, are *comparable*: what one of them moves from
slot s to slot t, and another from t to s, leaves all prices paid (that of the station's limit too) as they are. With
:math:`x_{it} = P_{it} / p_i \in [0, 1]`, a vehicle can *move* from s to t where :math:`x_{is} > 0` and :math:`x_{it} <
1`, both in its window.

**Cycles.** Let vehicle :math:`v_k` be able to move from slot :math:`s_k` to :math:`s_{k+1}`, and the last one back to
:math:`s_1`. All these moves together, of the same small power, cost :math:`\sum_k \varepsilon_{v_k} (s_{k+1} - s_k)
dt` a kWh, since the prices cancel. Where this is negative, some vehicle would be better off: at optimal responses one
of the moves is impossible, so that :math:`x_{v_k s_k} - x_{v_k s_{k+1}} \le 0` there, and at most 1 elsewhere:

.. math:: \sum_{k=1}^K (x_{v_k s_k} - x_{v_k s_{k+1}}) \le K - 1

**Pairs.** The case K = 2: for :math:`\varepsilon_i < \varepsilon_j` and s < t, vehicle i cannot move from s to t where
j can move from t to s. So :math:`\delta_t = x_{it} - x_{jt}` is never positive in a slot and negative in a later one.
For sets of slots A before B in both windows, :math:`S_A = \sum_A \delta_t \le 0` or :math:`S_B \ge 0`. With u, v not
negative and at least the greatest possible

.. math:: u: \; S_A \text{ where } S_B \ge 0, \qquad v: \; -S_B \text{ where } S_A \le 0, \qquad
          \text{it follows that} \qquad v S_A - u S_B \le u v

(in the first case by :math:`v S_A \le 0, -S_B \le v`, in the other by :math:`S_A \le u, -u S_B \le 0`). What a vehicle
charges in n of its W slots is between :math:`\max(0, e - W + n)` and :math:`\min(n, e)`, with :math:`e = E / (p\,dt)`:
that bounds :math:`S_A` and :math:`S_A + S_B`, and so u (as :math:`S_A \le S_A + S_B` there), and v likewise. With
all of two equal windows and :math:`e_i \le e_j` it says that i has never charged more than j so far.

**Prices.** A vehicle with a follower of its own that can move from s to t does not gain by it, so that

.. math:: DP_s - DP_t - \varepsilon_i (t - s) dt \le M (1 - x_{is} + x_{it}),

with M the greatest value of the left-hand side in the bounds of DP, or 0.

All rows hold for every optimal response of the followers as they are built (vehicles whose power is fixed or has
other bounds are left out); they are separated, as there are too many. Source: the cycles are those of
revealed preference, e.g. R. T. Rockafellar, *Convex Analysis*, 1970, sec. 24 (cyclic monotonicity).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import nlargest
from itertools import product
from typing import Any

import numpy as np
import pyomo.environ as pyo

from ...instances.demand_response import DemandResponseInstance
from ...levels.valid_inequalities import ValidInequalities

REASON = "at optimal responses no exchange of charging, between vehicles or slots, saves them anything"
VIOLATED = 0.01
"""A row is added where the relaxation's point is at least so far from it, in the shares x."""
MOST_ROWS = 400
"""Of each kind in a round: the most violated."""
MOST_TRIPLES = 3_000_000
"""Cycles of three are looked for where (classes times slots)^3 is no more."""
NEGATIVE = 1e-9
"""Below minus this, $/kWh, a cycle gains; above, rounding may have made it negative."""

Share = tuple[int, int, float]
"""Position of a vehicle, slot, and coefficient of its share x."""


@dataclass(frozen=True)
class Row:
    """``sum coefficient * x + sum coefficient * DP <= limit``, and how far a point is from it."""

    violation: float
    limit: float
    shares: tuple[Share, ...]
    prices: tuple[tuple[int, float], ...] = ()


class Comparable:
    """Vehicles that charging can be exchanged among, in arrays over them and the slots; ``x`` has a row for each."""

    def __init__(self, instance: DemandResponseInstance, positions: list[int]) -> None:
        evs, dt = [instance.evs[k] for k in positions], instance.slot_hours
        self.positions = positions
        self.delay_price = np.array([instance.delay_price(ev) for ev in evs])
        self.inside = np.array([[slot in instance.window(ev) for slot in range(instance.slots)] for ev in evs])
        self.energy = np.array([ev.energy_kwh / (ev.power_kw * dt) for ev in evs])
        self.window = self.inside.sum(axis=1)
        self.hours = dt * np.arange(instance.slots)

    # Pairs -----------------------------------------------------------------------------------------------

    def pairs(self, x: np.ndarray) -> Iterator[Row]:
        """Yield, for each pair of vehicles, the most violated row of some sets A and B."""
        cut = np.arange(1, x.shape[1])[:, None]
        before = np.arange(x.shape[1]) < cut  # cut, slot
        for i, _ in enumerate(self.positions):
            others = np.flatnonzero(self.delay_price > self.delay_price[i])
            both = (self.inside[i] & self.inside[others])[:, None, :]
            delta = np.where(both, x[i] - x[others][:, None, :], 0.0)  # other, (cut), slot
            found = [
                self._best(i, others, delta, first, last)
                for first, last in product(_sets(delta, both & before), _sets(-delta, both & ~before))
            ]
            for k in range(len(others)):
                row = max((best[k] for best in found), key=lambda row: row[0])
                if row[0] > VIOLATED:
                    yield self._pair(i, int(others[k]), *row)

    def _best(
        self, i: int, others: np.ndarray, delta: np.ndarray, first: np.ndarray, last: np.ndarray
    ) -> list[tuple[float, float, float, np.ndarray, np.ndarray]]:
        """Return, for each of the others, how far the row of the best cut is violated, its u and v, and A and B."""
        early, late = first.sum(axis=2), last.sum(axis=2)
        u = np.minimum(self._lead(i, others, early), self._lead(i, others, early + late)).clip(0)
        v = np.minimum(self._lag(i, others, late), self._lag(i, others, early + late)).clip(0)
        norm = np.sqrt(2 * (v**2 * early + u**2 * late))
        excess = v * (delta * first).sum(axis=2) - u * (delta * last).sum(axis=2) - u * v
        far = np.divide(excess, norm, out=np.zeros_like(norm), where=norm > 0)
        best = far.argmax(axis=1)
        return [(far[k, c], u[k, c], v[k, c], first[k, c], last[k, c]) for k, c in enumerate(best)]

    def _lead(self, i: int, others: np.ndarray, slots: np.ndarray) -> np.ndarray:
        """Return the greatest sum of delta over a number of slots."""
        least = np.maximum(0, (self.energy - self.window)[others][:, None] + slots)
        return np.minimum(slots, self.energy[i]) - least

    def _lag(self, i: int, others: np.ndarray, slots: np.ndarray) -> np.ndarray:
        """Return the greatest sum of -delta over a number of slots."""
        least = np.maximum(0, self.energy[i] - self.window[i] + slots)
        return np.minimum(slots, self.energy[others][:, None]) - least

    def _pair(self, i: int, j: int, far: float, u: float, v: float, first: np.ndarray, last: np.ndarray) -> Row:
        weights = [(t, v) for t in map(int, np.flatnonzero(first))] + [(t, -u) for t in map(int, np.flatnonzero(last))]
        scale = 1 / max(u, v)
        shares = [(self.positions[k], t, sign * scale * w) for k, sign in ((i, 1), (j, -1)) for t, w in weights if w]
        return Row(far, scale * u * v, tuple(shares))

    # Cycles of three -------------------------------------------------------------------------------------

    def triples(self, x: np.ndarray) -> Iterator[Row]:
        """Yield violated rows of three moves: for each three slots and classes, of the vehicles that fit best."""
        classes, slots = np.unique(self.delay_price), len(self.hours)
        if (len(classes) * slots) ** 3 > MOST_TRIPLES:
            return
        best = [self._moves(x, price) for price in classes]  # of a class: slot, slot -> amount of the move, vehicle
        later = self.hours[None, :] - self.hours[:, None]
        seen = set()
        for (a, first), (b, second), (c, third) in product(enumerate(best), repeat=3):
            cost = (classes[a] * later)[:, :, None] + (classes[b] * later)[None] + (classes[c] * later).T[:, None, :]
            total = first[0][:, :, None] + second[0][None] + third[0].T[:, None, :]
            far = np.where(cost < -NEGATIVE, (total - 2) / np.sqrt(6), 0.0)
            for s, t, r in np.argwhere(far > VIOLATED).tolist():
                moves = ((first[1][s, t], s, t), (second[1][t, r], t, r), (third[1][r, s], r, s))
                if (key := frozenset(moves)) not in seen:
                    seen.add(key)
                    shares = [
                        (self.positions[v], slot, w)
                        for v, *ends in moves
                        for slot, w in zip(ends, (1.0, -1.0), strict=True)
                    ]
                    yield Row(float(far[s, t, r]), 2.0, tuple(shares))

    def _moves(self, x: np.ndarray, price: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the greatest x_s - x_t of a class's vehicles for each two slots, and the vehicle that has it."""
        own = np.flatnonzero(self.delay_price == price)
        gain = x[own][:, :, None] - x[own][:, None, :]
        gain[~(self.inside[own][:, :, None] & self.inside[own][:, None, :])] = -np.inf
        return gain.max(axis=0), own[gain.argmax(axis=0)]

    # Prices ----------------------------------------------------------------------------------------------

    def moves(self, x: np.ndarray, price: np.ndarray, low: np.ndarray, high: np.ndarray) -> Iterator[Row]:
        """Yield violated rows of single moves; only for vehicles with followers of their own."""
        for k, position in enumerate(self.positions):
            window = np.flatnonzero(self.inside[k])
            delay = self.delay_price[k] * (self.hours[window][None, :] - self.hours[window][:, None])
            most = (high[window][:, None] - low[window][None, :] - delay).clip(0)  # M, over from and to
            share = x[k, window][:, None] - x[k, window][None, :]
            excess = price[window][:, None] - price[window][None, :] - delay - most * (1 - share)
            far = np.divide(excess, most, out=np.zeros_like(most), where=most > NEGATIVE) / np.sqrt(2)
            np.fill_diagonal(far, 0.0)
            for a, b in np.argwhere(far > VIOLATED).tolist():
                s, t, m = int(window[a]), int(window[b]), float(most[a, b])
                shares = ((position, s, m), (position, t, -m))
                yield Row(float(far[a, b]), m + float(delay[a, b]), shares, ((s, 1.0), (t, -1.0)))


def offer_order(model: pyo.ConcreteModel, instance: DemandResponseInstance) -> None:
    """Add the block ``order``, whose rows are all separated."""
    pooled = {station.id for station in instance.pooled_stations()}
    groups: dict[str, list[int]] = {}
    for k, ev in enumerate(instance.evs):
        groups.setdefault(ev.station if ev.station in pooled else "", []).append(k)
    comparable = {station: Comparable(instance, positions) for station, positions in groups.items()}
    keys, most = [ev.id for ev in instance.evs], np.array([ev.power_kw for ev in instance.evs])
    position = {key: k for k, key in enumerate(keys)}

    def violated(_: Any) -> Iterator[Any]:
        x, price = _shares(model, position, most), np.array([pyo.value(model.DP[t]) for t in model.SLOTS])
        own_bounds = ((position[i], power.fixed or power.bounds) for (i, _), power in model.P.items())
        altered = {k for k, bounds in own_bounds if bounds != (0, most[k])}
        low, high = (np.array(side) for side in zip(*(model.DP[t].bounds for t in model.SLOTS), strict=True))
        for station, group in comparable.items():
            own = x[group.positions]
            kinds = [group.pairs(own), group.triples(own)]
            kinds += [] if station else [group.moves(own, price, low, high)]
            for kind in kinds:
                holding = (row for row in kind if altered.isdisjoint(k for k, _, _ in row.shares))
                for row in nlargest(MOST_ROWS, holding, key=lambda row: row.violation):
                    yield expression(row)

    def expression(row: Row) -> Any:
        shares = pyo.quicksum(w / most[k] * model.P[keys[k], t] for k, t, w in row.shares)
        return shares + pyo.quicksum(w * model.DP[t] for t, w in row.prices) <= row.limit

    model.order = ValidInequalities(reason=REASON, separator=violated)


def _shares(model: pyo.ConcreteModel, position: dict[str, int], most: np.ndarray) -> np.ndarray:
    x = np.zeros((len(position), len(model.SLOTS)))
    for i, t in model.CHARGING:
        x[position[i], t] = pyo.value(model.P[i, t])
    return x / most[:, None]


def _sets(delta: np.ndarray, allowed: np.ndarray) -> Iterator[np.ndarray]:
    """Yield sets of slots that are tried: all allowed ones, those where delta is positive, where it is greatest."""
    yield allowed
    yield allowed & (delta > 0)
    greatest = np.where(allowed, delta, -np.inf).argmax(axis=2)
    yield allowed & (np.arange(allowed.shape[2]) == greatest[:, :, None])
