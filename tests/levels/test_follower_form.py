"""A follower's coefficients, evaluated, are its own expressions; convexity is decided by eigenvalues."""

import random

import pyomo.environ as pyo
import pytest

from bilevolt import SubModel
from bilevolt.errors import NonconvexFollowerError
from bilevolt.levels.follower_form import follower_form
from bilevolt.levels.reading import read_levels
from bilevolt.models import textbook


def forms(model):
    levels = read_levels(model)
    return [follower_form(follower) for follower in levels.followers]


@pytest.mark.parametrize("name", [n for n in textbook.NAMES if n != "moore"])
def test_coefficients_evaluate_to_the_models_own_expressions(name):
    draw = random.Random(3)
    model = textbook.build(name)
    for variable in model.component_data_objects(pyo.Var, descend_into=(pyo.Block, SubModel)):
        variable.set_value(draw.uniform(-3, 3), skip_validation=True)
    for form in forms(model):
        linear = sum(pyo.value(c) * y.value for y, c in form.linear.items())
        quadratic = sum(q * a.value * b.value for a, b, q in form.quadratic)
        own = pyo.value(form.follower.objective.expr)
        assert linear + quadratic + pyo.value(form.constant) == pytest.approx(own)
        for y, terms in form.gradient_terms.items():
            base, step = quadratic, 1e-4
            y.value += step
            moved = sum(q * a.value * b.value for a, b, q in form.quadratic)
            y.value -= step
            slope = sum(q * z.value for z, q in terms)
            assert (moved - base) / step == pytest.approx(slope, abs=1e-2)
        for row in form.rows:
            body = sum(pyo.value(a) * y.value for y, a in row.terms) + pyo.value(row.constant)
            assert body == pytest.approx(pyo.value(row.body))


def small():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 1))
    model.objective = pyo.Objective(expr=model.x)
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var([1, 2, 3])
    model.L.objective = pyo.Objective(expr=sum(model.L.y.values()))
    return model


def test_rows_without_the_followers_variables_and_cancelled_terms():
    model = small()
    y = model.L.y
    model.L.given = pyo.Constraint(expr=2 * model.x <= 1)
    model.L.cancelled = pyo.Constraint(expr=y[1] + y[2] - y[1] <= 4)
    model.L.no_side = pyo.Constraint(expr=(-float("inf"), y[1], float("inf")))
    rows = {row.name: row for row in forms(model)[0].rows}
    assert rows["L.given"].terms == ()
    assert str(rows["L.given"].constant) == "2*x"
    assert [v.name for v, _ in rows["L.cancelled"].terms] == ["L.y[2]"]
    assert list(rows["L.no_side"].sides()) == []


def test_a_fixed_follower_variable_is_part_of_the_constant():
    model = small()
    model.L.y[1].fix(3)
    model.L.row = pyo.Constraint(expr=2 * model.L.y[1] + model.L.y[2] - model.x >= 1)
    form = forms(model)[0]
    row = form.rows[0]
    assert [v.name for v, _ in row.terms] == ["L.y[2]"]
    model.x.value = 0.5
    assert pyo.value(row.constant) == 5.5
    assert form.constant == 3


def test_named_expressions_may_be_used_many_times():
    model = small()
    model.demand = pyo.Expression(expr=2 * model.x)
    model.L.sum = pyo.Expression(expr=model.L.y[1] + model.demand)
    model.L.rows = pyo.Constraint([1, 2, 3], rule=lambda b, i: b.sum + b.y[i] >= i)
    rows = forms(model)[0].rows
    model.x.value = 0.25
    assert [pyo.value(row.constant) for row in rows] == [0.5] * 3
    assert [{v.name: a for v, a in row.terms} for row in rows] == [
        {"L.y[1]": 2},
        {"L.y[1]": 1, "L.y[2]": 1},
        {"L.y[1]": 1, "L.y[3]": 1},
    ]


CURVED = [
    (lambda y: y[1] ** 2 + y[2] ** 2 + 2 * y[1] * y[2], True),  # singular, convex
    (lambda y: y[1] ** 2 + y[2] ** 2 + 2.01 * y[1] * y[2], False),
    (lambda y: (y[1] - y[2]) ** 2 + (y[2] - y[3]) ** 2, True),
    (lambda y: y[1] * y[2], False),
    (lambda y: y[1] ** 2 - 1e-3 * y[3] ** 2, False),
    (lambda y: 1e6 * y[1] ** 2 + 1e-3 * y[2] ** 2, True),
    (lambda y: 0 * y[1] ** 2 + y[2], True),
]


@pytest.mark.parametrize(("expression", "convex"), CURVED)
@pytest.mark.parametrize("sense", [pyo.minimize, pyo.maximize])
def test_convexity(expression, convex, sense):
    model = small()
    model.L.objective.set_value(sense * expression(model.L.y))
    model.L.objective.sense = sense
    if convex:
        assert forms(model)[0].sign == sense
        return
    with pytest.raises(NonconvexFollowerError, match="only LP and convex QP followers are covered"):
        forms(model)
