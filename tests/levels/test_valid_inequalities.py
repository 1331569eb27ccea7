"""Valid inequalities that a model offers: where they go, who does not see them, what a wrong one does."""

import copy
import io

import pyomo.environ as pyo
import pytest

import bilevolt as bv
from bilevolt.errors import NotBilevelError
from bilevolt.levels.follower import suffix_values
from bilevolt.reformulations import map_of, read_levels, user_cuts

REFORMULATIONS = [("strong_duality", "highs"), ("bigm", "highs"), ("sos1", "scip"), ("indicator", "gurobi")]


def model(wrong=False, reason="a test"):
    """min -x - 2y, x in 0..4 integer; y in argmin {-y : y <= 3, y <= 5 - x}: optimum x = 2, y = 3 (F = -8).

    Offered: x + y <= 6 (true, 2 + 3 <= 6) or <= 3 (wrong), the row's multiplier is 0 or 1 as a binary says (s = 1
    where y = 5 - x), and x in unary digits.
    """
    m = pyo.ConcreteModel(name="offering")
    m.x = pyo.Var(domain=pyo.Integers, bounds=(0, 4))
    m.L = bv.SubModel(fixed=[m.x])
    m.L.y = pyo.Var(bounds=(0, 3))
    m.L.row = pyo.Constraint(expr=m.L.y <= 5 - m.x)
    m.L.objective = pyo.Objective(expr=-m.L.y)
    m.objective = pyo.Objective(expr=-m.x - 2 * m.L.y)
    bv.state_bound(m.L.row, -1, 1, "y gains 1 a unit")
    bv.state_bound(m.L.y, -1, 1, "y gains 1 a unit", price=True)
    m.cuts = bv.ValidInequalities(reason=reason)
    m.cuts.total = pyo.Constraint(expr=m.x + m.L.y <= (3 if wrong else 6))
    m.cuts.s = pyo.Var(domain=pyo.Binary)
    m.cuts.price = pyo.Constraint(expr=-bv.dual_of(m.L.row) <= m.cuts.s)
    m.cuts.tight = pyo.Constraint(expr=m.L.y >= 5 - m.x - 5 * (1 - m.cuts.s))
    m.cuts.y = pyo.Var(range(4), domain=pyo.Binary)
    m.cuts.digits = pyo.Constraint(expr=m.x == sum(m.cuts.y.values()))
    m.cuts.order = pyo.Constraint(range(3), rule=lambda b, k: b.y[k] >= b.y[k + 1])
    return m


def at_the_optimum(m):
    m.x.set_value(2)
    m.L.y.set_value(3)


@pytest.mark.parametrize("way", REFORMULATIONS, ids="-".join)
@pytest.mark.parametrize("cuts", ["auto", "strong_duality", None])
def test_the_optimum_is_the_same_with_and_without(way, cuts):
    solution = bv.solve(model(), reformulation=way[0], solver=way[1], cuts=cuts)
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(-8))
    assert solution.certificate.bilevel_feasible and solution.certificate.globally_optimal
    assert not solution.assumptions


def test_neither_level_owns_what_is_offered():
    m = model()
    bilevel = read_levels(m)
    assert [v.name for v in bilevel.leader.variables] == ["x"]
    assert [c.name for c in bilevel.leader.constraints] == []
    assert [v.name for v in bilevel.follower_variables] == ["L.y"]
    assert not bilevel.leader.prices, "a price that only offered rows contain is not the leader's"
    (block,) = bilevel.user_cuts
    assert (block.name, block.reason) == ("cuts", "a test")
    assert {v.name for v in block.variables} == {"cuts.s", *(f"cuts.y[{k}]" for k in range(4))}
    assert [source.name for source in block.prices.values()] == ["L.row"]


def test_a_price_that_the_leader_uses_too_stays_the_leaders():
    m = model()
    m.objective.set_value(-m.x - 2 * m.L.y + 0.1 * bv.dual_of(m.L.row))
    bilevel = read_levels(m)
    assert [source.name for source in bilevel.leader.prices.values()] == ["L.row"]


def test_rows_are_in_the_single_level_model_with_multipliers_for_prices():
    m = model()
    single = bv.reformulate(m, "bigm")
    rows = {name: str(row.body) for name, row in single.user_cuts["cuts"].rows.items()}
    order = {f"cuts.order[{k}]" for k in range(3)}
    assert set(rows) == {"cuts.total", "cuts.price", "cuts.tight", "cuts.digits"} | order
    assert "followers[L].multiplier['row.upper']" in rows["cuts.price"]
    assert "shadow_price" not in rows["cuts.price"]
    assert {v.parent_block().name for v in user_cuts.variables(map_of(single))} == {"cuts"}
    assert "user cuts" in map_of(single).steps


@pytest.mark.parametrize("switch", ["cuts=None", "deactivate", "kkt"])
def test_they_can_be_left_out(switch):
    m = model(wrong=True)
    if switch == "deactivate":
        m.cuts.deactivate()
    single = bv.reformulate(m, "kkt" if switch == "kkt" else "bigm", cuts=None if switch == "cuts=None" else "auto")
    assert single.component("user_cuts") is None
    assert list(user_cuts.used(map_of(single))) == []


def test_a_single_row_can_be_left_out():
    m = model(wrong=True)
    m.cuts.total.deactivate()
    assert bv.solve(m, reformulation="bigm", solver="highs").objective == pytest.approx(-8)


