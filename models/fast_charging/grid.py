r"""DC power flow of a distribution grid without angles: Kirchhoff's two laws on the line flows.

Angles with :math:`P_l = B_l (\theta_{from} - \theta_{to})` exist for given flows if and only if the voltage drops
:math:`x_l P_l` sum to 0 around every cycle of a cycle basis. Rows for the cycles instead of angles leave flows, prices
and costs as they are, and are fewer: a radial grid has none.

Source: J. Hörsch, H. Ronellenfitsch, D. Witthaut, T. Brown, *Linear optimal power flow using cycle flows*, Electr.
Power Syst. Res. 158, 2018.
"""

from dataclasses import dataclass
from functools import cached_property

import networkx as nx
import numpy as np

from ...instances.fast_charging import FastChargingInstance

Cycle = tuple[tuple[tuple[int, int], float], ...]


@dataclass(frozen=True, eq=False)
class Grid:
    """The grid in service in arrays: buses and lines in the order of the instance."""

    instance: FastChargingInstance

    @cached_property
    def buses(self) -> tuple[int, ...]:
        """Numbers of the buses."""
        return tuple(bus.bus for bus in self.instance.buses)

    @cached_property
    def lines(self) -> tuple[tuple[int, int], ...]:
        """(from bus, to bus) of the lines in service."""
        return tuple(line.key for line in self.instance.lines_in_service)

    @cached_property
    def limits_kw(self) -> np.ndarray:
        """Limit of each line, kW."""
        return np.array([line.limit_kw for line in self.instance.lines_in_service])

    def cycles(self) -> list[Cycle]:
        """Return a cycle basis: for each cycle, its lines with +- their reactance, by direction, in ohm."""
        reactance = {line.key: line.reactance_ohm for line in self.instance.lines_in_service}
        cycles = []
        for nodes in nx.cycle_basis(self.instance.graph, self.instance.grid_bus):
            ways = zip(nodes, [*nodes[1:], nodes[0]], strict=True)
            cycles.append(
                tuple(((a, b), reactance[a, b]) if (a, b) in reactance else ((b, a), -reactance[b, a]) for a, b in ways)
            )
        return cycles

    @cached_property
    def withdrawal_factors(self) -> np.ndarray:
        """Flow on each line (row) per kW drawn at each bus (column) and supplied at the grid bus."""
        place = {bus: k for k, bus in enumerate(self.buses)}
        incidence = np.zeros((len(self.lines), len(self.buses)))  # -1 at from, 1 at to
        for k, (start, end) in enumerate(self.lines):
            incidence[k, place[start]], incidence[k, place[end]] = -1.0, 1.0
        others = [k for k, bus in enumerate(self.buses) if bus != self.instance.grid_bus]
        susceptance = np.array([1 / line.reactance_ohm for line in self.instance.lines_in_service])
        weighted = susceptance[:, None] * incidence[:, others]
        factors = np.zeros_like(incidence)
        factors[:, others] = weighted @ np.linalg.inv(incidence[:, others].T @ weighted)
        factors[np.abs(factors) < 1e-12] = 0.0
        return factors
