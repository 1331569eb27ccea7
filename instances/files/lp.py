"""LP files, read by HiGHS; what HiGHS warns of is refused."""

import tempfile
from pathlib import Path
from typing import Any

from ...errors import InstanceError
from .lines import limit
from .table import Column, Table, TableRow

_ADVICE = "Correct it, or write the problem as MPS"


def read_lp(path: Path) -> Table:
    """Read an LP file.

    :raises InstanceError: HiGHS does not read it, or not without leaving something out.
    """
    import highspy  # not before it is needed

    reader = highspy.Highs()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        reader.setOptionValue("log_to_console", False)
        reader.setOptionValue("log_file", str(log))
        status = reader.readModel(str(path))
        said = [line.strip() for line in log.read_text(errors="replace").splitlines() if ":" in line]
        reader.setOptionValue("log_file", "")
    complaints = [line for line in said if line.startswith(("ERROR", "WARNING"))]
    if status != highspy.HighsStatus.kOk or complaints:
        raise InstanceError(f"{path}: HiGHS does not read it whole ({'; '.join(complaints) or status}). {_ADVICE}.")
    if reader.getModel().hessian_.dim_:
        raise InstanceError(f"{path}: the objective is quadratic; two linear levels have a linear one.")
    lp = reader.getLp()
    kinds = list(lp.integrality_) or [highspy.HighsVarType.kContinuous] * lp.num_col_
    for name, kind in zip(lp.col_names_, kinds, strict=True):
        if kind not in (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger):
            raise InstanceError(f"{path}: variable {name!r} is semicontinuous or semi-integer, which is not read.")
    return Table(
        path.stem,
        lp.sense_ == highspy.ObjSense.kMaximize,
        lp.offset_,
        _columns(lp, [kind == highspy.HighsVarType.kInteger for kind in kinds]),
        _rows(lp, lp.a_matrix_.format_ == highspy.MatrixFormat.kColwise),
    )


def _columns(lp: Any, whole: list[bool]) -> list[Column]:
    data = zip(lp.col_names_, lp.col_cost_, lp.col_lower_, lp.col_upper_, whole, strict=True)
    return [Column(name, float(cost), limit(low), limit(high), kind) for name, cost, low, high, kind in data]


def _rows(lp: Any, by_column: bool) -> list[TableRow]:
    sides = zip(lp.row_names_, lp.row_lower_, lp.row_upper_, strict=True)
    rows = [TableRow(name, limit(low), limit(high)) for name, low, high in sides]
    matrix = lp.a_matrix_
    start, index, number = list(matrix.start_), list(matrix.index_), list(matrix.value_)
    for major in range(len(start) - 1):
        for k in range(start[major], start[major + 1]):
            row, column = (index[k], major) if by_column else (major, index[k])
            rows[row].terms[column] = number[k]
    return rows
