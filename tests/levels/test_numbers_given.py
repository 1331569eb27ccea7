"""Numbers that a model does not give: refused by the names of row and Param, before any solve."""

import math

import pyomo.environ as pyo
import pytest

import bilevolt as bv
from bilevolt.errors import MissingNumberError
from bilevolt.reformulations import read_levels


def model():
    m = pyo.ConcreteModel()
    m.p = pyo.Param(initialize=2, mutable=True)
    m.q = pyo.Param([1, 2], initialize=1, mutable=True)
    m.part = pyo.Expression(expr=1)
    m.x = pyo.Var(bounds=(0, 9))
    m.z = pyo.Var(initialize=3)
    m.z.fix()
    m.cost = pyo.Objective(expr=m.p * m.x)
    m.row = pyo.Constraint(expr=m.x + m.z >= m.q[1])
    m.L = bv.SubModel(fixed=[m.x])
    m.L.y = pyo.Var(bounds=(0, 9))
    m.L.w = pyo.Var(bounds=(0, m.q[2]))
    m.L.cost = pyo.Objective(expr=m.part * m.L.y + m.L.w)
    m.L.row = pyo.Constraint(expr=m.L.y >= m.p * m.x - 4 * m.q[1])
    m.extra = bv.ValidInequalities(reason="for the test")
    m.extra.row = pyo.Constraint(expr=m.x <= 4 + m.q[2])
    return m


def test_a_model_with_all_its_numbers_is_read():
    assert len(read_levels(model()).followers) == 1


MISSING = {
    "a leader's objective": (lambda m: m.cost.set_value(m.q[2] * m.x + math.nan), "'cost' holds NaN"),
    "an unset Param": (lambda m: setattr(m.p, "_value", m.p.NoValue), "'cost' holds the Param 'p', which is unset"),
    "a member": (lambda m: setattr(m.q[1], "_value", math.nan), r"'row' holds the Param 'q\[1\]', which is nan"),
    "a text": (lambda m: setattr(m.q[1], "_value", "much"), r"'row' holds the Param 'q\[1\]', which is 'much'"),
    "a constant": (lambda m: m.L.row.set_value(m.L.y >= math.nan * m.x), r"'L.row' holds NaN"),
    "a side": (lambda m: m.L.row.set_value(m.L.y <= math.nan), r"'L.row' holds NaN"),
    "an Expression": (lambda m: m.part.set_value(None), r"'L.cost' holds an Expression without content"),
    "a fixed variable": (lambda m: m.z.set_value(None), r"'row' holds the fixed variable 'z', which is unset"),
    "a bound": (lambda m: m.x.setub(math.nan), "a bound of variable 'x' holds NaN"),
    "a follower's bound": (lambda m: setattr(m.q[2], "_value", m.p.NoValue), r"'L.w' holds the Param 'q\[2\]'"),
    "offered": (lambda m: m.extra.row.set_value(m.x <= math.nan), r"'extra.row' holds NaN"),
}


@pytest.mark.parametrize(("change", "message"), MISSING.values(), ids=MISSING)
@pytest.mark.parametrize("call", [read_levels, bv.solve, bv.explain, bv.verify])
def test_missing_numbers_are_refused(call, change, message):
    m = model()
    if "q" in message and "2" in message:
        m.extra.deactivate()  # it has that Param, too
    change(m)
    with pytest.raises(MissingNumberError, match=message):
        call(m)


def test_infinite_sides_are_no_missing_numbers():
    m = model()
    m.L.free = pyo.Constraint(expr=(-math.inf, m.L.y, math.inf))
    assert bv.solve(m, reformulation="sos1", solver="gurobi").status == "optimal"
