r"""The inverse problem: the tolls that earn most when every commodity takes a given way; a linear program.

.. math:: \max_t \sum_k d_k\, t(p_k) \quad \text{s.t.} \quad c_{p_k} + t(p_k) \le c_q + t(q)
          \;\; \forall k, q \ne p_k, \qquad 0 \le t_a \le N_a

over the undominated ways q. Rows are added where the tolls found so far violate them, and kept.

Source: M. Labbé, P. Marcotte and G. Savard, *A bilevel model of taxation and its application to optimal highway
pricing*, Manage. Sci. 44, 1998, sec. 5.
"""

from collections import defaultdict
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
    """The ways of one commodity as arrays: ``cost`` by way; way x tolled arc ``uses`` (0 or 1) and ``bounds`` of tolls.

    The first is the one without tolls.
    """

    demand: float
    cost: np.ndarray
    uses: np.ndarray
    bounds: np.ndarray


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
        self._rivals: dict[tuple[int, int], list[int]] = defaultdict(list)
        for commodity, paths in listed:
            if len(paths) > 1:
                bounds = np.zeros((len(paths), len(self.arcs)))
                for row, of_path in enumerate(arc_bounds(paths)):
                    for a, bound in of_path.items():
                        bounds[row, column[a]] = bound
                cost = np.array([path.cost for path in paths])
                self.ways.append(Ways(commodity.demand, cost, (bounds > 0).astype(float), bounds))

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
        for _ in range(ROUNDS):
            matrix, limits = self._rows(chosen)
            found = linprog(-gain, A_ub=matrix, b_ub=limits, bounds=[(0.0, float(most)) for most in self.most])
            if found.x is None:
                return None
            if not self._violated(chosen, found.x):
                return np.asarray(found.x)
        return None

    def rivals(self, k: int, p: int) -> list[int]:
        """Return the ways that have undercut way p of commodity k (by positions) so far."""
        return self._rivals[k, p]

    def named(self, tolls: np.ndarray) -> dict[str, float]:
        """Return tolls by arc id."""
        return {a: float(max(0.0, toll)) for a, toll in zip(self.arcs, tolls, strict=True)}

    def vector(self, tolls: Mapping[str, float]) -> np.ndarray:
        """Return tolls by arc id as an array."""
        return np.array([tolls.get(a, 0.0) for a in self.arcs])

    def _rows(self, chosen: Sequence[int]) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Return the rows that say: no rival seen so far undercuts the given ways."""
        rows, limits = [], []
        for k, (ways, p) in enumerate(zip(self.ways, chosen, strict=True)):
            rivals = self._rivals[k, p]
            if rivals:
                rows.append(ways.uses[p] - ways.uses[rivals])
                limits.append(ways.cost[rivals] - ways.cost[p])
        return (np.vstack(rows), np.concatenate(limits)) if rows else (None, None)

    def _violated(self, chosen: Sequence[int], tolls: np.ndarray) -> bool:
        """Note for each commodity the way that undercuts the given one most; return whether there was any."""
        found = False
        for k, (ways, p) in enumerate(zip(self.ways, chosen, strict=True)):
            cost = ways.cost + ways.uses @ tolls
            q = int(np.argmin(cost))
            if cost[p] > cost[q] + NEAR / 10 and q not in self._rivals[k, p]:
                self._rivals[k, p].append(q)
                found = True
        return found
