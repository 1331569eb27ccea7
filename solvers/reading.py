"""Reading a single-level model once, before any solver sees it: its needs, its size, its contradictions.

Everything that no solver of this package could treat correctly is refused here by name; nothing is skipped in
silence.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pyomo.common.gc_manager import PauseGC
from pyomo.core.base.block import Block, BlockData
from pyomo.core.base.constraint import Constraint, ConstraintData
from pyomo.core.base.expression import Expression
from pyomo.core.base.external import ExternalFunction
from pyomo.core.base.objective import Objective, ObjectiveData
from pyomo.core.base.param import Param
from pyomo.core.base.set import RangeSet, Set
from pyomo.core.base.sos import SOSConstraint, SOSConstraintData
from pyomo.core.base.suffix import Suffix
from pyomo.core.base.var import Var, VarData
from pyomo.repn.quadratic import QuadraticRepn, QuadraticRepnVisitor
from pyomo.repn.util import InvalidNumber, OrderedVarRecorder, categorize_valid_components

from ..errors import UnsupportedBySolverError
from ..linear_sums import sum_of
from .complementarity import Twins, complementarity_gaps, complementary_pairs
from .features import Needs, Size
from .indicators import Switch, indicator_rows
from .quadratic import describe_term, is_positive_semidefinite

CONSTANT_ROW_TOLERANCE = 1e-6
"""By how much a row without variables may miss its right-hand side (relative above 1) and still hold."""

_KNOWN = {
    Block,
    Constraint,
    Objective,
    SOSConstraint,
    Var,
    Param,
    Expression,
    Suffix,
    Set,
    RangeSet,
    ExternalFunction,
}


@dataclass(frozen=True)
class Reading:
    """A model as the solver layer sees it, read once for who chooses a solver and for the solver.

    Until it is solved, the variables may get other values (a start); nothing else of the model may change.
    """

    objective: ObjectiveData | None
    polynomial: QuadraticRepn | None
    """The objective's coefficients, by id of variable."""
    rows: dict[ConstraintData, tuple[float | None, QuadraticRepn, float | None]]
    """Row -> lower side, coefficients of the body (its constant among them), upper side; indicator rows too."""
    indicators: dict[ConstraintData, Switch]
    """The rows that hold only while a binary has a given value; never to be added as they are."""
    sos: tuple[SOSConstraintData, ...]
    variables: dict[int, VarData]
    needs: Needs
    contradiction: str | None
    """The first row without variables that fails, or variable without a value to take; None if none."""
    pairs: tuple[Twins, ...] = ()
    """Complementary variables."""
    gaps: tuple[tuple[QuadraticRepn, tuple[VarData, ...]], ...] = ()
    """Expressions that are zero only where pairs are complementary, and what makes each linear once it is fixed."""

    @property
    def sense(self) -> int:
        """1 when minimizing (or without objective), -1 when maximizing."""
        return 1 if self.objective is None else int(self.objective.sense)


def needs_of(model: BlockData) -> Needs:
    """What the active part of `model` asks of a solver.

    Convexity is judged by the eigenvalues of each quadratic form, so that a second-order cone, whose form is
    indefinite, counts as nonconvex.

    :raises UnsupportedBySolverError: something is beyond quadratic, or of a kind no solver here takes (named).
    """
    return read(model).needs


def active_rows(model: BlockData) -> Iterator[ConstraintData]:
    """Active constraints, blocks included."""
    return model.component_data_objects(Constraint, active=True, descend_into=True)


def active_sos(model: BlockData) -> Iterator[SOSConstraintData]:
    """Active special ordered sets, blocks included."""
    return model.component_data_objects(SOSConstraint, active=True, descend_into=True)


def read(model: BlockData | Reading) -> Reading:
    """Walk the active objective, rows and SOS of a model once; what was read already is returned as it is.

    :raises UnsupportedBySolverError: as `needs_of`.
    """
    if isinstance(model, Reading):
        return model
    _refuse_unknown_components(model)
    with PauseGC():  # what is made here stays
        return _Reader().read(model)


def read_rows(rows: Iterable[ConstraintData], objective: ObjectiveData, tolerance: float) -> Reading:
    """Read some rows, and an objective, wherever they are; what is fixed in them is a number.

    :param tolerance: as ``CONSTANT_ROW_TOLERANCE``.
    :raises UnsupportedBySolverError: as `needs_of`.
    """
    with PauseGC():
        reader = _Reader(tolerance)
        for row in rows:
            reader.row(row)
        return reader.reading(objective)


