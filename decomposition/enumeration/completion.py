r"""What a decision is worth: the best of all optimal responses, and of all prices that belong to them, for the leader.

With one optimum :math:`\hat y` of the followers' LP and one of its dual, :math:`(\hat p, \hat d)`, all optima are the
feasible y with :math:`y_j = \hat y_j` where :math:`\hat d_j \ne 0` and :math:`(A y)_r = (A \hat y)_r` where
:math:`\hat p_r \ne 0`, and all prices are

.. math:: A^\top p + d = c, \qquad p_r, d_j \; \begin{cases} \ge 0 & \text{at the lower limit in } \hat y \\
          \le 0 & \text{at the upper one} \\ \text{free} & \text{at both} \\ = 0 & \text{at none} \end{cases}

(complementarity holds between any two optima), so that the leader's problem over both is one LP. It is not needed where
responses and prices are unique, or where the leader does not see what is not.

Source: O. L. Mangasarian, *A simple characterization of solution sets of convex programs*, Oper. Res. Letters 7, 1988.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import block_array, csr_array, eye_array

from ...heuristics.encoding.limits import Array, Limits
from ...solvers.highs import native
from .arrays import Arrays, at_decision
from .response import NO_OPTIMUM, OPTIMAL, Response, tight

INFEASIBLE, UNBOUNDED = "infeasible", "unbounded"
DOUBTFUL = "a point that misses a row of the leader's by what tolerances hide"


@dataclass(frozen=True)
class Completed:
    """The leader's objective (to be minimised), y, the leader's other variables, and the prices of (rows, y)."""

    value: float
    y: Array
    z: Array
    prices: Array


def complete(arrays: Arrays, x: Array, response: Response) -> Completed | str:
    """Return what a decision is worth, or how it ended instead: INFEASIBLE, UNBOUNDED, or something unexpected."""
    lp = _Lp(arrays, x, response)
    return lp.settled() if not lp.columns else lp.solved()


class _Lp:
    """The leader's problem over the responses; columns are those parts of (y, z, prices) that are not settled."""

    def __init__(self, arrays: Arrays, x: Array, response: Response) -> None:
        self.arrays, self.x, self.response = arrays, x, response
        own, self.start = len(arrays.own), arrays.price_start
        self.matrix = at_decision(arrays.leader, x)
        self.constants = arrays.leader.constants(x[None])[0]
        self.limits = arrays.leader_limits.less(self.constants)
        self.constant, self.cost = float(arrays.objective.constants(x[None])[0, 0]), arrays.objective.costs(x[None])[0]
        seen = np.zeros(self.cost.size, dtype=bool)
        seen[self.matrix.indices[self.matrix.data != 0]] = True
        seen |= self.cost != 0
        self.loose = bool(seen[:own].any()) and not response.unique
        self.open = bool(seen[self.start :].any()) and not response.priced
        self.columns = self.loose * own + len(arrays.others) + self.open * response.prices.size

    def _prices(self) -> csr_array:
        """Return the matrix that makes the leader's prices of those of the scaled LP."""
        at, sign = self.arrays.prices
        unit = self.response.unit[at]
        return csr_array((sign * unit, (np.arange(at.size), at)), shape=(at.size, self.response.prices.size))

    def _their_prices(self) -> Array:
        """Return the leader's prices in the response that was found."""
        at, sign = self.arrays.prices
        return np.asarray(sign * self.response.unit[at] * self.response.prices[at])

    def settled(self) -> Completed | str:
        """Return what is left without an LP."""
        w = np.r_[self.response.y, self._their_prices()]
        if self.arrays.leader_limits.excess(self.matrix @ w + self.constants).any():
            return INFEASIBLE
        if self._breaks(w):
            return DOUBTFUL
        return Completed(self.constant + float(self.cost @ w), self.response.y, np.zeros(0), self.response.prices)

    def solved(self) -> Completed | str:
        """Solve the LP."""
        arrays, found = self.arrays, self.response
        own, k, several = len(arrays.own), len(arrays.others), found.prices.size
        y, z = eye_array(own) if self.loose else csr_array((own, 0)), eye_array(k)
        prices, of_rows = self._prices(), at_decision(arrays.rows, self.x)
        free = prices if self.open else csr_array((prices.shape[0], 0))
        spread = csr_array(
            block_array([[y, None, None], [None, z, None], [None, None, free]]) if self.columns else (0, 0)
        )
        still = np.zeros(self.cost.size)
        if not self.loose:
            still[:own] = found.y
        if not self.open:
            still[self.start :] = self._their_prices()
        lower, upper = [arrays.columns.lower[own:]], [arrays.columns.upper[own:]]
        fixed = self.matrix @ still
        rows = [csr_array(self.matrix @ spread)]
        row_lower, row_upper = [self.limits[0] - fixed], [self.limits[1] - fixed]
        if self.loose:
            low, high = self._face()
            lower.insert(0, np.where(found.fixed, found.y, arrays.columns.lower[:own]))
            upper.insert(0, np.where(found.fixed, found.y, arrays.columns.upper[:own]))
            rows.append(csr_array(of_rows @ spread[:own]))
            row_lower.append(low)
            row_upper.append(high)
        if self.open:
            low, high = self._signs()
            lower.append(low)
            upper.append(high)
            stationary = block_array([[csr_array(of_rows.T), eye_array(own)]])
            rows.append(csr_array(block_array([[csr_array((own, self.columns - several)), stationary]])))
            row_lower.append(found.cost)
            row_upper.append(found.cost)
        cost = self.cost @ spread
        largest = float(np.abs(cost).max(initial=0.0))
        cost = cost / largest if 0 < largest < 1 else cost  # else HiGHS's tolerance were more than a small cost
        lp = native.lp_with(
            csr_array(block_array([[row] for row in rows])), cost, np.concatenate(lower), np.concatenate(upper),
            np.concatenate(row_lower), np.concatenate(row_upper),
        )  # fmt: skip
        word, values = _solve(lp)
        if values is None:
            return word
        w = still + spread @ values
        if self._breaks(w):
            return DOUBTFUL
        return Completed(
            self.constant + float(self.cost @ w),
            np.clip(w[:own], arrays.columns.lower[:own], arrays.columns.upper[:own]),
            np.clip(w[own : self.start], arrays.columns.lower[own:], arrays.columns.upper[own:]),
            values[self.columns - several :] if self.open else found.prices,
        )

    def _breaks(self, w: Array) -> bool:
        """Whether a leader's row is missed in the model's own units, however small that is in the scaled ones."""
        unit, limits = self.arrays.leader_unit, self.arrays.leader_limits
        own = Limits(limits.lower * unit, limits.upper * unit)
        return bool(own.excess((self.matrix @ w + self.constants) * unit).any())

    def _face(self) -> tuple[Array, Array]:
        """Return the limits of the followers' rows in all optima."""
        found = self.response
        low, high = found.limits
        price = found.prices[: low.size]
        at_low = found.held & (price > 0) & np.isfinite(low)
        at_high = found.held & (price < 0) & np.isfinite(high)
        return np.where(at_high, high, low), np.where(at_low, low, high)

    def _signs(self) -> tuple[Array, Array]:
        """Return the ranges of the prices of (rows, y)."""
        found, count = self.response, len(self.arrays.own)
        at_low, at_high = (
            np.r_[of_row, of_column]
            for of_row, of_column in zip(
                tight(found.activity, *found.limits),
                tight(found.y, self.arrays.columns.lower[:count], self.arrays.columns.upper[:count]),
                strict=True,
            )
        )
        return np.where(at_high, -np.inf, 0.0), np.where(at_low, np.inf, 0.0)


def _solve(lp: object) -> tuple[str, Array | None]:
    """Return how it ended, by two runs where it is not an optimum, and the point."""
    words = []
    for presolve in ("choose", "off"):
        highs = native.new({"presolve": presolve, "threads": 1, "solver": "simplex"})
        highs.passModel(lp)
        highs.run()
        word = highs.modelStatusToString(highs.getModelStatus()).casefold()
        if word in (OPTIMAL, "empty"):
            return OPTIMAL, np.array(highs.getSolution().col_value)
        words.append(word)
    if all(word in NO_OPTIMUM for word in words):
        return (UNBOUNDED if words[-1] == UNBOUNDED else INFEASIBLE if words[-1] == INFEASIBLE else words[-1]), None
    return ", ".join(words), None
