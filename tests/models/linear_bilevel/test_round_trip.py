"""Model -> files -> model: every textbook problem with linear levels keeps its optimum and its names."""

import pyomo.environ as pyo
import pytest

import bilevolt as bv
from bilevolt.errors import BilevoltError, InstanceError
from bilevolt.instances.files.words import word
from bilevolt.models import linear_bilevel, textbook

BEYOND = {  # what MPS and AUX files have no place for
    "fruits_01": r"objective 'L.objective' is not linear",
    "barguel": r"row of the follower 'sub.c' is not linear",
    "pao3": r"row of the follower 'L.c1' is not linear.*w\[1\]\*z",
    "bard_1991_1": r"follower's objective 'L.objective' is not linear.*products of leader's and follower's",
    "toll_1": r"leader's objective 'objective' is not linear",
    "conejo2016": r"shadow prices \(dual_of\(L.b\)\)",
    "own_capacity_rent": r"shadow prices \(dual_of\(L.lim1\), dual_of\(L.lim2\)\)",
}


def linear(name):
    try:
        linear_bilevel.instance_of(textbook.build(name))
    except InstanceError:
        return False
    return True


LINEAR = [name for name in textbook.NAMES if linear(name)]


def test_the_table_is_not_empty():
    assert len(LINEAR) >= 28
    assert {"bard511", "moore", "pao2", "jointc1_infeasible", "own_unbounded_lower"} <= set(LINEAR)
    assert not set(LINEAR) & set(BEYOND)


@pytest.mark.parametrize("name", LINEAR)
def test_a_round_trip_keeps_optimum_and_names(name, tmp_path):
    problem = textbook.problem(name)
    bv.write(textbook.build(name), tmp_path / f"{name}.mps")
    model = linear_bilevel.build(bv.load_instance(tmp_path / f"{name}.mps"))
    solution = bv.solve(model)
    assert solution.status == problem.status
    assert {v.name for v in model.component_data_objects(pyo.Var, descend_into=(pyo.Block, bv.SubModel))} >= set(
        problem.solution
    )
    if problem.objective is not None:
        assert solution.objective == pytest.approx(problem.objective, rel=1e-6, abs=1e-6)
        assert {n: solution.values[n] for n in problem.unique} == pytest.approx(
            {n: problem.solution[n] for n in problem.unique}, abs=1e-5
        )


@pytest.mark.parametrize(("name", "message"), BEYOND.items())
def test_what_has_no_place_in_the_files_is_refused_by_name(name, message, tmp_path):
    with pytest.raises(BilevoltError, match=message):
        bv.write(textbook.build(name), tmp_path / "x.mps")
    assert not list(tmp_path.iterdir())


def test_what_is_left_out_is_said(tmp_path):
    said = bv.write(textbook.build("bard_falk_1982_1"), tmp_path / "x.mps")
    assert any("of the objective of 'L', what it does not decide is left out (x[1], x[2])" in line for line in said)
    assert any("L1, L2 are one lower level" in line for line in bv.write(textbook.build("pao2"), tmp_path / "y.mps"))


def game():
    """Two followers, of which the second sees what the first decides."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=(0, 1))
    m.y, m.z = pyo.Var(bounds=(0, 1)), pyo.Var(bounds=(0, 1))
    m.A = bv.SubModel(fixed=[m.x])
    m.A.c, m.A.o = pyo.Constraint(expr=m.y >= m.x), pyo.Objective(expr=m.y)
    m.B = bv.SubModel(fixed=[m.x, m.y])
    m.B.c, m.B.o = pyo.Constraint(expr=m.z >= m.y - m.x), pyo.Objective(expr=m.z)
    m.o = pyo.Objective(expr=m.x - m.z)
    return m


def test_followers_that_see_one_another_are_refused(tmp_path):
    with pytest.raises(InstanceError, match="follower 'B' sees 'y', which follower 'A' decides"):
        bv.write(game(), tmp_path / "x.mps")


def test_names_of_files_are_kept_whatever_they_are():
    names = ["x[1]", "x[2]", "y[a,3]", "R(2)", "1", "F.y", "index", "z[007]", "w", "w[1]", "q['7']"]
    lower = {"F.y", "R(2)"}
    instance = bv.instances.LinearBilevelInstance(
        problem="linear_bilevel",
        name="names",
        source="here",
        variables=[
            {"name": n, "level": "follower" if n in lower else "leader", "lower": 0.0, "upper": 1.0} for n in names
        ],
        rows=[{"name": "r[1]", "level": "follower", "upper": 3.0, "terms": [(n, 1.0) for n in names]}],
    )
    model = linear_bilevel.build(instance)
    found = [v.name for v in model.component_data_objects(pyo.Var, descend_into=(pyo.Block, bv.SubModel))]
    assert sorted(map(word, found)) == sorted("index_" if n == "index" else n for n in names)
    assert model.F.find_component("r[1]") is not None and model.x[2].name == "x[2]" and model.y["a", 3].ub == 1
