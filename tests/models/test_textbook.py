"""Textbook problems are built as declared; their listed answers hold when every follower is solved again."""

from typing import Any

import pyomo.environ as pyo
import pytest
from pydantic import ValidationError
from pyomo.contrib.solver.common.factory import SolverFactory
from pyomo.contrib.solver.common.results import TerminationCondition
from pyomo.core.expr.visitor import identify_variables

from bilevolt.errors import InstanceError, IntegerFollowerError
from bilevolt.instances.textbook import TextbookProblem
from bilevolt.levels.dual_of import dual_of
from bilevolt.levels.pao_adapter import SubModel
from bilevolt.levels.reading import read_levels
from bilevolt.models import textbook

DOMAINS = {"continuous": pyo.Reals, "integer": pyo.Integers, "binary": pyo.Binary}
NO_OPTIMUM = (
    TerminationCondition.provenInfeasible,
    TerminationCondition.unbounded,
    TerminationCondition.infeasibleOrUnbounded,
)
TOLERANCE = 1e-6
SOLVED = [name for name in textbook.NAMES if textbook.problem(name).status == "optimal"]


def close(expected: float) -> Any:
    return pytest.approx(expected, rel=TOLERANCE, abs=TOLERANCE)


def rows_of(block: Any) -> list[Any]:
    return list(block.component_data_objects(pyo.Constraint, descend_into=pyo.Block))


def variables_read_by(block: Any) -> set[str]:
    expressions = [block.objective.expr, *(row.body for row in rows_of(block))]
    return {variable.name for expression in expressions for variable in identify_variables(expression)}


def follower_optimum(model: Any, follower: str, shift: dict[str, float] | None = None) -> float | None:
    """Solve a follower, copied to a model of its own, at the leader's decision in ``model``.

    ``shift`` moves the right-hand side of rows. None: infeasible or unbounded.
    """
    block = model.clone().find_component(follower)
    for variable in block._fixed:
        variable.fix()
        variable.domain = pyo.Reals  # HiGHS would refuse a QP for the sake of a fixed integer
    flat = pyo.ConcreteModel()
    flat.objective = pyo.Objective(expr=block.objective.expr, sense=block.objective.sense)
    flat.rows = pyo.ConstraintList()
    for row in rows_of(block):
        step = (shift or {}).get(row.local_name, 0.0)
        flat.rows.add((None if row.lb is None else row.lb + step, row.body, None if row.ub is None else row.ub + step))
    result = SolverFactory("highs").solve(flat, raise_exception_on_nonoptimal_result=False, load_solutions=False)
    if result.termination_condition == TerminationCondition.convergenceCriteriaSatisfied:
        return result.incumbent_objective
    assert result.termination_condition in NO_OPTIMUM
    return None


def at_solution(name: str) -> Any:
    model = textbook.build(name)
    for variable, value in textbook.problem(name).solution.items():
        model.find_component(variable).set_value(value)
    for follower in textbook.problem(name).followers:
        for row in follower.prices.values():
            # Both leaders with prices want them high. The follower minimises, so that its optimum is convex
            # in the right-hand side and the highest price is the derivative to the right.
            base, above = (follower_optimum(model, follower.name, {row: step}) for step in (0.0, 1e-3))
            dual_of(model.find_component(f"{follower.name}.{row}")).set_value((above - base) / 1e-3)
    return model


@pytest.mark.parametrize("name", textbook.NAMES)
def test_model_has_the_declared_variables_and_rows_on_each_level(name: str) -> None:
    data, model = textbook.problem(name), textbook.build(name)
    assert data.source
    for variable in data.variables:
        built = model.find_component(variable.name)
        assert (built.lb, built.ub, built.domain) == (
            variable.lower,
            variable.upper,
            DOMAINS[variable.domain],
        )
    priced = sum(len(follower.prices) for follower in data.followers)
    assert (
        len(list(model.component_data_objects(pyo.Var, descend_into=(pyo.Block, SubModel))))
        == len(list(data.variables)) + priced
    )
    assert list(model.component_map(SubModel)) == [follower.name for follower in data.followers]
    blocks = [(data.leader, model), *((f, model.find_component(f.name)) for f in data.followers)]
    for level, block in blocks:
        assert [row.local_name for row in rows_of(block)] == [row.name for row in level.rows]
        assert block.objective.sense == (pyo.minimize if level.sense == "minimize" else pyo.maximize)
        for row, built in zip(level.rows, rows_of(block), strict=True):
            assert (built.lb, built.ub, built.equality) == (row.lower, row.upper, row.lower == row.upper)
    for follower, block in blocks[1:]:
        own = variables_read_by(block) - {variable.name for variable in block._fixed}
        assert own == {variable.name for variable in follower.variables}
        assert {v.name for v in block._fixed} <= {variable.name for variable in data.leader.variables}


