"""A response that a binary of the leader's forbids is moved to what it allows, and to nothing else."""

import pyomo.environ as pyo
import pytest
from pyomo.repn import generate_standard_repn

import bilevolt as bv
from bilevolt.bounds.ranges import Ranges
from bilevolt.decomposition.integer_follower import integer_followers
from bilevolt.decomposition.repair import repaired
from bilevolt.levels.reading import read_levels


def model_with(rows, domain=pyo.Binary, cost=lambda m: m.L.z):
    model = pyo.ConcreteModel()
    model.x, model.w = pyo.Var(bounds=(0, 1), domain=domain), pyo.Var(domain=pyo.Binary)
    model.L = bv.SubModel(fixed=[model.x, model.w])
    model.L.z, model.L.y = pyo.Var(bounds=(0, 4), domain=pyo.Integers), pyo.Var(bounds=(0, 1))
    model.L.cost = pyo.Objective(expr=cost(model) + model.L.y)
    model.L.rows = pyo.ConstraintList()
    for row in rows(model):
        model.L.rows.add(row)
    model.cost = pyo.Objective(expr=model.x + model.w)
    return model


# What the follower is held to, the response, and what it becomes at x = 0 and x = 1; None: it stays a number.
CASES = {
    "interdicted": (lambda m: [m.L.z + 4 * m.x <= 4], 3, (3, 0)),
    "interdicted in part": (lambda m: [2 * m.L.z + 3 * m.x <= 8], 4, (4, 2)),
    "demanded": (lambda m: [m.L.z >= 2 * m.x], 0, (0, 2)),
    "set": (lambda m: [m.L.z == 3 - m.x], 3, (3, 2)),
    "two rows": (lambda m: [m.L.z + 4 * m.x <= 5, m.L.z >= 1 - m.x], 2, (2, 1)),
    "allowed anyway": (lambda m: [m.L.z + 4 * m.x <= 4], 0, None),
    "nothing is allowed": (lambda m: [m.L.z + 5 * m.x <= 4], 3, None),
    "with another variable of its own": (lambda m: [m.L.z + m.L.y + 4 * m.x <= 4], 3, None),
    "by two binaries": (lambda m: [m.L.z + 2 * m.x + 2 * m.w <= 4], 3, None),
    "in a product": (lambda m: [m.L.z + 4 * m.x <= 4, m.L.z * m.w <= 3], 3, None),
}


def response_of(model, number):
    bilevel = read_levels(model, integer_followers=True)
    (item,) = integer_followers(bilevel)
    return repaired(item, {id(model.L.z): number}, Ranges(()))[id(model.L.z)]


@pytest.mark.parametrize(("rows", "number", "expected"), CASES.values(), ids=CASES)
def test_responses_are_moved(rows, number, expected):
    model = model_with(rows)
    found = response_of(model, number)
    if expected is None:
        assert found == number
        return
    repn = generate_standard_repn(found)
    assert [v.name for v in repn.linear_vars] == ["x"]
    assert (repn.constant, repn.constant + repn.linear_coefs[0]) == expected


def test_no_response_follows_a_continuous_variable_or_a_product():
    rows = CASES["interdicted"][0]
    assert response_of(model_with(rows, pyo.Reals), 3) == 3
    assert response_of(model_with(rows, cost=lambda m: m.w * m.L.z), 3) == 3
