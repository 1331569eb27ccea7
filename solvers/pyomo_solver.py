"""Any solver that Pyomo knows, as ``pyo.SolverFactory("cbc")``: linear and mixed-integer problems only.

Pyomo's interfaces share no options for gaps, tolerances and threads: set them on the object. What the solver says is
held against what was asked: an *optimal* whose bound leaves a larger gap is a feasible point.
"""

import contextlib
import io
import logging
from typing import Any, ClassVar

import numpy as np
import pyomo.core as pyo
from pyomo.common.errors import ApplicationError
from pyomo.common.log import LoggingIntercept
from pyomo.contrib.solver.common.results import TerminationCondition
from pyomo.core.expr.numeric_expr import LinearExpression

from ..errors import SolverUnavailableError, UnsupportedBySolverError
from .base import INFINITE, Solver
from .features import Features
from .program import Program
from .records import Outcome, Settings

PREFIX = "pyomo:"

_TOLERANCE = 1e-5
"""By how much a row (relative), or an integer, may be missed by what counts as a point."""

_ADOPTED: dict[str, "PyomoSolver"] = {}
_OPTIMAL = TerminationCondition.convergenceCriteriaSatisfied
_CONDITIONS = {
    "optimal": _OPTIMAL,
    "globallyOptimal": _OPTIMAL,
    "infeasible": TerminationCondition.provenInfeasible,
    "unbounded": TerminationCondition.unbounded,
    "infeasibleOrUnbounded": TerminationCondition.infeasibleOrUnbounded,
    "maxTimeLimit": TerminationCondition.maxTimeLimit,
    "maxIterations": TerminationCondition.iterationLimit,
    "maxEvaluations": TerminationCondition.iterationLimit,
    "userInterrupt": TerminationCondition.interrupted,
}


class PyomoSolver(Solver):
    """A solver behind Pyomo's own interface, one model per solve.

    Warm start: by Pyomo, where its interface takes one. Ctrl-C: as Pyomo treats it. Options: the solver's own.
    """

    node_limit: ClassVar[str] = ""
    features: ClassVar[Features] = Features()

    def __init__(self, solver: Any, kind: str) -> None:
        self.name = PREFIX + kind  # type: ignore[misc]
        self.solver = solver

    def available(self) -> str | None:
        """None when Pyomo finds the solver's program or library."""
        with LoggingIntercept(module="pyomo", level=logging.CRITICAL), contextlib.suppress(ApplicationError):
            if self.solver.available(exception_flag=False):
                return None
        return f"Pyomo does not find {self.name.removeprefix(PREFIX)!r}; install its program, or name its path"

    def version(self) -> str:
        """Version as Pyomo tells it."""
        if self.available() is not None:
            return ""
        found = self.solver.version()
        return ".".join(map(str, found)) if isinstance(found, tuple) else str(found)

    def _native(self, program: Program, settings: Settings) -> Outcome:
        if settings.threads not in (None, 1):
            raise UnsupportedBySolverError(
                f"{self.name}: threads={settings.threads} has no name that all of Pyomo's solvers share. Set it on the "
                "solver object, or in options."
            )
        model = _model(program)
        said: dict[str, Any] = {"tee": settings.tee, "load_solutions": False}
        if settings.time_limit is not None:
            said["timelimit"] = max(settings.time_limit, 1e-3)
        if settings.options:
            said["options"] = dict(settings.options)
        if settings.warm_start and getattr(self.solver, "warm_start_capable", lambda: False)():
            said["warmstart"] = True
        quiet = contextlib.nullcontext() if settings.tee else contextlib.redirect_stdout(io.StringIO())
        try:
            with LoggingIntercept(io.StringIO(), module="pyomo", level=logging.WARNING), quiet:
                results = self.solver.solve(model, **said)
                point = _feasible(program, _point(model, results))
        except (ApplicationError, ValueError, TypeError, AttributeError, RuntimeError, OSError) as error:
            return Outcome(TerminationCondition.error, f"{type(error).__name__}: {error}")
        return _outcome(program, settings, results, point)


def is_pyomo_solver(given: object) -> bool:
    """Whether something is a solver object of Pyomo's, as ``SolverFactory`` makes them."""
    return not isinstance(given, str | type) and callable(getattr(given, "solve", None)) and hasattr(given, "available")


def adopt(given: Any) -> str:
    """Return the name under which a solver object of Pyomo's is known from now on.

    :raises UnsupportedBySolverError: Pyomo has no such solver.
    """
    kind = str(getattr(given, "type", "") or getattr(given, "name", "") or type(given).__name__)
    if type(given).__name__ == "UnknownSolver":
        raise UnsupportedBySolverError(f"Pyomo knows no solver {kind!r}: pyo.SolverFactory made an UnknownSolver.")
    name = PREFIX + kind
    known = _ADOPTED.get(name)
    if known is None or known.solver is not given:
        _ADOPTED[name] = PyomoSolver(given, kind)
    return name


