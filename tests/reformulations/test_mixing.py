"""Each pair by a step of its own: how a step is chosen, what is refused, and that the answer stays."""

import pyomo.environ as pyo
import pytest
from pyomo.common.collections import ComponentMap

import bilevolt
from bilevolt import SubModel, reformulate
from bilevolt.errors import BilevoltError
from bilevolt.models import textbook
from bilevolt.reformulations import map_of


def tiny():
    """Two followers alike, so that a name without its follower's stands for the rows of both."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 2))
    model.L, model.M = SubModel(fixed=[model.x]), SubModel(fixed=[model.x])
    for block in (model.L, model.M):
        block.y = pyo.Var([1, 2], bounds=(0, 5))
        block.objective = pyo.Objective(expr=block.y[1] + block.y[2])
        block.row = pyo.Constraint(expr=block.y[1] - model.x >= 1)
    model.objective = pyo.Objective(expr=model.x - model.L.y[1])
    return model


def by_step(single, step):
    return {item.pair.name for item in map_of(single).linearized if item.step == step}


def sides(*names):
    return {f"{name}.{side}" for name in names for side in ("lower", "upper")}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (lambda m: {m.L.row: "bigm"}, {"L.row.lower"}),
        (lambda m: ComponentMap([(m.L.y[2], "bigm")]), sides("L.y[2]")),
        (lambda m: {m.L.y: "bigm"}, sides("L.y[1]", "L.y[2]")),
        (lambda m: {"L.row": "bigm"}, {"L.row.lower"}),
        (lambda m: {"row": "bigm"}, {"L.row.lower", "M.row.lower"}),
        (lambda m: {"y[1]": "bigm"}, sides("L.y[1]", "M.y[1]")),
        (lambda m: {"L.y": "bigm"}, sides("L.y[1]", "L.y[2]")),
        (lambda m: {"M": "bigm"}, {"M.row.lower"} | sides("M.y[1]", "M.y[2]")),
        (lambda m: {"L": "sos1", "*": "bigm"}, {"M.row.lower"} | sides("M.y[1]", "M.y[2]")),
        (lambda m: {"L": "bigm", m.L.y: "sos1", "L.y[1]": "sos1"}, {"L.row.lower"}),
    ],
)
def test_who_takes_which_pair(choice, expected):
    model = tiny()
    single = reformulate(model, choice(model))
    assert by_step(single, "bigm") == expected
    assert by_step(single, "sos1") == {pair.name for pair in map_of(single).conditions.pairs} - expected


@pytest.mark.parametrize("name", ["L.part.row", "part.row"])
def test_a_row_in_a_part_of_the_follower(name):
    model = tiny()
    model.L.part = pyo.Block()
    model.L.part.row = pyo.Constraint(expr=model.L.y[2] - model.x >= 0)
    assert by_step(reformulate(model, {name: "bigm"}), "bigm") == {"L.part.row.lower"}


def test_a_suffix_chooses_what_the_dict_leaves():
    model = tiny()
    model.L.reformulation = pyo.Suffix()
    model.L.reformulation[model.L.row] = "indicator"
    model.L.reformulation[model.L.y] = "indicator"
    single = reformulate(model, ComponentMap([(model.L.y[1], "bigm")]))
    assert by_step(single, "bigm") == sides("L.y[1]")
    assert by_step(single, "indicator") == {"L.row.lower", *sides("L.y[2]")}
    assert by_step(single, "sos1") == {"M.row.lower"} | sides("M.y[1]", "M.y[2]")


def test_applying_twice_gives_the_same():
    model = tiny()
    choice = {"row": "bigm", "*": "indicator"}
    first, second = (reformulate(model, choice) for _ in range(2))
    for step in ("bigm", "indicator"):
        assert by_step(first, step) == by_step(second, step) != set()


def test_a_number_reaches_big_m():
    single = reformulate(tiny(), {"L.row": "bigm", "*": "sos1"}, big_m={"L.row": (0.5, 0.25)})
    (item,) = (item for item in map_of(single).linearized if item.step == "bigm")
    assert (item.multiplier_m.value, item.slack_m.value) == (0.5, 0.25)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"L.rwo": "sos1"}, r"names \['L.rwo'\], which are no inequality rows"),
        ({"row": "sos1", "x": "bigm"}, r"names \['x'\]"),
        ({"row": "sos2"}, r"'sos2' is unknown. Did you mean sos1. Choose one of sos1, bigm"),
        ({"*": "kkt"}, r"'kkt' is unknown"),
    ],
)
def test_unknown_keys_and_steps_are_refused(choice, message):
    with pytest.raises(BilevoltError, match=message):
        reformulate(tiny(), choice)


def test_components_that_have_no_pairs_are_refused():
    model = tiny()
    choice = ComponentMap([(model.x, "bigm"), (model.L.row, "sos1")])
    with pytest.raises(BilevoltError, match=r"names \['x'\], which are no inequality rows"):
        reformulate(model, choice)


def test_strong_duality_for_half_a_block_is_refused():
    with pytest.raises(BilevoltError, match=r"pairs are left, the first is 'L.row.lower': strong_duality takes"):
        reformulate(tiny(), {"L.row": "strong_duality", "*": "sos1"})


def test_strong_duality_for_a_whole_block():
    single = reformulate(tiny(), {"L": "strong_duality", "*": "sos1"})
    assert by_step(single, "strong_duality") == {"L.row.lower"} | sides("L.y[1]", "L.y[2]")
    assert not map_of(single).pending()


@pytest.mark.parametrize("name", ["bard511", "pao2", "anandalingam_white_range", "clark_westerberg_1988"])
@pytest.mark.parametrize("steps", [("sos1", "bigm"), ("indicator", "sos1"), ("product", "bigm", "sos1")])
def test_the_answer_of_the_textbook_stays(name, steps):
    model = textbook.build(name)
    sources = list(dict.fromkeys(pair.row.source.name for pair in map_of(reformulate(model, "kkt")).conditions.pairs))
    choice = {source: steps[k % len(steps)] for k, source in enumerate(sources)}
    assert {item.step for item in map_of(reformulate(model, choice)).linearized} == set(steps)
    solution = bilevolt.solve(model, reformulation=choice, solver="gurobi", time_limit=30)
    assert (solution.status, solution.reformulation) == ("optimal", "mixed")
    assert solution.objective == pytest.approx(textbook.problem(name).objective, rel=1e-5)
    assert solution.certificate.globally_optimal is True, solution.certificate.report()