def test_heuristics_and_the_check_do_not_see_a_wrong_row():
    m = model(wrong=True)
    found = bv.solve(m, method="nested")
    assert found.certificate.bilevel_feasible
    m.del_component("cuts")
    assert found.objective == bv.solve(m, method="nested").objective
    at_the_optimum(m)
    assert bv.verify(m).bilevel_feasible


def test_a_wrong_row_cuts_the_optimum_off_and_the_check_does_not_see_that():
    """What the documentation warns of: the answer is bilevel feasible, called optimal, and is not."""
    solution = bv.solve(model(wrong=True), reformulation="bigm", solver="highs")
    assert solution.certificate.bilevel_feasible
    assert solution.objective > -8 + 0.5


def test_without_a_reason_an_optimum_rests_on_an_assumption():
    solution = bv.solve(model(reason=""), reformulation="bigm", solver="highs")
    assert solution.objective == pytest.approx(-8)
    assert solution.assumptions == ["the rows of 'cuts' are offered as valid inequalities without a reason"]
    assert solution.certificate.globally_optimal is None
    assert not bv.solve(model(reason=""), reformulation="bigm", solver="highs", cuts=None).assumptions


@pytest.mark.parametrize("reason", ["", "a test"])
def test_infeasible_under_wrong_rows_is_refuted_by_a_point(reason):
    m = model(reason=reason)
    m.cuts.never = pyo.Constraint(expr=m.x >= 5)
    solution = bv.solve(m, reformulation="bigm", solver="highs")
    assert (solution.status, solution.bound) == ("feasible", None)
    assert solution.certificate.bilevel_feasible and not solution.certificate.globally_optimal
    assert any("highs says infeasible, which a point of 'nested' refutes" in note for note in solution.notes)


@pytest.mark.parametrize(("reason", "status"), [("", "no_solution"), ("a test", "infeasible")])
def test_infeasible_under_rows_without_a_reason_is_not_proven(reason, status):
    m = model(reason=reason)
    m.never = pyo.Constraint(expr=m.x >= 5)
    solution = bv.solve(m, reformulation="bigm", solver="highs")
    assert solution.status == status
    assert any("so neither is that" in note for note in solution.notes) == (not reason)


@pytest.mark.parametrize("way", REFORMULATIONS[:2], ids="-".join)
def test_a_start_is_completed_over_the_rows(way):
    m = model()
    at_the_optimum(m)
    solution = bv.solve(m, reformulation=way[0], solver=way[1], warm_start=True)
    assert any(note.startswith("started from a point with objective -8") for note in solution.notes)


def test_a_start_refutes_a_wrong_row():
    m = model(wrong=True)
    at_the_optimum(m)
    solution = bv.solve(m, reformulation="strong_duality", solver="highs", warm_start=True)
    assert any("valid inequalities 'cuts' are not valid" in note for note in solution.notes)


def test_the_variables_are_counted():
    with_cuts = bv.solve(model(), reformulation="bigm", solver="highs").sizes
    without = bv.solve(model(), reformulation="bigm", solver="highs", cuts=None).sizes
    assert with_cuts["binaries"] == without["binaries"] + 5


def test_what_is_no_row_is_refused():
    m = model()
    m.cuts.objective = pyo.Objective(expr=m.x)
    with pytest.raises(NotBilevelError, match="a block of valid inequalities cannot hold here"):
        read_levels(m)


def test_inside_a_follower_they_are_refused():
    m = model()
    m.L.inner = bv.ValidInequalities(reason="here")
    m.L.inner.row = pyo.Constraint(expr=m.L.y <= 3)
    with pytest.raises(NotBilevelError, match=r"'L.inner' is an active ValidInequalities, which a follower cannot"):
        read_levels(m)


def test_the_model_is_left_as_it_was_and_can_be_cloned_and_shown(structure):
    m = model()
    before = structure(m)
    bv.solve(m, reformulation="strong_duality", solver="highs")
    for variable in (m.cuts.s, *m.cuts.y.values()):
        variable.clear()
    assert structure(m) == before
    twin = copy.deepcopy(m)
    assert twin.cuts.reason == "a test"
    assert bv.solve(twin, reformulation="bigm", solver="highs").objective == pytest.approx(-8)
    stream = io.StringIO()
    m.display(ostream=stream)
    assert "Valid inequalities" in stream.getvalue() or "cuts" in stream.getvalue()
    assert suffix_values(read_levels(m).followers[0], "multiplier_bound")


@pytest.mark.parametrize("priced, refused", [(True, True), (False, False)])
def test_bounds_of_some_multipliers_are_not_mixed_with_rows_on_prices(priced, refused):
    """Two rows that say the same: the multipliers are unbounded, but those of a vertex are at most 1."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=(0, 4))
    m.L = bv.SubModel(fixed=[m.x])
    m.L.y = pyo.Var(bounds=(0, 3))
    m.L.row = pyo.Constraint(expr=m.L.y <= 5 - m.x)
    m.L.back = pyo.Constraint(expr=-m.L.y >= m.x - 5)
    m.L.floor = pyo.Constraint(expr=m.L.y >= m.x - 5)
    m.L.objective = pyo.Objective(expr=-m.L.y)
    m.objective = pyo.Objective(expr=-m.x - 2 * m.L.y)
    m.cuts = bv.ValidInequalities(reason="a test")
    m.cuts.row = pyo.Constraint(expr=-bv.dual_of(m.L.row) <= 9) if priced else pyo.Constraint(expr=m.x <= 4)
    assert read_levels(m).uses_prices is priced
    reasons = {str(item.multiplier_m.reason) for item in map_of(bv.reformulate(m, "bigm", big_m=50)).linearized}
    assert any("vert" in reason for reason in reasons) is not refused
