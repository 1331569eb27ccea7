"""A problem as a short Python script: what a finding is written as, and what the model is built from in every run.

There is one way from a problem to a model, so that a script cannot show another model than the one that was solved.
"""

from typing import Any

from .problem import LEADER, PRICE, Column, Problem, Row, Terms, model_terms, scaled_number

SENSES = {1: "pyo.minimize", -1: "pyo.maximize"}


def build(problem: Problem) -> Any:
    """Return the Pyomo model of a problem."""
    names: dict[str, Any] = {}
    exec(compile(build_source(problem), "<problem>", "exec"), names)
    return names["build"]()


def build_source(problem: Problem) -> str:
    """Return imports and a function ``build`` that returns the model."""
    lines = ["model = pyo.ConcreteModel()"]
    for name in (n for n, column in problem.columns.items() if column.owner == LEADER):
        lines += _column("model", name, problem.columns[name])
    for follower in problem.followers:
        columns = problem.columns
        given = ", ".join(name for name in problem.seen_by(follower) if columns[name].owner != follower)
        lines.append(f"{follower} = model.{follower} = bv.SubModel(fixed=[{given}])")
        for name in (n for n, column in columns.items() if column.owner == follower):
            lines += _column(follower, name, columns[name])
        lines += _level(problem, follower, follower)
    lines += _level(problem, LEADER, "model")
    body = "".join(f"    {line}\n" for line in [*lines, "return model"])
    return f"import pyomo.environ as pyo\n\nimport bilevolt as bv\n\n\ndef build():\n{body}"


def script(problem: Problem, said: str, reformulation: str, solver: str, time_limit: float, origin: str) -> str:
    """Return a self-contained script that shows a wrong claim.

    :param said: what was claimed and what is true, in a sentence.
    :param origin: seed and number of the problem.
    """
    arguments = f"reformulation={reformulation!r}, solver={solver!r}, time_limit={time_limit:g}"
    return (
        f'"""{reformulation} on {solver}: {said}\n\nTruth by enumeration; {origin}.\n"""\n\n{build_source(problem)}\n\n'
        'if __name__ == "__main__":\n'
        f"    solution = bv.solve(build(), {arguments})\n"
        '    print(solution.status, "objective", solution.objective, "bound", solution.bound)\n'
        '    print(solution.values)\n    print("\\n".join(solution.notes))\n'
    )


def number(value: float) -> str:
    """Return a number as short as it can be written; the powers of ten leave no longer ones."""
    return f"{value:.12g}"


def _column(block: str, name: str, column: Column) -> list[str]:
    sides = [None if s is None else number(scaled_number(s, column.power)) for s in (column.lower, column.upper)]
    arguments = [f"bounds=({sides[0]}, {sides[1]})"] if any(side is not None for side in sides) else []
    arguments += ["domain=pyo.Integers"] if column.integer else []
    lines = [f"{name} = {block}.{name} = pyo.Var({', '.join(arguments)})"]
    if column.fixed is not None:
        lines.append(f"{name}.fix({number(scaled_number(column.fixed, column.power))})")
    return lines


def _level(problem: Problem, owner: str, block: str) -> list[str]:
    level = problem.levels[owner]
    lines = [f"{block}.{name} = pyo.Constraint(expr={_row(problem, problem.rows[name])})"
             for name in problem.rows_of(owner)]  # fmt: skip
    cost = _expression(problem, level.terms, level.power)
    return [*lines, f"{block}.cost = pyo.Objective(expr={cost}, sense={SENSES[level.sense]})"]


def _row(problem: Problem, row: Row) -> str:
    body = _expression(problem, row.terms, row.power)
    lower, upper = (None if s is None else number(scaled_number(s, row.power)) for s in (row.lower, row.upper))
    if row.lower is None:
        return f"{body} <= {upper}"
    if row.upper is None:
        return f"{body} >= {lower}"
    return f"{body} == {lower}" if lower == upper else f"pyo.inequality({lower}, {body}, {upper})"


def _expression(problem: Problem, terms: Terms, power: int) -> str:
    text = ""
    for term in model_terms(problem, terms, power):
        factors = [_factor(problem, factor) for factor in term.factors]
        size = abs(term.coefficient)
        product = "*".join(factors if factors and size == 1 else [number(size), *factors])
        sign = "-" if term.coefficient < 0 else "+"
        text += f" {sign} {product}" if text else f"{'-' * (sign == '-')}{product}"
    return text or "0"


def _factor(problem: Problem, factor: str) -> str:
    if not factor.startswith(PRICE):
        return factor
    name = factor.removeprefix(PRICE)
    owner = (problem.rows.get(name) or problem.columns[name]).owner
    return f"bv.dual_of({owner}.{name})"
