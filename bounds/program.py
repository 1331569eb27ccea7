r"""Linear programs in arrays, and what a vector of row weights proves about one, by weak duality.

For any weights :math:`w` of the rows :math:`\underline b \le A v \le \overline b` and the box
:math:`\underline v \le v \le \overline v`, with the reduced costs :math:`r = c - A^\top w`,

.. math:: c^\top v \le \sum_i w_i \, (w_i > 0 \;?\; \overline b_i : \underline b_i)
          + \sum_j r_j \, (r_j > 0 \;?\; \overline v_j : \underline v_j)

for every feasible v, wherever the weights come from.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

import highspy
import numpy as np
from scipy.sparse import csr_array

Array = np.ndarray

NOTHING = 1e-9  # a reduced cost below it, of a column without a bound on that side, is rounding: the margin is for it
WEIGHT_OF_AN_LP = 5_000
"""What asking for one more maximum costs beside its iterations, in the unit of :class:`Work`; measured."""
WEIGHT_OF_A_PART = 2_500  # what reading the result of one objective costs; measured
LOADING = 40  # what reading a program costs, presolve included, for each row, column and entry; measured


@dataclass(frozen=True, eq=False)
class Program:
    """Rows and box of a linear program."""

    matrix: csr_array
    row_lower: Array
    row_upper: Array
    lower: Array
    upper: Array

    def loaded(self) -> highspy.Highs:
        """Return the program in HiGHS, to be maximised."""
        lp = highspy.Highs()
        lp.setOptionValue("output_flag", False)
        lp.setOptionValue("threads", 1)
        lp.addVars(len(self.lower), self.lower, self.upper)
        start, index = self.matrix.indptr[:-1].astype(np.int32), self.matrix.indices.astype(np.int32)
        lp.addRows(len(self.row_lower), self.row_lower, self.row_upper, len(index), start, index, self.matrix.data)
        lp.changeObjectiveSense(highspy.ObjSense.kMaximize)
        return lp

    def proven(self, index: Array, cost: Array, duals: Array) -> float:
        """Return what dual values prove of ``cost @ v[index]``, up to rounding."""
        of_rows, of_columns = self._proven(index, cost, duals)
        return float(of_rows.sum() + of_columns.sum())

    def proven_of_each(
        self, index: Array, cost: Array, duals: Array, of_row: Array, of_column: Array, count: int
    ) -> Array:
        """Return the same of each of several components that share nothing but fixed columns.

        :param of_row: the component of each row.
        :param of_column: that of each column, -1 for a fixed one: what it adds is left with the rows in which it is.
        """
        of_rows, of_columns = self._proven(index, cost, duals)
        own = of_column >= 0
        of_rows -= self._counted(duals) * (self.matrix @ np.where(own, 0.0, self.lower))
        return np.bincount(of_row, of_rows, count) + np.bincount(of_column[own], of_columns[own], count)

    def _counted(self, duals: Array) -> Array:
        """Return the dual values without those of an infinite side, which are rounding."""
        side = np.where(duals > 0, self.row_upper, self.row_lower)
        return np.where(np.isfinite(side), duals, 0.0)

    def _proven(self, index: Array, cost: Array, duals: Array) -> tuple[Array, Array]:
        """Return what each row and each column adds to the bound."""
        duals = self._counted(duals)
        side = np.where(duals > 0, self.row_upper, self.row_lower)
        reduced = -(self.matrix.T @ duals)
        np.add.at(reduced, index, cost)
        end = np.where(reduced > 0, self.upper, self.lower)
        rounding = NOTHING * max(1.0, float(np.abs(cost).max(initial=0.0)))
        reduced[~np.isfinite(end) & (np.abs(reduced) <= rounding)] = 0.0
        of_rows, of_columns = np.zeros(len(duals)), np.zeros(len(reduced))
        np.multiply(duals, side, out=of_rows, where=duals != 0)
        np.multiply(reduced, end, out=of_columns, where=reduced != 0)
        return of_rows, of_columns


@dataclass(frozen=True, eq=False, slots=True)
class Weights:
    """The row weights that prove ``constant + cost @ v[index] <= bound`` over a program, sparse."""

    program: Program
    index: Array
    cost: Array
    rows: Array
    weights: Array
    constant: float = 0.0

    def exact(self) -> Fraction | None:
        """Return the bound that the weights prove in rational arithmetic; None if they prove none.

        Weights are rounded to short fractions, which makes the reduced cost of a column without a bound exactly 0
        where the data are short decimals; any weights are valid.
        """
        found = [b for digits in (10**4, 10**5, 10**6, 10**7, 10**8, None) if (b := self._exact(digits)) is not None]
        return min(found, default=None)

    def _exact(self, digits: int | None) -> Fraction | None:
        total = Fraction(self.constant)
        reduced = {int(j): Fraction(float(a)) for j, a in zip(self.index, self.cost, strict=True)}
        matrix = self.program.matrix
        for i, number in zip(self.rows, self.weights, strict=True):
            weight = Fraction(float(number))
            weight = weight if digits is None else weight.limit_denominator(digits)
            if weight:
                side = float(self.program.row_upper[i] if weight > 0 else self.program.row_lower[i])
                if not math.isfinite(side):
                    return None
                total += weight * Fraction(side)
                entries = slice(matrix.indptr[i], matrix.indptr[i + 1])
                for j, a in zip(matrix.indices[entries], matrix.data[entries], strict=True):
                    reduced[int(j)] = reduced.get(int(j), Fraction(0)) - weight * Fraction(float(a))
        for j, r in reduced.items():
            end = float(self.program.upper[j] if r > 0 else self.program.lower[j])
            if r and not math.isfinite(end):
                return None
            total += r * Fraction(end) if r else 0
        return total


class Work:
    """What linear programs may cost: simplex iterations times rows and columns, never seconds.

    The same programs are solved, and the same bounds found, on a loaded machine and on an idle one.
    """

    def __init__(self, left: float) -> None:
        self.left = left
        self.programs = self.iterations = 0

    def load(self, program: Program) -> bool:
        """Count the reading of a program; False where too little work is left for it."""
        cost = LOADING * (_size(program) + program.matrix.nnz)
        if self.left <= cost:
            return False
        self.left -= cost
        return True

    def iterations_for(self, program: Program, parts: int = 1) -> int:
        """Return how many iterations of a program are left."""
        return int(min(max(self.left, 0) // _size_of_step(program, parts) + 1, 2**31 - 1))

    def spend(self, program: Program, iterations: int, parts: int = 1) -> None:
        """Count one maximum of each part."""
        self.programs += 1
        self.iterations += iterations
        self.left -= WEIGHT_OF_AN_LP + parts * WEIGHT_OF_A_PART + (iterations + 1) * _size_of_step(program, parts)


def _size_of_step(program: Program, parts: int) -> int:
    """Return what an iteration costs; less where a program falls into parts, of which one is touched at a time."""
    return _size(program) // min(parts, 3)


def _size(program: Program) -> int:
    return 1 + len(program.row_lower) + len(program.lower)


class Solver:
    """Maximises over a program, of so many parts that share nothing, again and again from the last basis."""

    def __init__(self, program: Program, work: Work, parts: int = 1) -> None:
        self.program, self.work, self.parts = program, work, parts
        self._lp = program.loaded() if work.load(program) else None
        self.at_lower = np.zeros(len(program.lower), dtype=bool)  # attained by some point that was found
        self.at_upper = np.zeros(len(program.lower), dtype=bool)
        self.point = np.zeros(0)  # the last one that was found
        self._costs = np.zeros(0, dtype=np.int32)

    def maximum(self, index: Array, cost: Array) -> tuple[float, float, Array]:
        """Return an upper bound of ``cost @ v[index]``, what the dual values alone prove, and these.

        The bound is the larger of what HiGHS says, which is right up to tolerances times ranges, and of what its dual
        values prove by weak duality, which is right up to rounding. It is infinite if there is none or no work left.
        """
        nothing = math.inf, math.nan, np.zeros(0)
        if self._lp is None or self.work.left <= 0:
            return nothing
        lp, index = self._lp, np.asarray(index, dtype=np.int32)
        lp.setOptionValue("simplex_iteration_limit", self.work.iterations_for(self.program, self.parts))
        lp.changeColsCost(len(self._costs), self._costs, np.zeros(len(self._costs)))
        lp.changeColsCost(len(index), index, cost)
        self._costs = index
        lp.run()
        information = lp.getInfo()
        self.work.spend(self.program, max(0, information.simplex_iteration_count), self.parts)
        if lp.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return nothing  # unbounded, too much work, or an infeasible relaxation: nothing is claimed
        solution = lp.getSolution()
        self.point = np.array(solution.col_value)
        self.at_lower |= self.point == self.program.lower
        self.at_upper |= self.point == self.program.upper
        duals = np.array(solution.row_dual)
        last = self.program.proven(index, cost, duals)
        return max(last, float(information.objective_function_value)), last, duals
