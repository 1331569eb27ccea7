"""Exact linearization: at every integer assignment the rows leave the product no other value."""

import itertools
import random
from collections import Counter

import pyomo.environ as pyo
import pytest

import bilevolt
from bilevolt import SubModel, reformulate, state_bound
from bilevolt.errors import UnsupportedBySolverError
from bilevolt.reformulations import map_of
from bilevolt.reformulations.products import remaining
from bilevolt.solvers import get_solver, needs_of


def with_follower(model):
    """A follower that has nothing to do with the leader's products."""
    model.L = SubModel(fixed=[])
    model.L.y = pyo.Var(bounds=(0, 1))
    model.L.objective = pyo.Objective(expr=model.L.y)
    return model


def binary_times_continuous(draw):
    model = pyo.ConcreteModel()
    low = draw.randint(-4, 2)
    model.u = pyo.Var([1, 2], domain=pyo.Binary)
    model.v = pyo.Var([1, 2], bounds=(low, low + draw.randint(0, 6)))
    return model, [(model.u[i], model.v[j]) for i in (1, 2) for j in (1, 2)]


def binary_times_binary(draw):
    model = pyo.ConcreteModel()
    model.u = pyo.Var([1, 2, 3], domain=pyo.Binary)
    return model, [(model.u[1], model.u[2]), (model.u[3], model.u[2]), (model.u[3], model.u[3])]


def integer_times_continuous(draw):
    model = pyo.ConcreteModel()
    low = draw.choice([-5, -3, -1, 0, 2])
    model.u = pyo.Var(domain=pyo.Integers, bounds=(low, low + draw.choice([1, 2, 4, 7])))
    model.v = pyo.Var([1, 2], bounds=(-2, draw.choice([-1, 0, 3])))
    return model, [(model.u, model.v[1]), (model.v[2], model.u)]


def integer_with_fractional_bounds(draw):
    model = pyo.ConcreteModel()
    model.u = pyo.Var(domain=pyo.Integers, bounds=(draw.choice([-1.5, 0.5]), 3.7))
    model.v = pyo.Var(bounds=(-1.5, 2.25))
    return model, [(model.u, model.v)]


def integer_squared_and_times_integer(draw):
    model = pyo.ConcreteModel()
    model.u = pyo.Var([1, 2], domain=pyo.Integers, bounds=(draw.choice([-3, -2, 0]), 2))
    return model, [(model.u[1], model.u[1]), (model.u[1], model.u[2])]


def partition(draw, exactly=True, count=3):
    model = pyo.ConcreteModel()
    model.u = pyo.Var(range(count), domain=pyo.Binary)
    total = sum(model.u.values())
    model.one = pyo.Constraint(expr=total == 1 if exactly else total <= 1)
    model.v = pyo.Var(bounds=(draw.randint(-3, 0), draw.randint(1, 4)))
    return model, [(model.u[i], model.v) for i in range(count)]


def at_most_one(draw):
    return partition(draw, exactly=False)


def part_of_a_partition(draw):
    model, pairs = partition(draw, count=4)
    return model, pairs[:3]


def overlapping_partitions(draw):
    model, pairs = partition(draw)
    model.more = pyo.Var(domain=pyo.Binary)
    model.two = pyo.Constraint(expr=model.u[0] + model.more == 1)
    return model, [*pairs, (model.more, model.v)]


def partition_that_starts_at_a_constant(draw):
    """u_0 + u_1 + 1 = 2 is a partition too; u_0 + u_1 <= 2 and 2 u_0 + u_1 <= 1 are none."""
    model, pairs = at_most_one(draw)
    model.one.set_value(model.u[0] + model.u[1] + 1 == 2)
    model.loose = pyo.Constraint(expr=model.u[1] + model.u[2] <= 2)
    model.uneven = pyo.Constraint(expr=2 * model.u[1] + model.u[2] <= 2)
    return model, pairs


BUILDS = [
    binary_times_continuous,
    binary_times_binary,
    integer_times_continuous,
    integer_with_fractional_bounds,
    integer_squared_and_times_integer,
    partition,
    at_most_one,
    part_of_a_partition,
    overlapping_partitions,
    partition_that_starts_at_a_constant,
]


