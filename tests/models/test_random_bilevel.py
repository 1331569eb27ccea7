"""Random bilevel LPs: reproducible, of the size asked for, and with the feasible point that their making promises."""

import io

import pyomo.environ as pyo
import pytest
from pyomo.core.expr.visitor import identify_variables
from pyomo.repn import generate_standard_repn

import bilevolt
from bilevolt.models import random_bilevel

INSTANCES = [(seed, n, integer) for seed in range(6) for n in (4, 10, 17, 40) for integer in (False, True)]


def text(model):
    stream = io.StringIO()
    model.pprint(ostream=stream)
    return stream.getvalue()


def rows_of(block):
    return list(block.component_data_objects(pyo.Constraint, descend_into=pyo.Block))


def test_same_arguments_same_instance():
    assert text(random_bilevel.build(3, 10, True)) == text(random_bilevel.build(3, 10, True))


@pytest.mark.parametrize("other", [(4, 10, True), (5, 10, True), (3, 11, True), (3, 10, False)])
def test_other_arguments_other_instance(other):
    own, others = (random_bilevel.build(*arguments) for arguments in ((3, 10, True), other))
    assert own.name != others.name
    assert text(own.L.rows) != text(others.L.rows)


@pytest.mark.parametrize(("seed", "n", "integer"), INSTANCES)
def test_planted_point_is_bilevel_feasible(seed, n, integer):
    certificate = bilevolt.verify(random_bilevel.build(seed, n, integer), tolerance=1e-9)
    assert certificate.bilevel_feasible, certificate.report()


@pytest.mark.parametrize(("seed", "n", "integer"), INSTANCES)
def test_size_domains_and_data(seed, n, integer):
    model = random_bilevel.build(seed, n, integer)
    assert len(model.x) == len(model.L.y) == n
    assert all(x.is_integer() for x in model.x.values()) == integer
    assert all(x.lb == 0 and x.ub >= 1 for x in model.x.values())
    in_follower = {id(v) for row in rows_of(model.L) for v in identify_variables(row.body)}
    assert in_follower == {id(v) for v in (*model.x.values(), *model.L.y.values())}
    numbers = [n for row in (*rows_of(model), *rows_of(model.L)) for n in coefficients(row)]
    assert all(number == int(number) for number in numbers)


def coefficients(row):
    bounds = [bound for bound in (row.lb, row.ub) if bound is not None]
    return [*generate_standard_repn(row.body).linear_coefs, *bounds]


@pytest.mark.parametrize("n", [10, 40])
@pytest.mark.parametrize("integer", [False, True])
def test_shortages_make_big_ms_provable(n, integer):
    single = bilevolt.reformulate(random_bilevel.build(1, n, integer), "bigm")
    ms = [m for item in bilevolt.reformulations.map_of(single).linearized for m in (item.multiplier_m, item.slack_m)]
    assert {m.proof for m in ms} == {"proven"}


def test_high_point_relaxation_is_no_answer():
    """Were the follower of no consequence, the instances would test nothing."""
    differ = 0
    for seed in range(6):
        model = random_bilevel.build(seed, 10)
        exact = bilevolt.solve(model, reformulation="sos1", solver="gurobi")
        model.L.objective.set_value(0 * model.L.y[0])
        relaxed = bilevolt.solve(model, reformulation="sos1", solver="gurobi")
        differ += relaxed.status != "optimal" or abs(relaxed.objective - exact.objective) > 1
    assert differ >= 5


@pytest.mark.parametrize("n", [-1, 0, 3])
def test_too_small(n):
    with pytest.raises(ValueError, match=f"n: {n} is less than 4"):
        random_bilevel.build(1, n)


def test_negative_seed():
    with pytest.raises(ValueError):
        random_bilevel.build(-1, 10)
