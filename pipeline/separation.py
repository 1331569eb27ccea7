r"""Separation: valid inequalities that a model writes only where a relaxation violates them, in rounds.

The linear relaxation of the single-level model (integers, pairs, sets and switched rows left out, tangents in place of
a convex objective's squares) is solved; each ``separator`` of the model's ``ValidInequalities`` is asked, at its point,
for rows that it violates; they are added, and it is solved again from the last basis, until nothing is violated or the
bound hardly rises. All rows stay in the single-level model, whatever solves it: one that the last point does not need
is tight elsewhere in the tree (without them, HiGHS was seen to need seven times as many nodes).

The rounds change no answer, only how fast it is found; so they end after work that is counted, not timed. A solver that
asks for rows while it searches (:mod:`.solvers.cutting`) gets :func:`cutter_of` beside them; those rows stay with it.

Source: H. Marchand, A. Martin, R. Weismantel and L. Wolsey, *Cutting planes in integer and mixed integer programming*,
Discrete Appl. Math. 123, 2002, sec. 1.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from pyomo.common.collections import ComponentMap
from pyomo.core.base.constraint import ConstraintData
from pyomo.repn.linear import LinearRepn, LinearRepnVisitor

from ..errors import UnsupportedBySolverError
from ..levels.follower_form import VariableRecorder
from ..levels.point import put
from ..reformulations import user_cuts
from ..reformulations.single_level import SingleLevel
from ..solvers.cutting import Cut, Cutter
from ..solvers.highs import native
from ..solvers.highs.approximation import Approximation
from ..solvers.highs.squares import sum_of_squares
from ..solvers.program import Array, Program, program_of
from ..solvers.quadratic import is_positive_semidefinite
from ..solvers.reading import Reading, read

ROUNDS = 40
"""At most so many rounds."""
ITERATIONS = 100_000
"""Simplex steps for all rounds together."""
PATIENCE = 5
"""Rounds in which the bound may rise by less than ``LEAST`` of itself."""
LEAST = 1e-5
TANGENTS = 10
"""Most solves in a round, tangents of the objective's squares between them until it errs by less than ``LEAST``."""

_QUADRATIC = {"qp", "miqp", "quadratic_constraints", "nonconvex", "quadratic_ranges"}


def separate(single: SingleLevel, reading: Reading) -> tuple[Reading, str]:
    """Add the rows that the model's separators return, in place.

    :returns: the model as it is to be solved, and a note on what was added; "" if no separator is in the model.
    :raises UnsupportedBySolverError: a separator returns something else than linear rows of the model's variables.
    """
    blocks = user_cuts.separators(single)
    if not blocks:
        return reading, ""
    program = program_of(reading)
    if program.row_forms or not is_positive_semidefinite(program.quadratic.terms):
        return reading, "separators were not asked, as the relaxation is not convex"
    relaxation = _Relaxation(single, reading, program)
    with single.bilevel.kept_values(single.variables):
        rounds = _rounds(single, relaxation)
    if not relaxation.added:
        return reading, f"separators added no rows in {rounds} rounds"
    return read(single.model), f"separators added {len(relaxation.added)} rows in {rounds} rounds"


def _rounds(single: SingleLevel, relaxation: "_Relaxation") -> int:
    """Solve and add, in turns; return how often."""
    best, idle, k = -np.inf, 0, 0
    while k < ROUNDS and idle < PATIENCE and relaxation.solve():
        k += 1
        rows = list(user_cuts.ask_separators(single))
        if not rows:
            break
        relaxation.add(rows)
        idle = 0 if relaxation.bound > best + LEAST * max(1.0, abs(best)) else idle + 1
        best = max(best, relaxation.bound)
    return k


def cutter_of(single: SingleLevel, reading: Reading) -> Cutter | None:
    """Return who is asked for rows while a solver searches; None without a separator."""
    if not user_cuts.separators(single) or _QUADRATIC & set(reading.needs.because):
        return None
    asked = _Asked(single, reading)

    def cut(point: Array) -> list[Cut]:
        with single.bilevel.kept_values(single.variables):
            asked.put(point)
            return [asked.cut(row) for row in user_cuts.violated(single)]

    return cut


