"""``solve``: what is written back, what is left alone, statuses, refusals, and problems with known twins."""

import pyomo.environ as pyo
import pytest
from driver_cases import PAIRS, market, near, run

import bilevolt
from bilevolt import SubModel, dual_of, errors
from bilevolt.solvers import SOLVERS, Status

# What is written back -------------------------------------------------------------------------------------


@pytest.mark.parametrize("pair", PAIRS)
def test_values_prices_and_objectives_are_written_back(pair):
    model = market()
    solution = run(model, pair)
    assert (solution.status, solution.objective, solution.bound) == (Status.optimal, near(-10), near(-10))
    assert pyo.value(model.x) == near(5)
    assert [pyo.value(y) for y in model.L.y.values()] == [near(5), near(0)]
    assert solution.lower_objectives == {"L": near(5)}
    price = pyo.value(dual_of(model.L.balance))
    assert 1 - 1e-6 <= price <= 2 + 1e-6  # between the costs of the two sources, and below the leader's limit
    assert solution.multipliers["L.balance"] == price == solution.values[dual_of(model.L.balance).name]
    assert solution.multipliers["L.cap"] == near(1 - price)
    assert set(solution.values) == {"x", "L.y[1]", "L.y[2]", "L.shadow_price[balance]"}
    assert solution.sizes["complementarities"] == 4
    assert (solution.model, solution.solver, solution.reformulation) == ("market", pair[1], pair[0])


