"""Followers with integers: answers agree with enumeration; what is not attained is said; the rest is refused."""

import pyomo.environ as pyo
import pytest
from generated import generate, generate_continuous
from sweeps import one_in

import bilevolt as bv
from bilevolt.errors import ArgumentError, IntegerFollowerError, UnsupportedBySolverError
from bilevolt.models import textbook

SOLVERS = ("highs", "scip")
FEW = 1e-4  # relative to 1 + |objective|

# Seeds, by how they are solved.
RANDOM = [
    *(("auto", "highs", seed) for seed in range(24)),
    *(("auto", "scip", seed) for seed in range(24, 44)),
    *(("branch", "highs", seed) for seed in (2, 12, 50)),
    *(("sos1", "scip", seed) for seed in (3, 13, 51)),
]


@pytest.mark.parametrize(("reformulation", "solver", "seed"), one_in(6, RANDOM))
def test_random_problems_agree_with_enumeration(reformulation, solver, seed):
    problem = generate(seed)
    expected = problem.enumerated()
    solution = bv.solve(problem.model(), solver=solver, reformulation=reformulation)
    assert solution.status == ("infeasible" if expected is None else "optimal"), solution.notes
    if expected is not None:
        assert solution.objective == pytest.approx(expected, rel=FEW, abs=FEW)
        assert solution.certificate.globally_optimal
        assert {solution.certificate.solvers[name] for name in solution.certificate.solvers} != {solver}


@pytest.mark.parametrize(
    ("seed", "truth", "solver"),
    one_in(2, [(138, 0, "highs"), (4, 21, "highs"), (102, None, "scip"), (179, -46, "scip")]),
)
def test_where_pccg_answers_falsely_the_answer_is_right(seed, truth, solver):
    """PAO's PCCG says 13, 0, -0.5 and -45, as measured with its defaults and CBC."""
    problem = generate(seed)
    assert problem.enumerated() == (None if truth is None else pytest.approx(truth, abs=1e-6))
    solution = bv.solve(problem.model(), solver=solver)
    assert solution.status == ("infeasible" if truth is None else "optimal")
    assert solution.objective == (None if truth is None else pytest.approx(truth, abs=1e-5))


@pytest.mark.long
def test_the_random_problems_are_of_every_kind():
    problems = [generate(seed) for seed in range(44)]
    assert sum(not problem.solvable() for problem in problems) >= 3
    assert sum(len(problem.followers) > 1 for problem in problems) >= 8
    assert sum(any(f.whole < f.n for f in problem.followers) for problem in problems) >= 15
    assert sum(any(f.equal.any() for f in problem.followers) for problem in problems) >= 5
    assert {f.sense for problem in problems for f in problem.followers} == {1, -1}


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_point_takes_no_more_than_the_follower_gives(solver):
    """What is left of the follower's optimum by a tolerance of 1e-7 would be worth 0.06 to the leader."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 2), domain=pyo.Integers)
    model.L = bv.SubModel(fixed=[model.x])
    model.L.z, model.L.y = pyo.Var(bounds=(0, 3), domain=pyo.Integers), pyo.Var(bounds=(0, 6))
    model.L.cost = pyo.Objective(expr=model.L.y + 3 * model.L.z)
    model.L.row = pyo.Constraint(expr=model.L.y + 2 * model.L.z >= 3 * model.x - 1)
    model.cost = pyo.Objective(expr=model.x - 1e5 * model.L.y)
    solution = bv.solve(model, solver=solver)
    assert solution.status == "optimal"
    assert solution.objective == pytest.approx(2 - 5e5, abs=1e-6) and model.L.y.value == pytest.approx(5, abs=1e-9)


@pytest.mark.parametrize("seed", [0, 3127])
def test_enumeration_and_model_are_of_the_same_rows(seed):
    """A row without variables, such as 0 == 1 of seed 3127, is in neither."""
    problem = generate(seed)
    model = problem.model()
    assert [len(follower.limit) for follower in problem.followers] == [len(b.L.rows) for b in model.F.values()]
    assert seed != 3127 or problem.enumerated() == pytest.approx(12)


@pytest.mark.parametrize("seed", [5, 11, 21, 34, 67])
def test_what_is_said_of_continuous_decisions_holds(seed):
    """The bound cuts nothing off, the point is no better than the infimum, and an optimum is one."""
    problem = generate_continuous(seed)
    expected = problem.enumerated()
    solution = bv.solve(problem.model(), solver="highs")
    if expected is None:
        assert solution.status == "infeasible"
        return
    few = FEW * (1 + abs(expected))
    assert -few <= problem.sense * (solution.objective - expected) <= 1e-2
    assert problem.sense * (expected - solution.bound) >= -few
    assert solution.certificate.bilevel_feasible
    assert solution.status != "optimal" or problem.sense * (solution.objective - expected) <= few


@pytest.mark.parametrize("seed", [34, 58, 103])
def test_responses_beside_the_brink_raise_the_bound(seed):
    """The follower's second answers, which are only given beside a decision of the master problem, are needed."""
    problem = generate_continuous(seed)
    solution = bv.solve(problem.model(), solver="highs")
    assert solution.status == "optimal"
    assert solution.bound == pytest.approx(problem.enumerated(), abs=1e-5)