class _OneByOne(OrderedVarRecorder):
    """Records the variables that are met: Pyomo's own recorder takes in all members of an indexed one at once."""

    def add(self, variable: VarData) -> None:
        """Record a variable."""
        self.var_order[id(variable)] = len(self.var_order)
        self.var_map[id(variable)] = variable


class _Reader:
    """Collects needs and counts while walking; lives for one model."""

    def __init__(self, tolerance: float = CONSTANT_ROW_TOLERANCE) -> None:
        self.tolerance = tolerance
        self.variables: dict[int, VarData] = {}
        self.visitor = QuadraticRepnVisitor({}, var_recorder=_OneByOne(self.variables, {}, None))
        self.rows: dict[ConstraintData, tuple[float | None, QuadraticRepn, float | None]] = {}
        self.because: dict[str, str] = {}
        self.contradiction: str | None = None
        self.linear_rows = self.range_rows = self.quadratic_rows = self.sos = self.indicators = 0

    def read(self, model: BlockData) -> Reading:
        indicators = indicator_rows(model)
        for row in active_rows(model):
            if row in indicators:
                self._indicator_row(row, indicators[row])
            else:
                self.row(row)
        sets = tuple(active_sos(model))
        for sos in sets:
            self._special_ordered_set(sos)
        pairs = tuple(complementary_pairs(model))
        for pair in pairs:
            self.because.setdefault("complementarity", f"pair '{pair.name}'")
            self._register(pair.first)
            self._register(pair.second)
        gaps = tuple((self.visitor.walk_expression(gap), fixed) for gap, fixed in complementarity_gaps(model))
        gaps = tuple((repn, fixed) for repn, fixed in gaps if repn.nonlinear is None)  # others are no use to anybody
        return self.reading(_single_objective(model), indicators, sets, pairs, gaps)

    def reading(
        self,
        objective: ObjectiveData | None,
        indicators: dict[ConstraintData, Switch] | None = None,
        sets: tuple[SOSConstraintData, ...] = (),
        pairs: tuple[Twins, ...] = (),
        gaps: tuple[tuple[QuadraticRepn, tuple[VarData, ...]], ...] = (),
    ) -> Reading:
        """Return what was read, with an objective."""
        polynomial = None if objective is None else self._walk(objective.expr, objective)
        integers = self._domains()
        if objective is not None and polynomial is not None and polynomial.quadratic:
            self._quadratic_objective(objective, polynomial.quadratic)
        size = Size(
            len(self.variables), integers, self.linear_rows, self.range_rows, self.quadratic_rows, self.sos,
            self.indicators, len(pairs),
        )  # fmt: skip
        needs = Needs(MappingProxyType(self.because), size)
        return Reading(
            objective,
            polynomial,
            self.rows,
            indicators or {},
            sets,
            self.variables,
            needs,
            self.contradiction,
            pairs,
            gaps,
        )

    def _walk(self, expression: Any, component: ConstraintData | ObjectiveData) -> QuadraticRepn:
        found = sum_of(expression, self.variables, self._meet)
        if found is not None:
            repn = QuadraticRepn()
            repn.constant, repn.linear = found
        else:
            repn = self.visitor.walk_expression(expression)
        if repn.nonlinear is not None:
            shown = str(repn.nonlinear)
            raise UnsupportedBySolverError(
                f"{component.ctype.__name__} '{component.name}' has a term that is neither linear nor quadratic: "
                f"{shown[:80]}. No solver of bilevolt takes it; reformulate or approximate the term."
            )
        if isinstance(repn.constant, InvalidNumber) or repn.constant != repn.constant:
            raise UnsupportedBySolverError(
                f"{component.ctype.__name__} '{component.name}' has no numeric value: {repn.constant}. Give the "
                "parameters and fixed variables in it a value."
            )
        return repn

    def _meet(self, variable: VarData) -> bool | None:
        """Take in a variable as the visitor does, see :func:`.sum_of`."""
        if variable.fixed:
            return None
        self.visitor.var_recorder.add(variable)
        return True

    def row(self, row: ConstraintData) -> None:
        """Read a row that always holds."""
        lower, body, upper = row.to_bounded_expression(evaluate_bounds=True)
        repn = self._walk(body, row)
        self.rows[row] = lower, repn, upper
        if repn.quadratic:
            self.quadratic_rows += 1
            self._quadratic_row(row, lower, upper, repn.quadratic)
            return
        self.linear_rows += 1
        self.range_rows += lower is not None and upper is not None and lower != upper
        if repn.linear or self.contradiction:
            return
        for side, excess in ((lower, 1), (upper, -1)):
            if side is not None and excess * (side - repn.constant) > self.tolerance * max(1, abs(side)):
                self.contradiction = (
                    f"Constraint '{row.name}' has no free variable and does not hold: {row.expr} "
                    f"(its body is {repn.constant:g}, its side {side:g})"
                )

    def _indicator_row(self, row: ConstraintData, switch: Switch) -> None:
        lower, body, upper = row.to_bounded_expression(evaluate_bounds=True)
        repn = self._walk(body, row)
        if repn.quadratic:
            raise UnsupportedBySolverError(
                f"Indicator constraint '{row.name}' (holds while '{switch.variable.name}' = {switch.value}) has the "
                f"{describe_term(repn.quadratic, self.variables)}; only linear rows can be switched. Move the "
                "product to a row of its own, or choose another reformulation."
            )
        self.rows[row] = lower, repn, upper
        self.indicators += 1 + (lower is not None and upper is not None and lower != upper)
        self.because.setdefault(
            "indicator", f"constraint '{row.name}', which holds while '{switch.variable.name}' = {switch.value}"
        )
        self._register(switch.variable)

    def _quadratic_row(self, row: ConstraintData, lower: Any, upper: Any, terms: dict) -> None:
        where = f"constraint '{row.name}'"
        self._note("quadratic_constraints", f"{where}, {{}}", terms)
        if lower is not None and upper is not None:
            if lower != upper:
                self._note("quadratic_ranges", f"{where} with two different sides, {{}}", terms)
            self._note("nonconvex", f"{where} with {{}} and two sides", terms)
        else:
            sign = 1.0 if upper is not None else -1.0
            if "nonconvex" not in self.because and not is_positive_semidefinite(terms, sign):
                self._note("nonconvex", f"{where}, {{}}", terms, sign)

    def _quadratic_objective(self, objective: ObjectiveData, terms: dict) -> None:
        where, sign = f"objective '{objective.name}'", float(objective.sense)
        if not is_positive_semidefinite(terms, sign):
            self._note("nonconvex", f"{where}, {{}}", terms, sign)
        elif "milp" in self.because:
            self._note("miqp", f"{where}, {{}}, beside {self.because['milp']}", terms)
        else:
            self._note("qp", f"{where}, {{}}", terms)

    def _note(self, feature: str, text: str, terms: dict, sign: float | None = None) -> None:
        if feature not in self.because:
            self.because[feature] = text.format(describe_term(terms, self.variables, sign))

    def _special_ordered_set(self, sos: SOSConstraintData) -> None:
        if sos.level not in (1, 2):
            raise UnsupportedBySolverError(f"SOS constraint '{sos.name}' has level {sos.level}; only 1 and 2 exist.")
        self.sos += 1
        if "sos1" not in self.because:  # putting thousands of names together takes as long as the rest
            self.because["sos1"] = f"SOS{sos.level} constraint '{sos.name}'"
        for variable in sos.variables:
            self._register(variable)

    def _register(self, variable: VarData) -> None:
        """Take in a variable that stands outside of expressions."""
        if id(variable) not in self.variables:
            self.visitor.var_recorder.add(variable)  # Pyomo needs its order, too, where products follow
        self.variables.setdefault(id(variable), variable)  # fixed ones are not recorded

    def _domains(self) -> int:
        """Count integer variables; note an empty domain, refuse one neither integer nor continuous."""
        integers = 0
        for variable in self.variables.values():
            if not variable.is_continuous():
                if not variable.is_integer():
                    raise UnsupportedBySolverError(
                        f"Variable '{variable.name}' has domain {variable.domain}, neither continuous nor integer."
                    )
                if not variable.fixed:
                    integers += 1
                    self.because.setdefault("milp", f"integer variable '{variable.name}'")
            lower, upper = variable.bounds
            if not variable.fixed and lower is not None and upper is not None and lower > upper:
                self.contradiction = self.contradiction or (
                    f"Variable '{variable.name}' has no value to take: lower bound {lower:g} > upper bound {upper:g}"
                )
        return integers


def _single_objective(model: BlockData) -> ObjectiveData | None:
    objectives = list(model.component_data_objects(Objective, active=True, descend_into=True))
    if len(objectives) > 1:
        names = ", ".join(f"'{o.name}'" for o in objectives)
        raise UnsupportedBySolverError(
            f"The model has {len(objectives)} active objectives ({names}); deactivate all but one."
        )
    return objectives[0] if objectives else None


def _refuse_unknown_components(model: BlockData) -> None:
    _, unknown = categorize_valid_components(model, active=True, valid=_KNOWN)
    for ctype, components in unknown.items():
        raise UnsupportedBySolverError(
            f"{ctype.__name__} '{components[0].name}' is active, and a solver would ignore it: turn it "
            "into constraints and SOS first, or deactivate it."
        )
