r"""A primal heuristic: local search over tolls, each step closed by the inverse problem.

**Climb.** Tolls, the commodities' ways at them, the best tolls for these ways (:mod:`.inverse`), the best of their tied
ways for the leader, and so on: the revenue never falls. **Kick.** The best tolls known are changed on a few arcs, or a
way is made as cheap as the one that its commodity takes; what is worse by more than a threshold, which shrinks, is
dropped. **Exchange.** After some kicks, a few commodities that share arcs choose anew, see :mod:`.exchange`.
"""

import time
from collections.abc import Mapping

import numpy as np

from ...instances.network_pricing import NetworkPricingInstance
from .exchange import exchange, relaxed
from .inverse import Market, Ways

SHARES = (1.0, 0.7, 0.5, 0.35)
"""Of the largest tolls: where the climbs begin."""
ARCS_KICKED = 4
KICKS = 5  # steps of which one is an exchange
COMMODITIES_FREE, WAYS_FREE, WAYS_EACH = 10, 300, 60
WAYS_KICKED = 0.7  # share of the kicks
THRESHOLD = 0.01  # relative loss that is accepted at first


def local_search(
    instance: NetworkPricingInstance,
    *,
    steps: int = 500,
    seconds: float | None = None,
    seed: int = 1,
    target: float | None = None,
    start: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """Return good tolls by arc id; the same arguments give the same, unless the time ends first.

    :param steps: kicks.
    :param seconds: when to stop at the latest.
    :param target: a revenue that is enough.
    :param start: tolls to begin with, besides shares of the largest.
    """
    begin = time.monotonic()
    market, random = Market(instance), np.random.default_rng(seed)
    if not market.ways:
        return {}  # nobody ever needs a tolled arc
    starts = [share * market.most for share in SHARES]
    if (relaxation := relaxed(market)) is not None:
        starts.append(relaxation)
    if start is not None:
        starts.append(market.vector(start))
    best, tolls = max((_climb(market, t) for t in starts), key=lambda found: found[0])
    here, here_tolls = best, tolls
    for step in range(steps):
        if seconds is not None and time.monotonic() - begin > seconds:
            break
        if target is not None and best > target:
            break
        if step % KICKS == KICKS - 1:
            here, here_tolls = best, tolls
            moved = _exchanged(market, tolls, random)
        else:
            moved = _kicked(market, here_tolls, random)
        earned, candidate = _climb(market, moved)
        if earned > here - THRESHOLD * (1 - step / steps) ** 2 * best * random.random():
            here, here_tolls = earned, candidate
        if earned > best:
            best, tolls = earned, candidate
    return market.named(tolls)


def _climb(market: Market, tolls: np.ndarray) -> tuple[float, np.ndarray]:
    chosen = market.respond(tolls)
    earned = market.earned(chosen, tolls)
    while True:
        better = market.best_tolls(chosen)
        if better is None:
            return earned, tolls
        chosen = market.respond(better)
        value = market.earned(chosen, better)
        if value <= earned * (1 + 1e-9):
            return (value, better) if value > earned else (earned, tolls)
        earned, tolls = value, better


def _exchanged(market: Market, tolls: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return tolls at which some commodities, drawn around one of them by the arcs they share, have chosen anew."""
    first = market.ways[random.integers(len(market.ways))].uses.any(axis=0)
    shared = np.array([float((ways.uses.any(axis=0) & first).sum()) for ways in market.ways])
    order = np.argsort(-shared * random.uniform(0.3, 1.0, len(shared)))
    chosen = market.respond(tolls)
    free: dict[int, list[int]] = {}
    for k in map(int, order):
        among = _tempting(market.ways[k], tolls, random)
        if sum(map(len, free.values())) + len(among) <= WAYS_FREE:
            free[k] = among
        if len(free) == COMMODITIES_FREE:
            break
    found = exchange(market, chosen, tolls, free)
    return tolls if found is None else found


def _tempting(ways: Ways, tolls: np.ndarray, random: np.random.Generator) -> list[int]:
    """Return the cheapest ways, at these tolls and with some of them lowered."""
    lowered = tolls * random.uniform(0.0, 1.0, len(tolls))
    cheapest = (np.argsort(ways.cost + ways.uses @ t, kind="stable")[: WAYS_EACH // 2] for t in (tolls, lowered))
    return sorted({int(p) for order in cheapest for p in order})


def _kicked(market: Market, tolls: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return changed tolls: some commodity's way made as cheap as the one it takes, or a few arcs redrawn."""
    kicked = tolls.copy()
    if random.random() < WAYS_KICKED:
        for _ in range(random.integers(1, 3)):
            _undercut(market.ways[random.integers(len(market.ways))], kicked, random)
        return kicked
    for arc in random.integers(len(kicked), size=random.integers(1, ARCS_KICKED + 1)):
        what = random.random()
        if what < 0.4:
            kicked[arc] *= random.uniform(0.5, 1.5)
        elif what < 0.7:
            kicked[arc] = random.uniform(0, market.most[arc])
        else:
            kicked[arc] = 0.0 if what < 0.85 else market.most[arc]
    return np.minimum(kicked, market.most)


def _undercut(ways: Ways, tolls: np.ndarray, random: np.random.Generator) -> None:
    """Lower the tolls on a way that the commodity could take, until it is as cheap as the cheapest, in place."""
    paid = ways.uses @ tolls
    cost = ways.cost + paid
    cheaper = np.flatnonzero((ways.cost < cost.min()) & (cost > cost.min()))
    if len(cheaper):
        way = random.choice(cheaper)
        tolls[ways.uses[way] > 0] *= (cost.min() - ways.cost[way]) / paid[way]
