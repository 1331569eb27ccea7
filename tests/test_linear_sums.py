"""Sums read as they stand: number by number what Pyomo's visitors return, in their order, or left to them."""

import math

import pyomo.environ as pyo
import pytest
from pyomo.core.expr import MonomialTermExpression
from pyomo.repn.parameterized import ParameterizedLinearRepnVisitor
from pyomo.repn.quadratic import QuadraticRepnVisitor

from bilevolt.levels.follower_form import VariableRecorder
from bilevolt.linear_sums import is_sum, sum_of


def model():
    m = pyo.ConcreteModel()
    m.x, m.y, m.z = pyo.Var(), pyo.Var(), pyo.Var([1, 2])
    m.f = pyo.Var(initialize=3)
    m.f.fix()
    m.p = pyo.Param(initialize=0.1, mutable=True)
    m.e = pyo.Expression(expr=m.x + 1)
    return m


READ = {
    "a variable": lambda m: m.x,
    "a number": lambda m: 3.5,
    "terms": lambda m: 2 * m.y - m.x + 0.5 * m.z[2],
    "numbers between": lambda m: 0.1 + m.z[2] + 0.2 - 3 * m.x + 0.7,
    "a difference": lambda m: 0.3 + m.x - (m.y - 2 * m.z[1] + 0.1 + 0.7),
    "a negative": lambda m: -(m.y + 3),
    "a side": lambda m: 5 - m.x,
}
LEFT = {
    "a product": lambda m: m.x * m.y,
    "a square": lambda m: m.x + m.y**2,
    "twice": lambda m: m.x + m.y + 2 * m.x,
    "on both sides": lambda m: m.x + m.y - (m.x + 3),
    "within within": lambda m: m.x - (m.y - (m.z[1] - 2)),
    "a Param": lambda m: m.x + m.p,
    "a Param times": lambda m: m.p * m.x,
    "a fixed variable": lambda m: m.x + m.f,
    "an Expression": lambda m: m.e + m.y,
    "a zero": lambda m: pyo.quicksum([m.y, MonomialTermExpression((0, m.x))]),
    "NaN": lambda m: pyo.quicksum([m.y, MonomialTermExpression((math.nan, m.x))]),
}


def read(expression, given=()):
    recorder = VariableRecorder()

    def meet(variable):
        if any(variable is one for one in given):
            return False
        if variable.fixed:
            return None
        recorder.add(variable)
        return True

    return sum_of(expression, recorder.var_map, meet), recorder


@pytest.mark.parametrize("name", READ)
def test_what_is_read_is_what_pyomos_visitor_returns(name):
    expression = READ[name](model())
    recorder = VariableRecorder()
    repn = QuadraticRepnVisitor({}, var_recorder=recorder).walk_expression(expression)
    found, own = read(expression)
    assert found is not None
    assert found[0] == repn.constant
    assert list(found[1].items()) == list(repn.linear.items())  # with their order, and to the last bit
    assert own.var_order == recorder.var_order


@pytest.mark.parametrize("name", LEFT)
def test_anything_else_is_left_to_a_visitor(name):
    assert read(LEFT[name](model()))[0] is None


def test_variables_that_stand_for_numbers_are_in_the_constant():
    m = model()
    expression = 2 * m.y - 3 * m.x + 4 + m.z[1]
    given = [m.x, m.z[1]]
    visitor = ParameterizedLinearRepnVisitor({}, wrt=given, var_recorder=VariableRecorder())
    (constant, linear), _ = read(expression, given)
    assert str(constant) == str(visitor.walk_expression(expression).constant) == "-3*x + 4 + z[1]"
    assert linear == {id(m.y): 2}
    assert str(expression) == "2*y - 3*x + 4 + z[1]"
    assert read(m.y - (m.x + 3), given)[0] is None


SUMS = dict.fromkeys(READ, True) | {
    "a product": False, "a square": False, "twice": True, "on both sides": True, "within within": True, "a Param": True,
    "a Param times": True, "a fixed variable": True, "an Expression": False, "a zero": True,
}  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), SUMS.items())
def test_a_sum_is_seen_by_its_form(name, expected):
    m = model()
    expression, met = (READ | LEFT)[name](m), []
    assert is_sum(expression if isinstance(expression, float) else expression == 7, {}, met.append) is expected


def test_sums_in_sums_in_sums_are_left_at_some_depth():
    m = model()
    expression = m.x
    for _ in range(200):
        expression = m.y - expression
    assert not is_sum(expression, {}, lambda variable: None)
