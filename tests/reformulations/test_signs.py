"""Signs: shadow prices are derivatives of the follower's optimum, in its own sense, whoever computes them.

One table of small followers with unique prices. For each, and for its twin with flipped sense and objective, the prices
of ``bilevolt.solve`` are compared with finite differences, Pyomo's ``dual`` and ``rc``, ``core.kkt``, ``core.lp_dual``
and the signs in ``docs/signs.md``. Then prices that are not unique, the dual of the dual, and twins of whole problems.
"""

import functools
from dataclasses import dataclass, field
from pathlib import Path

import pyomo.environ as pyo
import pytest
from sweeps import only

import bilevolt
from bilevolt import SubModel, dual_of, reformulate
from bilevolt.levels.duality_gap import dual_terms
from bilevolt.models import textbook
from bilevolt.reformulations import map_of
from bilevolt.solvers import get_solver

DOCS = Path(__file__).parents[2] / "docs"
PAIRS = [("sos1", "gurobi"), ("sos1", "scip"), ("bigm", "highs"), ("strong_duality", "gurobi")]
X = 1  # the leader's decision
STEP = 0.01  # of the finite differences: no active set of the table changes within it

both_senses = pytest.mark.parametrize("sense", [pyo.minimize, pyo.maximize], ids=["min", "max"])
two_pairs = pytest.mark.parametrize("pair", PAIRS[:2], ids="-".join)
near = functools.partial(pytest.approx, rel=1e-5, abs=1e-5)


@dataclass(frozen=True)
class Case:
    """A follower brought to min, in its variables a, b, ... and the leader's x; its domain may declare its bounds."""

    objective: str
    rows: dict[str, tuple[float | None, str, float | None]]
    bounds: dict[str, tuple[float | None, float | None]]
    domain: str | None = None
    fixed: dict[str, float] = field(default_factory=dict)

    @property
    def sides(self):
        """(row or variable, side) of every finite side; those of an equality move together."""
        limits = {row: (lower, upper) for row, (lower, _, upper) in self.rows.items()}
        limits |= {f"y[{i}]": pair for i, pair in self.bounds.items() if i not in self.fixed}
        for name, (lower, upper) in limits.items():
            if lower is not None and lower == upper:
                yield name, "equality"
            else:
                yield from ((name, s) for s, at in (("lower", lower), ("upper", upper)) if at is not None)


POSITIVE = {"a": (0, None), "b": (0, None)}
NEGATIVE = {"a": (None, 0), "b": (None, 0)}
FREE = {"a": (None, None), "b": (None, None)}
CASES = {
    "at least": Case("2*a + 3*b", {"r": (4, "a + b", None)}, {"a": (0, 3), "b": (0, None)}),
    "at most": Case("-2*a - 3*b", {"r": (None, "a + b", 4)}, {"a": (0, None), "b": (0, 3)}),
    "equality that costs": Case("2*a + 3*b", {"r": (4, "a + 2*b", 4)}, POSITIVE),
    "equality that saves": Case("2*a - 3*b", {"r": (-1, "b - a", -1)}, {"a": (0, None), "b": (0, 3)}),
    "range at its lower side": Case("a + 2*b", {"r": (2, "a + b/2", 5)}, POSITIVE),
    "range at its upper side": Case("-a - b/4", {"r": (2, "a + b/2", 5)}, POSITIVE),
    "range at neither side": Case("a - b", {"r": (-9, "a + b", 9)}, {"a": (-2, None), "b": (None, 6)}),
    "bounds": Case("2*a - 3*b", {"r": (None, "a + b", 40)}, {"a": (1.5, 7), "b": (-4, 2.5)}),
    "equal bounds": Case("2*a - 3*b + c", {"r": (4, "a + b", None)}, {"a": (0, None), "b": (1.5, 1.5), "c": (2, 2)}),
    "domain from below": Case("2*a + 3*b", {"r": (4, "a + b", None)}, POSITIVE, "NonNegativeReals"),
    "domain from above": Case("-2*a - 3*b", {"r": (None, "a + b", -4)}, NEGATIVE, "NonPositiveReals"),
    "fixed variable": Case(
        "2*a + 3*b + c", {"r": (4, "a + b + 2*c", None)}, {"a": (0, 1), "b": (0, None), "c": (0, 9)}, fixed={"c": 0.75}
    ),
    "leader in rows, costs and coefficients": Case(
        "(3 - x)*a + 3*b + 7*x + 4", {"r": (2, "(1 + x)*a + b - 3*x", None), "s": (None, "a + x", 2.5)}, POSITIVE
    ),
    "constants": Case("2*a + 3*b - 8", {"r": (4, "5 - a + 2*a + b", 90)}, {"a": (0, 2), "b": (-7, 9)}),
    "negated rows": Case("2*a - 3*b", {"r": (None, "-a - b", -4), "s": (-3, "-2*b", None)}, POSITIVE),
    "all kinds at once": Case(
        "5*a - 3*b + 2*c + 7*d - 4*e - f",
        {
            "at_least": (4, "a + b/2 - 2*x", None),
            "at_most": (None, "b + e", 6),
            "same": (3, "c + d + e/4", 3),
            "between": (1, "d + 2*c", 5),
        },
        dict.fromkeys("abcdef", (0, 8)),
    ),
    "QP, at least": Case("a**2 + 2*b**2 - a", {"r": (4, "a + b", None)}, FREE),
    "QP, at most, product": Case("a**2 + a*b + b**2 - 8*a - 9*b", {"r": (None, "a + 2*b", 5)}, FREE),
    "QP, equality, leader": Case("(a - x)**2 + (b + x)**2", {"r": (3, "a - 2*b", 3)}, FREE),
    "QP, range and bound": Case(
        "(a - 6)**2 + (b + 2)**2 + (c - 1)**2", {"r": (-1, "a + b", 3)}, {"a": (None, 9), "b": (-1, 8), "c": (None, 4)}
    ),
    "QP, bounds": Case("(a - 6)**2 + (b + 2)**2", {"r": (None, "a + b", 90)}, {"a": (None, 4), "b": (-1, None)}),
    "QP, nothing active": Case("(a - 1)**2 + (b + 2)**2", {"r": (None, "a + b", 9)}, {"a": (0, 4), "b": (-5, 4)}),
}


