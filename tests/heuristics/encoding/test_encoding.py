"""Points and decisions: which variables are searched, repair by projection and by propagation."""

import numpy as np
import pyomo.environ as pyo
import pytest

import bilevolt
from bilevolt import SubModel, errors
from bilevolt.heuristics.encoding.decision_space import encode
from bilevolt.heuristics.encoding.propagation import LinearRow, Propagator
from bilevolt.levels.reading import read_levels
from bilevolt.reformulations import kkt


def encoding_of(model, search=None):
    return encode(kkt.apply(read_levels(model)), search)[0]


def leader(rows, **variables):
    """A leader with these variables, all seen by a follower, and rows made from the model."""
    model = pyo.ConcreteModel()
    for name, (domain, bounds) in variables.items():
        model.add_component(name, pyo.Var(domain=domain, bounds=bounds))
    mine = [model.component(name) for name in variables]
    model.L = SubModel(fixed=mine)
    model.L.y = pyo.Var(bounds=(0, 100))
    model.L.objective = pyo.Objective(expr=model.L.y)
    model.L.row = pyo.Constraint(expr=model.L.y >= sum(mine))
    model.rows = pyo.ConstraintList()
    for row in rows:
        model.rows.add(row(model))
    model.objective = pyo.Objective(expr=model.L.y)
    return model


def decoded(model, point, seed=0):
    encoding = encoding_of(model)
    x, moved = encoding.decode(np.array(point), np.random.default_rng(seed))
    return {name.split("[")[0]: number for name, number in encoding.named(x).items()}, moved, encoding.violation(x)


REAL, INTEGER = pyo.Reals, pyo.Integers


def test_points_are_ranges_and_integers_are_rounded():
    model = leader([], a=(REAL, (-2, 6)), k=(INTEGER, (0, 4)))
    x, moved, violation = decoded(model, [0.25, 0.6])
    assert x == {"a": 0.0, "k": 2.0} and violation == 0
    assert moved.tolist() == [0.25, 0.6]  # an integer keeps its fraction


def test_points_outside_of_the_cube_are_clipped():
    x, moved, _ = decoded(leader([], a=(REAL, (-2, 6)), k=(INTEGER, (0, 4))), [-1.0, 7.0])
    assert x == {"a": -2.0, "k": 4.0} and moved.tolist() == [0.0, 1.0]


def test_continuous_rows_move_all_variables_a_little():
    model = leader([lambda m: m.a + m.b + m.c <= 6], **dict.fromkeys("abc", (REAL, (0, 4))))
    x, moved, violation = decoded(model, [1.0, 0.75, 0.5])
    assert list(x.values()) == pytest.approx([3.0, 2.0, 1.0], abs=1e-6) and violation == 0
    assert moved == pytest.approx([0.75, 0.5, 0.25], abs=1e-6)


def test_an_equality_of_continuous_variables():
    x, _, violation = decoded(leader([lambda m: m.a + m.b == 3], **dict.fromkeys("ab", (REAL, (0, 4)))), [0.0, 0.0])
    assert x["a"] == pytest.approx(1.5, abs=1e-4) and violation == 0


def test_of_binaries_of_which_one_is_chosen_the_surest_is():
    model = leader([lambda m: m.a + m.b + m.c == 1], **dict.fromkeys("abc", (pyo.Binary, None)))
    for point, chosen in (([0.9, 0.8, 0.1], "a"), ([0.2, 0.4, 0.1], "b"), ([0.6, 0.7, 0.95], "c")):
        x, _, violation = decoded(model, point)
        assert [name for name, number in x.items() if number] == [chosen] and violation == 0


def test_rows_that_nothing_satisfies_are_measured():
    model = leader([lambda m: m.a + m.b >= 9], **dict.fromkeys("ab", (INTEGER, (0, 4))))
    _, _, violation = decoded(model, [0.5, 0.5])
    assert violation >= 0.1


def test_variables_that_rows_settle_are_not_searched():
    model = bilevolt.models.station_location.build(bilevolt.load_instance("zone_small"))
    encoding = encoding_of(model)
    searched = {encoding.decision[j].parent_component().name for j in encoding.searched}
    assert searched == {"R"} and {v.parent_component().name for v in encoding.decision} == {"R", "z"}
    rng = np.random.default_rng(0)
    for _ in range(30):
        x, _ = encoding.decode(rng.random(encoding.dimensions), rng)
        named = encoding.named(x)
        assert encoding.violation(x) == 0
        assert all((named[f"R[{i}]"] > 0) == (named[f"z[{i}]"] > 0) for i in model.SITES)


