"""discopt's answer to a bilevel problem, as a process of its own: the problem as JSON on stdin, the answer on stdout.

It is run as a file, by an interpreter that has discopt (Python 3.12 or later) and need not have bilevolt: it imports
nothing of ours. The problem is what :mod:`bilevolt.reports.discopt_rival` writes.
"""

import json
import sys
from contextlib import redirect_stdout
from typing import Any


def main() -> None:
    """Read a problem, solve it, and write status and values, or why there are none."""
    problem = json.load(sys.stdin)
    with redirect_stdout(sys.stderr):  # what is printed on the way is no answer
        try:
            found = answered(problem)
        except Exception as failure:  # whatever discopt refuses a model with
            found = {"refused": f"{type(failure).__name__}: {failure}"}
    json.dump(found, sys.stdout)


def answered(problem: dict[str, Any]) -> dict[str, Any]:
    """Return discopt's status and its values, in the order of the variables; no values where it has no point.

    Each follower is replaced by its KKT conditions with one equation for all complementarities, which discopt calls
    strong duality: its other way, with disjunctions, asks for a bound on all multipliers.
    """
    from discopt.bilevel import BilevelProblem
    from discopt.modeling.core import Model

    model = Model("bilevel")
    variables = [_variable(model, f"x{k}", **one) for k, one in enumerate(problem["variables"])]
    leader = problem["leader"]
    objective = _expression(leader["objective"], variables)
    (model.maximize if leader["sense"] == "max" else model.minimize)(objective)
    for row in leader["rows"]:
        for side in _sides(row, variables):
            model.subject_to(side)
    for k, follower in enumerate(problem["followers"]):
        own = set(follower["variables"])
        BilevelProblem(
            model,
            upper_vars=[variable for i, variable in enumerate(variables) if i not in own],
            lower_vars=[variables[i] for i in sorted(own)],
            lower_objective=_expression(follower["objective"], variables),
            lower_constraints=[side for row in follower["rows"] for side in _sides(row, variables)],
            lower_sense=follower["sense"],
            prefix=f"follower{k}",
        ).formulate(method="strong_duality")
    result = model.solve(**problem["options"])
    values = [float(result.x[f"x{k}"]) for k in range(len(variables))] if result.x else []
    return {"status": str(result.status), "values": values}


def _variable(model: Any, name: str, integer: bool, lower: float | None, upper: float | None) -> Any:
    bounds = {side: number for side, number in (("lb", lower), ("ub", upper)) if number is not None}
    return (model.integer if integer else model.continuous)(name, **bounds)


def _expression(terms: dict[str, Any], variables: list[Any]) -> Any:
    """Return constant, linear and quadratic terms as an expression of discopt's."""
    from discopt.modeling.core import Constant

    found: Any = Constant(terms["constant"])
    for k, coefficient in terms["linear"]:
        found = found + coefficient * variables[k]
    for i, k, coefficient in terms["quadratic"]:
        found = found + coefficient * variables[i] * variables[k]
    return found


def _sides(row: dict[str, Any], variables: list[Any]) -> list[Any]:
    """Return a row ``lower <= body <= upper`` as one or two constraints."""
    body, lower, upper = _expression(row["body"], variables), row["lower"], row["upper"]
    if lower is not None and lower == upper:
        return [body == upper]
    return ([] if upper is None else [body <= upper]) + ([] if lower is None else [lower <= body])


if __name__ == "__main__":
    main()
