r"""A primal heuristic: local search over tolls, each step closed by the inverse problem.

**Climb.** Tolls, the commodities' ways at them, the best tolls for these ways (:mod:`.inverse`), the best of their tied
ways for the leader, and so on: the revenue never falls. **Kick.** The best tolls known are changed on a few arcs, or a
way is made as cheap as the one that its commodity takes; what is worse by more than a threshold, which shrinks, is
dropped. **Exchange.** After each kick, a few commodities that share arcs choose anew, see :mod:`.exchange`, around one
that could pay much more: a quarter more next time where nothing better is left, a quarter less where that stays open.
"""

import time
from collections.abc import Mapping

import numpy as np

from ...instances.network_pricing import NetworkPricingInstance
from .exchange import Exchange, exchange, relaxed
from .inverse import Market, Ways

SHARES = (1.0, 0.7, 0.5, 0.35)
"""Of the largest tolls: where the climbs begin."""
ARCS_KICKED = 4
KICKS = 2  # steps of which one is an exchange
FREE_AT_FIRST, FREE_AT_LEAST, WAYS_EACH = 4, 2, 40
DISCOVERIES = 20  # tolls lowered at random, at which a commodity's way is noted
WAYS_KICKED = 0.7  # share of the kicks
THRESHOLD = 0.01  # relative loss that is accepted at first
NOTHING = 1e-6  # a relative gain that is none


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
    here, here_tolls, free = best, tolls, FREE_AT_FIRST
    for step in range(steps):
        if seconds is not None and time.monotonic() - begin > seconds:
            break
        if target is not None and best > target:
            break
        if step % KICKS == KICKS - 1:
            here, here_tolls = best, tolls
            found = _exchanged(market, tolls, free, random)
            earned, candidate = _climb(market, found.tolls)
            if earned <= best * (1 + NOTHING):
                change = max(1, free // 4)
                free += change if found.proven else -change
                free = max(FREE_AT_LEAST, min(free, len(market.ways)))
        else:
            earned, candidate = _climb(market, _kicked(market, here_tolls, random))
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


def _exchanged(market: Market, tolls: np.ndarray, free: int, random: np.random.Generator) -> Exchange:
    """Let some commodities choose anew: one drawn by what it could pay more, others by the arcs that they share."""
    chosen = market.respond(tolls)
    could = [
        w.demand * (w.cost[0] - w.cost.min() - w.uses[p] @ tolls) for w, p in zip(market.ways, chosen, strict=True)
    ]
    chance = np.maximum(could, 0.0) + NOTHING
    first = int(random.choice(len(chance), p=chance / chance.sum()))
    arcs = market.ways[first].uses.any(axis=0)
    shared = np.array([float((ways.uses.any(axis=0) & arcs).sum()) for ways in market.ways])
    shared[first] = np.inf
    order = np.argsort(-shared * random.uniform(0.3, 1.0, len(shared)), kind="stable")
    among = {int(k): _tempting(market, int(k), tolls, random) for k in order[:free]}
    return exchange(market, chosen, tolls, among) or Exchange(tolls, False)


def _tempting(market: Market, k: int, tolls: np.ndarray, random: np.random.Generator) -> list[int]:
    """Return the cheapest ways, at these tolls and with some of them lowered; such ways are looked for first."""
    for _ in range(DISCOVERIES):
        market.discover(k, tolls * random.uniform(0.0, 1.0, len(tolls)))
    ways, lowered = market.ways[k], tolls * random.uniform(0.0, 1.0, len(tolls))
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