def parametrize(names):
    """Each of these cases and its twin."""
    arguments = [(name, sense) for name in names for sense in (pyo.minimize, pyo.maximize)]
    return pytest.mark.parametrize(("name", "sense"), arguments, ids=lambda a: {1: "min", -1: "max"}.get(a))


def every_pair(pairs):
    """Each case and its twin, by each of the pairs."""
    return [(name, sense, pair) for name in CASES for sense in (pyo.minimize, pyo.maximize) for pair in pairs]


def one_pair_each(pairs):
    """Each case and its twin, by one of the pairs in turn."""
    turn = {name: k for k, name in enumerate(CASES)}
    return [case for case in every_pair(pairs) if case[2] == pairs[(turn[case[0]] + (case[1] == 1)) % len(pairs)]]


def id_of(argument):
    return "-".join(argument) if isinstance(argument, tuple) else {1: "min", -1: "max"}.get(argument)


every_twin = parametrize(CASES)
every_lp = parametrize(name for name in CASES if not name.startswith("QP"))
every_qp = parametrize(name for name in CASES if name.startswith("QP"))
every_case = pytest.mark.parametrize("name", CASES)


def relation(lower, body, upper):
    """As a user would write it: one side, an equality, or a range."""
    if lower is None:
        return body <= upper
    if upper is None:
        return body >= lower
    return body == lower if lower == upper else pyo.inequality(lower, body, upper)


def below_a_leader(name, sense):
    """The follower of the table (or its twin) below a leader who takes x = X."""
    case = CASES[name]
    model = pyo.ConcreteModel()
    model.x = pyo.Var(domain=pyo.Integers, bounds=(X, X + 2))
    model.objective = pyo.Objective(expr=model.x)
    model.L = SubModel(fixed=[model.x])
    declared = {"domain": getattr(pyo, case.domain)} if case.domain else {"bounds": lambda _, i: case.bounds[i]}
    y = model.L.y = pyo.Var(list(case.bounds), **declared)
    for i, number in case.fixed.items():
        y[i].fix(number)
    names = {**y, "x": model.x}
    for row, (lower, body, upper) in case.rows.items():
        model.L.add_component(row, pyo.Constraint(expr=relation(lower, eval(body, {}, names), upper)))
    model.L.objective = pyo.Objective(expr=sense * eval(case.objective, {}, names), sense=sense)
    return model


