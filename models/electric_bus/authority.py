"""The energy authority of the electric-bus problem in closed form: reaction, bounds on multipliers.

With the load d of the slots given, the authority solves, over the surcharges delta_f = TOU_f - TOUbar_f,

    max  sum_f RPP_f (TOUbar_f + delta_f) d_f - PCP sum_f delta_f
    s.t. sum_f (TOUbar_f + delta_f) d_f >= EARev_min      (multiplier mu)
         delta_f <= kappa d_f                             (multiplier gamma_f)
         delta_f >= 0                                     (multiplier rho_f)

A tariff below TOUbar_f earns less and costs PCP per $/kWh, so the poster's |TOU_f - TOUbar_f| is delta_f.

**Reaction.** Without the floor, delta_f = kappa d_f if RPP_f d_f > PCP and 0 otherwise. If the floor is
missed, a further $ of revenue through slot f costs r_f = PCP / d_f - RPP_f of O2: fill the slots in the order
of r_f. mu is r_f of the last slot filled. Infeasible iff sum_f (TOUbar_f + kappa d_f) d_f < EARev_min.

**Multipliers.** For a given mu >= 0, stationarity PCP - RPP_f d_f - mu d_f + gamma_f - rho_f = 0 and
complementarity leave gamma_f = ((RPP_f + mu) d_f - PCP)+ and rho_f = (PCP - (RPP_f + mu) d_f)+. What remains
of the dual, over mu alone, is to maximise the concave piecewise linear

    g(mu) = mu (EARev_min - sum_f TOUbar_f d_f) - kappa sum_f d_f ((RPP_f + mu) d_f - PCP)+

whose slope beyond the last breakpoint is EARev_min - sum_f (TOUbar_f + kappa d_f) d_f <= 0 if the follower is
feasible: the maximum is attained at 0 or at a breakpoint r_f with d_f > 0. With binary u any positive d_f is
at least dmin_f, the least positive D_if, hence

    mu      <= M = max_f (PCP / dmin_f - RPP_f)+
    gamma_f <= ((RPP_f + M) dmax_f - PCP)+      with d_f <= dmax_f for every decision of the leader
    rho_f   <= PCP                              because RPP_f, mu, d_f >= 0

and M = 0 where the floor can never bind: g does not increase if sum_f TOUbar_f d_f >= EARev_min, which holds
for every decision of the leader if it holds for the timetable with the least bill at base tariffs. The bounds
hold together for one optimal dual solution, and in a linear program every primal optimum is complementary to
every dual optimum: with these bounds no optimal reaction is cut off. In the poster's form (TOU_f and PC_f
free) the rows (35) and (36) have multipliers alpha_f - beta_f = (RPP_f + mu) d_f and alpha_f + beta_f = PCP +
gamma_f, and the dual is g again once gamma_f takes its least value; so mu and gamma_f keep their bounds, and

    alpha_f = max((PCP + (RPP_f + mu) d_f) / 2, (RPP_f + mu) d_f) <= max(PCP, (RPP_f + M) dmax_f)
    beta_f  = (PCP - (RPP_f + mu) d_f)+ / 2 <= PCP / 2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import TypedDict

from ...instances.electric_bus import ElectricBusInstance
from .events import ChargingEvent, base_bill, cheapest_timetable, greatest_loads, least_loads

RELATIVE_TOLERANCE = 1e-9


class TariffReaction(TypedDict):
    """The authority's answer: surcharge by slot with a load, $/kWh; O2 -inf, multiplier inf if infeasible."""

    feasible: bool
    delta: dict[int, float]
    O2: float
    floor_multiplier: float


def tariff_reaction(instance: ElectricBusInstance, d: Mapping[int, float]) -> TariffReaction:
    """Optimal surcharges for the load d (kWh by slot; absent means 0), without a solver.

    Where RPP_f d_f = PCP exactly and the floor is slack, the surcharge is not unique: the least, 0, is
    returned, which the operator prefers. Where the floor binds, slots with equal r_f tie, and the earlier is
    filled first; O2 and the operator's bill, which is the floor, do not depend on it. An infeasible floor
    returns the largest surcharges.
    """
    share, base = instance.renewable_share, instance.base_tariff_usd_per_kwh
    price, kappa = instance.deviation_price_kwh, instance.deviation_cap_usd_per_kwh_per_kwh
    load = {f: energy for f, energy in d.items() if energy > 0}
    delta = {f: kappa * energy if share[f] * energy > price else 0.0 for f, energy in load.items()}
    missing = instance.revenue_floor_usd_per_day - sum((base[f] + delta[f]) * load[f] for f in load)
    multiplier = 0.0
    by_sacrifice = sorted((max(0.0, price / load[f] - share[f]), f) for f in load if delta[f] == 0)
    for sacrifice, f in by_sacrifice:
        if missing <= 0:
            break
        delta[f] = min(kappa * load[f], missing / load[f])
        missing -= delta[f] * load[f]
        multiplier = sacrifice
    if missing > RELATIVE_TOLERANCE * max(1.0, instance.revenue_floor_usd_per_day):
        return TariffReaction(feasible=False, delta=delta, O2=-inf, floor_multiplier=inf)
    renewable_revenue = sum(share[f] * (base[f] + delta[f]) * load[f] for f in load)
    O2 = renewable_revenue - price * sum(delta.values())
    return TariffReaction(feasible=True, delta=delta, O2=O2, floor_multiplier=multiplier)


@dataclass(frozen=True)
class AuthorityBounds:
    """Proven bounds, by slot that some event can use; the proof is in this module's docstring.

    :ivar load: dmax_f, kWh.
    :ivar floor: M, on mu, the multiplier of the revenue floor.
    :ivar floor_reason: why M is that.
    :ivar cap: on gamma_f, of delta_f <= kappa d_f (PC_f <= kappa d_f).
    :ivar zero: on rho_f, of delta_f >= 0.
    :ivar rise: on alpha_f, of PC_f >= TOU_f - TOUbar_f.
    :ivar fall: on beta_f, of PC_f >= TOUbar_f - TOU_f.
    """

    load: dict[int, float]
    floor: float
    floor_reason: str
    cap: dict[int, float]
    zero: float
    rise: dict[int, float]
    fall: float


def authority_bounds(instance: ElectricBusInstance, events: Sequence[ChargingEvent]) -> AuthorityBounds:
    """Bounds that hold for the authority's reaction to every decision of the operator."""
    share, price = instance.renewable_share, instance.deviation_price_kwh
    greatest = greatest_loads(events)
    floor, reason = _floor_bound(instance, events)
    worth = {f: (share[f] + floor) * energy for f, energy in greatest.items()}
    return AuthorityBounds(
        load=greatest,
        floor=floor,
        floor_reason=reason,
        cap={f: max(0.0, value - price) for f, value in worth.items()},
        zero=price,
        rise={f: max(price, value) for f, value in worth.items()},
        fall=price / 2,
    )


def _floor_bound(instance: ElectricBusInstance, events: Sequence[ChargingEvent]) -> tuple[float, str]:
    timetable = cheapest_timetable(events, lambda event: base_bill(instance, event))
    if timetable is not None:
        bill = sum(base_bill(instance, event) for event in timetable)
        if bill >= instance.revenue_floor_usd_per_day:
            return 0.0, f"the floor never binds: every timetable pays at least {bill:.2f} $ at base tariffs"
    worth = (
        instance.deviation_price_kwh / energy - instance.renewable_share[f] for f, energy in least_loads(events).items()
    )
    return max(0.0, *worth), "M = max_f (PCP / dmin_f - RPP_f)+"