# By hand ---------------------------------------------------------------------------------------------------


def levels(most=1.0):
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, most))
    model.L = bv.SubModel(fixed=[model.x])
    model.L.z = pyo.Var(domain=pyo.Binary)
    return model


def supremum():
    """z = 1 where x >= 1/2: as near as one likes to x = 1/2, and not there."""
    model = levels()
    model.L.cost = pyo.Objective(expr=-model.L.z)
    model.L.row = pyo.Constraint(expr=model.L.z <= 2 * model.x)
    model.profit = pyo.Objective(expr=model.x - 2 * model.L.z, sense=pyo.maximize)
    return model


def infimum():
    """The twin: the leader minimises, the follower maximises."""
    model = levels()
    model.L.gain = pyo.Objective(expr=model.L.z, sense=pyo.maximize)
    model.L.row = pyo.Constraint(expr=model.L.z <= 2 * model.x)
    model.cost = pyo.Objective(expr=-model.x + 2 * model.L.z)
    return model


def lost_with_its_continuous_part():
    """z = 0 and y = x where x <= 1 = most y; z = 1 beyond."""
    model = levels(2.0)
    model.L.y = pyo.Var(bounds=(0, 1))
    model.L.cost = pyo.Objective(expr=model.L.y + 3 * model.L.z)
    model.L.row = pyo.Constraint(expr=model.L.y + 2 * model.L.z >= model.x)
    model.profit = pyo.Objective(expr=5 * model.L.z - model.x, sense=pyo.maximize)
    return model


def lost_with_an_equality():
    model = lost_with_its_continuous_part()
    model.L.s = pyo.Var(bounds=(0, 2))
    model.L.row.set_value(model.L.y + 2 * model.L.z - model.L.s == model.x)
    return model


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(
    ("build", "extreme", "word"),
    [
        (supremum, 0.5, "supremum"),
        (infimum, -0.5, "infimum"),
        (lost_with_its_continuous_part, 4.0, "supremum"),
        (lost_with_an_equality, 4.0, "supremum"),
    ],
)
def test_an_optimum_that_is_not_attained_is_not_called_optimal(build, extreme, word, solver):
    solution = bv.solve(build(), solver=solver)
    assert solution.status == "feasible" and solution.certificate.bilevel_feasible
    assert not solution.certificate.globally_optimal
    assert solution.bound == pytest.approx(extreme, abs=1e-5)
    assert 1e-5 < abs(solution.objective - extreme) < 1e-3
    assert f"the optimum may not be attained: the {word} is between" in solution.notes[-1]


def tie():
    """z is worth nothing to the follower at x = 1/2, and the leader takes 1."""
    model = levels()
    model.L.cost = pyo.Objective(expr=(model.x - 0.5) * model.L.z)
    model.profit = pyo.Objective(expr=model.x + 2 * model.L.z, sense=pyo.maximize)
    return model