def assignments(model, draw):
    """Every value of the integers that the rows allow, with random values and ends of the continuous ones."""
    variables = list(model.component_data_objects(pyo.Var))
    integers = [v for v in variables if not v.is_continuous()]
    for values in itertools.product(*(range(-6, 8) for _ in integers)):
        if any(not v.lb <= value <= v.ub for v, value in zip(integers, values, strict=True)):
            continue
        for variable, value in zip(integers, values, strict=True):
            variable.set_value(value, skip_validation=True)
        if all(row.slack() >= 0 for row in model.component_data_objects(pyo.Constraint)):
            for variable in variables:
                if variable.is_continuous():
                    inside = draw.uniform(variable.lb, variable.ub)
                    variable.set_value(draw.choice([variable.lb, variable.ub, inside, inside]))
            yield variables


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("build", BUILDS)
def test_rows_force_the_product(build, seed):
    draw = random.Random(seed)
    model, pairs = build(draw)
    assert list(assignments(model, draw))
    weights = [draw.choice([-2, -1, 1, 3]) for _ in pairs]
    total = sum(w * u * v for w, (u, v) in zip(weights, pairs, strict=True))
    model.objective = pyo.Objective(expr=total)
    model.both_sides = pyo.Constraint(expr=total >= -1000)  # so that the product is bounded from either side
    single = reformulate(with_follower(model), "sos1")
    assert not remaining(map_of(single).products)
    assert not {"nonconvex", "qp", "miqp"} & set(needs_of(single).because)
    rows = pyo.ConcreteModel()
    rows.rows = pyo.Constraint(pyo.Any)
    for row in single.products.component_data_objects(pyo.Constraint, active=True):
        rows.rows[row.name] = row.expr
    for variables in assignments(model, random.Random(seed)):
        expected = pyo.value(total)
        for variable in variables:
            variable.fix()
        try:
            for sense in (pyo.minimize, pyo.maximize):
                rows.objective = pyo.Objective(expr=single.leader.objective.expr, sense=sense)
                result = get_solver("highs").solve(rows)
                assert result.status == "optimal"
                assert result.objective == pytest.approx(expected, abs=1e-6)
                rows.del_component("objective")
        finally:
            for variable in variables:
                variable.unfix()


@pytest.mark.parametrize("weight", [2, -2])
@pytest.mark.parametrize("where", ["objective", "maximised objective", "upper row", "lower row", "equality"])
def test_a_product_is_bounded_only_from_the_sides_that_could_be_violated(where, weight):
    model = pyo.ConcreteModel()
    model.u = pyo.Var(domain=pyo.Binary)
    model.v = pyo.Var(bounds=(-1, 4))
    model.objective = pyo.Objective(expr=model.v)
    product = weight * model.u * model.v
    if "objective" in where:
        model.objective.set_value(product)
        model.objective.set_sense(pyo.maximize if "maximised" in where else pyo.minimize)
    else:
        sides = {"upper row": product <= 1, "lower row": product >= 1, "equality": product == 1}
        model.row = pyo.Constraint(expr=sides[where])
    single = reformulate(with_follower(model), "sos1")
    names = Counter(name.split()[-1] for name in single.products.rows)
    from_below, from_above = Counter(under=2), Counter(over=2)  # w >= ..., w <= ...
    small = where in ("objective", "upper row")
    expected = from_below if small == (weight > 0) else from_above
    assert names == (from_below + from_above if where == "equality" else expected)


def test_an_integer_is_expanded_as_the_leaders_row_says():
    """k = 1 + b_0 + b_1, in whatever form the row is written; other rows with integers are no expansions."""
    model = pyo.ConcreteModel()
    model.k = pyo.Var(domain=pyo.Integers, bounds=(1, 3))
    model.b = pyo.Var(range(2), domain=pyo.Binary)
    model.v = pyo.Var(bounds=(0, 2))
    model.other = pyo.Constraint(expr=model.k <= 1 + 2 * model.b[0])
    model.row = pyo.Constraint(expr=2 * model.b[0] + 2 * model.b[1] - 2 * model.k == -2)
    model.objective = pyo.Objective(expr=model.k * model.v - 3 * model.v)
    single = reformulate(with_follower(model), "sos1")
    assert not len(single.products.bit)
    assert {(p.first.name, p.second.name) for p in map_of(single).products} == {("b[0]", "v"), ("b[1]", "v")}
    solution = bilevolt.solve(model, reformulation="bigm", solver="highs")
    assert solution.objective == pytest.approx(-4), "k = 1, v = 2"