class _Asked:
    """A model whose separators are asked at points of its relaxation: its columns, and rows in these."""

    def __init__(self, single: SingleLevel, reading: Reading) -> None:
        self._single = single
        self.variables = list(reading.variables.values())
        self.column = {id(variable): k for k, variable in enumerate(self.variables)}
        self._recorder = VariableRecorder()
        self._visitor = LinearRepnVisitor({}, var_recorder=self._recorder)

    def put(self, point: Iterable[float]) -> None:
        """Put a point on the model's variables, and its prices on those that stand for them."""
        for variable, number in zip(self.variables, point, strict=True):
            variable.set_value(float(number), skip_validation=True)
        if self._single.bilevel.leader.prices:
            values = ComponentMap((variable, variable.value) for variable in self.variables)
            prices = self._single.prices(values)
            put(ComponentMap((price, prices[row]) for price, row in self._single.bilevel.leader.prices.items()))

    def cut(self, row: ConstraintData) -> Cut:
        """Return a row in columns.

        :raises UnsupportedBySolverError: it is not linear, or of a variable that the model has not.
        """
        lower, body, upper = row.to_bounded_expression(evaluate_bounds=True)
        repn = self._visitor.walk_expression(body)
        columns = self._columns(row, repn)
        low = -np.inf if lower is None else lower - repn.constant
        high = np.inf if upper is None else upper - repn.constant
        return Cut(columns, np.fromiter(repn.linear.values(), dtype=float, count=len(columns)), low, high)

    def _columns(self, row: ConstraintData, repn: LinearRepn) -> Array:
        if repn.nonlinear is not None:
            raise UnsupportedBySolverError(
                f"the separator of {row.parent_block().name!r} returned {row.expr}, which is not linear. Write "
                "products once, as rows of the block that tie a variable of its own to them, and return rows of that."
            )
        unknown = [self._recorder.var_map[i].name for i in repn.linear if i not in self.column]
        if unknown:
            raise UnsupportedBySolverError(
                f"the separator of {row.parent_block().name!r} returned {row.expr}, but {unknown[0]} is in no row "
                "of the model that is solved. Use it in a row of the block, or leave it out."
            )
        return np.array([self.column[i] for i in repn.linear], dtype=np.int32)


class _Relaxation(_Asked):
    """The linear relaxation in HiGHS, which keeps its basis while rows are added."""

    def __init__(self, single: SingleLevel, reading: Reading, program: Program) -> None:
        super().__init__(single, reading)
        self.added: list[ConstraintData] = []
        self.bound = -np.inf
        switched = list(program.switches)  # rows that hold only while a binary has a value
        low, high = program.row_lower.copy(), program.row_upper.copy()
        low[switched], high[switched] = -np.inf, np.inf
        options = {"simplex_iteration_limit": ITERATIONS, "threads": 1}
        kept = replace(program, row_lower=low, row_upper=high)
        self._approximation = Approximation(kept, sum_of_squares(program.quadratic.terms), options, tee=False)
        self._solver = self._approximation.lp

    def solve(self) -> bool:
        """Solve, and put the point on the model's variables; whether there is one to separate."""
        for _ in range(TANGENTS):
            native.run(self._solver)
            if native.condition_of(self._solver)[1] != "Optimal":
                return False
            point = np.array(self._solver.getSolution().col_value)
            self.bound = self._solver.getInfo().objective_function_value
            if self._approximation.error(point) <= LEAST * max(1.0, abs(self.bound)):
                break
            self._approximation.add_tangents(self._approximation.factors(point))
        self.put(point[: len(self.variables)])
        return True

    def add(self, rows: list[ConstraintData]) -> None:
        """Add linear rows."""
        for row in rows:
            cut = self.cut(row)
            self._solver.addRow(cut.lower, cut.upper, len(cut.columns), cut.columns, cut.weights)
            self.added.append(row)