def never_lost():
    """The leader's own row keeps it from where z = 1 is lost."""
    model = levels()
    model.L.cost = pyo.Objective(expr=-model.L.z)
    model.L.row = pyo.Constraint(expr=2 * model.x + model.L.z <= 2)
    model.row = pyo.Constraint(expr=4 * model.x <= 2)
    model.profit = pyo.Objective(expr=model.x - 2 * model.L.z, sense=pyo.maximize)
    return model


def without_a_bound():
    """y has none: the response's row is relaxed without any M."""
    model = levels(2.0)
    model.L.y = pyo.Var(domain=pyo.NonNegativeReals)
    model.L.cost = pyo.Objective(expr=2 * model.L.y + 3 * model.L.z)
    model.L.row = pyo.Constraint(expr=model.L.y + 2 * model.L.z >= model.x)
    model.profit = pyo.Objective(expr=5 * model.L.z - model.x - model.L.y, sense=pyo.maximize)
    return model


def one_of_two():
    """A follower with integers, and one without, whose price the leader earns."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 3), domain=pyo.Integers)
    model.A, model.B = bv.SubModel(fixed=[model.x]), bv.SubModel(fixed=[model.x])
    model.A.z = pyo.Var(bounds=(0, 3), domain=pyo.Integers)
    model.A.cost = pyo.Objective(expr=model.A.z)
    model.A.row = pyo.Constraint(expr=2 * model.A.z + model.x >= 4)
    model.B.y = pyo.Var(bounds=(0, 5))
    model.B.cost = pyo.Objective(expr=3 * model.B.y)
    model.B.row = pyo.Constraint(expr=model.B.y - model.x >= 0)
    price = bv.dual_of(model.B.row)
    model.cost = pyo.Objective(expr=model.x + 5 * model.A.z - price)
    return model


def squares():
    """Squares in the leader's objective; z = 2, 2, 1, 1 and y = 0, 0, 1, 2 at x = 0, 1, 2, 3."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 3), domain=pyo.Integers)
    model.A, model.B = bv.SubModel(fixed=[model.x]), bv.SubModel(fixed=[model.x])
    model.A.z, model.B.y = pyo.Var(bounds=(0, 3), domain=pyo.Integers), pyo.Var(bounds=(0, 5))
    model.A.cost, model.B.cost = pyo.Objective(expr=model.A.z), pyo.Objective(expr=model.B.y)
    model.A.row = pyo.Constraint(expr=2 * model.A.z + model.x >= 4)
    model.B.row = pyo.Constraint(expr=model.B.y >= model.x - 1)
    model.cost = pyo.Objective(expr=(model.x - 2.4) ** 2 + (model.B.y - 1) ** 2 + 2 * model.A.z)
    return model