def test_a_continuous_variable_is_expanded_where_an_offered_row_says_so():
    """The follower's y is 0 or 1 where x is not 0.5: what the model offers makes the revenue x y exact."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 1))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, 1))
    model.L.objective = pyo.Objective(expr=(model.x - 0.5) * model.L.y)
    model.objective = pyo.Objective(expr=model.x * model.L.y, sense=pyo.maximize)
    left = reformulate(model, "strong_duality")
    assert {p.reason for p in remaining(map_of(left).products)} == {"x is continuous; L.y is continuous"}
    model.V = bilevolt.ValidInequalities(reason="the leader gains nothing by a y between")
    model.V.b = pyo.Var(domain=pyo.Binary)
    model.V.row = pyo.Constraint(expr=model.L.y == model.V.b)
    single = reformulate(model, "strong_duality")
    assert not remaining(map_of(single).products)
    assert ("V.b", "x") in {(p.first.name, p.second.name) for p in map_of(single).products}
    solution = bilevolt.solve(model, reformulation="strong_duality", solver="highs")
    assert solution.status == "optimal" and solution.objective == pytest.approx(0.5)


def two_products(**bounds):
    model = pyo.ConcreteModel()
    model.u = pyo.Var(domain=pyo.Binary)
    model.v = pyo.Var(bounds=(0, 4))
    model.w = pyo.Var(**bounds)
    model.objective = pyo.Objective(expr=model.u * model.v)
    model.row = pyo.Constraint(expr=model.u * model.w + 3 * model.v * model.v <= 5)
    return with_follower(model)


def test_what_stays_is_named_with_the_reason():
    single = reformulate(two_products(), "sos1")
    left = remaining(map_of(single).products)
    assert {(p.first.name, p.second.name, p.where) for p in left} == {
        ("u", "w", "leader.rows[row]"),
        ("v", "v", "leader.rows[row]"),
    }
    reasons = {p.second.name: p.reason for p in left}
    assert "w has no finite (proven) bounds" in reasons["w"]
    assert reasons["v"] == "v is continuous"
    assert "u*w" in str(single.leader.rows["row"].body)


def test_a_wide_integer_is_not_expanded():
    model = two_products(domain=pyo.Integers, bounds=(0, 2**20))
    model.objective.set_value(model.w * model.v)
    (left,) = [p for p in remaining(map_of(reformulate(model, "sos1")).products) if p.where == "leader.objective"]
    assert "w is an integer without (small) bounds" in left.reason
    model.w.setub(2**20 - 1)
    single = reformulate(model, "sos1")
    assert len(single.products.bit) == 20


def test_implied_bounds_of_a_followers_variable_are_enough():
    model = two_products()
    model.L.y.setub(None)
    model.objective.set_value(model.u * model.L.y)
    model.row.deactivate()
    assert remaining(map_of(reformulate(model, "sos1")).products)
    state_bound(model.L.y, 0, 1, "the follower minimises it")
    assert not remaining(map_of(reformulate(model, "sos1")).products)


def test_one_variable_for_a_product_that_appears_many_times():
    model = two_products(bounds=(0, 1))
    model.row.set_value(model.u * model.v + model.v * model.u <= 5)
    single = reformulate(model, "sos1")
    assert len(single.products.product) == 1
    assert str(single.leader.rows["row"].body).startswith("2")


def test_a_cubic_is_refused_by_name():
    model = two_products()
    model.objective.set_value(model.u * model.v * model.w)
    with pytest.raises(UnsupportedBySolverError, match=r"'leader.objective' contains .*neither linear nor quadratic"):
        reformulate(model, "sos1")


def test_an_integer_leader_with_fractional_bounds_in_a_followers_row():
    """k in [0.5, 2.5] is 1 or 2; the follower's y = k y >= ... is best for the leader at k = 2."""
    model = pyo.ConcreteModel()
    model.k = pyo.Var(domain=pyo.Integers, bounds=(0.5, 2.5))
    model.L = SubModel(fixed=[model.k])
    model.L.y = pyo.Var(bounds=(0, 8))
    model.L.objective = pyo.Objective(expr=model.L.y)
    model.L.row = pyo.Constraint(expr=model.k * model.L.y >= 4)
    model.objective = pyo.Objective(expr=model.L.y)
    for reformulation, solver in (("sos1", "gurobi"), ("sos1", "scip"), ("bigm", "highs")):
        big_m = 50 if reformulation == "bigm" else None
        solution = bilevolt.solve(model, reformulation=reformulation, solver=solver, big_m=big_m, time_limit=30)
        assert (solution.status, solution.objective) == ("optimal", pytest.approx(2)), solver