def alone(name, sense, moved=None, distance=0.0):
    """The same as a problem of its own, with plain bounds, x a number, and one (row or variable, side) moved."""
    case = CASES[name]

    def limits(component, lower, upper):
        lower = lower + distance if moved in ((component, "lower"), (component, "equality")) else lower
        return lower, upper + distance if moved in ((component, "upper"), (component, "equality")) else upper

    model = pyo.ConcreteModel()
    y = model.y = pyo.Var(list(case.bounds), bounds=lambda _, i: limits(f"y[{i}]", *case.bounds[i]))
    for i, number in case.fixed.items():
        y[i].fix(number)
    names = {**y, "x": X}
    for row, (lower, body, upper) in case.rows.items():
        lower, upper = limits(row, lower, upper)
        model.add_component(row, pyo.Constraint(expr=relation(lower, eval(body, {}, names), upper)))
    model.objective = pyo.Objective(expr=sense * eval(case.objective, {}, names), sense=sense)
    return model


def optimum(model, solver="highs"):
    result = get_solver(solver).solve(model)
    assert result.status == "optimal"
    return result.objective


@functools.cache
def slopes(name, sense):
    """(row or variable, side) -> numeric derivative of the follower's optimum."""
    return {
        side: (optimum(alone(name, sense, side, STEP)) - optimum(alone(name, sense, side, -STEP))) / (2 * STEP)
        for side in CASES[name].sides
    }


def solve(model, pair=PAIRS[0]):
    options = {"big_m": 1000} if pair[0] == "bigm" else {}
    solution = bilevolt.solve(model, reformulation=pair[0], solver=pair[1], time_limit=60, **options)
    assert solution.status == "optimal" and solution.certificate.bilevel_feasible, solution.notes
    return solution


@functools.cache
def prices(name, sense):
    """Row or variable -> price, from ``bilevolt.solve``."""
    return {key.removeprefix("L."): price for key, price in solve(below_a_leader(name, sense)).multipliers.items()}


# Prices are derivatives ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "sense", "pair"), only(one_pair_each(PAIRS), every_pair(PAIRS)), ids=id_of)
def test_a_price_is_the_derivative_of_the_followers_optimum(name, sense, pair):
    solution = solve(below_a_leader(name, sense), pair)
    expected = dict.fromkeys((component for component, _ in slopes(name, sense)), 0.0)
    for (component, _), slope in slopes(name, sense).items():
        expected[component] += slope  # of two sides, one is active at most
    found = {key.removeprefix("L."): price for key, price in solution.multipliers.items()}
    assert found == {key: pytest.approx(slope, rel=1e-3, abs=1e-3) for key, slope in expected.items()}
    assert solution.lower_objectives["L"] == near(optimum(alone(name, sense)))


@every_case
def test_what_the_table_promises(name):
    """The optimum is differentiable (prices are unique), and one side of a row is active at most."""
    found, here = slopes(name, pyo.minimize), optimum(alone(name, pyo.minimize))
    for side, slope in found.items():
        right = (optimum(alone(name, pyo.minimize, side, STEP)) - here) / STEP
        assert right == pytest.approx(slope, abs=5 * STEP if name.startswith("QP") else 1e-3)
        assert abs(slope) < 1e-3 or all(abs(s) < 1e-3 for k, s in found.items() if k[0] == side[0] and k != side)


@every_case
def test_twins_have_the_same_solution_and_opposite_prices(name):
    one, other = (solve(below_a_leader(name, sense)) for sense in (pyo.minimize, pyo.maximize))
    assert other.multipliers == {key: near(-price) for key, price in one.multipliers.items()}
    assert other.values == {key: near(number) for key, number in one.values.items()}
    assert other.lower_objectives["L"] == near(-one.lower_objectives["L"])


@every_twin
def test_prices_are_pyomos_dual_and_rc(name, sense):
    model, ours = alone(name, sense), prices(name, sense)
    model.dual, model.rc = pyo.Suffix(direction=pyo.Suffix.IMPORT), pyo.Suffix(direction=pyo.Suffix.IMPORT)
    pyo.SolverFactory("highs").solve(model)
    theirs = {row.name: model.dual[row] for row in model.component_data_objects(pyo.Constraint)}
    theirs |= {y.name: model.rc[y] for y in model.y.values() if y in model.rc}
    assert ours == {key: near(theirs[key]) for key in ours}
    assert all(theirs[key] == near(0) for key in theirs.keys() - ours.keys())  # variables without bounds
    for solver in ("highs", "gurobi"):
        duals = get_solver(solver).solve(model, duals=True).duals
        assert {row.name: dual for row, dual in duals.items()} == {row: near(ours[row]) for row in CASES[name].rows}


