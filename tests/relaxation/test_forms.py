"""Products by linear forms: a relaxation of every point, one variable for a form and its multiples."""

from itertools import product

import pyomo.environ as pyo
import pytest

import bilevolt as bv
from bilevolt.levels.reading import read_levels
from bilevolt.relaxation.high_point import high_point

WEIGHTS = [3.0, -1.0, 2.0]


def model(upper=4.0):
    """A leader of three binaries; v (y 3 u0 - u1 + 2 u2) in the objective, its halves and another form in rows."""
    m = pyo.ConcreteModel(name="forms")
    m.u = pyo.Var(range(3), domain=pyo.Binary)
    m.L = bv.SubModel(fixed=[m.u])
    m.L.y = pyo.Var(bounds=(-1, upper))
    form = sum(w * m.u[k] for k, w in enumerate(WEIGHTS))
    m.L.row = pyo.Constraint(expr=m.L.y <= 2 + m.u[0])
    m.L.objective = pyo.Objective(expr=-m.L.y)
    m.half = pyo.Constraint(expr=0.5 * form * m.L.y <= 6 + m.u[1])
    m.other = pyo.Constraint(expr=m.L.y * m.u[0] - m.L.y >= -8)
    m.objective = pyo.Objective(expr=m.L.y * form + m.u[1])
    return m


def test_every_point_is_a_point_of_the_relaxation():
    m = model()
    single = high_point(read_levels(m))
    block = single.model.forms
    assert len(block.product) == 2  # the form and its half are one; y u0 is another
    whole = next(w for name, w in block.product.items() if name.endswith("form 1"))
    for *u, y in product((0, 1), (0, 1), (0, 1), (-1.0, 0.3, 4.0)):
        for k, number in enumerate(u):
            m.u[k].set_value(number)
        m.L.y.set_value(y)
        forms = [sum(w * number for w, number in zip(WEIGHTS, u, strict=True)), u[0]]
        scale = 3.0  # the largest weight is the unit of the form
        for w, form in zip(block.product.values(), [forms[0] / scale, forms[1]], strict=True):
            w.set_value(y * form)
            assert w.lb - 1e-9 <= w.value <= w.ub + 1e-9
        assert whole.value == pytest.approx(y * forms[0] / scale)
        assert all(row.slack() >= -1e-9 for row in block.rows.values())
        assert pyo.value(single.model.leader.objective) == pytest.approx(pyo.value(m.objective))
        assert pyo.value(single.model.leader.rows["half"].body) == pytest.approx(pyo.value(m.half.body))


def test_without_a_bound_the_product_is_free():
    single = high_point(read_levels(model(upper=None)))
    assert len(single.model.forms.rows) == 0
    assert all(w.lb is None and w.ub is None for w in single.model.forms.product.values())


def test_what_is_of_a_higher_degree_is_left_to_others():
    m = model()
    m.objective.set_value(m.L.y**3)
    assert high_point(read_levels(m)) is None
