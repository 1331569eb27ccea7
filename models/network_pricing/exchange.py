r"""Large neighbourhood search: a few commodities choose anew, the others keep their ways.

For the commodities K that are free, with some of their ways p, tolls paid :math:`s_{ka} = t_a x_{ka}` and distances
:math:`L_k`, and the others' ways :math:`p_l` kept,

.. math:: \max \sum_{k \in K} d_k \sum_a s_{ka} + \sum_{l \notin K} d_l\, t(p_l) \quad \text{s.t.} \quad
          \sum_p z_{kp} = 1, \quad \sum_p c_p z_{kp} + \sum_a s_{ka} = L_k \le c_p + t(p), \quad
          s_{ka} \le \sum_{p \ni a} M_{pa} z_{kp}, \quad 0 \le t_a - s_{ka} \le N_a (1 - \sum_{p \ni a} z_{kp})

with z binary, and rows for the ways kept, and for :math:`L_k`, against the rivals that the inverse problem has met, and
the nearest. Where another way undercuts at the tolls that come out, its row is added and the program is solved again:
else it believes in tolls that lose the commodity to a way that it does not know. The tolls and ways at hand are where
HiGHS starts from. What comes out is only a suggestion: the climb of :mod:`.search` says what the tolls earn. Nodes and
rounds are limited, and not seconds, so that the same arguments give the same.

Source: P. Shaw, *Using constraint programming and local search methods to solve vehicle routing problems*, CP 1998.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import highspy
import numpy as np
from scipy.sparse import csr_array

from .inverse import Market

NODES = 40
GAP = 1e-4
ROUNDS = 8
UNDERCUTTERS = 5  # ways of a commodity that are added at once
UNDERCUTS = 1e-6  # a way that costs less by this share of the way without tolls


@dataclass(frozen=True)
class Exchange:
    """Tolls, and whether nothing better than they are was left open among these ways (but for ``GAP``)."""

    tolls: np.ndarray
    proven: bool


def exchange(
    market: Market, chosen: Sequence[int], tolls: np.ndarray, free: Mapping[int, Sequence[int]]
) -> Exchange | None:
    """Return tolls at which some commodities may choose anew; None if none were found.

    :param chosen: the commodities' ways at ``tolls``.
    :param free: who may choose (by position), and among which ways.
    """
    program = _Program(market, tolls)
    for k, p in enumerate(chosen):
        rivals = market.rivals(k, p, tolls)
        if k in free:
            program.choose(k, p, sorted({*free[k], p}), rivals)
        else:
            program.keep(k, p, rivals)
    enough = market.earned(chosen, tolls) * (1 + GAP)
    for _ in range(ROUNDS):
        if not program.solve():
            return None
        if program.revenue <= enough or not program.undercut():
            break
    return Exchange(program.values[: len(tolls)], program.proven)


def relaxed(market: Market) -> np.ndarray | None:
    """Return the tolls of the linear relaxation where all commodities choose."""
    tolls = np.zeros(len(market.arcs))
    chosen = market.respond(tolls)
    program = _Program(market, tolls)
    for k, p in enumerate(chosen):
        program.choose(k, p, range(len(market.ways[k].cost)), ())
    program.integer = [False] * len(program.integer)
    return program.values[: len(tolls)] if program.solve() else None


class _Program:
    """A mixed-integer program in triplets; the first variables are the tolls.

    ``kept`` has the ways kept, ``distance`` the variables L, both by commodity; ``values``, ``revenue`` and ``proven``
    are of the last solve.
    """

    def __init__(self, market: Market, tolls: np.ndarray) -> None:
        self.market, self.tolls = market, tolls
        self.gain = [0.0] * len(tolls)
        self.upper = [float(most) for most in market.most]
        self.integer = [False] * len(tolls)
        self.start = [float(toll) for toll in tolls]
        self.entries: list[tuple[int, int, float]] = []
        self.low: list[float] = []
        self.high: list[float] = []
        self.kept: dict[int, int] = {}
        self.distance: dict[int, int] = {}
        self.values, self.revenue, self.proven = np.array(self.start), 0.0, False

    def keep(self, k: int, p: int, rivals: Iterable[int]) -> None:
        """Let a commodity keep its way, against its rivals."""
        ways = self.market.ways[k]
        for a in np.flatnonzero(ways.uses[p]):
            self.gain[a] += ways.demand
        self.kept[k] = p
        for q in rivals:
            self._rival(k, q)

    def choose(self, k: int, now: int, among: Sequence[int], rivals: Iterable[int]) -> None:
        """Let a commodity choose one among some of its ways, against others; it starts with that of ``now``."""
        ways = self.market.ways[k]
        z = {p: self._variable(0.0, 1.0, float(p == now), True) for p in among}
        cost_now = float(ways.cost[now] + ways.uses[now] @ self.tolls)
        distance = self.distance[k] = self._variable(0.0, float(ways.cost[0]), cost_now)
        self._row(dict.fromkeys(z.values(), 1.0), 1.0, 1.0)
        balance = {distance: -1.0} | {z[p]: float(ways.cost[p]) for p in among}
        for a in map(int, np.flatnonzero(ways.uses[among].any(axis=0))):
            users = [p for p in among if ways.uses[p, a]]
            most = self.upper[a]
            paid = self._variable(ways.demand, most, float(ways.uses[now, a] * self.tolls[a]))
            balance[paid] = 1.0
            self._row({paid: 1.0} | {z[p]: -float(ways.bounds[p, a]) for p in users}, 0.0)
            self._row({paid: 1.0, a: -1.0}, 0.0)
            self._row({a: 1.0, paid: -1.0} | {z[p]: most for p in users}, most)
        self._row(balance, 0.0, 0.0)
        for p in sorted({*among, *rivals}):
            self._rival(k, p)

    def undercut(self) -> bool:
        """Add rows where a commodity has cheaper ways at the tolls found; return whether there was any."""
        tolls, before = self.values[: len(self.tolls)], len(self.high)
        self.market.respond(tolls)  # lists of ways that are not complete grow by the cheapest
        for k, ways in enumerate(self.market.ways):
            cost = ways.cost + ways.uses @ tolls
            believed = self.values[self.distance[k]] if k in self.distance else cost[self.kept[k]]
            for q in np.argsort(cost, kind="stable")[:UNDERCUTTERS]:
                if cost[q] < believed - UNDERCUTS * ways.cost[0]:
                    self._rival(k, int(q))
        return len(self.high) > before

    def solve(self) -> bool:
        """Look for the best point within the nodes; return whether there is one."""
        solver = highspy.Highs()
        options = {"output_flag": False, "threads": 1, "random_seed": 0, "mip_max_nodes": NODES, "mip_rel_gap": GAP}
        for name, value in options.items():
            solver.setOptionValue(name, value)
        solver.passModel(self._program())
        start = highspy.HighsSolution()
        start.col_value = self.start
        solver.setSolution(start)
        solver.run()
        if solver.getInfo().primal_solution_status != highspy.kSolutionStatusFeasible:
            return False
        self.values, self.revenue = np.array(solver.getSolution().col_value), solver.getInfo().objective_function_value
        self.proven = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return True

    def _program(self) -> highspy.HighsLp:
        rows, columns, values = (np.array(part) for part in zip(*self.entries, strict=True))
        matrix = csr_array((values, (rows, columns)), shape=(len(self.high), len(self.gain)))
        lp = highspy.HighsLp()
        lp.num_row_, lp.num_col_ = matrix.shape
        lp.sense_ = highspy.ObjSense.kMaximize
        lp.col_cost_ = np.array(self.gain)
        lp.col_lower_, lp.col_upper_ = np.zeros(len(self.upper)), np.array(self.upper)
        lp.row_lower_, lp.row_upper_ = np.array(self.low), np.array(self.high)
        lp.integrality_ = [
            highspy.HighsVarType.kInteger if integer else highspy.HighsVarType.kContinuous for integer in self.integer
        ]
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr, matrix.indices
        lp.a_matrix_.value_ = matrix.data
        return lp

    def _variable(self, gain: float, upper: float, start: float, integer: bool = False) -> int:
        self.gain.append(gain)
        self.upper.append(upper)
        self.start.append(start)
        self.integer.append(integer)
        return len(self.gain) - 1

    def _rival(self, k: int, q: int) -> None:
        """Say that way q of a commodity costs no less than what it takes."""
        ways = self.market.ways[k]
        if k in self.distance:
            terms = {self.distance[k]: 1.0} | {int(a): -1.0 for a in np.flatnonzero(ways.uses[q])}
            self._row(terms, float(ways.cost[q]))
        else:
            p = self.kept[k]
            difference = ways.uses[p] - ways.uses[q]
            self._row({int(a): difference[a] for a in np.flatnonzero(difference)}, ways.cost[q] - ways.cost[p])

    def _row(self, terms: dict[int, float], high: float, low: float = -highspy.kHighsInf) -> None:
        self.entries += [(len(self.high), column, value) for column, value in terms.items()]
        self.low.append(low)
        self.high.append(high)
