"""``write``: a model as files that other programs read, with two levels or as the single level."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyomo.core.base.block import BlockData

from .errors import ArgumentError, UnsupportedBySolverError
from .instances.files.mps_writer import write_mps
from .instances.files.table import Column, Table, TableRow, TableSet
from .instances.files.words import word as file_name
from .instances.files.write import write_pair
from .models.linear_bilevel import instance_of
from .option_names import Linearization, SingleLevelForm
from .reformulations import reformulate
from .solvers.program import Program, program_of
from .solvers.reading import Reading, read

_SINGLE = (".mps", ".lp", ".nl")
_BY_PYOMO_ONLY = ("indicator", "complementarity")
"""What Pyomo's LP and NL writers would leave out without a word: Suffixes of ours."""


def write(
    model: Any,
    path: str | Path,
    reformulation: SingleLevelForm | Mapping[Any, Linearization] | None = None,
    big_m: Any = None,
) -> tuple[str, ...]:
    """Write a model: ``x.mps`` with ``x.aux`` for both levels, or the single level as ``.mps``, ``.lp`` or ``.nl``.

    :param reformulation: how two levels become one; None: they stay two.
    :param big_m: the M where none is proven, for ``bigm``.
    :returns: what there is to know: the files, and what of the model has no place in them.
    :raises BilevoltError: the format cannot hold the model; nothing is written then.
    """
    path = Path(path)
    if reformulation is None:
        if big_m is not None:
            raise ArgumentError(
                f"big_m={big_m!r} is not used: two levels are written. Name a reformulation, or leave it."
            )
        if path.suffix.lower() != ".mps":
            raise ArgumentError(
                f"{path}: two levels are written as .mps (with .aux beside it). Give such a name, or a reformulation "
                f"for the single level, which is written as {', '.join(_SINGLE)}."
            )
        extracted = instance_of(model)
        files = write_pair(extracted.instance, path)
        return (f"two levels: {' and '.join(map(str, files))} ({extracted.instance.summary})", *extracted.notes)
    if path.suffix.lower() not in _SINGLE:
        raise ArgumentError(f"{path}: the single level is written as {', '.join(_SINGLE)}; give such a name.")
    return _write_single(reformulate(model, reformulation, big_m=big_m), path)


def _write_single(single: BlockData, path: Path) -> tuple[str, ...]:
    reading = read(single)
    if reading.contradiction is not None:
        raise ArgumentError(f"{path}: not written, as the single level contradicts itself: {reading.contradiction}.")
    needs = reading.needs
    known = {".mps": ("sos1", "indicator", "milp")}.get(path.suffix.lower())
    unknown = [name for name in needs.because if (name in _BY_PYOMO_ONLY if known is None else name not in known)]
    if unknown:
        where = "; ".join(f"{name}: {needs.because[name]}" for name in unknown)
        raise UnsupportedBySolverError(
            f"{path}: {path.suffix} files are not written with what the model needs ({where}). Give another "
            "reformulation, or another ending (.lp and .nl hold products, .mps indicator rows)."
        )
    if path.suffix.lower() == ".mps":
        write_mps(_table(reading, program_of(reading), single.name), path)
    else:
        import pyomo.environ  # noqa: F401, which registers Pyomo's writers

        single.write(str(path), io_options={"symbolic_solver_labels": True})
    return (f"single level: {path} ({needs.size})",)


def _table(reading: Reading, program: Program, name: str) -> Table:
    sign = float(reading.sense)
    columns = _words([variable.name for variable in reading.variables.values()])
    rows = _words([row.name for row in reading.rows])
    sets = _words([one.name for one in reading.sos])
    matrix = program.matrix
    return Table(
        name=name,
        maximize=reading.sense < 0,
        offset=sign * program.offset,
        columns=[
            Column(columns[k], sign * float(program.cost[k]), _side(low), _side(high), bool(program.integer[k]))
            for k, (low, high) in enumerate(zip(program.lower, program.upper, strict=True))
        ],
        rows=[
            TableRow(
                rows[k],
                _side(program.row_lower[k]),
                _side(program.row_upper[k]),
                {
                    int(matrix.indices[place]): float(matrix.data[place])
                    for place in range(matrix.indptr[k], matrix.indptr[k + 1])
                },
            )
            for k in range(matrix.shape[0])
        ],
        sets=[
            TableSet(sets[k], sos.level, list(zip(sos.columns.tolist(), sos.weights.tolist(), strict=True)))
            for k, sos in enumerate(program.sos)
        ],
        switches=dict(program.switches),
    )


def _side(number: float) -> float | None:
    return float(number) if abs(number) < float("inf") else None


def _words(names: list[str]) -> list[str]:
    """Return names without spaces, each once: a second of the same spelling gets its place in the list."""
    found: dict[str, None] = {}
    for k, name in enumerate(names):
        word = file_name(name)
        found[word if word not in found else f"{word}_{k}"] = None
    return list(found)
