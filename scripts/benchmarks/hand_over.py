"""Handing a model to a solver: arrays as the library does it, against row by row."""

from collections.abc import Iterator
from typing import Any

import highspy
import numpy as np

import bilevolt as bv
from bilevolt.solvers.highs import native
from bilevolt.solvers.program import Program, program_of
from bilevolt.solvers.reading import read
from bilevolt.solvers.scip import native as scip
from bilevolt.solvers.trace import Trace

from .row import Row, in_turns


def rows(repeats: int, instance: str) -> Iterator[Row]:
    """Yield a row for each solver; arrays are there in all cases, reading the Pyomo model is the last row."""
    single = bv.reformulate(bv.models.fast_charging.build(bv.load_instance(instance)), "sos1")
    program = program_of(read(single))
    ours, peer = in_turns(repeats, lambda: _highs(program), lambda: _highs_by_rows(program))
    yield Row("hand-over-highs", "addCol, addRow", 0.2, ours, peer, "one passModel")
    ours, peer = in_turns(repeats, lambda: _scip(program), lambda: _scip_by_rows(program))
    yield Row("hand-over-scip", "chained sums", 1.0, ours, peer, "PySCIPOpt takes rows one by one only")
    ours, peer = in_turns(repeats, lambda: program_of(read(single)), lambda: read(single))
    yield Row("hand-over-reading", "read alone", 2.0, ours, peer, "Pyomo's visitor collects each row's terms")


def _highs(program: Program) -> None:
    native.hand_over(native.new({}), native.lp_of(program))


def _highs_by_rows(program: Program) -> None:
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    none = np.zeros(0, dtype=np.int32), np.zeros(0)
    for cost, low, high in zip(program.cost, program.lower, program.upper, strict=True):
        solver.addCol(cost, low, high, 0, *none)
    for low, high, columns, entries in _by_rows(program):
        solver.addRow(low, high, len(columns), columns, entries)


def _scip(program: Program) -> None:
    scip.build(program, warm_start=False, trace=Trace())


def _scip_by_rows(program: Program) -> None:
    model = scip.pyscipopt.Model()
    model.hideOutput()
    x = [
        model.addVar(lb=None if np.isinf(a) else a, ub=None if np.isinf(b) else b)
        for a, b in zip(program.lower, program.upper, strict=True)
    ]
    for low, high, columns, entries in _by_rows(program):
        body = 0.0
        for k, a in zip(columns, entries, strict=True):
            body = body + a * x[k]
        if low == high:
            model.addCons(body == low)
        else:
            if np.isfinite(low):
                model.addCons(body >= low)
            if np.isfinite(high):
                model.addCons(body <= high)
    for sos in program.sos:
        model.addConsSOS1([x[k] for k in sos.columns], weights=list(sos.weights))


def _by_rows(program: Program) -> Iterator[tuple[float, float, Any, Any]]:
    matrix = program.matrix
    for k in range(matrix.shape[0]):
        span = slice(matrix.indptr[k], matrix.indptr[k + 1])
        yield program.row_lower[k], program.row_upper[k], matrix.indices[span], matrix.data[span]
