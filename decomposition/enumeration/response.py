"""The followers' LP, all at once, at one decision after the other, each from the last basis.

The decisions come in a fixed order, so that runs repeat bit for bit. Where no optimum is found the LP is solved again,
from scratch and with presolve, before that is believed.
"""

from dataclasses import dataclass

import numpy as np

from ...heuristics.encoding.limits import Array
from ...solvers.highs import native
from .arrays import Arrays

ZERO_COST = 1e-7, 1e-9
"""A reduced cost is zero below the first (HiGHS's tolerance), and below the second in parts of the largest cost."""

NO_SLACK = 1e-7  # relative to 1 + |limit|

_BASIC = native.highspy.HighsBasisStatus.kBasic
OPTIMAL = "optimal"
NO_OPTIMUM = ("infeasible", "unbounded", "primal infeasible or unbounded")


@dataclass(frozen=True)
class Response:
    """An optimum: responses, activities of rows, prices of (rows, y) for minimised costs; and which are settled.

    ``fixed`` and ``held`` are the columns and rows that keep their values in every optimum; ``unit`` is what 1 of a
    price is in the model, of a minimising follower.
    """

    y: Array
    activity: Array
    prices: Array
    fixed: Array
    held: Array
    unique: bool
    """Whether there is no other response."""
    priced: bool
    """Whether there are no other prices."""
    cost: Array
    limits: tuple[Array, Array]
    unit: Array


class ResponseLp:
    """The LP; see the module."""

    def __init__(self, arrays: Arrays) -> None:
        self._arrays = arrays
        count = len(arrays.own)
        self.lower, self.upper = arrays.columns.lower[:count], arrays.columns.upper[:count]
        rows, columns = arrays.rows.matrix.tocoo().coords
        moving = arrays.rows.terms[0], arrays.rows.terms[1]
        self._row_follower = np.zeros(arrays.row_limits.lower.size, dtype=np.int64)
        for r, k in ((rows, columns), moving):
            self._row_follower[r] = arrays.follower_of[k]
        self._highs = native.new({"presolve": "off", "threads": 1, "solver": "simplex"})
        nothing = np.zeros(count)
        limits = arrays.row_limits.lower, arrays.row_limits.upper
        self._highs.passModel(native.lp_with(arrays.rows.matrix, nothing, self.lower, self.upper, *limits))
        self._columns = np.arange(count, dtype=np.int32)
        self._row_numbers = np.arange(limits[0].size, dtype=np.int32)
        self._last: Array | None = None
        self._scale = np.ones(int(arrays.follower_of.max()) + 1)

    def at(self, x: Array) -> Response | str:
        """Return the response to a decision; or how it ended instead, in HiGHS's word."""
        arrays, highs = self._arrays, self._highs
        limits = arrays.row_limits.less(arrays.rows.constants(x[None])[0])
        highs.changeRowsBounds(self._row_numbers.size, self._row_numbers, *limits)
        if self._last is None or arrays.bill.moving:
            self._cost = arrays.bill.costs(x[None])[0, : self._columns.size]
            largest = np.zeros(self._scale.size)
            np.maximum.at(largest, arrays.follower_of, np.abs(self._cost))
            # Only upwards: a small cost beside a large one is no rounding. By powers of two, which round nothing.
            small = (largest > 0) & (largest < 1)
            self._scale = np.where(small, np.exp2(-np.floor(np.log2(np.where(small, largest, 1.0)))), 1.0)
            self._cost = self._cost * self._scale[arrays.follower_of]
            highs.changeColsCost(self._columns.size, self._columns, self._cost)
        if arrays.rows.moving:
            numbers = arrays.rows.entries(x[None])[0]
            for place in zip(*(part.tolist() for part in (*arrays.rows.places, numbers)), strict=True):
                highs.changeCoeff(*place)
        self._last = x
        highs.run()
        word = self._word()
        if word != OPTIMAL:
            highs.clearSolver()
            highs.setOptionValue("presolve", "on")
            highs.run()
            highs.setOptionValue("presolve", "off")
            again = self._word()
            if again != OPTIMAL:
                return word if word in NO_OPTIMUM and again in NO_OPTIMUM else f"{word}, {again}"
        return self._response(limits)

    def _word(self) -> str:
        word: str = self._highs.modelStatusToString(self._highs.getModelStatus()).casefold()
        return OPTIMAL if word == "empty" else word

    def _response(self, limits: tuple[Array, Array]) -> Response:
        found = self._highs.getSolution()
        y, activity = np.array(found.col_value), np.array(found.row_value)
        reduced, duals = np.array(found.col_dual), np.array(found.row_dual)
        zero = max(ZERO_COST[0], ZERO_COST[1] * float(np.abs(self._cost).max(initial=0.0)))
        fixed = (np.abs(reduced) > zero) | (self.lower == self.upper)
        held = (np.abs(duals) > zero) | (limits[0] == limits[1])
        basic = self._basic(np.r_[np.abs(reduced) > zero, np.abs(duals) > zero])
        low, high = tight(y, self.lower, self.upper)
        row_low, row_high = tight(activity, *limits)
        return Response(
            np.clip(y, self.lower, self.upper), activity, np.r_[duals, reduced], fixed, held,
            basic is not None and bool(np.all(basic | np.r_[fixed, held])),
            basic is not None and not np.any(basic & np.r_[low | high, row_low | row_high]),
            self._cost, limits,
            self._arrays.price_unit / self._scale[np.r_[self._row_follower, self._arrays.follower_of]],
        )  # fmt: skip

    def _basic(self, priced: Array) -> Array | None:
        """Return which of (y, rows) are basic; None where HiGHS does not know.

        HiGHS's own list of them (``getBasicVariables``) ends the process where an LP took no simplex step, and its
        statuses are objects, of which a large LP has many: they are read only where prices do not tell.

        :param priced: which have a price, and so are not basic.
        """
        if np.count_nonzero(priced) == self._columns.size:
            return ~priced
        basis = self._highs.getBasis()
        if not basis.valid:
            return None
        known = (*basis.col_status, *basis.row_status)
        return np.fromiter((status == _BASIC for status in known), dtype=bool, count=len(known))


def tight(values: Array, lower: Array, upper: Array) -> tuple[Array, Array]:
    """Return which values are at their lower limit, and which at their upper one."""
    low, high = (NO_SLACK * (1 + np.abs(np.where(np.isfinite(side), side, 0.0))) for side in (lower, upper))
    return values - lower <= low, upper - values <= high