def priced(sense):
    """A follower with unique prices on a >= row, a <= row, an equality, a range row and bounds."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(2, 2.5))
    model.objective = pyo.Objective(expr=model.x)
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(range(6), bounds=(0, 8))
    y = model.L.y
    cost = 5 * y[0] - 3 * y[1] + 2 * y[2] + 7 * y[3] - 4 * y[4] - y[5]
    model.L.objective = pyo.Objective(expr=sense * cost, sense=sense)
    model.L.at_least = pyo.Constraint(expr=y[0] + 0.5 * y[1] - model.x >= 4)
    model.L.at_most = pyo.Constraint(expr=y[1] + y[4] <= 6)
    model.L.same = pyo.Constraint(expr=y[2] + y[3] + 0.25 * y[4] == 3)
    model.L.range = pyo.Constraint(expr=(1, y[3] + 2 * y[2], 5))
    return model


def pyomos_prices(model):
    """Solve the follower alone, through Pyomo, with its own `dual` and `rc` suffixes."""
    clone = model.clone()
    clone.x.fix(model.x.value)
    clone.objective.deactivate()
    flat = pyo.ConcreteModel()
    flat.dual, flat.rc = pyo.Suffix(direction=pyo.Suffix.IMPORT), pyo.Suffix(direction=pyo.Suffix.IMPORT)
    flat.rows = pyo.Constraint(pyo.Any)
    for row in clone.L.component_data_objects(pyo.Constraint):
        flat.rows[row.name] = row.expr
    flat.objective = pyo.Objective(expr=clone.L.objective.expr, sense=clone.L.objective.sense)
    pyo.SolverFactory("appsi_highs").solve(flat)
    prices = {name: flat.dual[row] for name, row in flat.rows.items()}
    return prices | {y.name: flat.rc[y] for y in clone.L.y.values()}


@pytest.mark.parametrize("sense", [pyo.minimize, pyo.maximize])
@pytest.mark.parametrize("pair", PAIRS)
def test_multipliers_have_the_signs_of_pyomos_dual_and_rc(pair, sense):
    model = priced(sense)
    solution = run(model, pair)
    expected = pyomos_prices(model)
    assert solution.status == "optimal"
    assert sum(abs(price) > 1e-6 for price in expected.values()) >= 5
    assert solution.multipliers == {name: near(price) for name, price in expected.items()}


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize(("leader", "follower"), [(1, -1), (-1, 1), (-1, -1)])
def test_twins_with_flipped_senses_are_mirrored(pair, leader, follower):
    model, twin = market(), market(leader, follower)
    one, other = run(model, pair), run(twin, pair)
    assert (other.status, other.objective, other.bound) == (
        "optimal",
        near(leader * one.objective),
        near(leader * one.bound),
    )
    assert other.lower_objectives["L"] == near(follower * one.lower_objectives["L"])
    price = follower * other.multipliers["L.balance"]
    assert 1 - 1e-6 <= price <= 2 + 1e-6
    assert follower * other.multipliers["L.cap"] == near(1 - price)


@pytest.mark.parametrize("pair", PAIRS)
def test_twins_of_a_follower_with_unique_prices_have_mirrored_prices(pair):
    one, other = run(priced(pyo.minimize), pair), run(priced(pyo.maximize), pair)
    assert other.multipliers == {name: near(-price) for name, price in one.multipliers.items()}


# What is left alone ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("pair", [*PAIRS, ("auto", "auto")])
def test_the_model_is_otherwise_unchanged(pair, structure):
    model = market()
    before = structure(model)
    run(model, pair)
    assert structure(model) == before


def test_the_model_is_unchanged_by_the_nested_heuristic(structure):
    model = market()
    model.price_row.deactivate()
    before = structure(model)
    assert bilevolt.solve(model, method="nested").status == "feasible"
    assert structure(model) == before


@pytest.mark.parametrize("raised", [RuntimeError("solver broke"), KeyboardInterrupt()])
@pytest.mark.parametrize("solver", ["gurobi", "scip"])
@pytest.mark.parametrize("choice", [{"reformulation": "sos1"}, {"method": "nested"}])
def test_the_model_is_unchanged_after_an_exception_inside_the_solver(choice, solver, raised, structure, monkeypatch):
    def fail(self, program, settings):
        raise raised

    model = market()
    model.x.set_value(1.25)
    before = structure(model)
    monkeypatch.setattr(type(SOLVERS[solver]), "_run", fail)
    with pytest.raises(type(raised)):
        bilevolt.solve(model, solver=solver, **choice)
    assert structure(model) == before
    assert model.x.value == 1.25
    monkeypatch.undo()
    assert run(model).objective == near(-10)


@pytest.mark.parametrize(
    ("pair", "error"),
    [
        (("bigm", "highs"), errors.UnprovenBigMError),
        (("sos1", "highs"), errors.UnsupportedBySolverError),
        (("sos1", "baron"), errors.SolverUnavailableError),
        (("mccormick", "gurobi"), errors.BilevoltError),
    ],
)
def test_the_model_is_unchanged_after_a_refusal(pair, error, structure):
    model = endless()
    before = structure(model)
    with pytest.raises(error):
        run(model, pair, big_m=None)
    assert structure(model) == before
    assert model.x.value is None


def test_a_problem_without_solution_leaves_the_values_alone():
    model = market()
    model.x.set_value(1.25)
    model.impossible = pyo.Constraint(expr=model.x >= 20)
    assert run(model).status == "infeasible"
    assert model.x.value == 1.25


def test_solving_twice_gives_the_same():
    model = market()
    first, second = run(model), run(model)
    assert (first.objective, first.values) == (second.objective, second.values)


# Reading the model at the time of the solve ----------------------------------------------------------------


@pytest.mark.parametrize("pair", PAIRS)
def test_fixed_variables_are_numbers(pair):
    model = market()
    model.x.fix(3)
    solution = run(model, pair)
    assert (solution.objective, pyo.value(model.x)) == (near(-6), 3)
    model.x.unfix()
    model.L.y[1].fix(4)
    assert run(model, pair).objective == near(-8)
    assert model.L.y[1].fixed and not model.x.fixed


@pytest.mark.parametrize("pair", PAIRS)
def test_a_variable_fixed_outside_its_bounds_keeps_its_value(pair):
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 10))
    model.L = SubModel(fixed=[model.x])
    model.L.y, model.L.z = pyo.Var(bounds=(0, 20)), pyo.Var(bounds=(0, 20))
    model.L.y.set_value(50, skip_validation=True)
    model.L.y.fix()
    model.L.c = pyo.Constraint(expr=model.L.y - model.x - model.L.z >= 3)  # slack up to 47
    model.L.objective = pyo.Objective(expr=model.L.z)
    model.objective = pyo.Objective(expr=model.x - model.L.y)
    assert run(model, pair).objective == near(-50)


@pytest.mark.parametrize("pair", PAIRS)
def test_mutable_parameters_are_read_anew(pair):
    model = market()
    model.limit = pyo.Param(initialize=9, mutable=True)
    model.L.cap.set_value(model.L.y[1] <= model.limit)
    assert run(model, pair).objective == near(-18)
    model.limit.value = 2
    assert run(model, pair).objective == near(-4)


@pytest.mark.parametrize("pair", PAIRS)
def test_followers_in_indexed_blocks(pair):
    model = pyo.ConcreteModel()
    model.x = pyo.Var([1, 2, 3], bounds=(0, 4))

    def rule(block, i):
        block.y = pyo.Var(bounds=(0, 20))
        block.game = SubModel(fixed=[model.x])
        block.game.objective = pyo.Objective(expr=block.y, sense=pyo.maximize)
        block.game.row = pyo.Constraint(expr=block.y <= i * model.x[i])

    model.site = pyo.Block([1, 2, 3], rule=rule)
    model.objective = pyo.Objective(expr=sum(model.site[i].y - 1.5 * model.x[i] for i in (1, 2, 3)), sense=pyo.maximize)
    model.budget = pyo.Constraint(expr=model.site[2].y + model.site[3].y <= 12)
    # x_3 earns 0.5 a unit of budget, x_2 only 0.25, x_1 loses
    solution = run(model, pair)
    assert (solution.status, solution.objective) == ("optimal", near(6))
    assert solution.lower_objectives == {
        "site[1].game": near(0),
        "site[2].game": near(0),
        "site[3].game": near(12),
    }
    assert set(solution.certificate.follower_gap) == set(solution.lower_objectives)


@pytest.mark.parametrize("pair", PAIRS)
def test_a_leader_variable_that_only_the_follower_contains(pair):
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 4), domain=pyo.Integers)
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, 10))
    model.L.objective = pyo.Objective(expr=(model.x - 2) * model.L.y)
    model.L.row = pyo.Constraint(expr=model.L.y - model.x >= 1)
    model.objective = pyo.Objective(expr=model.L.y)
    solution = run(model, pair)
    assert (solution.objective, solution.values["x"]) == (near(3), near(2))  # at 2 the follower is indifferent


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize(("sense", "expected"), [(pyo.minimize, 2), (pyo.maximize, 5)])
def test_range_rows(pair, sense, expected):
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 3))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(-20, 20))
    model.L.objective = pyo.Objective(expr=model.L.y, sense=sense)
    model.L.row = pyo.Constraint(expr=(2, model.L.y - model.x, 5))
    model.L.no_side = pyo.Constraint(expr=(-float("inf"), model.L.y, float("inf")))
    model.objective = pyo.Objective(expr=model.L.y)
    solution = run(model, pair)
    assert (solution.objective, solution.multipliers["L.row"]) == (near(expected), near(1))


@pytest.mark.parametrize("pair", [*PAIRS[:2], ("auto", "auto")])
def test_sos_of_the_leader_hold(pair):
    model = market()
    model.u = pyo.Var([1, 2], bounds=(0, 3))
    model.either = pyo.SOSConstraint(var=model.u, sos=1)
    model.link = pyo.Constraint(expr=model.x <= model.u[1] + model.u[2])
    solution = run(model, pair)
    assert solution.objective == near(-6)
    assert min(solution.values["u[1]"], solution.values["u[2]"]) == near(0)


# Statuses -------------------------------------------------------------------------------------------------


def endless():
    """The leader wants y large, the follower keeps it at x, and nothing bounds x."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, None))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, None))
    model.L.objective = pyo.Objective(expr=model.L.y)
    model.L.row = pyo.Constraint(expr=model.L.y - model.x >= 0)
    model.objective = pyo.Objective(expr=model.L.y, sense=pyo.maximize)
    return model


