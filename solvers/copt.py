"""Cardinal Optimizer (COPT), by its Python interface; an optional solver."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, ClassVar

import numpy as np
from pyomo.common.dependencies import attempt_import
from pyomo.contrib.solver.common.results import TerminationCondition

from ..errors import SolverUnavailableError, UnsupportedBySolverError
from .base import Solver
from .features import Features, Needs
from .interrupt import stop_requested
from .licence import too_small
from .program import Array, Program
from .records import Outcome, Settings

coptpy, _installed = attempt_import("coptpy")

# What COPT 8 takes without a licence file, measured: columns, and rows, each.
UNLICENSED_LP = 10_000
UNLICENSED_MIP = 2_000

_TAKES = f"package takes {UNLICENSED_MIP} of each without one, {UNLICENSED_LP} in an LP"

_SHORT_NODES = 1000
_LOOSEST = 1e-4  # feasibility tolerance that COPT takes
_ERROR_LICENCE = 4
_CONDITIONS = {
    "OPTIMAL": TerminationCondition.convergenceCriteriaSatisfied,
    "INFEASIBLE": TerminationCondition.provenInfeasible,
    "UNBOUNDED": TerminationCondition.unbounded,
    "INF_OR_UNB": TerminationCondition.infeasibleOrUnbounded,
    "NODELIMIT": TerminationCondition.iterationLimit,
    "TIMEOUT": TerminationCondition.maxTimeLimit,
    "INTERRUPTED": TerminationCondition.interrupted,
}


class Copt(Solver):
    """COPT; one model per solve, in one environment.

    Warm start: the known values are given with `setMipStart`, and COPT completes them. An LP takes none.
    Ctrl-C: COPT stops, and the best point so far is returned (`feasible`, message "interrupted").
    Options: COPT moves numbers that are out of range to the limit; here they are refused.
    """

    name: ClassVar[str] = "copt"
    node_limit: ClassVar[str] = "NodeLimit"
    features: ClassVar[Features] = Features(sos1=True, indicator=True)

    def available(self) -> str | None:
        """None when coptpy is installed; small models need no licence."""
        if not _is_installed():
            return "coptpy is not installed (pip install coptpy)"
        return None

    def version(self) -> str:
        """Version of COPT."""
        if not _is_installed():
            return ""
        return f"{coptpy.COPT.VERSION_MAJOR}.{coptpy.COPT.VERSION_MINOR}.{coptpy.COPT.VERSION_TECHNICAL}"

    def misfit(self, needs: Needs) -> str | None:
        """Why the model is too large to be solved without a licence; None when it fits or there is one."""
        if not is_unlicensed():
            return None
        limit = UNLICENSED_LP if needs.linear_program else UNLICENSED_MIP
        rows = needs.size.linear_rows + needs.size.indicators
        if max(needs.size.variables, rows) <= limit:
            return None
        return f"too large without a licence: {needs.size.variables} variables, {rows} rows; {limit} of each are taken"

    def _options(self, settings: Settings) -> dict[str, Any]:
        chosen: dict[str, Any] = {
            "Logging": int(settings.tee), "LogToConsole": int(settings.tee), "TimeLimit": settings.time_limit,
            "RelGap": settings.rel_gap, "AbsGap": settings.abs_gap,
            "FeasTol": None if settings.feasibility_tol is None else min(settings.feasibility_tol, _LOOSEST),
            "IntTol": settings.integrality_tol, "Threads": settings.threads,
        }  # fmt: skip
        chosen = {name: number for name, number in chosen.items() if number is not None}
        if settings.exact_sos:
            chosen |= {"LinearizeSos": 0, "LinearizeIndicators": 0}
        if not settings.presolve:
            chosen["Presolve"] = 0
        if settings.short:
            chosen[self.node_limit] = _SHORT_NODES
        return chosen | dict(settings.options or {})

    def _native(self, program: Program, settings: Settings) -> Outcome:
        model = _environment().createModel("single level")
        try:
            with _quiet(not settings.tee):
                for name, setting in self._options(settings).items():
                    _set(model, name, setting)
                _hand_over(model, program)
                if program.is_discrete and settings.warm_start:
                    _offer(model, program.start)
                if program.is_discrete:  # an LP ends soon, and may be what makes a point of an interrupted search
                    model.setCallback(_stopper(), coptpy.COPT.CBCONTEXT_MIPNODE)
                model.solve()
            return _outcome(model, program)
        except coptpy.CoptError as error:
            if error.retcode == _ERROR_LICENCE:
                raise SolverUnavailableError(too_small("COPT", error.message, program, _TAKES)) from error
            return Outcome(TerminationCondition.error, f"CoptError {error.retcode}: {error.message}")


@cache
def _is_installed() -> bool:
    return bool(_installed)


@cache
def _environment() -> Any:
    """Return the environment of the process; COPT tells of licences as it is made, whatever it is asked."""
    with _quiet(True):
        return coptpy.Envr()


@contextmanager
def _quiet(wanted: bool) -> Iterator[None]:
    """Send what native code prints nowhere."""
    if not wanted:
        yield
        return
    streams = (sys.stdout, sys.stderr)
    for stream in streams:
        stream.flush()
    kept = [os.dup(number) for number in (1, 2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for number in (1, 2):
            os.dup2(nowhere, number)
        yield
    finally:
        for number, copy in zip((1, 2), kept, strict=True):
            os.dup2(copy, number)
            os.close(copy)
        os.close(nowhere)


def _set(model: Any, name: str, setting: Any) -> None:
    try:
        _, _, _, least, most = model.getParamInfo(name)
        if not least <= setting <= most:
            raise ValueError(f"out of range {least} to {most}")
        model.setParam(name, setting)
    except (AttributeError, TypeError, ValueError, coptpy.CoptError) as error:
        raise UnsupportedBySolverError(f"copt refuses the option {name!r} = {setting!r}: {error}") from error


def _hand_over(model: Any, program: Program) -> None:
    """Fill COPT's model with the program's arrays."""
    infinite = coptpy.COPT.INFINITY
    limits = [program.row_lower, program.row_upper, program.lower, program.upper]
    row_lower, row_upper, lower, upper = (np.clip(sides, -infinite, infinite) for sides in limits)
    plain = np.array([k for k in range(row_lower.size) if k not in program.switches], dtype=int)
    binary = {column for column, _ in program.switches.values()}
    kinds = ["C" if not whole else "B" if k in binary else "I" for k, whole in enumerate(program.integer.tolist())]
    model.loadMatrix(
        program.cost, program.matrix[plain].tocsc(), row_lower[plain], row_upper[plain], lower, upper, np.array(kinds)
    )
    model.setObjConst(program.offset)
    columns = model.getVars()
    for k, (column, value) in program.switches.items():
        row = program.matrix[[k]]
        body = coptpy.LinExpr([(columns[int(j)], a) for j, a in zip(row.indices, row.data.tolist(), strict=True)])
        for low, sign in ((program.row_lower[k], 1), (program.row_upper[k], -1)):
            if np.isfinite(low):
                relation = body >= float(low) if sign > 0 else body <= float(low)
                model.addGenConstrIndicator(columns[column], bool(value), relation)
    for sos in program.sos:
        if sos.columns.size:
            kind = coptpy.COPT.SOS_TYPE1 if sos.level == 1 else coptpy.COPT.SOS_TYPE2
            model.addSOS(kind, [columns[int(k)] for k in sos.columns], sos.weights.tolist())


def _offer(model: Any, start: Array) -> None:
    known = np.flatnonzero(np.isfinite(start))
    if known.size:
        columns = model.getVars()
        model.setMipStart([columns[int(k)] for k in known], start[known].tolist())
        model.loadMipStart()


def _stopper() -> Any:
    """Return a callback that ends a search when a stop is asked for: COPT lets no other thread run meanwhile."""

    def callback(self: Any) -> None:
        """Look at requests at each node."""
        if stop_requested():
            self.interrupt()

    return type("Stopper", (coptpy.CallbackBase,), {"callback": callback})()


def _outcome(model: Any, program: Program) -> Outcome:
    word = _words().get(model.status, f"status {model.status}")
    condition = _CONDITIONS.get(word, TerminationCondition.unknown)
    outcome = Outcome(condition, word)
    if program.is_discrete:
        outcome.nodes = int(model.NodeCnt)
    if condition in (TerminationCondition.unbounded, TerminationCondition.infeasibleOrUnbounded):
        return outcome
    has_point = model.HasMipSol if program.is_discrete else condition is _CONDITIONS["OPTIMAL"]
    if has_point:
        outcome.point = np.array(model.getValues(), dtype=float)
    if program.is_discrete:
        outcome.bound = float(model.BestBnd)
    elif has_point:
        outcome.bound = float(model.LpObjval)
    return outcome


@cache
def _words() -> dict[int, str]:
    return {getattr(coptpy.COPT, word): word for word in (*_CONDITIONS, "NUMERICAL", "IMPRECISE", "UNFINISHED")}


@cache
def is_unlicensed() -> bool:
    """Whether COPT runs without a licence, for small models only; asked once per process."""
    if not _is_installed():
        return False
    model = _environment().createModel("size")
    try:
        with _quiet(True):
            model.setParam("Logging", 0)
            model.addVars(UNLICENSED_LP + 1)
            model.solve()
    except coptpy.CoptError as error:
        return bool(error.retcode == _ERROR_LICENCE)
    return False