def six_and_five():
    """The example of MibS's description of its input files, at x = 6, y = 5."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 10), domain=pyo.Integers)
    model.L = bv.SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, 5), domain=pyo.Integers)
    model.rows = pyo.ConstraintList()
    model.rows.add(-3 * model.x + 2 * model.L.y <= 12)
    model.rows.add(model.x + 2 * model.L.y <= 20)
    model.L.cost = pyo.Objective(expr=model.L.y)
    model.L.rows = pyo.ConstraintList()
    model.L.rows.add(2 * model.x - model.L.y <= 7)
    model.L.rows.add(-2 * model.x + 4 * model.L.y <= 16)
    model.cost = pyo.Objective(expr=-3 * model.x - 7 * model.L.y)
    return model


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(
    ("build", "optimum"),
    [
        (tie, 2.5),
        (never_lost, -1.5),
        (without_a_bound, 3.5),
        (one_of_two, 4.0),
        (squares, 2.16),
        (six_and_five, -53.0),
    ],
)
def test_optima_by_hand(build, optimum, solver):
    solution = bv.solve(build(), solver=solver)
    assert solution.status == "optimal", solution.notes
    assert solution.objective == pytest.approx(optimum, abs=1e-4)


def test_bounds_and_points_are_told_in_every_iteration():
    told = []
    solution = bv.solve(textbook.build("moore"), method="column_and_constraint", solver="highs", progress=told.append)
    bounds = [entry["bound"] for entry in solution.history]
    assert bounds == sorted(bounds) and bounds[0] < bounds[-1] == solution.objective
    assert sum(line.startswith("iteration ") for line in told) == len(bounds)


def test_a_start_is_answered_first():
    model = textbook.build("moore")
    model.x.set_value(2)
    model.L.y.set_value(0)
    solution = bv.solve(model, warm_start=True, solver="highs")
    assert "started from a decision, at which there is a point with objective -22" in solution.notes
    assert solution.status == "optimal" and model.x.value == 2


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_limit_leaves_bound_and_gap(solver):
    options = {"max_iterations": 1}
    solution = bv.solve(textbook.build("moore"), method="column_and_constraint", solver=solver, method_options=options)
    assert solution.status == "feasible" and solution.bound < solution.objective == -22
    assert "stopped after 1 iterations" in solution.notes


def test_a_model_without_integers_is_solved_by_one_master_problem():
    problem = textbook.problem("bard511")
    solution = bv.solve(textbook.build("bard511"), method="column_and_constraint", solver="highs")
    assert solution.status == "optimal" and solution.objective == pytest.approx(problem.objective)
    assert len(solution.history) == 1


def test_a_wrong_response_is_found_by_the_check():
    model = textbook.build("moore")
    model.x.set_value(2)
    model.L.y.set_value(3)  # 2 is the follower's optimum
    assert list(bv.verify(model).violations) == ["optimality of follower L"]
    model.L.y.set_value(2.5)
    assert "L.y" in bv.verify(model).violations


# Refusals --------------------------------------------------------------------------------------------------


def unbounded(model):
    model.L.u = pyo.Var(domain=pyo.Integers)
    model.L.more = pyo.Constraint(expr=model.L.u >= model.L.z)


def squared(model):
    model.L.cost.set_value(model.L.z**2 - 3 * model.L.z)


def continuous_product(model):
    model.L.y = pyo.Var(bounds=(0, 1))
    model.L.cost.set_value(model.x * model.L.y - model.L.z)


def priced(model):
    model.profit.set_value(model.x + bv.dual_of(model.L.row))


def seen_by_another(model):
    model.B = bv.SubModel(fixed=[model.x, model.L.z])
    model.B.y = pyo.Var(bounds=(0, 1))
    model.B.cost = pyo.Objective(expr=model.B.y + model.L.z * model.B.y)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (unbounded, IntegerFollowerError, r"'L.u' of follower 'L' is unbounded.*Give it bounds"),
        (squared, IntegerFollowerError, r"objective contains L.z\*L.z"),
        (continuous_product, UnsupportedBySolverError, r"product .*both factors are continuous"),
        (priced, IntegerFollowerError, r"dual_of\(L.row\).*has no shadow prices"),
        (seen_by_another, IntegerFollowerError, r"'B' takes 'L.z' of follower 'L' as given"),
    ],
)
def test_what_is_not_covered_is_refused_by_name(change, error, message):
    model = supremum()
    change(model)
    with pytest.raises(error, match=message):
        bv.solve(model, solver="highs")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"proof": True}, "proof=True is not used"),
        ({"confirm": "scip"}, "confirm='scip' is not used"),
        ({"warm_start": "nested"}, "heuristics do not cover"),
        ({"reformulation": {"L.row": "sos1"}}, "not a dict"),
        ({"method": "column_and_constraint", "method_options": {"margin": 1e-9}}, "margin=1e-09 is out of range"),
        ({"method": "column_and_constraint", "method_options": {"max_iterations": 0}}, "max_iterations=0"),
        ({"method": "column_and_constraint", "method_options": {"seed": 0}}, "no option 'seed'; choose among margin"),
    ],
)
def test_arguments_are_refused_by_name(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        bv.solve(supremum(), **{"solver": "highs"} | arguments)
