"""``state_bound``: what is taken, where it is kept, what it means, and what is refused."""

import math

import pyomo.environ as pyo
import pytest

import bilevolt as bv
from bilevolt.bounds.given import stated_bounds
from bilevolt.bounds.ranges import Proof
from bilevolt.errors import ArgumentError, NotBilevelError
from bilevolt.reformulations import map_of


@pytest.fixture
def model():
    """A follower that makes what is missing of x; w is its own, and declared outside."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 4), domain=pyo.Integers)
    model.w = pyo.Var(bounds=(0, None))
    model.L = bv.SubModel(fixed=[model.x])
    model.L.y = pyo.Var([1, 2], bounds=(0, None))
    model.L.row = pyo.Constraint([1, 2], rule=lambda L, i: L.y[i] + model.x >= 3 * i)
    model.L.same = pyo.Constraint(expr=model.w == model.L.y[1])
    model.L.cost = pyo.Objective(expr=2 * model.L.y[1] + 3 * model.L.y[2] + model.w)
    model.objective = pyo.Objective(expr=model.x + model.x * model.L.y[2])
    return model


def multipliers(model):
    """The stated bounds by multiplier: (M, class of its proof, reason)."""
    single = bv.reformulate(model, "kkt")
    found = stated_bounds(map_of(single).conditions)
    return {m.index().strip("'"): (bound.value, bound.proof, bound.reason) for m, bound in found.items()}


WHY = "what a unit costs"


@pytest.mark.parametrize(
    ("component", "arguments", "options", "expected"),
    [
        (lambda L: L.row[1], (0, 3, WHY), {}, {"row[1].lower": (3, Proof.proven, WHY)}),
        (lambda L: L.row[1], (-3, 3, WHY), {}, {"row[1].lower": (3, Proof.proven, WHY)}),
        (lambda L: L.row[1], (None, 3, WHY), {}, {"row[1].lower": (3, Proof.proven, WHY)}),
        (lambda L: L.row[1], (0, None, WHY), {}, {}),
        (
            lambda L: L.row[1], (0, 3, None), {},
            {"row[1].lower": (3, Proof.user, "stated without a reason on L.row[1]")},
        ),
        (lambda L: L.row, (0, 3, WHY), {}, dict.fromkeys(("row[1].lower", "row[2].lower"), (3, Proof.proven, WHY))),
        (lambda L: L.y[2], (0, 3, WHY), {"price": True}, {"y[2].lower": (3, Proof.proven, WHY)}),
        (lambda L: L.y[2], (0, 3, WHY), {}, {}),
        (lambda L: L.same, (-2, 1, WHY), {}, {"same": (2, Proof.proven, WHY)}),
    ],
)  # fmt: skip
def test_a_bound_of_a_price(model, component, arguments, options, expected):
    bv.state_bound(component(model.L), *arguments, **options)
    found = multipliers(model)
    assert {name.replace("equality", "").rstrip("."): bound for name, bound in found.items()} == expected


def test_a_range_serves_products_and_changes_no_variable(model):
    before = [v.bounds for v in model.component_data_objects(pyo.Var)]
    assert [p for p in map_of(bv.reformulate(model, "sos1")).products if p.variable is None]
    bv.state_bound(model.L.y[2], 0, 6, "no more than is missing")
    assert not [p for p in map_of(bv.reformulate(model, "sos1")).products if p.variable is None]
    assert [v.bounds for v in model.component_data_objects(pyo.Var)] == before


@pytest.mark.parametrize(("reason", "assumed"), [("no more than is missing", 0), (None, 1)])
def test_what_is_stated_without_a_reason_is_an_assumption(model, reason, assumed):
    bv.state_bound(model.L.y[2], 0, 6, reason)
    solution = bv.solve(model, reformulation="sos1", solver="scip")
    assert len(solution.assumptions) == assumed
    assert all("0 <= L.y[2] <= 6 is stated without a reason" in line for line in solution.assumptions)


def test_the_last_statement_counts_and_follows_the_model(model):
    bv.state_bound(model.L.row[1], -9, 9, WHY)
    bv.state_bound(model.L.row[1], -3, 3, WHY)
    assert multipliers(model.clone()) == multipliers(model) == {"row[1].lower": (3, Proof.proven, WHY)}


def test_a_variable_declared_outside_needs_its_follower(model):
    with pytest.raises(NotBilevelError, match=r"'w' is not inside a SubModel.*follower=model.L"):
        bv.state_bound(model.w, 0, 3, WHY)
    bv.state_bound(model.w, 0, 3, WHY, price=True, follower=model.L)
    assert multipliers(model) == {"w.lower": (3, Proof.proven, WHY)}


@pytest.mark.parametrize(
    ("component", "arguments", "options", "match"),
    [
        (lambda m: m.L.row[1], (3, 2, WHY), {}, r"state_bound\(L.row\[1\]\): lower = 3 is above upper = 2"),
        (lambda m: m.L.row[1], (0, math.inf, WHY), {}, r"upper must be a finite number or None .*not inf"),
        (lambda m: m.L.row[1], (math.nan, 1, WHY), {}, "lower must be a finite number"),
        (lambda m: m.L.row[1], ("2", [], WHY), {}, "upper must be a finite number"),
        (lambda m: m.L.row[1], (None, None, WHY), {}, "with neither nothing is stated"),
        (lambda m: m.L.row[1], (0, 1, "  "), {}, "reason must say why"),
        (lambda m: m.L.row[1], (0, 1, 7), {}, "pass None where it is not proven"),
        (lambda m: m.L.same, (0, None, WHY), {}, "may have any sign; give lower and upper"),
        (lambda m: m.L.cost, (0, 1, WHY), {}, "takes a row or a variable of a follower, not 'L.cost'"),
        (lambda m: 5, (0, 1, WHY), {}, "takes a row or a variable of a follower, not 5"),
        (lambda m: m.w, (0, 1, WHY), {"follower": "block"}, "follower must be one SubModel, not 'plain'"),
    ],
)
def test_what_says_nothing_is_refused(model, component, arguments, options, match):
    model.plain = pyo.Block()
    options = dict.fromkeys(options, model.plain)
    with pytest.raises(ArgumentError, match=match):
        bv.state_bound(component(model), *arguments, **options)
    assert model.L.component("multiplier_bound") is None and model.plain.component("implied_bounds") is None


@pytest.mark.parametrize("entry", [3, (3, WHY), (-3, 3, WHY)])
def test_an_entry_written_by_hand_is_refused_with_what_to_call(model, entry):
    model.L.multiplier_bound = pyo.Suffix(datatype=None)
    model.L.multiplier_bound[model.L.row[1]] = entry
    with pytest.raises(ArgumentError, match=r"'multiplier_bound' of 'L' gives .* to 'L.row\[1\]'.*state_bound\("):
        stated_bounds(map_of(bv.reformulate(model, "kkt")).conditions)