@pytest.mark.parametrize("pair", [*PAIRS[:2], ("auto", "auto")])
def test_unbounded(pair):
    solution = run(endless(), pair)
    assert (solution.status, solution.objective, solution.bound) == ("unbounded", None, None)
    assert (solution.values, solution.certificate) == ({}, None)


def test_unbounded_is_not_called_optimal_with_a_given_m():
    solution = run(endless(), ("bigm", "highs"), big_m=100)
    assert (solution.status, solution.objective, solution.bound) == ("feasible", near(100), None)


def unbounded_price():
    """Linear, and unbounded in the price: SCIP alone calls the second-best point optimal here."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var([0, 1], domain=pyo.Integers)
    model.x[0].setlb(1), model.x[0].setub(4), model.x[1].setlb(-2), model.x[1].setub(0)
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var([0, 1], bounds=(-3, 1))
    x, y = model.x, model.L.y
    model.L.objective = pyo.Objective(expr=-x[1] + 0 * (y[0] + y[1]), sense=pyo.maximize)
    model.L.row = pyo.Constraint(expr=3 * y[0] + y[1] - x[0] - 2 * x[1] >= 0)
    model.r1 = pyo.Constraint(expr=x[0] - x[1] - y[0] + 2 * y[1] >= -1)
    model.r2 = pyo.Constraint(expr=x[0] + x[1] - y[0] + 2 * y[1] <= 5)
    model.objective = pyo.Objective(expr=2 * x[0] + 2 * x[1] + 3 * y[0] - y[1] + dual_of(model.L.row))
    return model


def unbounded_product():
    """The follower is indifferent at x = -1, and the product that the leader wants has no end there."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(domain=pyo.Integers, bounds=(-1, 0))
    model.L = SubModel(fixed=[model.x])
    model.L.y, model.L.z = pyo.Var(bounds=(None, 4)), pyo.Var(bounds=(-1, 3))
    model.L.objective = pyo.Objective(expr=model.L.z - model.L.y - model.x * model.L.y)
    model.objective = pyo.Objective(
        expr=-model.x - 2 * model.L.z - 2 * model.L.y + model.x * model.L.y, sense=pyo.maximize
    )
    return model


