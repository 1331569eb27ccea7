"""Pairs settled as at a point, and the polishing of what a solver's tolerance let leak."""

import pyomo.environ as pyo
import pytest

import bilevolt
from bilevolt import SubModel, reformulate
from bilevolt.models import textbook
from bilevolt.reformulations import kkt, map_of, pattern, read_levels
from bilevolt.solvers import get_solver


def tiny(size=1):
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 2))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, None))
    model.objective = pyo.Objective(expr=model.x - 2 * model.L.y)
    model.L.objective = pyo.Objective(expr=model.L.y)
    model.L.row = pyo.Constraint(expr=size * (model.L.y - model.x) >= 3 * size)
    return model


def plain(text):
    return str(text).replace("'", "").replace("followers[L].multiplier", "m")


def settled(point, size=1):
    single = kkt.apply(read_levels(tiny(size)))
    pattern.apply(single, point=point)
    return single


def lines(single):
    rows = single.pattern.component_data_objects(pyo.Constraint, active=True)
    return {plain(row.local_name): plain(row.expr) for row in rows}


ROW_BINDS = {"settled[L.row.lower]": "L.y - x - 3.0  ==  0"}
ROW_IS_FREE = {"settled[L.row.lower]": "m[row.lower]  ==  0", "slack_nonnegative[L.row.lower]": "0  <=  L.y - x - 3.0"}
BOUND_BINDS = {"settled[L.y.lower]": "L.y  ==  0"}
BOUND_IS_FREE = {"settled[L.y.lower]": "m[y.lower]  ==  0"}


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ([(1, 0), (0, 5)], ROW_BINDS | BOUND_IS_FREE),
        ([(1, 1e-4), (1e-6, 1e-3)], ROW_BINDS | BOUND_IS_FREE),
        ([(0, 0), (0, 0)], ROW_IS_FREE | BOUND_IS_FREE),
        ([(0, 2), (1, 0)], ROW_IS_FREE | BOUND_BINDS),
    ],
)
def test_each_pair_is_settled_by_its_larger_side(point, expected):
    assert lines(settled(point)) == expected


def test_the_optimum_within_the_pattern():
    assert get_solver("highs").solve(settled([(1, 0), (0, 5)])).objective == pytest.approx(-8)
    assert get_solver("highs").solve(settled([(0, 2), (1, 0)])).status in ("infeasible", "infeasible_or_unbounded")


def test_part_of_the_pairs_and_the_map():
    single = kkt.apply(read_levels(tiny()))
    first, *rest = map_of(single).pending()
    (item,) = pattern.apply(single, [first], point=[(1, 0)])
    assert (item.pair, item.step, item.switch) == (first, "pattern", single.pattern.settled[first.name])
    assert map_of(single).pending() == rest


@pytest.mark.parametrize("point", [(), [(1, 0)], [(1, 0)] * 3])
def test_a_point_of_another_length_is_refused(point):
    with pytest.raises(ValueError, match="zip"):
        settled(point)


def test_applying_twice_gives_the_same():
    point = [(1, 0), (0, 5)]
    assert lines(settled(point)) == lines(settled(point))


def test_the_point_of_a_solved_model():
    model = tiny()
    single = reformulate(model, "sos1")
    for variable, number in get_solver("gurobi").solve(single).values.items():
        variable.set_value(number)
    (multiplier, slack), bound = pattern.point_of(single)
    assert (multiplier, slack) == (pytest.approx(1), pytest.approx(0, abs=1e-6))
    assert bound == (pytest.approx(0, abs=1e-6), pytest.approx(5))
    map_of(single).conditions.pairs[0].multiplier.set_value(None)
    assert pattern.point_of(single)[0][0] == 0


def test_a_point_that_leaked_is_polished():
    coarse = {"mip_feasibility_tolerance": 1e-6}  # times the M, a leak that the check sees
    solution = bilevolt.solve(textbook.build("pineda"), reformulation="bigm", solver="highs", options=coarse)
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(102, abs=1e-6))
    assert any(note.startswith("polished") for note in solution.notes)
    assert solution.certificate.globally_optimal is True


def test_a_clean_point_is_not_polished():
    solution = bilevolt.solve(textbook.build("bard511"), reformulation="sos1", solver="gurobi")
    assert not any(note.startswith("polished") for note in solution.notes)


@pytest.mark.parametrize("size", [1, 400, 1 / 400])
@pytest.mark.parametrize(("multiplier", "slack", "binds"), [(0.4, 5e-6, True), (5e-6, 0.4, False)])
def test_a_row_settles_the_same_whatever_it_is_multiplied_by(size, multiplier, slack, binds):
    single = settled([(multiplier / size, slack * size), (0, 3)], size)
    assert ("m[row.lower]" not in lines(single)["settled[L.row.lower]"]) is binds


@pytest.mark.parametrize("solver", ["gurobi", "scip"])
def test_a_leak_in_a_row_with_large_coefficients_is_polished(solver):
    """At x = -2 the row -400 a + 200 x >= -800 holds a at 1 with a multiplier of 0.001, beside which slack leaks."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(-2, -2))
    model.L = SubModel(fixed=[model.x])
    model.L.a, model.L.b = pyo.Var(bounds=(-3, 4)), pyo.Var(bounds=(4, None))
    a, b = model.L.a, model.L.b
    model.L.large = pyo.Constraint(expr=30000 * a - 40000 * b - 20000 * model.x >= -130000)
    model.L.row = pyo.Constraint(expr=-400 * a + 200 * model.x >= -800)
    model.L.range = pyo.Constraint(expr=pyo.inequality(-3, 2 * a, 4))
    model.L.objective = pyo.Objective(expr=0.3 * a - 0.2 * b + 0.05 * a * a - 0.2 * a * b + 0.2 * b * b)
    model.objective = pyo.Objective(expr=2 * model.x, sense=pyo.maximize)
    solution = bilevolt.solve(model, reformulation="strong_duality", solver=solver)
    assert solution.certificate is not None and solution.certificate.bilevel_feasible, solution.notes
    assert solution.status == "optimal" and solution.values["L.a"] == pytest.approx(1, abs=1e-4)