@pytest.mark.parametrize("name", SOLVED)
def test_solution_is_feasible_and_has_the_listed_objective(name: str) -> None:
    data, model = textbook.problem(name), at_solution(name)
    every = {"active": True, "descend_into": (pyo.Block, SubModel)}
    for row in model.component_data_objects(pyo.Constraint, **every):
        assert row.slack() >= -TOLERANCE, row.name
    for variable in model.component_data_objects(pyo.Var, **every):
        assert variable.lb is None or variable.value >= variable.lb - TOLERANCE, variable.name
        assert variable.ub is None or variable.value <= variable.ub + TOLERANCE, variable.name
        assert variable.is_continuous() or variable.value == round(variable.value), variable.name
    assert pyo.value(model.objective) == close(data.objective)


@pytest.mark.parametrize("name", SOLVED)
def test_followers_are_optimal_at_the_leaders_decision(name: str) -> None:
    data, model = textbook.problem(name), at_solution(name)
    for follower in data.followers:
        optimum = follower_optimum(model, follower.name)
        assert pyo.value(model.find_component(follower.name).objective) == close(optimum)
        assert data.lower_objective is None or optimum == close(data.lower_objective)


@pytest.mark.parametrize("x", [1, 1.5, 10, 1e4])
def test_jointc1_infeasible_has_a_follower_that_violates_the_leaders_row(x: float) -> None:
    model = textbook.build("jointc1_infeasible")
    model.x.set_value(x)
    model.L.y.set_value(follower_optimum(model, "L"))  # min y: the follower's optimum is its only solution
    assert model.c1.slack() == close(-2 * x)


@pytest.mark.parametrize("x", [0, 0.3, 2])
def test_own_unbounded_lower_has_a_feasible_follower_without_optimum(x: float) -> None:
    model = textbook.build("own_unbounded_lower")
    model.x.set_value(x)
    model.L.y.set_value(x)
    assert model.L.c1.slack() >= 0
    assert follower_optimum(model, "L") is None


STRUCTURE = {
    "maximize_upper": lambda p: p.leader.sense == "maximize",
    "maximize_lower": lambda p: any(f.sense == "maximize" for f in p.followers),
    "multiple_followers": lambda p: len(p.followers) > 1,
    "dual_in_upper": lambda p: any(f.prices for f in p.followers),
    "upper_integer": lambda p: any(v.domain != "continuous" for v in p.leader.variables),
    "equality": lambda p: any(r.lower == r.upper for x in (p.leader, *p.followers) for r in x.rows),
    "range": lambda p: any(
        None not in (r.lower, r.upper) and r.lower < r.upper for x in (p.leader, *p.followers) for r in x.rows
    ),
    "infeasible_bilevel": lambda p: p.status == "infeasible",
}


@pytest.mark.parametrize("tag", STRUCTURE)
def test_tags_agree_with_the_structure(tag: str) -> None:
    assert textbook.names(tag) == [n for n in textbook.NAMES if STRUCTURE[tag](textbook.problem(n))]


def test_names_lists_all_problems_or_those_of_a_tag() -> None:
    assert textbook.names() == list(textbook.NAMES)
    assert len(set(textbook.NAMES)) == 48
    assert textbook.names("multiple_followers") == ["pao2", "aiyoshi_shimizu_1981_2f"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: textbook.build("bard_1991"), r"'bard_1991' is unknown. Did you mean .*bard_1991_2"),
        (lambda: textbook.problem("POA1"), r"'POA1' is unknown. Did you mean pao1"),
        (lambda: textbook.names("lower_pq"), r"'lower_pq' is unknown. Did you mean .*lower_qp"),
    ],
)
def test_unknown_names_are_refused_with_near_matches(call: Any, message: str) -> None:
    with pytest.raises(InstanceError, match=message):
        call()


