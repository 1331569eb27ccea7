r"""Proven ranges of locational marginal prices, for every decision of the leader and every optimal dual.

With f(b) the operator's least cost per hour for net demands b, an optimal price is a subgradient: :math:`\lambda_i d
\le f(b + d e_i) - f(b)` for any d. Let c_min, c_max be the least and the largest of the costs of grid, generators and
shedding in a slot, L > 0 the load, :math:`\hat P_k` the power of station k if built.

**Radial grid.** In the residual network of an optimum (lines with room in a direction; there are no cycles):

- *Lower bound c_min.* Let T be the buses that i can send to. Prices do not rise along room, so that
  lambda_i >= lambda_j for j in T, and lambda_j >= c_min if a source at j produces. If none in T does, lines out of T
  are full outwards, T has outflow and demand but no supply: T is the whole grid without demand, against L > 0.
- *Upper bound c_max.* Let S be the buses that can send to i. If S has the grid bus, lambda_i <= C_grid. Else the line
  from above to the topmost bus of S is full towards S. A bus of S with unshed load (or an idle generator) caps lambda_i
  by its cost. If there is none, stations alone draw what comes in: :math:`\sum_{k \in S} \hat P_k \ge` the limit of
  that line. Hence the bound holds if, on every line of the path from the grid bus to i, the stations beyond it can draw
  less than its limit.
- *Upper bound C_grid*, if on every line of that path stations and load beyond it stay below the limit together.

**Meshed grid.** Flows are :math:`D b` for supply from the grid bus alone. Serve a share phi of every load from there,
with r more at i, and shed the rest. If all lines hold for all decisions, the cost of this policy against the bound
:math:`f(b) \ge c_{min} \sum b` gives, with d = r and d = -r,

.. math:: C_{grid} - \frac{K}{r^-} \le \lambda_i \le C_{grid} + \frac{K}{r^+}, \qquad
          K = (1 - \varphi) C_{LS} L + \varphi C_{grid} L - c_{min} L + (C_{grid} - c_{min}) \sum_k \hat P_k

where r^- is at most phi L (nothing flows back into the grid). The best phi of a few is taken.

Where the conditions fail nothing is claimed, and reformulations that need a bound refuse.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ...instances.fast_charging import FastChargingInstance, Scenario
from .chain import Station
from .grid import Grid

SHARES = np.linspace(0, 1, 21)
MARGIN = 1e-9  # relative, on strict inequalities and on the bounds, for rounding


@dataclass(frozen=True)
class PriceRange:
    """lower <= LMP <= upper ($/kWh) at a bus in a slot of a scenario, and why."""

    bus: int
    lower: float
    upper: float
    reason: str


class PriceProofs:
    """Ranges of the prices of an instance, slot by slot."""

    def __init__(self, instance: FastChargingInstance, grid: Grid, stations: Mapping[int, Station]) -> None:
        self.instance, self.grid = instance, grid
        self.factors = grid.withdrawal_factors
        self.load = np.array([bus.load_kw for bus in instance.buses])
        place = {bus: k for k, bus in enumerate(grid.buses)}
        self.station = np.zeros((instance.slots, len(grid.buses)))  # slot x bus
        for bus, station in stations.items():
            self.station[:, place[bus]] = station.load_kw
        self.radial = instance.radial

    def ranges(self, slot: int, scenario: Scenario) -> Iterator[PriceRange]:
        """Yield the range of every bus for which one is proven."""
        price = self.instance.price_usd_per_kwh(slot, scenario)
        factor = 1.0 if scenario.load_factor is None else scenario.load_factor[slot]
        load = self.load * (self.instance.load_profile[slot] * factor)
        if not load.sum() > 0:
            return
        prove = self._radial if self.radial else self._meshed
        yield from prove(load, self.station[slot], price)

    def _costs(self, price: float) -> list[float]:
        generators = [generator.cost_usd_per_kwh for generator in self.instance.generators]
        return [price, self.instance.shedding_cost_usd_per_kwh, *generators]

    def _radial(self, load: np.ndarray, station: np.ndarray, price: float) -> Iterator[PriceRange]:
        beyond = self.factors != 0  # line x bus: the bus is beyond the line
        limits = self.grid.limits_kw * (1 - MARGIN)
        costs = self._costs(price)
        fits = beyond @ station < limits
        never_full = beyond @ (station + load) < limits
        least = min(costs)
        for k, bus in enumerate(self.grid.buses):
            path = beyond[:, k]
            if never_full[path].all():
                yield PriceRange(bus, least, price, "radial, and no line towards the bus can be full: C_min, C_grid")
            elif fits[path].all():
                reason = "radial, and stations alone cannot fill a line towards the bus: C_min, C_max"
                yield PriceRange(bus, least, max(costs), reason)

    def _meshed(self, load: np.ndarray, station: np.ndarray, price: float) -> Iterator[PriceRange]:
        costs, total = self._costs(price), load.sum()
        per_station = self.factors * station
        up, down = per_station.clip(min=0).sum(axis=1), per_station.clip(max=0).sum(axis=1)
        lower = np.full(len(load), -np.inf)
        upper = np.full(len(load), np.inf)
        for share in SHARES:
            flow = share * (self.factors @ load)
            room = np.array([self.grid.limits_kw - flow - up, self.grid.limits_kw + flow + down])
            if (room <= MARGIN * self.grid.limits_kw).any():
                continue
            shed = (1 - share) * self.instance.shedding_cost_usd_per_kwh
            excess = (shed + share * price - min(costs)) * total + (price - min(costs)) * station.sum()
            more = np.minimum(_most(room[0], self.factors), _most(room[1], -self.factors))
            less = np.minimum(_most(room[0], -self.factors), _most(room[1], self.factors)).clip(max=share * total)
            upper = np.minimum(upper, price + excess / more)
            if share:
                lower = np.maximum(lower, price - excess / less)
        for k, bus in enumerate(self.grid.buses):
            if np.isfinite(lower[k]) and np.isfinite(upper[k]):
                margin = MARGIN * max(abs(lower[k]), abs(upper[k]))
                reason = "cost of serving a share of the load from the grid, and r kW more or less at the bus"
                yield PriceRange(bus, float(lower[k] - margin), float(upper[k] + margin), reason)


def _most(room: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Return, for each bus, the largest r with factors * r <= room on every line; infinite if there is none."""
    ratio = np.full(factors.shape, np.inf)
    np.divide(room[:, None], factors, out=ratio, where=factors > 0)
    return ratio.min(axis=0)
