"""A program and the AUX file beside it, as a document of the schema ``linear_bilevel``."""

from pathlib import Path
from typing import Any

from ...errors import InstanceError
from .aux_file import LowerLevel, partner_of, read_aux
from .interdiction import expanded, is_short
from .lp import read_lp
from .mps import read_mps
from .table import Table

_READERS = {".mps": read_mps, ".lp": read_lp}
_PACKED = ".gz"
ENDINGS = (".mps", ".mps.gz", ".lp", ".aux")
_BESIDE = (".aux", ".txt")
"""How an AUX file may end; MibS looks for both, in this order."""


def read_pair(path: Path, aux: Path | None) -> dict[str, Any]:
    """Read a program and its AUX file.

    :param path: of the program, or of the AUX file.
    :param aux: the AUX file; None: it has the program's name.
    :raises InstanceError: a file is missing, is not understood, or does not fit the other.
    """
    if _kind(path) not in _READERS:
        if aux is not None:
            raise InstanceError(f"{path}: is an AUX file itself; give the MPS or LP file with {aux}.")
        path, aux = _program_of(path), path
    if not path.is_file():
        raise InstanceError(f"{path}: there is no such file; give the path of an MPS or LP file.")
    aux = aux or _aux_of(path)
    table = _READERS[_kind(path)](path)
    if is_short(aux):
        table = expanded(table, aux)
    return _document(table, read_aux(aux, table), path, aux)


def _kind(path: Path) -> str:
    """Return how a file's name ends, without what says that it is packed."""
    return Path(path.name.removesuffix(_PACKED)).suffix.lower()


def _stem(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(_PACKED)).with_suffix("")


def _aux_of(path: Path) -> Path:
    places = [_stem(path).with_name(_stem(path).name + ending) for ending in _BESIDE]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise InstanceError(
            f"{path}: there is no AUX file beside it ({' or '.join(place.name for place in places)}), which says what "
            "of it is the lower level. Write one, or give its path with --aux, or as FILE.mps:FILE.aux."
        )
    return found


def _program_of(aux: Path) -> Path:
    named = partner_of(aux)
    places = [aux.with_name(Path(named).name)] if named else []
    places += [aux.with_name(_stem(aux).name + ending) for ending in (*_READERS, ".mps" + _PACKED)]
    found = next((place for place in places if place.is_file() and _kind(place) in _READERS), None)
    if found is None:
        raise InstanceError(
            f"{aux}: its program is not beside it ({', '.join(dict.fromkeys(place.name for place in places))}); give "
            "the path of the MPS or LP file instead."
        )
    return found


def _document(table: Table, lower: LowerLevel, path: Path, aux: Path) -> dict[str, Any]:
    names = [column.name for column in table.columns]
    return {
        "problem": "linear_bilevel",
        "name": lower.name or _stem(path).name,
        "source": f"Read from {path.name} and {aux.name}.",
        "sense": "maximize" if table.maximize else "minimize",
        "offset": table.offset,
        "follower_sense": "maximize" if lower.maximize else "minimize",
        "variables": [
            {
                "name": column.name,
                "level": "follower" if k in lower.costs else "leader",
                "lower": column.lower,
                "upper": column.upper,
                "integer": column.integer,
                "cost": column.cost,
                "follower_cost": lower.costs.get(k, 0.0),
            }
            for k, column in enumerate(table.columns)
        ],
        "rows": [
            {
                "name": row.name,
                "level": "follower" if k in lower.rows else "leader",
                "lower": row.lower,
                "upper": row.upper,
                "terms": [[names[column], number] for column, number in row.terms.items()],
            }
            for k, row in enumerate(table.rows)
        ],
    }
