"""Branch: what is listed for the solver, and what is redundant and can be left out."""

import pyomo.environ as pyo
import pytest

from bilevolt import SubModel, reformulate, state_bound
from bilevolt.solvers import get_solver
from bilevolt.solvers.complementarity import complementarity_gaps, complementary_pairs


def tiny():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 2))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, 5))
    model.objective = pyo.Objective(expr=model.x - 2 * model.L.y)
    model.L.objective = pyo.Objective(expr=model.L.y)
    model.L.row = pyo.Constraint(expr=model.L.y - model.x >= 1)
    state_bound(model.L.y, -4, 4, "the reason", price=True)
    return model


@pytest.mark.parametrize(
    ("choice", "cuts", "bound_cuts", "gaps"),
    [("branch", "auto", 2, 1), ("branch", None, 0, 0), ({"*": "branch"}, "auto", 2, 1), ({"*": "branch"}, None, 0, 0)],
)
def test_without_cuts_nothing_redundant_is_added(choice, cuts, bound_cuts, gaps):
    single = reformulate(tiny(), choice, cuts=cuts)
    assert len(single.branch.bound_cut) == bound_cuts
    assert len(list(complementarity_gaps(single))) == gaps
    assert len(complementary_pairs(single)) == 3
    result = get_solver("highs").solve(single)
    assert (result.status, result.objective) == ("optimal", pytest.approx(-4.0))  # x = 2, y = 3
