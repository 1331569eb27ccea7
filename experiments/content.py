"""Digests of what models are made of: rows of a ledger are of the data that they were run with, or are not used."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pyomo.environ as pyo

from ..errors import BilevoltError
from ..instances import to_json
from ..levels.pao_adapter import SubModel
from ..models import textbook
from ..reports.targets import Target

_KINDS = (pyo.Var, pyo.Param, pyo.Objective, pyo.Constraint, pyo.Expression)


def content_of(target: Target) -> str:
    """Return a digest of a target's data: of the instance, the textbook problem, or the model that a file builds."""
    if target.instance is not None:
        return _digest([to_json(target.instance)])
    if target.spec in textbook.NAMES:
        return _digest([textbook.problem(target.spec).model_dump_json()])
    return content_of_model(target.build)


def content_of_model(model: Any) -> str:
    """Return a digest of a model, or of what a function builds: names, bounds, values, expressions.

    A model that cannot be built has none: its rows say why.
    """
    try:
        built = model if hasattr(model, "component_data_objects") else model()
    except BilevoltError as refusal:
        return _digest([str(refusal)])
    return _digest(_lines(built))


def _lines(model: Any) -> Iterator[str]:
    for block in model.block_data_objects(active=True, descend_into=(pyo.Block, SubModel)):
        yield f"{type(block).__name__} {block.name}"
        for kind in _KINDS:
            for item in block.component_data_objects(kind, descend_into=False, active=True if _is_row(kind) else None):
                yield _line(kind, item)


def _is_row(kind: Any) -> bool:
    return kind in (pyo.Objective, pyo.Constraint)


def _line(kind: Any, item: Any) -> str:
    if kind is pyo.Var:
        bounds = (pyo.value(item.lb), pyo.value(item.ub))
        return f"{item.name} {item.domain} {bounds} {item.fixed} {item.value!r}"
    if kind is pyo.Param:
        return f"{item!s} {pyo.value(item, exception=False)!r}"
    sense = item.sense if kind is pyo.Objective else ""
    return f"{item.name} {sense} {item.expr}"


def _digest(lines: Any) -> str:
    found = hashlib.sha256()
    for line in lines:
        found.update(line.encode() + b"\n")
    return found.hexdigest()[:32]