@pytest.mark.parametrize(
    ("name", "component", "expression"),
    [
        ("bard511", "objective", "x - 4*y"),
        ("bard511", "L.c1", "- x - y"),
        ("pao3", "L.c3", "x + 2*w[2]*z"),
        ("pao3", "L.c3.upper", "13.0"),
        ("conejo2016", "objective", "40000*x + 8760*(10*L.y[1] - L.shadow_price[b]*L.y[1])"),
        ("siddiqui_gabriel_max", "objective", "(13 - (L.q[1] + L.q[2] + Q))*Q - Q"),
        ("clark_westerberg_1990a", "L.objective", "(L.y - 5)**2"),
    ],
)
def test_expressions_read_as_published(name: str, component: str, expression: str) -> None:
    model = textbook.build(name)
    if component.endswith(".upper"):
        assert str(pyo.value(model.find_component(component.removesuffix(".upper")).upper)) == expression
        return
    found = model.find_component(component)
    assert str(found.expr if found.ctype is pyo.Objective else found.body) == expression


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("abs(x)", r"'abs\(x\)' \(Call\) is not allowed"),
        ("__import__('os').system('true')", r"\(Call\) is not allowed"),
        ("x if y else 1", r"\(IfExp\) is not allowed"),
        ("x < 1", r"\(Compare\) is not allowed"),
        ("x // 2", r"\(BinOp\) is not allowed"),
        ("not x", r"\(UnaryOp\) is not allowed"),
        ("[x for x in y]", r"\(ListComp\) is not allowed"),
        ("'x'", r"\(Constant\) is not allowed"),
        ("True*x", r"\(Constant\) is not allowed"),
        ("1j*x", r"\(Constant\) is not allowed"),
        ("x + z", r"variable 'z' is unknown. Choose one of x, y\[1\]"),
        ("x.real", r"variable 'x.real' is unknown"),
        ("y[3]", r"variable 'y\[3\]' is unknown. Did you mean y\[1\]"),
        ("y[-1]", r"variable 'y\[-1\]' is unknown"),
        ("2 x", r"cannot be read"),
        ("x; y", r"cannot be read"),
        ("", r"cannot be read"),
    ],
)
def test_parser_refuses_all_but_arithmetic(text: str, message: str) -> None:
    with pytest.raises(InstanceError, match=message):
        textbook.parse_expression(text, {"x": 2.0, "y[1]": 3.0})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("- x + 2*L.y[1]", 4.0),
        ("(x - 5)**2/4 - +1", 1.25),
        ("-x**2", -4.0),
        ("0.5*x*L.y[1]", 3.0),
        ("1e-3", 0.001),
    ],
)
def test_parser_reads_arithmetic(text: str, value: float) -> None:
    assert textbook.parse_expression(text, {"x": 2.0, "L.y[1]": 3.0}) == pytest.approx(value, abs=1e-15)


def test_moore_is_refused_for_its_integer_follower() -> None:
    with pytest.raises(IntegerFollowerError, match=r"L\.y"):
        read_levels(textbook.build("moore"))


def test_builds_are_independent() -> None:
    first, second = textbook.build("pao2"), textbook.build("pao2")
    first.z[1].fix(1)
    assert not second.z[1].fixed and second.z[1].value is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"objective": None}, "status 'optimal' contradicts objective None"),
        ({"solution": {"x": 4}}, "solution does not list exactly"),
        ({"unique": ["z"]}, "unique names variables"),
        ({"followers": []}, "followers"),
        ({"leader": {"sense": "minimize", "objective": "y", "variables": [{"name": "y"}]}}, "declared twice"),
        (
            {"leader": {"sense": "minimize", "objective": "y", "variables": [{"name": "L.x"}]}},
            "another level",
        ),
        ({"leader": {"sense": "min", "objective": "x", "variables": [{"name": "x"}]}}, "sense"),
    ],
)
def test_schema_refuses_data_that_contradicts_itself(change: dict[str, Any], message: str) -> None:
    data = textbook.problem("bard511").model_dump()
    TextbookProblem.model_validate(data)
    with pytest.raises(ValidationError, match=message):
        TextbookProblem.model_validate(data | change)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"name": "c1", "body": "x"}, "neither lower nor upper"),
        ({"name": "c1", "body": "x", "lower": 2, "upper": 1}, "lower 2.0 > upper 1.0"),
        ({"name": "L.c1", "body": "x", "upper": 1}, "pattern"),
        ({"name": "c1", "body": "x", "uper": 1, "lower": 0}, "uper"),
    ],
)
def test_schema_refuses_rows_that_say_nothing(row: dict[str, Any], message: str) -> None:
    data = textbook.problem("bard511").model_dump()
    data["followers"][0]["rows"] = [row]
    with pytest.raises(ValidationError, match=message):
        TextbookProblem.model_validate(data)


def test_schema_refuses_the_price_of_an_unknown_row() -> None:
    data = textbook.problem("conejo2016").model_dump()
    data["followers"][0]["prices"] = {"dual1": "balance"}
    with pytest.raises(ValidationError, match=r"prices of unknown rows \['balance'\] of L"):
        TextbookProblem.model_validate(data)
