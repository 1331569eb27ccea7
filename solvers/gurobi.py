"""Gurobi, through Pyomo's persistent interface (the direct one takes no SOS)."""

import warnings
from functools import cache
from typing import Any, ClassVar

from pyomo.common.dependencies import attempt_import
from pyomo.contrib.solver.common.results import TerminationCondition
from pyomo.contrib.solver.solvers.gurobi.gurobi_persistent import GurobiPersistent
from pyomo.core.base.block import BlockData
from pyomo.core.base.constraint import ConstraintData

from ..errors import SolverUnavailableError, UnsupportedBySolverError
from .base import Solver
from .features import Features, Needs, Size
from .indicators import Switch
from .reading import Reading, count_columns
from .records import Outcome, Settings

gurobipy, _installed = attempt_import("gurobipy")

# The restricted licence that comes with gurobipy. Measured with Gurobi 13: linear and quadratic rows, SOS and
# indicator rows count together; a range row adds a column; one quadratic term, in a row or in the objective, lowers the
# limit on columns.
RESTRICTED_COLUMNS = 2000
RESTRICTED_ROWS = 2000
RESTRICTED_QUADRATIC_COLUMNS = 200

_QUADRATIC = {"qp", "miqp", "quadratic_constraints", "nonconvex"}
_ERROR_LICENCE = (10009, 10010)  # GRB.Error.NO_LICENSE, GRB.Error.SIZE_LIMIT_EXCEEDED
_ERROR_PARAMETER = (10007, 10008)  # GRB.Error.UNKNOWN_PARAMETER, VALUE_OUT_OF_RANGE


class Gurobi(Solver):
    """Gurobi; one environment per solve, closed afterwards.

    Warm start: the values of all variables, discrete and continuous, are given as a MIP start (an SOS1 model
    has no discrete variables); Gurobi drops a start that is infeasible. A pure LP or QP takes none.
    Ctrl-C: Gurobi stops, and the best point so far is returned (`feasible`, message "interrupted").
    Range rows in quadratics are refused: Pyomo's interface does not take them.
    """

    name: ClassVar[str] = "gurobi"
    features: ClassVar[Features] = Features(
        qp=True, miqp=True, quadratic_constraints=True, nonconvex=True, sos1=True, indicator=True, duals=True
    )

    def available(self) -> str | None:
        """None when gurobipy is installed and its licence is valid, be it the restricted one."""
        if not _installed:
            return "gurobipy is not installed (pip install gurobipy)"
        return _licence()[0]

    def version(self) -> str:
        """Version of gurobipy."""
        return ".".join(map(str, gurobipy.gurobi.version())) if _installed else ""

    def misfit(self, model: BlockData, needs: Needs) -> str | None:
        """Why the model is too large for the licence; None when it fits or the licence is a full one."""
        if not is_restricted():
            return None
        size, quadratic = needs.size, bool(_QUADRATIC & set(needs.because))
        rows = size.linear_rows + size.quadratic_rows + size.sos + size.indicators
        if rows > RESTRICTED_ROWS:
            return f"the restricted licence is too small: {rows} rows, indicator rows and SOS > {RESTRICTED_ROWS}"
        columns = count_columns(model) + size.range_rows
        limit = RESTRICTED_QUADRATIC_COLUMNS if quadratic else RESTRICTED_COLUMNS
        if columns > limit:
            return (
                f"the restricted licence is too small: {columns} variables > {limit}"
                + quadratic * " (quadratic)"
            )
        return None

    def _backend(self, reading: Reading, settings: Settings) -> "_Backend":
        backend = _Backend(reading)
        backend.config.warmstart_discrete_vars = settings.warm_start
        return backend

    def _options(self, settings: Settings) -> dict[str, Any]:
        chosen: dict[str, Any] = {}
        if settings.exact_sos:
            # Gurobi's presolve makes SOS1 of indicator rows first, so that this keeps those free of big-Ms, too.
            chosen["PreSOS1BigM"] = 0
        if settings.feasibility_tol is not None:
            chosen["FeasibilityTol"] = settings.feasibility_tol
        if settings.integrality_tol is not None:
            chosen["IntFeasTol"] = settings.integrality_tol
        if settings.duals:
            chosen["QCPDual"] = 1
        chosen |= settings.options or {}
        known = {name.lower() for name in dir(gurobipy.GRB.Param)}
        if unknown := [name for name in chosen if name.lower() not in known]:
            raise UnsupportedBySolverError(f"gurobi refuses the option {unknown[0]!r}: unknown.")
        return chosen

    def _run(self, model: BlockData, reading: Reading, settings: Settings) -> Outcome:
        try:
            return super()._run(model, reading, settings)
        except gurobipy.GurobiError as error:
            error = error.with_traceback(None)  # its frames would keep the environment open
            if error.errno in _ERROR_LICENCE:
                raise SolverUnavailableError(_licence_message(error, reading.needs.size)) from error
            if error.errno in _ERROR_PARAMETER:
                raise UnsupportedBySolverError(f"gurobi refuses an option: {error}") from error
            return Outcome(TerminationCondition.error, f"GurobiError {error.errno}: {error}")

    def _native_status(self, backend: "_Backend") -> str:
        codes = {
            getattr(gurobipy.GRB.Status, name): name for name in dir(gurobipy.GRB.Status) if name.isupper()
        }
        return codes[backend.native.Status]

    def _nodes(self, backend: "_Backend") -> int | None:
        return int(backend.native.NodeCount) if backend.native.IsMIP else None

    def _close(self, backend: "_Backend") -> None:
        backend.close()


