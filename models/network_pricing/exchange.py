r"""Large neighbourhood search: a few commodities choose anew, the others keep their ways.

For the commodities K that are free, with some of their ways p, tolls paid :math:`s_{ka} = t_a x_{ka}` and distances
:math:`L_k`, and the others' ways :math:`p_l` kept,

.. math:: \max \sum_{k \in K} d_k \sum_a s_{ka} + \sum_{l \notin K} d_l\, t(p_l) \quad \text{s.t.} \quad
          \sum_p z_{kp} = 1, \quad \sum_p c_p z_{kp} + \sum_a s_{ka} = L_k \le c_p + t(p), \quad
          s_{ka} \le \sum_{p \ni a} M_{pa} z_{kp}, \quad 0 \le t_a - s_{ka} \le N_a (1 - \sum_{p \ni a} z_{kp})

with z binary, and rows for the kept ways against the rivals that the inverse problem has met, and the nearest. The
tolls and ways at hand are where HiGHS starts from. What comes out is only a suggestion of tolls: the climb of
:mod:`.search` says what they earn. Nodes are limited, and not seconds, so that the same arguments give the same.

Source: P. Shaw, *Using constraint programming and local search methods to solve vehicle routing problems*, CP 1998.
"""

from collections.abc import Mapping, Sequence

import highspy
import numpy as np
from scipy.sparse import csr_array

from .inverse import Market, Ways

NODES = 40
GAP = 1e-3


def exchange(
    market: Market, chosen: Sequence[int], tolls: np.ndarray, free: Mapping[int, Sequence[int]]
) -> np.ndarray | None:
    """Return tolls at which some commodities may choose anew; None if none were found.

    :param chosen: the commodities' ways at ``tolls``.
    :param free: who may choose (by position), and among which ways.
    """
    program = _Program(market, tolls)
    for k, p in enumerate(chosen):
        if k not in free:
            program.keep(market.ways[k], p, market.rivals(k, p, tolls))
    for k, among in free.items():
        program.choose(market.ways[k], chosen[k], sorted({*among, chosen[k]}))
    return program.solve()


def relaxed(market: Market) -> np.ndarray | None:
    """Return the tolls of the linear relaxation where all commodities choose."""
    tolls = np.zeros(len(market.arcs))
    chosen = market.respond(tolls)
    program = _Program(market, tolls)
    for ways, p in zip(market.ways, chosen, strict=True):
        program.choose(ways, p, range(len(ways.cost)))
    program.integer = [False] * len(program.integer)
    return program.solve()


class _Program:
    """A mixed-integer program in triplets; the first variables are the tolls."""

    def __init__(self, market: Market, tolls: np.ndarray) -> None:
        self.market, self.tolls = market, tolls
        self.gain = [0.0] * len(tolls)
        self.upper = [float(most) for most in market.most]
        self.integer = [False] * len(tolls)
        self.start = [float(toll) for toll in tolls]
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

    def choose(self, ways: Ways, now: int, among: Sequence[int]) -> None:
        """Let a commodity choose one among some of its ways; it starts with that of ``now``."""
        z = {p: self._variable(0.0, 1.0, float(p == now), True) for p in among}
        cost_now = float(ways.cost[now] + ways.uses[now] @ self.tolls)
        distance = self._variable(0.0, float(ways.cost[0]), cost_now)
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
        for p in among:
            self._row({distance: 1.0} | {int(a): -1.0 for a in np.flatnonzero(ways.uses[p])}, float(ways.cost[p]))

    def solve(self) -> np.ndarray | None:
        """Return the tolls of the best point found within the nodes."""
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
            return None
        return np.array(solver.getSolution().col_value[: len(self.tolls)])

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

    def _row(self, terms: dict[int, float], high: float, low: float = -highspy.kHighsInf) -> None:
        self.entries += [(len(self.high), column, value) for column, value in terms.items()]
        self.low.append(low)
        self.high.append(high)