def test_electric_bus_events_are_repaired_to_one_a_bus():
    model = bilevolt.models.electric_bus.build(bilevolt.load_instance("limassol_small"))
    encoding = encoding_of(model)
    rng = np.random.default_rng(0)
    violations = [encoding.violation(encoding.decode(rng.random(encoding.dimensions), rng)[0]) for _ in range(20)]
    assert sum(v == 0 for v in violations) >= 18


def test_search_by_name_component_or_member():
    model = leader([], **dict.fromkeys("abc", (REAL, (0, 4))))
    model.c.set_value(3.0)
    encoding = encoding_of(model, ["a", model.b])
    x, _ = encoding.decode(np.array([0.5, 1.0]), np.random.default_rng(0))
    assert encoding.named(x) == {"a": 2.0, "b": 4.0, "c": 3.0}


def test_nothing_to_search_is_refused():
    model = pyo.ConcreteModel()
    model.z = pyo.Var(bounds=(0, 1))
    model.L = SubModel(fixed=[])
    model.L.y = pyo.Var(bounds=(0, 1))
    model.L.objective = pyo.Objective(expr=model.L.y)
    model.L.row = pyo.Constraint(expr=model.L.y >= 0.5)
    model.objective = pyo.Objective(expr=model.z + model.L.y)
    with pytest.raises(errors.BilevoltError, match="nothing to search"):
        encoding_of(model)


def test_changes_move_integers_by_one():
    encoding = encoding_of(leader([], a=(REAL, (0, 1)), k=(INTEGER, (0, 4))))
    rng = np.random.default_rng(0)
    for number in range(5):
        for _ in range(10):
            both = np.array([[True, True]])
            near = encoding.changed(np.array([[0.5, number / 4]]), both, 0.1, 0.0, rng)[0]
            assert abs(near[1] * 4 - number) == pytest.approx(1) and 0 <= near[1] <= 1 and near[0] != 0.5
    kept = encoding.changed(np.array([[0.5, 0.5]]), np.array([[False, False]]), 0.1, 0.5, rng)
    assert kept.tolist() == [[0.5, 0.5]]


def test_snapped_points_are_equal_where_the_decisions_are():
    encoding = encoding_of(leader([], a=(REAL, (0, 1)), k=(INTEGER, (0, 4))))
    assert encoding.snapped(np.array([[0.3, 0.45], [0.3, 0.55]])).tolist() == [[0.3, 0.5], [0.3, 0.5]]


UNARY = [LinearRow(((0, 1.0), (1, -1.0), (2, -1.0), (3, -1.0)), 0.0, 0.0)] + [
    LinearRow(((k, 1.0), (k + 1, -1.0)), 0.0, np.inf) for k in (1, 2)
]


@pytest.mark.parametrize("count", range(4))
def test_a_step_that_leaves_nothing_is_taken_back(count):
    """A count in unary digits y1 >= y2 >= y3: digits wished at 0 go to 1 where the count needs it."""
    propagator = Propagator(UNARY, [0.0] * 4, [3.0, 1.0, 1.0, 1.0], [True] * 4)
    numbers, _ = propagator.fix([float(count), 0.0, 0.0, 0.0], [0, 1, 2, 3])
    assert numbers == [count] + [1.0] * count + [0.0] * (3 - count)


@pytest.mark.parametrize("seed", range(20))
def test_propagation_finds_a_point_of_random_covering_and_packing_rows(seed):
    rng = np.random.default_rng(seed)
    hidden = rng.integers(0, 4, 8)
    rows = []
    for _ in range(6):
        columns = rng.choice(8, 3, replace=False)
        a = rng.choice([1.0, 2.0], 3)
        total = float(a @ hidden[columns])
        sides = (-np.inf, total + 1) if rng.random() < 0.5 else (total - 1, np.inf)
        rows.append(LinearRow(tuple(zip(columns.tolist(), a.tolist(), strict=True)), *sides))
    propagator = Propagator(rows, [0.0] * 8, [3.0] * 8, [True] * 8)
    near, _ = propagator.fix(hidden.astype(float).tolist(), list(range(8)))
    assert near == hidden.tolist()  # what satisfies the rows is left alone
    x, _ = propagator.fix(rng.integers(0, 4, 8).astype(float).tolist(), rng.permutation(8).tolist())
    activity = [sum(a * x[j] for j, a in row.terms) for row in rows]
    assert all(row.lower <= v <= row.upper for row, v in zip(rows, activity, strict=True))
