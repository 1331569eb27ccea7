r"""The ways that a commodity may ever take, as sets of tolled arcs: all that no other one dominates.

Between tolled arcs a follower goes the shortest way without tolls, so that a way is the sequence of its tolled arcs. It
is *dominated* where another one uses a part of its tolled arcs only and costs no more (without tolls): where both are
optimal for the follower they earn the same, so that the leader needs only ways that are not dominated. These are also
all the ways that can be the only optimal one: at tolls 0 on the way's own arcs and prohibitive ones on all others.

They are found depth first: a tolled arc is added where neither the way so far nor what is left of it has a way around
without tolls that costs no more.

Source: Q. M. Bui, B. Gendron and M. Carvalho, *A catalog of formulations for the network pricing problem*, INFORMS J.
Comput. 34, 2022, sec. 3 (bilevel feasible paths); M. Bouhtou et al., *Tariff optimization in networks*, INFORMS J.
Comput. 19, 2007.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import inf

from ...instances.network_pricing import Arc, Commodity, NetworkPricingInstance
from .distances import TIE, Distances


@dataclass(frozen=True)
class Path:
    """A way: the ids of its tolled arcs, and its cost without tolls."""

    tolled: frozenset[str]
    cost: float


class _TooManyError(Exception):
    """There are more ways than were asked for."""


def undominated(
    instance: NetworkPricingInstance, commodity: Commodity, distances: Distances, most: float = inf
) -> list[Path] | None:
    """Return the undominated ways, the one without tolls first; None if there are more than ``most`` to look at."""
    arcs = [arc for arc in instance.tolled if distances.useful(commodity, arc)]
    try:
        found = list(_Routes(commodity, arcs, distances, most).run())
    except _TooManyError:
        return None
    slack = TIE * distances.alternative(commodity)
    kept: dict[frozenset[str], Path] = {}
    for path in sorted(found, key=lambda p: (len(p.tolled), p.cost, sorted(p.tolled))):
        if not any(other.cost <= path.cost + slack for other in _parts(path.tolled, kept)):
            kept[path.tolled] = path
    return list(kept.values())


def arc_bounds(paths: Sequence[Path]) -> list[dict[str, float]]:
    r"""Return for each undominated way p and arc a of it the largest toll of a at which p may be optimal.

    .. math:: M_{pa} = \min \{ c_q - c_p : q \subset p, \; a \notin q \}

    as otherwise q costs less. The way without tolls is one of these q, so that there is always a bound.
    """
    bounds: list[dict[str, float]] = []
    by_tolled = {path.tolled: path for path in paths}
    for path in paths:
        within = [other for other in _parts(path.tolled, by_tolled) if other is not path]
        bounds.append({a: min(q.cost for q in within if a not in q.tolled) - path.cost for a in sorted(path.tolled)})
    return bounds


def largest(bounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return by arc the largest bound over the ways that use it."""
    most: dict[str, float] = {}
    for of_path in bounds:
        for arc, bound in of_path.items():
            most[arc] = max(bound, most.get(arc, 0.0))
    return most


def _parts(tolled: frozenset[str], paths: Mapping[frozenset[str], Path]) -> Iterator[Path]:
    """Yield the ways whose tolled arcs are among these, by whichever list is shorter: that of ways, or of subsets."""
    if 2 ** len(tolled) >= len(paths):
        yield from (path for own, path in paths.items() if own <= tolled)
        return
    for size in range(len(tolled) + 1):
        for part in combinations(sorted(tolled), size):
            if (path := paths.get(frozenset(part))) is not None:
                yield path


class _Routes:
    """Depth first over sequences of tolled arcs; ``left`` holds the nodes at which a way around may begin."""

    def __init__(self, commodity: Commodity, arcs: Sequence[Arc], distances: Distances, most: float) -> None:
        self.commodity, self.arcs, self.distances, self.most = commodity, arcs, distances, most
        self.limit = distances.alternative(commodity)
        self.slack = TIE * self.limit
        self.steps = 0

    def run(self) -> Iterator[Path]:
        """Yield the way without tolls, and all that have no way around inside."""
        yield Path(frozenset(), self.limit)
        yield from self._extend([(self.commodity.origin, 0.0)], frozenset())

    def _extend(self, left: list[tuple[str, float]], used: frozenset[str]) -> Iterator[Path]:
        node, cost = left[-1]
        free, end = self.distances.free, self.commodity.destination
        for arc in self.arcs:
            before = cost + free(node, arc.tail)
            after = before + arc.cost
            if arc.id in used or not after + self.distances.all(arc.head, end) < self.limit - self.slack:
                continue
            if any(c + free(n, arc.tail) <= before + self.slack for n, c in left[:-1]):
                continue
            if any(c + free(n, arc.head) <= after + self.slack for n, c in left):
                continue
            self.steps += 1
            if self.steps > self.most:
                raise _TooManyError
            on, tolled = [*left, (arc.head, after)], used | {arc.id}
            total = after + free(arc.head, end)
            if total < self.limit - self.slack and all(c + free(n, end) > total + self.slack for n, c in left):
                yield Path(tolled, total)
            yield from self._extend(on, tolled)
