"""Reading the levels: ownership, kinds of rows, and refusals that name the component and the next step."""

import pyomo.environ as pyo
import pytest

from bilevolt import SubModel, errors
from bilevolt.levels.follower_form import follower_form
from bilevolt.levels.reading import read_levels


def names(variables):
    return sorted(variable.name for variable in variables)


def base_model():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 10))
    model.y = pyo.Var(bounds=(0, None))
    model.objective = pyo.Objective(expr=model.x - model.y)
    model.L = SubModel(fixed=[model.x])
    model.L.objective = pyo.Objective(expr=model.y)
    model.L.c = pyo.Constraint(expr=model.x + model.y >= 3)
    return model


def test_follower_variable_declared_on_the_upper_block():
    levels = read_levels(base_model())
    (follower,) = levels.followers
    assert names(follower.variables) == ["y"]
    assert names(follower.given) == ["x"]
    assert names(levels.leader.variables) == ["x"]
    assert names(levels.visible) == ["x"]


def test_leader_variable_that_appears_only_in_the_follower():
    model = base_model()
    model.z = pyo.Var(bounds=(0, 1))
    model.L._fixed.append(model.z)
    model.L.objective.set_value(model.y * (1 + model.z))
    assert names(read_levels(model).leader.variables) == ["x", "z"]


def test_several_submodels_in_blocks_and_indexed_blocks():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 10))
    model.objective = pyo.Objective(expr=model.x)

    def rule(block, _):
        block.y = pyo.Var(bounds=(0, None))
        block.inner = SubModel(fixed=[model.x])
        block.inner.objective = pyo.Objective(expr=block.y)
        block.inner.c = pyo.Constraint(expr=block.y >= model.x)

    model.b = pyo.Block([1, 2], rule=rule)
    model.b[1].leader_row = pyo.Constraint(expr=model.b[1].y >= 2)
    levels = read_levels(model)
    assert [f.name for f in levels.followers] == ["b[1].inner", "b[2].inner"]
    assert [c.name for c in levels.leader.constraints] == ["b[1].leader_row"]
    assert names(levels.followers[1].variables) == ["b[2].y"]


def test_members_of_one_indexed_variable_may_belong_to_both_levels():
    model = pyo.ConcreteModel()
    model.v = pyo.Var([1, 2], bounds=(0, 5))
    model.objective = pyo.Objective(expr=model.v[1])
    model.L = SubModel(fixed=[model.v[1]])
    model.L.objective = pyo.Objective(expr=model.v[2])
    model.L.c = pyo.Constraint(expr=(1, model.v[2] + model.v[1] * model.v[2], None))
    levels = read_levels(model)
    row = follower_form(levels.followers[0]).rows[0]
    assert [(v.name, str(a)) for v, a in row.terms] == [("v[2]", "1 + v[1]")]


def test_fixed_variables_are_numbers_and_mutable_params_are_read_at_the_time():
    model = base_model()
    model.p = pyo.Param(initialize=2, mutable=True)
    model.k = pyo.Var(domain=pyo.Integers)
    model.k.fix(4)
    model.L.d = pyo.Constraint(expr=model.p * model.y + model.k <= 20)
    levels = read_levels(model)
    assert names(levels.followers[0].variables) == ["y"]
    row = follower_form(levels.followers[0]).rows[1]
    assert (row.terms[0][1], row.constant, row.upper) == (2, 4, 20)
    model.p.value = 3
    assert follower_form(levels.followers[0]).rows[1].terms[0][1] == 3


def test_rows_equality_range_one_sided_and_bounds():
    model = base_model()
    model.z = pyo.Var(bounds=(-1, 4))
    model.L.equality = pyo.Constraint(expr=model.z + model.y == model.x)
    model.L.range = pyo.Constraint(expr=(1, model.z - model.y, 2))
    levels = read_levels(model)
    rows = {row.name: row for row in follower_form(levels.followers[0]).rows}
    sides = {name: [side for side, _ in row.sides()] for name, row in rows.items()}
    assert sides == {
        "L.c": ["lower"],
        "L.equality": [],
        "L.range": ["lower", "upper"],
        "y": ["lower"],
        "z": ["lower", "upper"],
    }


def no_submodel(model):
    model.L.deactivate()


def nested_submodel(model):
    model.L.deeper = SubModel(fixed=[])


def integer_follower(model):
    model.y.domain = pyo.NonNegativeIntegers


def nonconvex_objective(model):
    model.L.objective.set_value(-(model.y**2))


def nonconcave_maximum(model):
    model.L.objective.set_value(model.y**2)
    model.L.objective.sense = pyo.maximize


def cubic_objective(model):
    model.L.objective.set_value(model.y**3)


def curvature_from_the_leader(model):
    model.L.objective.set_value(model.x * model.y**2)


def quadratic_row(model):
    model.L.q = pyo.Constraint(expr=model.y**2 <= 4)


def no_follower_objective(model):
    model.L.objective.deactivate()


def two_follower_objectives(model):
    model.L.other = pyo.Objective(expr=-model.y)


def no_leader_objective(model):
    model.objective.deactivate()


def two_leader_objectives(model):
    model.other = pyo.Objective(expr=model.x)


def owned_twice(model):
    model.M = SubModel(fixed=[model.x])
    model.M.objective = pyo.Objective(expr=-model.y)


def something_unknown(model):
    model.b1, model.b2 = pyo.BooleanVar(), pyo.BooleanVar()
    model.logic = pyo.LogicalConstraint(expr=model.b1.implies(model.b2))


def fixed_is_no_variable(model):
    model.L._fixed.append(3)


@pytest.mark.parametrize(
    ("spoil", "error", "said"),
    [
        (no_submodel, errors.NotBilevelError, "no active SubModel"),
        (nested_submodel, errors.NotBilevelError, "'L.deeper' is inside SubModel 'L'"),
        (integer_follower, errors.IntegerFollowerError, "integer variable 'y'.*fixed="),
        (nonconvex_objective, errors.NonconvexFollowerError, "'L.objective'.*nonconvex in y.*-2"),
        (nonconcave_maximum, errors.NonconvexFollowerError, "nonconcave in y.*eigenvalue 2"),
        (cubic_objective, errors.NonconvexFollowerError, "'L.objective'.*not linear or quadratic"),
        (curvature_from_the_leader, errors.NonconvexFollowerError, r"y\*y depends on the leader"),
        (quadratic_row, errors.NonconvexFollowerError, "row 'L.q' of follower 'L' is not linear"),
        (no_follower_objective, errors.NotBilevelError, "follower 'L' has 0 active objectives"),
        (two_follower_objectives, errors.NotBilevelError, "2 active objectives.*L.other"),
        (no_leader_objective, errors.NotBilevelError, "leader has 0 active objectives"),
        (two_leader_objectives, errors.NotBilevelError, "leader has 2 active objectives"),
        (owned_twice, errors.NotBilevelError, "'y' is owned by two followers, 'L' and 'M'"),
        (something_unknown, errors.NotBilevelError, "'logic' is an active LogicalConstraint"),
        (fixed_is_no_variable, errors.NotBilevelError, "'L' lists 3"),
    ],
)
def test_refusals_name_the_component(spoil, error, said):
    model = base_model()
    spoil(model)
    with pytest.raises(error, match=said):
        levels = read_levels(model)
        for follower in levels.followers:
            follower_form(follower)
