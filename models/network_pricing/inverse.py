r"""The inverse problem: the tolls that earn most when every commodity takes a given way; a linear program.

.. math:: \max_t \sum_k d_k\, t(p_k) \quad \text{s.t.} \quad c_{p_k} + t(p_k) \le c_q + t(q)
          \;\; \forall k, q \ne p_k, \qquad 0 \le t_a \le N_a

over the undominated ways q. Rows are added where the tolls found so far violate them, and kept. Where a commodity's
ways are too many to be listed, its list grows by the shortest way at each of the tolls that are looked at.

Source: M. Labbé, P. Marcotte and G. Savard, *A bilevel model of taxation and its application to optimal highway
pricing*, Manage. Sci. 44, 1998, sec. 5.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linprog

from ...instances.network_pricing import Commodity, NetworkPricingInstance
from .distances import Distances
from .paths import Path, arc_bounds, largest, undominated
from .reaction import Route, routes

MOST_PATHS = 4_000
"""Steps of the search for a commodity's ways, after which it is left and the list grows as needed."""
NEAR = 1e-7  # costs that differ by less are tied, in floats
LOWERED = 1e-6
ROUNDS = 60
NEAREST = 30  # rivals that are looked at besides those that have undercut a way


@dataclass
class Ways:
    """The ways of one commodity as arrays: ``cost`` by way; way x tolled arc ``uses`` (0 or 1) and ``bounds`` of tolls.

    The first is the one without tolls. ``own`` has the largest toll by arc; ``known`` the ways' tolled arcs, where the
    list is not complete, else None.
    """

    commodity: Commodity
    own: np.ndarray
    cost: np.ndarray
    uses: np.ndarray
    bounds: np.ndarray
    known: set[frozenset[int]] | None = field(default=None)

    @property
    def demand(self) -> float:
        """Traffic of the commodity."""
        return self.commodity.demand

    def add(self, columns: frozenset[int], cost: float) -> None:
        """Note a way by the columns of its tolled arcs, if it is new."""
        assert self.known is not None
        if columns in self.known:
            return
        self.known.add(columns)
        uses = np.zeros(len(self.own))
        uses[list(columns)] = 1.0
        bounds = uses * np.minimum(self.own, self.cost[0] - cost)
        self.cost = np.append(self.cost, cost)
        self.uses, self.bounds = np.vstack([self.uses, uses]), np.vstack([self.bounds, bounds])


class Market:
    """All commodities that may pay a toll, with their undominated ways, as arrays over ``arcs``."""

    def __init__(self, instance: NetworkPricingInstance, most_paths: int = MOST_PATHS) -> None:
        distances = Distances(instance)
        listed = []
        for commodity in instance.commodities:
            paths = undominated(instance, commodity, distances, most_paths)
            if paths is None:
                own = {arc.id: distances.toll_bound(commodity, arc) for arc in instance.tolled}
                own = {a: bound for a, bound in own.items() if bound > 0}
            else:
                own = largest(arc_bounds(paths))
            if own:
                listed.append((commodity, paths, own))
        most = largest([own for _, _, own in listed])
        self.arcs = sorted(most)
        self.most = np.array([most[a] for a in self.arcs])
        self._column = {a: n for n, a in enumerate(self.arcs)}
        self.ways: list[Ways] = []
        self._rivals: dict[tuple[int, int], list[int]] = defaultdict(list)
        for commodity, paths, own in listed:
            free = Path(frozenset(), distances.alternative(commodity))
            self.ways.append(self._ways(commodity, [free] if paths is None else paths, own, paths is not None))
        growing = tuple(ways.commodity for ways in self.ways if ways.known is not None)
        self._instance = instance.model_copy(update={"commodities": growing})

    def _ways(self, commodity: Commodity, paths: Sequence[Path], own: Mapping[str, float], complete: bool) -> Ways:
        bounds = np.zeros((len(paths), len(self.arcs)))
        for row, of_path in enumerate(arc_bounds(paths)):
            for a, bound in of_path.items():
                bounds[row, self._column[a]] = bound
        cost = np.array([path.cost for path in paths])
        known = None if complete else {frozenset[int]()}
        return Ways(commodity, self.vector(own), cost, (bounds > 0).astype(float), bounds, known)

    def _grow(self, tolls: np.ndarray) -> None:
        """Note the shortest ways at these tolls, for the commodities whose list is not complete."""
        if not self._instance.commodities:
            return
        found = routes(self._instance, self.named(tolls), number=float)
        for ways in self.ways:
            if ways.known is not None:
                self._note(ways, found[ways.commodity.id])

    def _note(self, ways: Ways, route: Route) -> None:
        ways.add(frozenset(self._column[a] for a in route.arcs if a in self._column), route.cost - route.paid)

    def discover(self, k: int, tolls: np.ndarray) -> None:
        """Note the shortest way of commodity k (by position) at these tolls, where its list is not complete."""
        ways = self.ways[k]
        if ways.known is not None:
            alone = self._instance.model_copy(update={"commodities": (ways.commodity,)})
            self._note(ways, routes(alone, self.named(tolls), number=float)[ways.commodity.id])

    def respond(self, tolls: np.ndarray) -> list[int]:
        """Return the way that each commodity takes, among nearly tied ones that which pays most."""
        for at in (tolls, tolls * (1 - LOWERED)):  # lowered a little, tied ways that pay more become the cheapest
            self._grow(at)
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

    def rivals(self, k: int, p: int, tolls: np.ndarray) -> list[int]:
        """Return the ways that have undercut way p of commodity k (by positions) so far, and those next to do so."""
        ways = self.ways[k]
        near = np.argsort(ways.cost + ways.uses @ tolls, kind="stable")[: NEAREST + 1]
        return sorted({*self._rivals[k, p], *map(int, near)} - {p})

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
        self._grow(tolls)
        found = False
        for k, (ways, p) in enumerate(zip(self.ways, chosen, strict=True)):
            cost = ways.cost + ways.uses @ tolls
            q = int(np.argmin(cost))
            if cost[p] > cost[q] + NEAR / 10 and q not in self._rivals[k, p]:
                self._rivals[k, p].append(q)
                found = True
        return found