def core_kkt_violation(name, sense, of):
    """The largest violation of ``core.kkt``'s conditions at the follower's optimum, with multipliers from prices."""
    model = alone(name, sense)
    for variable, number in get_solver("highs").solve(model).values.items():
        variable.set_value(number, skip_validation=True)
    kkt = pyo.TransformationFactory("core.kkt")
    kkt.apply_to(model, parameterize_wrt=[model.y[i] for i in CASES[name].fixed])
    violations = []
    for component, price in of.items():
        found = kkt.get_multiplier_from_object(model, model.find_component(component))
        if not isinstance(found, tuple):
            found.set_value(sense * price)
            continue
        lower, upper = (max(0.0, side * sense * price) for side in (1, -1))
        for multiplier, number in zip(found, (lower, upper), strict=True):
            if multiplier is None:
                violations.append(number)  # a price with the sign of a side that is not there
            else:
                multiplier.set_value(number)
    for row in model.kkt.stationarity_conditions.values():
        violations.append(pyo.value(row.body) - pyo.value(row.upper))
    for pair in model.kkt.complements.values():
        multiplier, slack = pair._args
        violations.append(pyo.value(multiplier.arg(1)) * pyo.value(slack.arg(0) - slack.arg(1)))
    return max(map(abs, violations))


@every_twin
def test_prices_are_core_kkts_multipliers(name, sense):
    """price = s (lower - upper multiplier), or s times that of an equality; s = 1 for min, -1 for max."""
    ours = prices(name, sense)
    assert core_kkt_violation(name, sense, ours) == pytest.approx(0, abs=1e-4)
    if max(map(abs, ours.values())) > 1e-3:
        assert core_kkt_violation(name, sense, {key: -price for key, price in ours.items()}) > 0.1


@every_lp
def test_prices_are_the_solution_of_core_lp_dual(name, sense):
    """Bounds are rows here, as that transformation reads the domains of variables only."""
    model, transformation = alone(name, sense), pyo.TransformationFactory("core.lp_dual")
    model.bound = pyo.Constraint(pyo.Any)
    for variable in model.y.values():
        lower, upper = variable.bounds
        variable.setlb(None)
        variable.setub(None)
        if not variable.fixed:
            model.bound[variable.name] = relation(lower, variable, upper)
    dual = transformation.create_using(model)
    found = dict.fromkeys(prices(name, sense), 0.0)
    for variable, number in get_solver("highs").solve(dual).values.items():  # a range row has two variables
        row = transformation.get_primal_constraint(dual, variable)
        found[row.index() or row.name] += number
    assert found == {key: near(price) for key, price in prices(name, sense).items()}
    at_zero = eval(CASES[name].objective, {}, {**dict.fromkeys(model.y, 0), **CASES[name].fixed, "x": X})
    assert optimum(dual) + sense * at_zero == near(optimum(alone(name, sense)))


def test_core_lp_dual_ignores_bounds_that_are_no_domains():
    dual = pyo.TransformationFactory("core.lp_dual").create_using(alone("bounds", pyo.minimize))
    assert get_solver("highs").solve(dual).status == "infeasible"


def kind(name, component, side):
    if component.startswith("y["):
        return "equal bounds" if side == "equality" else f"{side} bound"
    lower, _, upper = CASES[name].rows[component]
    if None in (lower, upper):
        return "`>=`" if side == "lower" else "`<=`"
    return "`==`" if side == "equality" else f"range, {side} side active"


def test_the_documented_signs_are_all_seen_and_no_others():
    lines = [[cell.strip() for cell in line.split("|")] for line in (DOCS / "signs.md").read_text().splitlines()]
    documented = {(cells[1], k): cells[k] for cells in lines if len(cells) == 5 for k in (2, 3)}
    seen: dict[tuple[str, int], set[str]] = {}
    for name in CASES:
        for column, sense in ((2, pyo.minimize), (3, pyo.maximize)):
            for (component, side), slope in slopes(name, sense).items():
                if abs(slope) > 1e-3:
                    seen.setdefault((kind(name, component, side), column), set()).add("≥ 0" if slope > 0 else "≤ 0")
    found = {key: "any" if len(signs) == 2 else signs.pop() for key, signs in seen.items()}
    assert len(found) == 16 and found == {key: documented[key] for key in found}


