"""Network flows: at every leader's decision some optimal multipliers are within the bounds; what is none is left."""

import numpy as np
import pyomo.environ as pyo
import pytest
from scipy.optimize import linprog

import bilevolt
from bilevolt import SubModel, dual_of, reformulate
from bilevolt.bounds.networks import REASON, network_bounds
from bilevolt.bounds.proofs import prove
from bilevolt.bounds.rows import Rows
from bilevolt.errors import UnprovenBigMError
from bilevolt.reformulations import map_of

SQUARE = ((0, 1), (0, 2), (1, 2), (2, 1), (1, 3), (2, 3))


def flow(arcs=SQUARE, nodes=4, costs=(1, 2, 1, 1, 4, 2), scale=1.0, capacity=1.0, toll=3.0, sense="=="):
    """A unit from the first node to the last; the leader's toll is on the last arc, and it may close the first one."""
    model = pyo.ConcreteModel()
    model.t = pyo.Var(bounds=(0, toll))
    model.open = pyo.Var(within=pyo.Binary)
    model.L = SubModel(fixed=[model.t, model.open])
    model.L.x = pyo.Var(range(len(arcs)), bounds=(0, capacity))
    x, last = model.L.x, len(arcs) - 1
    model.objective = pyo.Objective(expr=model.t * x[last] - 0.1 * model.open, sense=pyo.maximize)
    model.L.cost = pyo.Objective(expr=sum(c * x[a] for a, c in enumerate(costs)) + model.t * x[last])
    model.L.closed = pyo.Constraint(expr=2 * x[0] <= 2 * model.open)

    def balance(_, n):
        net = sum(x[a] for a, (i, _) in enumerate(arcs) if i == n) - sum(
            x[a] for a, (_, j) in enumerate(arcs) if j == n
        )
        supply = (n == 0) - (n == nodes - 1)
        return scale * net == scale * supply if sense == "==" else scale * net >= scale * supply

    model.L.flow = pyo.Constraint(range(nodes), rule=balance)
    return model


def proven(model):
    single = map_of(reformulate(model, "kkt"))
    wanted = [multiplier for _, _, own in single.conditions.multipliers() for multiplier in own.values()]
    return single, prove(single.system, wanted, [])[0]


def alone(model):
    """The bounds of this argument alone, and the gap of the only block."""
    single = map_of(reformulate(model, "kkt"))
    wanted = [multiplier for _, _, own in single.conditions.multipliers() for multiplier in own.values()]
    (gap,) = Rows(single.system).gaps
    return gap, network_bounds([gap], single.ranges, wanted)


def dual_optimum(gap, bounds):
    """The best dual objective, with every multiplier within its bound; the leader's values are in the model."""
    order = {id(y): n for n, y in enumerate(gap.variables)}
    columns, worth, box = [], [], []
    for row, own in zip(gap.rows, gap.multipliers, strict=True):
        for side, multiplier in own.items():
            weight = -1.0 if side == "upper" else 1.0
            column = np.zeros(len(order))
            for y, a in row.terms:
                column[order[id(y)]] += weight * pyo.value(a)
            columns.append(column)
            worth.append(weight * ((row.upper if side == "upper" else row.lower) - pyo.value(row.constant)))
            most = bounds[multiplier].value if bounds else None
            box.append((None if most is None else -most, most) if side == "equality" else (0.0, most))
    cost = [gap.form.sign * pyo.value(gap.form.linear[y]) for y in gap.variables]
    found = linprog(-np.array(worth), A_eq=np.array(columns).T, b_eq=cost, bounds=box)
    assert found.status in (0, 3)
    return -found.fun if found.status == 0 else None  # unbounded: the follower has no point


def random_flow(seed):
    """A model whose rows have random signs, and some of which are inequalities."""
    random = np.random.default_rng(seed)
    nodes = int(random.integers(3, 6))
    arcs = [(n, n + 1) for n in range(nodes - 1)]
    arcs += [tuple(map(int, random.choice(nodes, 2, replace=False))) for _ in range(random.integers(2, 6))]
    model = flow(arcs, nodes, random.integers(-3, 9, len(arcs)).tolist(), sense="==" if seed % 3 else ">=")
    for n in model.L.flow:
        if model.L.flow[n].equality and random.random() < 0.5:
            model.L.flow[n].set_value(-model.L.flow[n].body == -model.L.flow[n].upper)
    return model


@pytest.mark.parametrize("seed", range(12))
def test_some_optimal_multipliers_are_within_the_bounds(seed):
    model, random, compared = random_flow(seed), np.random.default_rng(seed), 0
    gap, bounds = alone(model)
    assert len(bounds) == sum(map(len, gap.multipliers)), "every multiplier has a bound"
    for is_open in (0, 1):
        for toll in (0.0, 3.0, random.uniform(0, 3)):
            model.open.set_value(is_open)
            model.t.set_value(toll)
            best = dual_optimum(gap, None)
            if best is not None:
                compared += 1
                assert dual_optimum(gap, bounds) == pytest.approx(best, abs=1e-7)
    assert compared >= 3


def test_numbers_by_hand():
    """Three arcs of a tree: 5 (2 + toll of 3), 4 and 2; an arc of cost 1 has a reduced cost of at most 1 + 11."""
    _, bounds = proven(flow())
    by_name = {multiplier.index(): bound for multiplier, bound in bounds.items()}
    assert {bound.reason for bound in by_name.values()} == {REASON}
    assert by_name["x[0].upper"].value == pytest.approx(12) and by_name["closed.upper"].value == pytest.approx(6)
    assert by_name["flow[0]"].value == pytest.approx(11)


def test_big_m_solves_what_it_had_to_refuse(monkeypatch):
    """The arc of cost 4 is used if the first one is open, and the toll at least 1: 1 - 0.1 - 0.1."""
    model = flow()
    model.objective.set_value(model.L.x[4] - 0.1 * model.open - 0.1 * model.t)
    solution = bilevolt.solve(model, reformulation="bigm", solver="highs")
    assert solution.status == "optimal" and solution.objective == pytest.approx(0.8, abs=1e-6)
    monkeypatch.setattr("bilevolt.bounds.proofs.network_bounds", lambda *_: {})
    with pytest.raises(UnprovenBigMError):
        bilevolt.solve(model, reformulation="bigm", solver="highs")


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.objective.set_value(m.objective.expr - dual_of(m.L.flow[1])),  # the leader sees the prices
        lambda m: m.t.setub(None),  # costs without a range
        lambda m: m.L.flow[1].set_value(m.L.x[0] + m.L.x[3] - 2 * m.L.x[2] - m.L.x[4] == 0),  # gains on an arc
        lambda m: m.L.flow[1].set_value(m.L.x[0] + m.L.x[3] + m.L.x[2] - m.L.x[4] == 0),  # an odd cycle of signs
        lambda m: m.L.add_component("also", pyo.Constraint(expr=m.L.x[0] + m.L.x[2] <= 1)),  # an arc in three rows
    ],
    ids=["prices", "costs", "gains", "signs", "three"],
)
def test_what_is_no_flow_or_is_seen_is_left(change):
    model = flow()
    change(model)
    _, bounds = proven(model)
    assert REASON not in {bound.reason for bound in bounds.values()}