@pytest.mark.parametrize("build", [unbounded_price, unbounded_product])
def test_scips_optimum_of_an_unbounded_problem_is_not_believed(build):
    assert run(build(), ("sos1", "gurobi")).status == "unbounded"
    assert run(build(), ("sos1", "scip")).status in ("unbounded", "feasible", "no_solution")


@pytest.mark.parametrize(("reformulation", "solver"), [("bigm", "highs"), ("sos1", "scip")])
def test_time_limit_is_a_status(reformulation, solver):
    model = bilevolt.models.electric_bus.build(bilevolt.load_instance("limassol"))
    solution = bilevolt.solve(model, reformulation=reformulation, solver=solver, time_limit=0.05)
    assert solution.status in ("feasible", "no_solution")
    assert any("time limit" in note for note in solution.notes)
    assert solution.certificate is None or solution.certificate.globally_optimal is None


def test_time_limit_of_the_nested_heuristic_reaches_its_solver():
    model = bilevolt.models.electric_bus.build(bilevolt.load_instance("limassol"))
    solution = bilevolt.solve(model, method="nested", solver="highs", time_limit=0.01)
    assert solution.status in ("feasible", "no_solution")
    assert solution.seconds["solve"] < 10


def test_a_wrong_answer_of_a_solver_is_an_error(monkeypatch):
    """A point at which the follower is not optimal is never called optimal, whoever says so."""
    gurobi = type(SOLVERS["gurobi"])
    solve = gurobi.solve

    def lie(self, single, **options):
        result = solve(self, single, **options)
        for variable in result.values:
            if variable.name == "L.y":
                result.values[variable] += 0.5
        return result

    monkeypatch.setattr(gurobi, "solve", lie)
    model = endless()
    model.objective.set_value(model.x)  # the lie does not show in the leader's objective
    model.x.setub(4)
    solution = run(model)
    assert solution.status == "error"
    assert "optimality of follower L" in solution.certificate.violations
    assert solution.certificate.globally_optimal is None
    assert "failed the check" in solution.notes[-1]
