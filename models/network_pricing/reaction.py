r"""How commodities react to tolls, without any solver: shortest ways by Dijkstra's method, exactly if wanted.

Labels are pairs (cost with tolls, tolls paid or their negative), compared lexicographically: among the cheapest ways
the one that pays most tolls (ties for the leader) or least (against). No arc's label is below (0, 0), as an arc that
costs nothing pays no toll, so that the method is right for pairs. With ``number=Fraction`` every float is taken for the
binary number that it is, and nothing is rounded.

**Ties are worth almost nothing.** Let p be an optimal way at tolls t, and q one at :math:`t' = (1 - \delta) t`. Then
:math:`c_p + t(p) \le c_q + t(q)` and :math:`c_q + t'(q) \le c_p + t'(p)` give :math:`\delta (t(q) - t(p)) \ge 0`: at
t' every optimal way pays at least :math:`(1 - \delta)\, t(p)`, however ties are broken (:func:`shaded`).
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from heapq import heappop, heappush
from itertools import count
from typing import Any, Literal

from ...instances.network_pricing import Arc, NetworkPricingInstance

Ties = Literal["leader", "against"]


@dataclass(frozen=True)
class Route:
    """A commodity's way: its arcs, what it costs with tolls, and what of that are tolls (money per unit)."""

    arcs: tuple[str, ...]
    cost: Any
    paid: Any


def routes(
    instance: NetworkPricingInstance,
    tolls: Mapping[str, Any],
    ties: Ties = "leader",
    number: Callable[[Any], Any] = Fraction,
) -> dict[str, Route]:
    """Return each commodity's optimal way at tolls (arc id -> toll; 0 if not named).

    :param number: of what kind to calculate with: ``Fraction`` (exact) or ``float`` (fast, ties broken by rounding).
    :raises ValueError: a toll is negative, or on an arc that may have none.
    """
    allowed = {arc.id for arc in instance.tolled}
    for name, toll in tolls.items():
        if name not in allowed or toll < 0:
            raise ValueError(f"toll of {toll} on arc {name!r}: the arc may have none, or the toll is negative")
    sign = -1 if ties == "leader" else 1
    leaving: dict[str, list[tuple[Arc, Any, Any]]] = defaultdict(list)
    for arc in instance.arcs:
        toll = number(tolls.get(arc.id, 0))
        leaving[arc.tail].append((arc, number(arc.cost) + toll, sign * toll))
    return {k.id: _shortest(leaving, k.origin, k.destination, sign, number(0)) for k in instance.commodities}


def revenue(
    instance: NetworkPricingInstance,
    tolls: Mapping[str, Any],
    ties: Ties = "leader",
    number: Callable[[Any], Any] = Fraction,
) -> Any:
    """Return the leader's revenue at tolls; parameters as for :func:`routes`."""
    found = routes(instance, tolls, ties, number)
    return sum((number(k.demand) * found[k.id].paid for k in instance.commodities), number(0))


def shaded(tolls: Mapping[str, float], share: float = 1e-6) -> dict[str, float]:
    """Return tolls lowered by a share, at which ties cost the leader no more than that share."""
    return {arc: toll * (1 - share) for arc, toll in tolls.items()}


def _shortest(
    leaving: Mapping[str, list[tuple[Arc, Any, Any]]], origin: str, destination: str, sign: int, zero: Any
) -> Route:
    order = count()  # decides between equal labels, so that nothing else is compared
    heap: list[tuple[Any, Any, int, str, tuple[Any, ...]]] = [(zero, zero, next(order), origin, ())]
    done: set[str] = set()
    while heap:
        cost, second, _, node, way = heappop(heap)
        if node in done:
            continue
        if node == destination:
            return Route(_unrolled(way), cost, sign * second)
        done.add(node)
        for arc, length, toll in leaving[node]:
            if arc.head not in done:
                heappush(heap, (cost + length, second + toll, next(order), arc.head, (arc.id, way)))
    raise ValueError(f"there is no way from {origin!r} to {destination!r}")


def _unrolled(way: tuple[Any, ...]) -> tuple[str, ...]:
    arcs = []
    while way:
        arc, way = way
        arcs.append(arc)
    return tuple(reversed(arcs))
