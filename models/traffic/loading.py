"""Flows of routes and links while they move towards equal costs; lists, as a step touches a handful of links only."""

from collections.abc import Iterable

import numpy as np
from scipy.optimize import brentq

from .routes import Route
from .times import LinkTimes

WORTHWHILE = 0.1  # a pair is looked at again while its excess is above this share of the mean of those looked at


class RouteFlows:
    """Each pair's routes with their flows, and the flows and costs of links that follow from them."""

    def __init__(self, times: LinkTimes, demand: np.ndarray) -> None:
        self._links = list(zip(*(a.tolist() for a in (times.free, times.b, times.capacity, times.power)), strict=True))
        self._demand: list[float] = demand.tolist()
        self._pairs: list[dict[Route, float]] = [{} for _ in self._demand]
        self._flow = [0.0] * len(self._links)
        self._cost: list[float] = times.free.tolist()

    def improve(self, shortest: Iterable[Route], sweeps: int) -> np.ndarray:
        """Add each pair's shortest route (the first takes all demand), move flow to faster routes; the link flows."""
        for demand, routes, route in zip(self._demand, self._pairs, shortest, strict=True):
            routes.setdefault(route, 0.0 if routes else demand)
        self._sum_up()
        open_pairs = [routes for routes in self._pairs if len(routes) > 1]
        for _ in range(sweeps):
            excess = [self._equalise(routes) for routes in open_pairs]
            worth = WORTHWHILE * sum(excess) / max(1, len(excess))
            open_pairs = [routes for routes, own in zip(open_pairs, excess, strict=True) if own > worth]
        self._sum_up()  # anew, so that rounding does not pile up
        return np.array(self._flow)

    def _sum_up(self) -> None:
        self._flow = [0.0] * len(self._links)
        for routes in self._pairs:
            for route, volume in routes.items():
                for link in route:
                    self._flow[link] += volume
        self._cost = [self._time(link, flow) for link, flow in enumerate(self._flow)]

    def _equalise(self, routes: dict[Route, float]) -> float:
        """Move flow from each slower route to the fastest one; return what the pair spent in excess of that one.

        Routes that are left empty are forgotten.
        """
        cost = self._cost
        costs = {route: sum([cost[link] for link in route]) for route in routes}
        fastest = min(costs, key=costs.__getitem__)
        spent = sum([volume * (costs[route] - costs[fastest]) for route, volume in routes.items()])
        for route, volume in list(routes.items()):
            if route is not fastest:
                moved = self._shift(route - fastest, fastest - route, volume)
                routes[fastest] += moved
                routes[route] = volume - moved
                if routes[route] <= 0:
                    del routes[route]
        return spent

    def _shift(self, slow: Route, fast: Route, volume: float) -> float:
        """Move flow between the links in which two routes differ, by a Newton step; return how much."""
        cost = self._cost
        excess = sum([cost[link] for link in slow]) - sum([cost[link] for link in fast])
        if excess <= 0 or volume <= 0:
            return 0.0
        slope = sum([self._slope(link) for link in slow | fast])
        moved = min(volume, excess / slope) if slope > 0 else volume
        # A step that overshoots by this much may end higher than it began; else the objective falls.
        if self._excess(slow, fast, moved) < -excess / 2:
            moved = brentq(lambda flow: self._excess(slow, fast, flow), 0.0, moved)
        for links, change in ((slow, -moved), (fast, moved)):
            for link in links:
                self._flow[link] = flow = max(0.0, self._flow[link] + change)
                cost[link] = self._time(link, flow)
        return moved

    def _excess(self, slow: Route, fast: Route, moved: float) -> float:
        """Return the cost of the slow route minus that of the fast one after a move of flow."""
        left = sum([self._time(link, max(0.0, self._flow[link] - moved)) for link in slow])
        return left - sum([self._time(link, self._flow[link] + moved) for link in fast])

    def _time(self, link: int, flow: float) -> float:
        free, b, capacity, power = self._links[link]
        return free * (1 + b * (flow / capacity) ** power)

    def _slope(self, link: int) -> float:
        free, b, capacity, power = self._links[link]
        return free * b * power / capacity * (self._flow[link] / capacity) ** (power - 1) if power else 0.0