@pytest.mark.parametrize(
    ("text", "lower", "upper", "price"),
    [
        ("y - x >= 0", 0, None, 3),
        ("y >= x", None, 0, -3),  # x - y <= 0
        ("2 - y <= 0", None, 0, -3),
        ("2 <= y", 2, None, 3),
        ("y >= p", X, None, 3),
        ("y == x", 0, 0, 3),  # y - x == 0
        ("x == y", 0, 0, -3),
        ("(1, y, 9)", 1, 9, 3),
        ("(-9, -y, -1)", -9, -1, -3),
    ],
)
def test_rows_with_variables_on_both_sides_are_what_pyomo_makes_of_them(text, lower, upper, price):
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(X, X + 2))
    model.p = pyo.Param(initialize=X, mutable=True)
    model.objective = pyo.Objective(expr=model.x)
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var()
    model.L.objective = pyo.Objective(expr=3 * model.L.y)
    row = model.L.row = pyo.Constraint(expr=eval(text, {}, {"x": model.x, "y": model.L.y, "p": model.p}))
    assert tuple(None if limit is None else pyo.value(limit) for limit in (row.lower, row.upper)) == (lower, upper)
    assert solve(model).multipliers["L.row"] == near(price)
    model.x.fix(X)
    flat = pyo.ConcreteModel()
    flat.dual = pyo.Suffix(direction=pyo.Suffix.IMPORT)
    flat.row = pyo.Constraint(expr=row.expr)
    flat.objective = pyo.Objective(expr=3 * model.L.y)
    pyo.SolverFactory("highs").solve(flat)
    assert flat.dual[flat.row] == near(price)


@pytest.mark.parametrize(("name", "sense", "pair"), only(one_pair_each(PAIRS[:2]), every_pair(PAIRS[:2])), ids=id_of)
def test_the_leader_sees_the_same_prices_of_rows_and_bounds(name, sense, pair):
    model = below_a_leader(name, sense)
    handles = {component: dual_of(model.L.find_component(component)) for component in prices(name, sense)}
    model.sees = pyo.Constraint(expr=sum(handles.values()) <= 1e4)  # does not bind
    solve(model, pair)
    expected = {key: near(price) for key, price in prices(name, sense).items()}
    assert {key: handle.value for key, handle in handles.items()} == expected


def test_handles_of_an_indexed_component_asked_twice_and_on_clones():
    model = below_a_leader("at least", pyo.minimize)
    handles, again = dual_of(model.L.y), dual_of(model.L.y)
    assert list(handles) == ["a", "b"] and all(again[i] is handles[i] is dual_of(model.L.y[i]) for i in handles)
    model.objective.set_value(model.x - dual_of(model.L.r) - handles["a"])
    clone = model.clone()
    clone.L.objective.set_value(2 * clone.L.y["a"] + 7 * clone.L.y["b"])
    for twin, dearest in ((clone.clone(), 7), (model.clone(), 3)):
        assert solve(twin).objective == near(X - dearest - (2 - dearest))
        assert (dual_of(twin.L.r).value, dual_of(twin.L.y["a"]).value) == (near(dearest), near(2 - dearest))
        assert dual_of(twin.L.r).model() is twin
    assert dual_of(model.L.r).value is dual_of(clone.L.r).value is None


@both_senses
@two_pairs
def test_at_a_kink_the_leader_can_go_as_far_as_the_one_sided_derivatives(sense, pair):
    """A source at 2 a unit is exhausted exactly where the next, at 5, would begin."""

    def kinked(leader, need=3.0):
        model = pyo.ConcreteModel()
        model.x = pyo.Var(bounds=(0, 1))
        model.L = SubModel(fixed=[model.x])
        y = model.L.y = pyo.Var([0, 1], domain=pyo.NonNegativeReals)
        model.L.need, model.L.cap = pyo.Constraint(expr=y[0] + y[1] >= need), pyo.Constraint(expr=y[0] <= 3)
        model.L.objective = pyo.Objective(expr=sense * (2 * y[0] + 5 * y[1]), sense=sense)
        model.objective = pyo.Objective(expr=dual_of(model.L.need) + 0 * model.x, sense=leader)
        return model

    solutions = [solve(kinked(pyo.minimize, 3 + step)) for step in (-STEP, 0, STEP)]
    left, here, right = (solution.lower_objectives["L"] for solution in solutions)
    extremes = sorted(((here - left) / STEP, (right - here) / STEP))
    assert extremes == near(sorted((2 * sense, 5 * sense)))
    for leader, extreme in zip((pyo.minimize, pyo.maximize), extremes, strict=True):
        solution = solve(model := kinked(leader), pair)
        assert solution.objective == near(extreme)
        assert dual_of(model.L.need).value == solution.multipliers["L.need"] == near(extreme)
        assert solution.multipliers["L.cap"] == near(sense * 2 - extreme)  # the two belong together


