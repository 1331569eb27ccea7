r"""Proven bounds on the vehicles' multipliers: order statistics of net prices.

A vehicle with energy E, power p and slots of length dt solves

.. math:: \min \sum_t c_t P_t\, dt \quad \text{s.t.} \quad \sum_t P_t\, dt = E \;(\lambda), \quad
          0 \le P_t \;(\mu_t), \quad P_t \le p \;(\nu_t), \qquad c_t = DP_t + \varepsilon (t - arrival)

**Alone.** Sort the net prices of the window, :math:`c_{(1)} \le c_{(2)} \le \dots`, and let m = min(floor(E / (p dt))
+ 1, number of slots). The greedy fill charges at full power in the m - 1 cheapest slots and the rest in the m-th, so
that :math:`\lambda = c_{(m)}` with :math:`\mu_t = (c_t - \lambda)^+ dt` and :math:`\nu_t = (\lambda - c_t)^+ dt` is an
optimal dual solution (stationarity and complementarity hold by construction; others exist where E is a multiple of
p dt).
An order statistic rises with its arguments: over prices in a box, :math:`l_t \le c_t \le u_t`,

.. math:: l_{(m)} \le \lambda \le u_{(m)}, \quad \mu_t \le (u_t - l_{(m)})^+ dt, \quad \nu_t \le (u_{(m)} - l_t)^+ dt

**Pooled** vehicles share :math:`\sum_i P_{it} \le C` (:math:`\gamma_t dt`). At an optimal schedule let an arc lead from
slot s to slot t where some vehicle i with :math:`P_{is} > 0`, :math:`P_{it} < p_i` can move, with the gain
:math:`c_{is} - c_{it}`, and let :math:`\gamma_t` be the largest gain of a chain of moves that ends at t (0 for the
empty one). No cycle gains, since the schedule is optimal, so that simple chains suffice, and of those chains that move
no vehicle twice (what lies between two moves of one vehicle, closed to a cycle by its own move, gains nothing; so its
direct move gains no less). So :math:`0 \le \gamma_t \le \Gamma = \sum_i (\max_t u_{it} - \min_t l_{it})`. A slot with
room left has :math:`\gamma_t = 0`, or its chain would improve the schedule; and extending chains gives
:math:`c_{it} + \gamma_t \ge c_{is} + \gamma_s` for every arc: each vehicle is optimal alone at net prices
:math:`c + \gamma`. So :math:`\gamma` and the multipliers of the vehicles alone at :math:`c + \gamma` are an optimal
dual solution, and the bounds above hold with :math:`u_t + \Gamma` in slots where the limit may bind.

These bounds hold together for one optimal dual solution, and every optimal dual solution is complementary to every
optimal schedule: no optimal reaction is cut off. Revenue by strong duality has the same value at all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...instances.demand_response import DemandResponseInstance, Vehicle

PriceBox = Sequence[tuple[float, float]]
"""(lower, upper) bound of DP by slot."""


@dataclass(frozen=True)
class MultiplierBounds:
    """Bounds of one vehicle's multipliers for all prices in a box.

    :ivar energy: (least, greatest) lambda, $/kWh.
    :ivar idle: by slot, of P >= 0, $/kW.
    :ivar full: by slot, of P <= p, $/kW.
    :ivar rank: m, of the order statistic.
    """

    energy: tuple[float, float]
    idle: dict[int, float]
    full: dict[int, float]
    rank: int


def net_price_ranges(
    instance: DemandResponseInstance, ev: Vehicle, box: PriceBox, surcharge: Mapping[int, float] | None = None
) -> dict[int, tuple[float, float]]:
    """Slot -> (lower, upper) net price of a vehicle for prices in the box; ``surcharge`` raises the upper ones."""
    eps, extra = instance.delay_price(ev), surcharge or {}
    delays = {slot: eps * instance.delay_h(ev, slot) for slot in instance.window(ev)}
    return {t: (box[t][0] + delay, box[t][1] + delay + extra.get(t, 0.0)) for t, delay in delays.items()}


def multiplier_bounds(
    instance: DemandResponseInstance, ev: Vehicle, box: PriceBox, surcharge: Mapping[int, float] | None = None
) -> MultiplierBounds:
    """Bounds of a vehicle's multipliers; the proof is in this module's docstring.

    :param instance: the data.
    :param ev: the vehicle.
    :param box: bounds of the prices.
    :param surcharge: Gamma by slot where the limit of the vehicle's station may bind, see :func:`congestion_bound`.
    """
    net = net_price_ranges(instance, ev, box, surcharge)
    dt = instance.slot_hours
    rank = min(int(ev.energy_kwh / (ev.power_kw * dt)) + 1, len(net))
    least = sorted(low for low, _ in net.values())[rank - 1]
    most = sorted(high for _, high in net.values())[rank - 1]
    return MultiplierBounds(
        energy=(least, most),
        idle={slot: max(0.0, high - least) * dt for slot, (_, high) in net.items()},
        full={slot: max(0.0, most - low) * dt for slot, (low, _) in net.items()},
        rank=rank,
    )


def congestion_bound(instance: DemandResponseInstance, evs: Sequence[Vehicle], box: PriceBox) -> float:
    """Gamma, $/kWh: the largest price of a pooled station's limit, for prices in the box."""
    ranges = [net_price_ranges(instance, ev, box).values() for ev in evs]
    return sum(max(high for _, high in of_ev) - min(low for low, _ in of_ev) for of_ev in ranges)
