r"""Large neighbourhood search: a few commodities choose anew, the others keep their ways.

For the commodities K that are free, with their ways p, tolls paid :math:`s_{ka} = t_a x_{ka}` and distances
:math:`L_k`, and the others' ways :math:`p_l` kept,

.. math:: \max \sum_{k \in K} d_k \sum_a s_{ka} + \sum_{l \notin K} d_l\, t(p_l) \quad \text{s.t.} \quad
          \sum_p z_{kp} = 1, \quad \sum_p c_p z_{kp} + \sum_a s_{ka} = L_k \le c_p + t(p), \quad
          s_{ka} \le \sum_{p \ni a} M_{pa} z_{kp}, \quad 0 \le t_a - s_{ka} \le N_a (1 - \sum_{p \ni a} z_{kp})

with z binary, and rows for the kept ways against the rivals that the inverse problem has met. What comes out is only a
suggestion of tolls: the climb of :mod:`.search` says what they earn. Nodes are limited, and not seconds, so that the
same arguments give the same.

Source: P. Shaw, *Using constraint programming and local search methods to solve vehicle routing problems*, CP 1998.
"""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from .inverse import Market, Ways

NODES = 60
GAP = 1e-3


def exchange(market: Market, chosen: Sequence[int], free: Sequence[int]) -> np.ndarray | None:
    """Return tolls at which the ``free`` commodities (by position) may choose anew; None if none were found."""
    program = _Program(market)
    for k, p in enumerate(chosen):
        if k not in free:
            program.keep(market.ways[k], p, market.rivals(k, p))
    for k in free:
        program.choose(market.ways[k])
    return program.solve()


class _Program:
    """A mixed-integer program in triplets; the first variables are the tolls."""

    def __init__(self, market: Market) -> None:
        self.market = market
        arcs = len(market.arcs)
        self.gain = [0.0] * arcs
        self.upper = [float(most) for most in market.most]
        self.integer = [0] * arcs
        self.entries: list[tuple[int, int, float]] = []
        self.low: list[float] = []
        self.high: list[float] = []

    def keep(self, ways: Ways, p: int, rivals: Sequence[int]) -> None:
        """Let a commodity keep its way, against its rivals."""
        for a in np.flatnonzero(ways.uses[p]):
            self.gain[a] += ways.demand
        for q in rivals:
            difference = ways.uses[p] - ways.uses[q]
            self._row({int(a): difference[a] for a in np.flatnonzero(difference)}, ways.cost[q] - ways.cost[p])

    def choose(self, ways: Ways) -> None:
        """Let a commodity choose one of its ways."""
        z = [self._variable(0.0, 1.0, True) for _ in ways.cost]
        distance = self._variable(0.0, float(ways.cost[0]))
        self._row(dict.fromkeys(z, 1.0), 1.0, 1.0)
        balance = {distance: -1.0} | {zp: float(cost) for zp, cost in zip(z, ways.cost, strict=True)}
        for a in map(int, np.flatnonzero(ways.uses.any(axis=0))):
            users = np.flatnonzero(ways.uses[:, a])
            paid = self._variable(ways.demand, np.inf)
            balance[paid] = 1.0
            self._row({paid: 1.0} | {z[p]: -float(ways.bounds[p, a]) for p in users}, 0.0)
            self._row({paid: 1.0, a: -1.0}, 0.0)
            most = self.upper[a]
            self._row({a: 1.0, paid: -1.0} | {z[p]: most for p in users}, most)
        self._row(balance, 0.0, 0.0)
        for uses, cost in zip(ways.uses, ways.cost, strict=True):
            self._row({distance: 1.0} | {int(a): -1.0 for a in np.flatnonzero(uses)}, float(cost))

    def solve(self) -> np.ndarray | None:
        """Return the tolls of the best point found within the nodes."""
        rows, columns, values = (np.array(part) for part in zip(*self.entries, strict=True))
        matrix = csr_array((values, (rows, columns)), shape=(len(self.high), len(self.gain)))
        found = milp(
            -np.array(self.gain),
            constraints=LinearConstraint(matrix, self.low, self.high),
            bounds=Bounds(0.0, np.array(self.upper)),
            integrality=np.array(self.integer),
            options={"node_limit": NODES, "mip_rel_gap": GAP},
        )
        return None if found.x is None else np.asarray(found.x[: len(self.market.arcs)])

    def _variable(self, gain: float, upper: float, integer: bool = False) -> int:
        self.gain.append(gain)
        self.upper.append(upper)
        self.integer.append(int(integer))
        return len(self.gain) - 1

    def _row(self, terms: dict[int, float], high: float, low: float = -np.inf) -> None:
        self.entries += [(len(self.high), column, value) for column, value in terms.items()]
        self.low.append(low)
        self.high.append(high)