# Dual objective, dual of the dual -----------------------------------------------------------------------------------


def dual_below_a_leader(model):
    """The dual (of a QP: Wolfe's) of the follower L as the follower L of a new bilevel model, at x = X.

    In the follower's own sense, from stationarity rows and ``dual_terms``: a minimising one has a maximising dual.
    """
    model.x.fix(X)
    single = reformulate(model, "kkt")
    (form,) = map_of(single).conditions.forms
    terms = sum(
        term for _, row, multipliers in map_of(single).conditions.multipliers() for term in dual_terms(row, multipliers)
    )
    quadratic = sum(q * a * b for a, b, q in form.quadratic)
    dual = pyo.ConcreteModel()
    dual.keeps = [single]  # its multipliers are the variables here
    dual.x = pyo.Var(bounds=(X, X + 2))
    dual.objective = pyo.Objective(expr=dual.x)
    dual.L = SubModel(fixed=[dual.x])
    dual.L.row = pyo.Constraint(pyo.Any)
    for label, row in single.followers["L"].stationarity.items():
        dual.L.row[label] = row.expr
    dual.L.objective = pyo.Objective(expr=form.sign * terms - quadratic + form.constant, sense=-form.sign)
    return dual


def follower_of(model):
    """The follower as a model of its own, rows by their index."""
    problem = pyo.ConcreteModel()
    problem.rows = pyo.Constraint(pyo.Any)
    for label, row in model.L.row.items():
        problem.rows[label] = row.expr
    problem.objective = pyo.Objective(expr=model.L.objective.expr, sense=model.L.objective.sense)
    return problem


def solution_of(name, sense):
    values = get_solver("highs").solve(alone(name, sense)).values
    return {variable.name: near(number) for variable, number in values.items() if not variable.fixed}


@every_lp
def test_the_dual_and_the_dual_of_the_dual(name, sense):
    """Same optimum; the price of a stationarity row is -s y: a unit more on its right is a unit less of cost."""
    expected = near(optimum(alone(name, sense)))
    dual = dual_below_a_leader(below_a_leader(name, sense))
    result = get_solver("highs").solve(follower_of(dual), duals=True)
    assert result.objective == expected
    assert {row.index(): -sense * price for row, price in result.duals.items()} == solution_of(name, sense)
    solution = solve(dual)
    assert solution.lower_objectives["L"] == expected
    found = {label: -sense * solution.multipliers[row.name] for label, row in dual.L.row.items()}
    assert found == solution_of(name, sense)
    twice = dual_below_a_leader(dual)
    assert twice.L.objective.sense == sense and optimum(follower_of(twice)) == expected


@every_qp
def test_the_wolfe_dual_of_a_qp_has_its_optimum(name, sense):
    dual = dual_below_a_leader(model := below_a_leader(name, sense))
    for variable in model.L.y.values():  # its bounds are rows of the primal, with multipliers; the dual has none
        variable.setlb(None)
        variable.setub(None)
    assert optimum(follower_of(dual), "gurobi") == near(optimum(alone(name, sense)))


# Twins of whole problems --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bard511", "bard_falk_1982_2", "liu_hart_1994", "bard_1998_721", "own_qp_upper_int"])
@two_pairs
def test_a_mirrored_leader_has_the_mirrored_objective_and_bound(name, pair):
    model, twin = textbook.build(name), textbook.build(name)
    (objective,) = twin.component_data_objects(pyo.Objective, active=True)
    objective.set_value(-objective.expr)
    objective.sense = -objective.sense
    one, other = solve(model, pair), solve(twin, pair)
    assert (other.status, other.objective, other.bound) == (one.status, near(-one.objective), near(-one.bound))
    assert one.bound == near(one.objective)