class _Backend(GurobiPersistent):
    """Pyomo's interface for one solve: indicators, full MIP starts, no rows without a side, prompt release."""

    def __init__(self, reading: Reading) -> None:
        super().__init__()
        self.reading = reading

    @property
    def native(self) -> Any:
        return self._solver_model

    def _create_solver_model(self, pyomo_model: BlockData, config: Any) -> Any:
        with warnings.catch_warnings():  # this backend lives for one solve: nothing changes while it does
            warnings.filterwarnings("ignore", "ModelChangeDetector does not detect changes to suffixes")
            created = super()._create_solver_model(pyomo_model, config)
        for row, switch in self.reading.indicators.items():  # last, when Pyomo has added the variables that it knows
            if switch.variable not in self._pyomo_var_to_solver_var_map:
                self._add_variables([switch.variable])
            self._add_indicator(row, switch)
        return created

    def _add_constraints(self, cons: list[ConstraintData]) -> None:
        hard = (c for c in cons if c not in self.reading.indicators)
        super()._add_constraints([c for c in hard if c.has_lb() or c.has_ub()])

    def _add_indicator(self, row: ConstraintData, switch: Switch) -> None:
        lower, repn, upper = self.reading.rows[row]
        column = self._pyomo_var_to_solver_var_map
        terms = [(a, column[self.reading.variables[i]]) for i, a in repn.linear.items()]
        expression = gurobipy.LinExpr(terms)
        senses = {"<": upper, ">": lower} if lower is None or lower != upper else {"=": upper}
        for sense, side in senses.items():
            if side is not None:
                self.native.addGenConstrIndicator(
                    column[switch.variable], bool(switch.value), expression, sense, side - repn.constant
                )

    def _mipstart(self) -> None:
        for variable, column in self._pyomo_gurobi_var_iter():
            if variable.value is not None:
                column.Start = variable.value

    def close(self) -> None:
        """Free the native model and the claim on Pyomo's shared environment, also after an error."""
        if self._solver_model is not None:
            self._solver_model.dispose()
        if self._pyomo_model is not None:
            self._release_env_client()
            self._pyomo_model: Any = None

    def __del__(self) -> None:
        """Nothing: Pyomo would release the claim here, at the garbage collector's pleasure; `close` has."""


def is_restricted() -> bool:
    """Whether the licence in use is the size-limited one that comes with gurobipy."""
    return _installed and _licence()[1]


@cache
def _licence() -> tuple[str | None, bool]:
    """(reason why there is no valid licence or None, whether it is size-limited); asked once per process."""
    try:
        with gurobipy.Env(params={"OutputFlag": 0}) as env, gurobipy.Model(env=env) as model:
            model.addVars(RESTRICTED_COLUMNS + 1)
            model.optimize()
    except gurobipy.GurobiError as error:
        if error.errno == gurobipy.GRB.Error.SIZE_LIMIT_EXCEEDED:
            return None, True
        return f"no valid licence: {error}", False
    return None, False


def _licence_message(error: Any, size: Size) -> str:
    return (
        f"Gurobi's licence does not allow this model: {error}. The model has {size}; the restricted licence "
        f"takes {RESTRICTED_COLUMNS} variables ({RESTRICTED_QUADRATIC_COLUMNS} in a quadratic model) and "
        f"{RESTRICTED_ROWS} rows and SOS. Use solver='highs' or 'scip', or install a full licence."
    )
