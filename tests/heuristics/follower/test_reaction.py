"""The reaction that is best for the leader: among the followers' optima, not among what is nearly as good."""

import pyomo.environ as pyo
import pytest

import bilevolt as bv
from bilevolt import SubModel
from bilevolt.heuristics.follower.reaction import react
from bilevolt.reformulations import reformulate
from bilevolt.solvers import get_solver


def purchase(costs, rewards, capacities):
    """A follower buys x = 1000 units from sources at costs; each unit from a source is worth a reward to the leader."""
    model = pyo.ConcreteModel(name="purchase")
    model.x = pyo.Var(bounds=(0, 1000), initialize=1000)
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(range(len(costs)), within=pyo.NonNegativeReals)
    y = model.L.y
    model.L.objective = pyo.Objective(expr=sum(c * y[k] for k, c in enumerate(costs)))
    model.L.need = pyo.Constraint(expr=sum(y.values()) == model.x)
    model.L.room = pyo.Constraint(y.index_set(), rule=lambda _, k: y[k] <= capacities[k])
    model.objective = pyo.Objective(expr=-sum(r * y[k] for k, r in enumerate(rewards)))
    return model


@pytest.mark.parametrize(
    ("costs", "rewards", "capacities", "worth"),
    [
        pytest.param((1, 1 + 1e-5), (0, 1), (2000, 2000), 0, id="nearly as cheap is no optimum"),
        pytest.param((1, 1 + 1e-5, 1), (0, 1, 0.5), (2000,) * 3, 500, id="but a tie is"),
        pytest.param((1, 1 + 1e-5, 1), (0, 1, 0.5), (2000, 2000, 300), 150, id="as far as it goes"),
        pytest.param((1, 1 + 1e-5, 1), (0, 1, 0.5), (400, 2000, 300), 450, id="and what is left is dearer"),
    ],
)
def test_the_leader_gains_from_ties_only(costs, rewards, capacities, worth):
    model = purchase(costs, rewards, capacities)
    solve = get_solver("highs").solve
    reaction = react(reformulate(model, "kkt"), {id(model.x): 1000.0}, solve)
    assert reaction.objective == pytest.approx(-worth, abs=1e-6)
    for variable, number in reaction.values.items():
        variable.set_value(number, skip_validation=True)
    started = bv.solve(model, reformulation="sos1", solver="scip", warm_start=True)
    assert any(note.startswith("started from") for note in started.notes), started.notes
