r"""The inverse problem: the tolls that earn most when every commodity takes a given way; a linear program.

.. math:: \max_t \sum_k d_k\, t(p_k) \quad \text{s.t.} \quad c_{p_k} + t(p_k) \le c_q + t(q)
          \;\; \forall k, q \ne p_k, \qquad 0 \le t_a \le N_a

over the undominated ways q. Rows are added where the tolls found so far violate them.

Source: M. Labbé, P. Marcotte and G. Savard, *A bilevel model of taxation and its application to optimal highway
pricing*, Manage. Sci. 44, 1998, sec. 5.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from ...instances.network_pricing import NetworkPricingInstance
from .distances import Distances
from .paths import arc_bounds, largest, undominated

NEAR = 1e-7  # costs that differ by less are tied, in floats
ROUNDS = 60


@dataclass(frozen=True)
class Ways:
    """The ways of one commodity as arrays: ``cost`` by way, ``uses`` way x tolled arc."""

    demand: float
    cost: np.ndarray
    uses: np.ndarray


class Market:
    """All commodities that may pay a toll, with their undominated ways, as arrays over ``arcs``."""

    def __init__(self, instance: NetworkPricingInstance) -> None:
        distances = Distances(instance)
        listed = [(k, undominated(instance, k, distances) or []) for k in instance.commodities]
        most = largest([largest(arc_bounds(paths)) for _, paths in listed])
        self.arcs = sorted(most)
        self.most = np.array([most[a] for a in self.arcs])
        column = {a: n for n, a in enumerate(self.arcs)}
        self.ways: list[Ways] = []
        for commodity, paths in listed:
            if len(paths) > 1:
                uses = np.zeros((len(paths), len(self.arcs)))
                for row, path in enumerate(paths):
                    uses[row, [column[a] for a in path.tolled]] = 1.0
                self.ways.append(Ways(commodity.demand, np.array([path.cost for path in paths]), uses))

    def respond(self, tolls: np.ndarray) -> list[int]:
        """Return the way that each commodity takes, among nearly tied ones that which pays most."""
        chosen = []
        for ways in self.ways:
            paid = ways.uses @ tolls
            cost = ways.cost + paid
            chosen.append(int(np.argmax(np.where(cost <= cost.min() + NEAR, paid, -1.0))))
        return chosen

    def earned(self, chosen: Sequence[int], tolls: np.ndarray) -> float:
        """Return the revenue when these ways are taken."""
        return sum(w.demand * float(w.uses[p] @ tolls) for w, p in zip(self.ways, chosen, strict=True))

    def best_tolls(self, chosen: Sequence[int]) -> np.ndarray | None:
        """Return the tolls that earn most when these ways are optimal; None if there are none such."""
        gain = np.zeros(len(self.arcs))
        for ways, p in zip(self.ways, chosen, strict=True):
            gain += ways.demand * ways.uses[p]
        rows: list[np.ndarray] = []
        limits: list[float] = []
        tolls = self.most.copy()
        for _ in range(ROUNDS):
            if not self._violated(chosen, tolls, rows, limits):  # the largest tolls at first, or an optimum over rows
                return tolls
            found = linprog(-gain, A_ub=np.array(rows), b_ub=limits, bounds=[(0.0, float(most)) for most in self.most])
            if found.x is None:
                return None
            tolls = found.x
        return None

    def named(self, tolls: np.ndarray) -> dict[str, float]:
        """Return tolls by arc id."""
        return {a: float(max(0.0, toll)) for a, toll in zip(self.arcs, tolls, strict=True)}

    def vector(self, tolls: Mapping[str, float]) -> np.ndarray:
        """Return tolls by arc id as an array."""
        return np.array([tolls.get(a, 0.0) for a in self.arcs])

    def _violated(self, chosen: Sequence[int], tolls: np.ndarray, rows: list[np.ndarray], limits: list[float]) -> bool:
        """Add for each commodity the way that undercuts the given one most; return whether there was any."""
        before = len(rows)
        for ways, p in zip(self.ways, chosen, strict=True):
            cost = ways.cost + ways.uses @ tolls
            q = int(np.argmin(cost))
            if cost[p] > cost[q] + NEAR / 10:
                rows.append(ways.uses[p] - ways.uses[q])
                limits.append(float(ways.cost[q] - ways.cost[p]))
        return len(rows) > before
