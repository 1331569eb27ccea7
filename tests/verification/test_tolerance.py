"""``verify``'s tolerance, from both sides: three times as far off is caught, a third as far passes."""

import pyomo.environ as pyo
import pytest

from bilevolt import Solution, SubModel, dual_of, verify

TOLERANCE = 1e-5  # the default


def model_of_ones():
    """Costs are 1, variables 0 or 1, most limits 0: what is relative is so to a number between 1 and 2."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 5))
    model.w = pyo.Var(bounds=(0, 5))
    model.v = pyo.Var(bounds=(-5, 0))
    model.k = pyo.Var(domain=pyo.Integers, bounds=(-4, 4))
    model.s = pyo.Var([1, 2], bounds=(-5, 5))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(-5, 5))
    model.L.z = pyo.Var(bounds=(0, 5))
    model.L.u = pyo.Var(bounds=(-5, 0))
    model.L.cost = pyo.Objective(expr=model.L.y + model.L.z - model.L.u)
    model.L.row = pyo.Constraint(expr=model.L.y - model.x >= 0)
    model.L.loose = pyo.Constraint(expr=model.L.y - model.x >= -3)
    model.objective = pyo.Objective(expr=model.x + dual_of(model.L.row) + 0 * model.L.y)
    model.below = pyo.Constraint(expr=-model.v - model.w <= 0)
    model.above = pyo.Constraint(expr=model.v + model.w >= 0)
    model.equal = pyo.Constraint(expr=model.s[1] - model.x == 0)
    model.one = pyo.Constraint(expr=model.s[1] + model.k <= 1)
    model.sets = pyo.SOSConstraint(var=model.s, sos=1)
    model.all = pyo.Constraint(expr=sum(model.s.values()) + model.k + model.v + model.w <= 4)
    return model


RIGHT = {
    "x": 1, "w": 0, "v": 0, "k": 0, "s[1]": 1, "s[2]": 0,
    "L.y": 1, "L.z": 0, "L.u": 0, "L.shadow_price[row]": 1,
}  # fmt: skip
PRICES = {"L.row": 1, "L.loose": 0, "L.y": 0, "L.z": 1, "L.u": -1}
PRICE = "L.shadow_price[row]"

# What moves by the distance (values, prices), what is violated then, and the least and the most that the tolerance may
# be relative to. Only for the follower's optimum and its prices do the two differ.
CASES = [
    ("leader's row, upper side", {"v": -1}, {}, "below", 1, 1),
    ("leader's row, lower side", {"v": -1}, {}, "above", 1, 1),
    ("leader's equality, above", {"s[1]": 1}, {}, "equal", 1, 1),
    ("leader's equality, below", {"s[1]": -1}, {}, "equal", 1, 1),
    ("leader's row with limit 1", {"k": 1}, {}, "one", 2, 2),
    ("leader's bound, lower", {"w": -1}, {}, "w", 1, 1),
    ("leader's bound, upper", {"v": 1}, {}, "v", 1, 1),
    ("integrality, above", {"k": 1}, {}, "k", 1, 1),
    ("integrality, below", {"k": -1}, {}, "k", 1, 1),
    ("special ordered set", {"s[2]": 1}, {}, "sets", 1, 1),
    ("follower's row", {"L.y": -1}, {}, "L.row", 1, 1),
    ("follower's bound, lower", {"L.z": -1}, {}, "L.z", 1, 1),
    ("follower's bound, upper", {"L.u": 1}, {}, "L.u", 1, 1),
    ("follower's optimum, worse", {"L.y": 1}, {}, "optimality of follower L", 1, 2),
    ("follower's optimum, too good", {"L.y": -1}, {}, "optimality of follower L", 1, 2),
    ("stationarity", {PRICE: 1}, {"L.row": 1}, "stationarity of L.y", 1, 2),
    ("stationarity of a bound", {}, {"L.z": -1}, "stationarity of L.z", 1, 2),
    ("complementarity, slack", {"L.y": 1}, {}, "complementarity of L.row", 1, 2),
    ("complementarity, price", {}, {"L.loose": 1}, "complementarity of L.loose", 1, 2),
    ("price of the wrong sign", {}, {"L.loose": -1}, "complementarity of L.loose", 1, 2),
    ("complementarity of a bound", {"L.z": 1}, {}, "complementarity of L.z", 1, 2),
    ("dual_of", {PRICE: 1}, {}, "dual_of(L.row)", 1, 2),
    ("dual_of, below", {PRICE: -1}, {}, "dual_of(L.row)", 1, 2),
]
IDS = [case[0] for case in CASES]
BOTH = pytest.mark.parametrize("options", [{}, {"tolerance": 1e-4}], ids=["default", "1e-4"])
ALL = pytest.mark.parametrize(("values", "prices", "said", "low", "high"), [c[1:] for c in CASES], ids=IDS)


def certificate(values, prices, distance, **options):
    """Check the right point, moved by the distance: more than one check may see it."""
    moved = {name: RIGHT[name] + sign * distance for name, sign in values.items()}
    shifted = {name: PRICES[name] + sign * distance for name, sign in prices.items()}
    solution = Solution("feasible", values=RIGHT | moved, multipliers=PRICES | shifted, solver="gurobi")
    return verify(model_of_ones(), solution, pessimistic=False, **options)


@BOTH
@ALL
def test_three_times_the_tolerance_is_caught(values, prices, said, low, high, options):
    found = certificate(values, prices, 3 * options.get("tolerance", TOLERANCE) * high, **options)
    assert not found.bilevel_feasible
    assert said in found.violations, found.report()


@BOTH
@ALL
def test_a_third_of_the_tolerance_passes(values, prices, said, low, high, options):
    found = certificate(values, prices, 0.3 * options.get("tolerance", TOLERANCE) * low, **options)
    assert found.bilevel_feasible, found.report()
    assert found.violations == {}


def test_the_point_itself_is_right():
    found = certificate({}, {}, 0.0, tolerance=1e-9)
    assert found.bilevel_feasible, found.report()
