"""Proven bounds hold at certified optima; each way of proving finds some; none is used where it is not valid."""

import pyomo.environ as pyo
import pytest

import bilevolt
from bilevolt import SubModel, dual_of, reformulate, state_bound
from bilevolt.bounds.given import impose_proven
from bilevolt.bounds.proofs import prove
from bilevolt.bounds.ranges import Proof
from bilevolt.bounds.relaxation import DUAL, JOINT, PRIMAL
from bilevolt.heuristics.follower.reaction import multipliers_at
from bilevolt.models import textbook
from bilevolt.reformulations import map_of
from bilevolt.solvers import get_solver

VERTICES = "vertices of the dual polyhedron, all listed"
LP_PROBLEMS = [name for name in textbook.names("lower_lp") if textbook.problem(name).status == "optimal"]


def searched(single):
    """Everything that can be proven: name -> Bound of multipliers, and of slacks."""
    single_map = map_of(single)
    wanted = [multiplier for _, _, own in single_map.conditions.multipliers() for multiplier in own.values()]
    multipliers, slacks = prove(map_of(single).system, wanted, single_map.conditions.pairs)
    assert all(bound.proof is Proof.proven for bound in (*multipliers.values(), *slacks.values()))
    return multipliers, slacks


def tiny(blocks=1):
    """Prices that any dual polyhedron leaves unbounded (both bounds of y may have one), but whose vertices do not."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 2))
    model.free = pyo.Var()  # a product with it has no envelope
    model.L = SubModel(fixed=[model.x, model.free])
    members = range(1, blocks + 1)
    model.L.y = pyo.Var(members, bounds=(0, 5))
    model.objective = pyo.Objective(expr=model.x - 2 * model.L.y[1])
    model.L.objective = pyo.Objective(expr=sum(i * model.L.y[i] for i in members))
    model.L.row = pyo.Constraint(members, rule=lambda block, i: block.y[i] - model.x >= 3)
    return model


@pytest.mark.parametrize("name", LP_PROBLEMS)
def test_bounds_hold_at_the_certified_solution(name):
    model = textbook.build(name)
    single = reformulate(model, "kkt")
    multipliers, slacks = searched(single)
    solution = bilevolt.solve(model, reformulation="sos1", solver="gurobi", time_limit=30)
    assert solution.certificate.bilevel_feasible
    assert multipliers_at(single, get_solver("highs").solve)
    for multiplier, bound in multipliers.items():
        assert abs(multiplier.value) <= bound.value + 1e-5 * (1 + bound.value), multiplier.name
    for pair in map_of(single).conditions.pairs:
        if id(pair) in slacks:
            bound = slacks[id(pair)].value
            assert pyo.value(pair.slack) <= bound + 1e-5 * (1 + bound), pair.name


def test_strong_duality_bounds_a_slack_that_feasibility_leaves_unbounded():
    single = reformulate(textbook.build("pineda"), "kkt")
    _, slacks = searched(single)
    assert {bound.reason for bound in slacks.values()} == {f"LP over {JOINT}"}
    assert max(bound.value for bound in slacks.values()) == pytest.approx(100, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("pineda", 0, f"LP over {DUAL}"),
        ("bard511", 1, f"LP over {PRIMAL}"),
        ("fruits_01", 0, f"LP over {JOINT}"),
        ("pineda", 1, f"LP over {JOINT}"),
        ("bard511", 0, VERTICES),
    ],
)
def test_each_way_finds_bounds_and_says_so(name, kind, reason):
    found = searched(reformulate(textbook.build(name), "kkt"))[kind]
    assert found and {bound.reason for bound in found.values()} == {reason}


def test_numbers_of_the_vertices():
    """m_row + m_lower - m_upper = 1 has the vertices (1, 0, 0) and (0, 1, 0) only."""
    single = reformulate(tiny(), "kkt")
    found = {multiplier.index(): bound for multiplier, bound in searched(single)[0].items()}
    assert {name: bound.value for name, bound in found.items()} == {
        "row[1].lower": pytest.approx(1),
        "y[1].lower": pytest.approx(1),
        "y[1].upper": pytest.approx(0),
    }
    assert {bound.reason for bound in found.values()} == {VERTICES}


def test_no_vertices_where_the_leader_sees_the_prices():
    model = tiny(blocks=2)
    model.objective.set_value(model.objective.expr - dual_of(model.L.row[1]))
    multipliers, _ = searched(reformulate(model, "kkt"))
    assert VERTICES not in {bound.reason for bound in multipliers.values()}


@pytest.mark.parametrize("name", textbook.names("dual_in_upper"))
def test_no_vertices_in_the_textbooks_problems_with_prices(name):
    multipliers, _ = searched(reformulate(textbook.build(name), "kkt"))
    assert VERTICES not in {bound.reason for bound in multipliers.values()}


def test_a_stated_bound_blocks_the_vertices_of_its_block_only():
    model = tiny(blocks=2)
    model.L.row[1].set_value(model.L.y[1] - model.x - model.free >= 3)  # strong duality bounds no price here
    state_bound(model.L.row[1], -4, 4, "a reason")
    single = reformulate(model, "kkt")
    impose_proven(map_of(single).conditions, map_of(single).ranges)
    left = [
        m for _, _, own in map_of(single).conditions.multipliers() for m in own.values() if m.index() != "row[1].lower"
    ]
    multipliers, _ = prove(map_of(single).system, left, [])
    by_block = {k: {b.reason for m, b in multipliers.items() if f"[{k}]" in m.index()} for k in (1, 2)}
    assert VERTICES not in by_block[1] and by_block[2] == {VERTICES}


def test_without_work_no_program_is_solved():
    """What is found then rests on the weight of one row, or on the vertices."""
    single = reformulate(textbook.build("pineda"), "kkt")
    multipliers = [m for _, _, own in map_of(single).conditions.multipliers() for m in own.values()]
    found, slacks = prove(map_of(single).system, multipliers, map_of(single).conditions.pairs, work=0)
    used = [w for bound in (*found.values(), *slacks.values()) for w in bound.weights if w is not None]
    assert all(len(weights.rows) == 1 for weights in used)


@pytest.mark.parametrize("name", LP_PROBLEMS)
def test_the_kept_weights_prove_the_bounds_in_rational_arithmetic(name):
    multipliers, slacks = searched(reformulate(textbook.build(name), "kkt"))
    replayed = 0
    for bound in (*multipliers.values(), *slacks.values()):
        exact = [weights.exact() for weights in bound.weights if weights is not None]
        assert all(value is not None and value <= bound.value * (1 + 1e-9) + 1e-9 for value in exact)
        replayed += len(exact)
    assert replayed or all(bound.reason == VERTICES or not bound.weights for bound in multipliers.values())


@pytest.mark.parametrize(
    ("name", "solver"),
    [
        ("own_qp_upper_int", "highs"),
        ("aiyoshi_shimizu_1984_2", "highs"),
        ("bard_1988_1", "gurobi"),
        ("clark_westerberg_1990a", "gurobi"),
        ("getachew_ex1", "highs"),
        ("getachew_ex2", "highs"),
        ("toll_1", "highs"),
        ("bard_1991_1", "highs"),
    ],
)
def test_a_huge_m_is_never_optimal_and_wrong(name, solver):
    solution = bilevolt.solve(
        textbook.build(name), reformulation="bigm", solver=solver, big_m=1e9, time_limit=20, rel_gap=1e-6
    )
    assert solution.assumptions
    if solution.status == "optimal":
        assert solution.objective == pytest.approx(textbook.problem(name).objective, rel=1e-4, abs=1e-4)
        assert solution.certificate.bilevel_feasible
    else:
        assert str(solution.status) in ("feasible", "error", "no_solution", "time_limit"), solution.notes
