r"""The electric bus without its follower: the authority's answer in closed form, its bill as lazy tangents, a MILP.

Where the revenue floor does not bind, the authority charges :math:`\kappa d_f` above :math:`\overline{TOU}_f` in every
slot with :math:`d_f > \theta_f = PCP / RPP_f`, and nothing elsewhere. So the operator's bill is

.. math:: B = \sum_f \overline{TOU}_f d_f + q_f, \qquad
          q_f \ge \kappa (2 t a_f - t^2 z_f) \; \forall t, \qquad d_f - a_f \le \theta_f (1 - z_f)

with :math:`z_f` binary, 1 above the threshold, and :math:`a_f = z_f d_f`. Tangents are added at points of the linear
relaxation, then at the loads of each MILP's optimum, until its bound is its true cost.
"""

from dataclasses import dataclass

import highspy
import numpy as np

from bilevolt.instances.electric_bus import ElectricBusInstance
from bilevolt.models.electric_bus.authority import tariff_reaction
from bilevolt.models.electric_bus.events import charging_events

ROOT_ROUNDS = 60
ENOUGH = 1e-5
"""A tangent is added where it cuts off at least this share of its right-hand side."""


@dataclass(frozen=True)
class Found:
    """The proven optimum, in how many MILPs, with how many tangents."""

    objective: float
    bound: float
    milps: int
    tangents: int


def solve(instance: ElectricBusInstance, rel_gap: float = 1e-6) -> Found:
    """Return the optimum of an instance whose revenue floor is met at base tariffs by the optimum.

    :raises ValueError: the floor binds at a point that is met, so that the closed form above is not the whole truth.
    """
    master = _Master(instance, rel_gap)
    master.tighten()
    milps, best = 0, np.inf
    while True:
        bound = master.solve()
        milps += 1
        load = master.loads()
        best = min(best, master.true_cost(load))
        if best - bound <= rel_gap * abs(best) or not master.add_tangents(load):
            return Found(best, bound, milps, master.tangents)


class _Master:
    def __init__(self, instance: ElectricBusInstance, rel_gap: float) -> None:
        self.instance, self.events, self.tangents = instance, charging_events(instance), 0
        h = self.h = highspy.Highs()
        for name, setting in (
            ("output_flag", False), ("threads", 1), ("mip_rel_gap", rel_gap / 2), ("mip_feasibility_tolerance", 1e-7),
        ):  # fmt: skip
            h.setOptionValue(name, setting)
        days, base, share = instance.service_days, instance.base_tariff_usd_per_kwh, instance.renewable_share
        u = [
            h.addVariable(0, 1, obj=days * (e.deadhead_usd + sum(base[f] * kwh for f, kwh in e.energy_kwh)))
            for e in self.events
        ]
        x = {site.id: h.addVariable(0, 1, obj=site.cost_usd) for site in instance.sites}
        self.u, self.binaries = u, [*u, *x.values()]
        groups: dict[tuple, list] = {}
        for event, chosen in zip(self.events, u, strict=True):
            for key in (("bus", event.bus), ("site", event.site), (event.bus, event.site), (event.site, event.start)):
                groups.setdefault(key, []).append(chosen)
        for key, members in groups.items():
            total = h.qsum(members)
            if key[0] == "bus":
                h.addConstr(total == 1)
            elif key[0] == "site":
                h.addConstr(total >= x[key[1]])
            else:
                h.addConstr(total <= x[key[1] if key[1] in x else key[0]])
        price, self.kappa = instance.deviation_price_kwh, instance.deviation_cap_usd_per_kwh_per_kwh
        parts: dict[int, list] = {}
        for event, chosen in zip(self.events, u, strict=True):
            for f, kwh in event.energy_kwh:
                parts.setdefault(f, []).append(kwh * chosen)
        self.slots, self.z, self.a, self.q = [], {}, {}, {}
        for f, several in parts.items():
            most = sum(max(p.vals) for p in several)
            if share[f] <= 0 or price / share[f] >= most:
                continue
            theta, load = price / share[f], h.qsum(several)
            z, a = h.addVariable(0, 1), h.addVariable(0, most)
            self.z[f], self.a[f], self.q[f] = z, a, h.addVariable(0, highspy.kHighsInf, obj=days)
            self.slots.append(f)
            self.binaries.append(z)
            h.addConstr(a <= most * z)
            h.addConstr(a >= theta * z)
            h.addConstr(a <= load)
            h.addConstr(load - a <= theta * (1 - z))
            for at in np.linspace(theta, most, 8):
                self._tangent(f, float(at))

    def tighten(self) -> None:
        """Add tangents to the linear relaxation, in rounds."""
        for _ in range(ROOT_ROUNDS):
            self.h.run()
            value = np.array(self.h.getSolution().col_value)
            added = 0
            for f in self.slots:
                z, a, q = (value[part[f].index] for part in (self.z, self.a, self.q))
                if z > ENOUGH and q < (1 - ENOUGH) * self.kappa * a * a / z - 1e-9:
                    self._tangent(f, a / z)
                    added += 1
            if not added:
                break
        for binary in self.binaries:
            self.h.setInteger(binary)

    def solve(self) -> float:
        """Solve the MILP; return its bound."""
        self.h.run()
        if self.h.modelStatusToString(self.h.getModelStatus()) != "Optimal":
            raise ValueError(f"the MILP ends {self.h.modelStatusToString(self.h.getModelStatus())}")
        return self.h.getInfo().mip_dual_bound

    def loads(self) -> dict[int, float]:
        """Return the load of each slot at the MILP's point."""
        value = self.h.getSolution().col_value
        load: dict[int, float] = {}
        for event, chosen in zip(self.events, self.u, strict=True):
            if value[chosen.index] > 0.5:
                for f, kwh in event.energy_kwh:
                    load[f] = load.get(f, 0.0) + kwh
        return load

    def true_cost(self, load: dict[int, float]) -> float:
        """Return the operator's cost at the point, with the authority's true answer."""
        reaction = tariff_reaction(self.instance, load)
        if not reaction["feasible"] or reaction["floor_multiplier"] > 0:
            raise ValueError(f"{self.instance.name}: the revenue floor binds, which this closed form leaves out.")
        value = self.h.getSolution().col_value
        surcharges = self.instance.service_days * sum(reaction["delta"][f] * energy for f, energy in load.items())
        linear = self.h.getLp().col_cost_
        own = {part.index for part in self.q.values()}
        return surcharges + sum(c * v for k, (c, v) in enumerate(zip(linear, value, strict=True)) if k not in own)

    def add_tangents(self, load: dict[int, float]) -> bool:
        """Add the tangents at a point's loads; whether there were any to add."""
        before = self.tangents
        value = self.h.getSolution().col_value
        for f in self.slots:
            if (at := load.get(f, 0.0)) * self.instance.renewable_share[f] > self.instance.deviation_price_kwh and (
                value[self.q[f].index] < (1 - 1e-9) * self.kappa * at * at
            ):
                self._tangent(f, at)
        return self.tangents > before

    def _tangent(self, f: int, at: float) -> None:
        self.h.addConstr(self.q[f] >= self.kappa * (2 * at * self.a[f] - at**2 * self.z[f]))
        self.tangents += 1