def named(name: str) -> PyomoSolver:
    """Return the solver ``pyomo:NAME``: the one adopted under that name, else the one that Pyomo makes of it.

    :raises SolverUnavailableError: Pyomo has no such solver.
    """
    if name not in _ADOPTED:
        kind = name.removeprefix(PREFIX)
        from pyomo.environ import SolverFactory  # all of Pyomo, without which the factory knows no solver

        made = SolverFactory(kind)
        if type(made).__name__ in ("UnknownSolver", "NoneType"):  # whose own truth value is an error
            raise SolverUnavailableError(
                f"solver {name!r}: Pyomo knows no solver {kind!r}. Try `pyomo help --solvers`."
            )
        _ADOPTED[name] = PyomoSolver(made, kind)
    return _ADOPTED[name]


def _model(program: Program) -> Any:
    """Return a Pyomo model of the arrays, with values to start from."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(program.columns))
    for k, variable in model.x.items():
        low, high = float(program.lower[k]), float(program.upper[k])
        variable.setlb(low if low > -INFINITE else None)
        variable.setub(high if high < INFINITE else None)
        variable.domain = pyo.Integers if program.integer[k] else pyo.Reals
        if np.isfinite(program.start[k]):
            variable.set_value(float(program.start[k]), skip_validation=True)
    model.rows = pyo.ConstraintList()
    matrix = program.matrix
    for k in range(matrix.shape[0]):
        low, high = float(program.row_lower[k]), float(program.row_upper[k])
        if not (np.isfinite(low) or np.isfinite(high)):
            continue
        place = slice(matrix.indptr[k], matrix.indptr[k + 1])
        body = _linear(model, matrix.indices[place], matrix.data[place])
        sides = (low if np.isfinite(low) else None, high if np.isfinite(high) else None)
        model.rows.add(body == low if low == high else pyo.inequality(sides[0], body, sides[1]))
    used = np.flatnonzero(program.cost)
    model.cost = pyo.Objective(expr=_linear(model, used, program.cost[used]) + program.offset)
    return model


def _linear(model: Any, columns: Any, numbers: Any) -> Any:
    return LinearExpression(linear_coefs=numbers.tolist(), linear_vars=[model.x[int(k)] for k in columns])


def _point(model: Any, results: Any) -> Any:
    """Return the point that came with the results; variables that the solver never saw are at 0, or nearest to it."""
    if not len(results.solution):
        return None
    for variable in model.x.values():
        variable.set_value(None)
    model.solutions.load_from(results)
    values = [
        variable.value if variable.value is not None else min(max(0.0, variable.lb or -np.inf), _most(variable.ub))
        for variable in model.x.values()
    ]
    return np.array(values, dtype=float)


def _feasible(program: Program, point: Any) -> Any:
    """Return a point, or None if it breaks the rows: at a limit, CBC was seen to return that of a relaxation."""
    if point is None:
        return None
    whole = point[program.integer]
    rows = program.matrix @ point
    excess = [
        (program.row_lower - rows) / (1 + np.abs(rows)), (rows - program.row_upper) / (1 + np.abs(rows)),
        (program.lower - point) / (1 + np.abs(point)), (point - program.upper) / (1 + np.abs(point)),
        np.abs(whole - np.round(whole)),
    ]  # fmt: skip
    return point if max((float(part.max()) for part in excess if part.size), default=0.0) <= _TOLERANCE else None


def _most(bound: float | None) -> float:
    return np.inf if bound is None else bound


def _outcome(program: Program, settings: Settings, results: Any, point: Any) -> Outcome:
    """Interpret what came back, and believe an *optimal* no further than its own bound does."""
    word = str(results.solver.termination_condition)
    native = f"{results.solver.status}, {word}"
    condition = _CONDITIONS.get(word, TerminationCondition.unknown)
    if str(results.solver.status) not in ("ok", "warning", "aborted"):
        condition = TerminationCondition.unknown
    if condition in (
        TerminationCondition.unbounded,
        TerminationCondition.infeasibleOrUnbounded,
        TerminationCondition.provenInfeasible,
    ):
        return Outcome(condition, native)
    outcome = Outcome(condition, native, point=point)
    if point is None:
        if condition is _OPTIMAL:
            outcome.condition = TerminationCondition.unknown
        return outcome
    objective = program.value(point)
    outcome.bound = _bound(results, objective if condition is _OPTIMAL and not program.is_discrete else None)
    if condition is _OPTIMAL:
        gap = np.inf if outcome.bound is None else objective - outcome.bound
        asked = max((settings.rel_gap or 0.0) * max(1.0, abs(objective)), settings.abs_gap or 0.0)
        if gap > asked + 1e-9 * max(1.0, abs(objective)):
            outcome.condition = TerminationCondition.unknown
            outcome.native = f"{native}, with a gap of {gap:g}: set the gap on the solver object"
    return outcome


def _bound(results: Any, otherwise: float | None) -> float | None:
    """Return the bound that a solver tells; of an LP that it solved, the optimum."""
    try:
        told = float(results.problem.lower_bound)
    except (AttributeError, TypeError, ValueError):
        return otherwise
    return told if np.isfinite(told) and abs(told) < INFINITE else otherwise
