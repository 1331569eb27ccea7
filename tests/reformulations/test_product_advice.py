"""What a refusal advises works: each is done here, and the same solver (or the one advised) then has an answer."""

import pyomo.environ as pyo
import pytest
from driver_cases import near

import bilevolt as bv
from bilevolt import SubModel, dual_of, state_bound
from bilevolt.errors import UnprovenBigMError, UnsupportedBySolverError


def base(domain=pyo.Reals, bounds=(0, 10), follower=(0, None)):
    """The follower covers what x lacks of 3: y = max(0, 3 - x)."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(domain=domain, bounds=bounds)
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=follower)
    model.L.c = pyo.Constraint(expr=model.L.y + model.x >= 3)
    model.L.cost = pyo.Objective(expr=model.L.y)
    model.gain = pyo.Objective(expr=model.x - model.L.y)
    return model


def continuous_in_the_objective():
    """(x + y) - x y: where both are bounded, no bound helps."""
    model = base(bounds=(0, 3), follower=(0, 3))
    model.gain.set_value(model.x + model.L.y - model.x * model.L.y)
    return model


def continuous_in_a_row():
    model = base(bounds=(0, 3), follower=(0, 3))
    model.row = pyo.Constraint(expr=model.x * model.L.y >= 1)
    return model


def endless_integer():
    model = base(pyo.Integers, (0, None))
    model.row = pyo.Constraint(expr=model.x * model.L.y <= 5)
    return model


def endless_factor():
    model = base(pyo.Binary, (0, 1))
    model.w = pyo.Var()
    model.row = pyo.Constraint(expr=model.x * model.w >= 1)
    return model


def endless_price():
    """The price of c is not bounded where y may not pay for it: at most 1 where y > 0, any number where it is fixed."""
    model = base(pyo.Binary, (0, 1))
    model.L.y.setub(4)
    model.paid = pyo.Constraint(expr=model.x * dual_of(model.L.c) <= 5)
    return model


def both_bounds(model):
    model.x.setub(8)
    model.L.y.setub(9)


def bounds_implied(model):
    model.x.setub(8)
    state_bound(model.L.y, 0, 3, "y = max(0, 3 - x)")


def bound_w(model):
    model.w.setlb(-7)
    model.w.setub(7)


def price_stated(model):
    state_bound(model.L.c, -1, 1, "the cost of y")
    state_bound(model.L.y, -1, 1, "what c leaves of it", price=True)


GUROBI_OR_SCIP = "solver='gurobi' or solver='scip'"
CASES = [
    (
        continuous_in_the_objective, {"reformulation": "bigm"},
        ["x*L.y", "both factors are continuous. Use " + GUROBI_OR_SCIP], None, {},
    ),
    (
        continuous_in_a_row, {"reformulation": "bigm"},
        ["as both factors are continuous. Use " + GUROBI_OR_SCIP], None, {},
    ),
    (
        endless_integer, {"big_m": 90},
        ["x is an integer without (small) bounds", "Give x, L.y bounds: Var bounds", "state_bound(", "or use"],
        both_bounds, {"big_m": 90},
    ),
    (endless_integer, {"big_m": 90}, ["Give x, L.y bounds"], bounds_implied, {"big_m": 90}),
    (endless_factor, {"big_m": 90}, ["w has no finite (proven) bounds. Give w bounds: Var"], bound_w, {"big_m": 90}),
    (
        endless_price, {"reformulation": "strong_duality"},
        ["price of L.c", "State the largest price of L.c", "state_bound(row, -M, M, reason)"],
        price_stated, {"reformulation": "strong_duality"},
    ),
    (
        base, {"reformulation": "strong_duality"},
        ["x*price of L.c", "Use reformulation='bigm' (with big_m=... where no M is proven), or " + GUROBI_OR_SCIP],
        lambda _: None, {"reformulation": "bigm", "big_m": 20},
    ),
    (base, {"reformulation": "product"}, ["Use reformulation='bigm'"], lambda _: None, {"big_m": 20}),
]  # fmt: skip


@pytest.mark.parametrize(("build", "asked", "said", "cure", "then"), CASES)
def test_the_advice_follows_from_the_reason_and_works(build, asked, said, cure, then):
    with pytest.raises(UnsupportedBySolverError) as refusal:
        bv.solve(build(), solver="highs", **asked)
    for part in said:
        assert part in str(refusal.value)
    if cure is None:
        assert "ounds" not in str(refusal.value)  # they would not help
        answers = [bv.solve(build(), reformulation="sos1", solver=solver) for solver in ("gurobi", "scip")]
        assert [a.status for a in answers] == ["optimal", "optimal"]
        assert answers[0].objective == near(answers[1].objective)
        return
    model = build()
    cure(model)
    solution = bv.solve(model, solver="highs", **then)
    assert solution.status == "optimal", solution.notes
    assert solution.objective == near(bv.solve(build(), reformulation="sos1", solver="scip").objective)


# Big-Ms that nothing proves -------------------------------------------------------------------------------------------


def endless():
    """No bound of x, so none of the slack of y + x >= 3."""
    return base(bounds=(0, None))


def variables_bounded(model):
    model.x.setub(8)
    model.L.y.setub(9)


@pytest.mark.parametrize(
    ("said", "cure", "then"),
    [
        ("bound the variables of the row", variables_bounded, {"solver": "highs"}),
        ("big_m=number", lambda _: None, {"solver": "highs", "big_m": 50}),
        ("big_m={row: number}", lambda _: None, {"solver": "highs", "big_m": {"L.c": 50, "L.y": 50}}),
        (
            "reformulation='branch' (with solver='highs')",
            lambda _: None,
            {"reformulation": "branch", "solver": "highs"},
        ),
        ("or 'sos1' (with 'gurobi'", lambda _: None, {"reformulation": "sos1", "solver": "gurobi"}),
        ("or 'scip')", lambda _: None, {"reformulation": "sos1", "solver": "scip"}),
    ],
)
def test_the_advice_of_an_unproven_m_works(said, cure, then):
    with pytest.raises(UnprovenBigMError) as refusal:
        bv.solve(endless(), reformulation="bigm", solver="highs")
    assert said in str(refusal.value)
    model = endless()
    cure(model)
    solution = bv.solve(model, **{"reformulation": "bigm"} | then)
    assert (solution.status, solution.objective) == ("optimal", near(-3))
