"""discopt (PyPI, Python 3.12 or later) as a rival: the problem in numbers goes to an interpreter that has it.

It is a process of its own also where this interpreter has discopt: the same code then runs everywhere, jax is not
loaded here, and a crash is a row.
"""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pyomo.core import minimize, value
from pyomo.repn import generate_standard_repn

from ..errors import BilevoltError
from ..levels.bilevel import Bilevel
from ..levels.reading import read_levels
from ..solvers.status import Status

INTERPRETER = "BILEVOLT_DISCOPT_PYTHON"
"""Environment variable: path of a Python that has discopt, where this one has not."""

START_UP = 120
"""Seconds that the process may take beyond the time limit, which discopt keeps itself: it loads jax, and compiles."""

NO_LIMIT = 1e9
"""Seconds: discopt has a limit of an hour where none is given."""

_CLAIMS = {
    "optimal": Status.optimal,
    "infeasible": Status.infeasible,
    "unbounded": Status.unbounded,
    "infeasible_or_unbounded": Status.infeasible_or_unbounded,
}


def interpreter() -> str | None:
    """Return the Python that discopt is asked with; None: there is none."""
    return os.environ.get(INTERPRETER) or (sys.executable if importlib.util.find_spec("discopt") else None)


def by_strong_duality(model: Any, time_limit: float | None, rel_gap: float) -> tuple[Status, dict[str, float]]:
    """Return what discopt claims, and its point by the variables' names.

    :raises BilevoltError: there is no discopt, or it does not take the model; the message says why.
    """
    bilevel = read_levels(model)
    problem = _problem(bilevel)
    python = interpreter()
    if python is None:
        raise BilevoltError(
            "discopt is not installed. It needs Python 3.12 or later: pip install discopt there, and name that "
            f"interpreter in the environment variable {INTERPRETER}."
        )
    options = {"gap_tolerance": rel_gap, "time_limit": NO_LIMIT if time_limit is None else time_limit}
    answer = _asked(python, problem | {"options": options}, time_limit)
    if "refused" in answer:
        raise BilevoltError(answer["refused"])
    values = dict(zip((variable.name for variable in bilevel.variables), answer["values"], strict=False))
    return _CLAIMS.get(answer["status"], Status.feasible if values else Status.no_solution), values


def _asked(python: str, problem: dict[str, Any], time_limit: float | None) -> dict[str, Any]:
    """Run the process; return what it writes."""
    script = Path(__file__).with_name("discopt_process.py")
    try:
        done = subprocess.run(
            [python, "-P", str(script)], input=json.dumps(problem), capture_output=True, encoding="utf-8",
            timeout=None if time_limit is None else time_limit + START_UP,
            env=os.environ | {"JAX_PLATFORMS": "cpu"},
        )  # fmt: skip
    except OSError as error:
        raise BilevoltError(
            f"{INTERPRETER}={python}: cannot be run ({error}). Name a Python that has discopt."
        ) from None
    except subprocess.TimeoutExpired:
        raise BilevoltError(f"discopt was ended {START_UP} s after its time limit of {time_limit:g} s.") from None
    if done.returncode != 0 or not done.stdout:
        last = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise BilevoltError(f"discopt's process ended with {done.returncode}, and said: {last}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _problem(bilevel: Bilevel) -> dict[str, Any]:
    """Return both levels in numbers; variables are told by their place.

    :raises BilevoltError: the leader has shadow prices or special ordered sets, or something is not quadratic.
    """
    if bilevel.uses_prices:
        raise BilevoltError("discopt has no shadow prices (dual_of) in the leader's problem.")
    if bilevel.leader.sos:
        raise BilevoltError("discopt is not given the leader's special ordered sets.")
    place = {id(variable): k for k, variable in enumerate(bilevel.variables)}
    return {
        "variables": [
            {"integer": not v.is_continuous(), "lower": value(v.lb), "upper": value(v.ub)} for v in bilevel.variables
        ],
        "leader": _level(bilevel.leader, place),
        "followers": [
            _level(one, place) | {"variables": [place[id(v)] for v in one.variables]} for one in bilevel.followers
        ],
    }


def _level(level: Any, place: dict[int, int]) -> dict[str, Any]:
    return {
        "sense": "min" if level.objective.sense == minimize else "max",
        "objective": _terms(level.objective.expr, level.objective.name, place),
        "rows": list(_rows(level.constraints, place)),
    }


def _rows(constraints: Iterable[Any], place: dict[int, int]) -> Iterable[dict[str, Any]]:
    for row in constraints:
        lower, body, upper = row.to_bounded_expression(evaluate_bounds=True)
        yield {"body": _terms(body, row.name, place), "lower": lower, "upper": upper}


def _terms(expression: Any, name: str, place: dict[int, int]) -> dict[str, Any]:
    found = generate_standard_repn(expression, quadratic=True)
    if found.nonlinear_expr is not None:
        raise BilevoltError(f"{name!r} is not quadratic, and is not handed to discopt.")
    linear = zip(found.linear_vars, found.linear_coefs, strict=True)
    products = zip(found.quadratic_vars, found.quadratic_coefs, strict=True)
    return {
        "constant": float(found.constant),
        "linear": [[place[id(v)], float(a)] for v, a in linear],
        "quadratic": [[place[id(v)], place[id(w)], float(a)] for (v, w), a in products],
    }
