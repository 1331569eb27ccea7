"""Why there is no solution: each cause, by a model made for it; the status is what the solver says, in all of them."""

import re
import time

import pyomo.environ as pyo
import pytest
from driver_cases import near
from sweeps import only

import bilevolt as bv
from bilevolt import SubModel, dual_of
from bilevolt.levels.reading import read_levels
from bilevolt.models import textbook
from bilevolt.solvers import Status
from bilevolt.verification.diagnosis import diagnose


def base(upper=10, bounds=(0, None)):
    """The follower covers what x lacks of 3: y = max(0, 3 - x). The leader wants x small and y large."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, upper))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=bounds)
    model.L.c = pyo.Constraint(expr=model.L.y + model.x >= 3)
    model.L.cost = pyo.Objective(expr=model.L.y)
    model.gain = pyo.Objective(expr=model.x - model.L.y)
    return model


def high_point():
    model = base()
    model.little = pyo.Constraint(expr=model.x + model.L.y <= 2)
    model.unrelated = pyo.Constraint(expr=model.x <= 9)
    return model


def high_point_with_bounds():
    model = base(bounds=(0, 4))
    model.much = pyo.Constraint(expr=model.L.y + model.x >= 15)
    return model


def high_point_of_prices():
    """The price of a >= row of a minimising follower is not negative."""
    model = base()
    model.negative = pyo.Constraint(expr=dual_of(model.L.c) <= -1)
    return model


def crossing_bounds():
    model = base()
    model.x.setlb(5)
    model.x.setub(4)
    return model


def constant_row():
    model = base()
    model.p = pyo.Var(initialize=1)
    model.p.fix()
    model.fails = pyo.Constraint(expr=model.p >= 2)
    return model


def only_the_integers():
    model = base()
    model.k = pyo.Var(domain=pyo.Integers, bounds=(0, 3))
    model.half = pyo.Constraint(expr=2 * model.k == 3)
    return model


def only_the_sos():
    model = base()
    model.u = pyo.Var([1, 2], bounds=(0, 1))
    model.either = pyo.SOSConstraint(var=model.u, sos=1)
    model.both = pyo.Constraint(expr=model.u[1] + model.u[2] >= 1.5)
    return model


def follower_infeasible():
    """The leader's row is infeasible with the follower's too, but the follower is so alone."""
    model = base()
    model.L.d = pyo.Constraint(expr=model.L.y <= model.x - 20)
    model.little = pyo.Constraint(expr=model.x + model.L.y <= 2)
    return model


def unbounded_above():
    model = base()
    model.L.cost.set_value(-model.L.y)
    return model


def unbounded_maximum():
    model = base()
    model.L.cost.sense = pyo.maximize
    return model


def unbounded_below():
    model = base(bounds=(None, None))
    model.L.c.deactivate()
    return model


def unbounded_along_two():
    model = base()
    model.L.z = pyo.Var()
    model.L.same = pyo.Constraint(expr=model.L.z == -model.L.y)
    model.L.cost.set_value(model.L.y + 2 * model.L.z)
    return model


def unbounded_with_the_leader_in_the_cost():
    model = base()
    model.L.cost.set_value(-(model.x + 1) * model.L.y)
    return model


def unbounded_with_the_leader_in_the_row():
    model = base()
    model.L.c.set_value((1 + model.x) * model.L.y >= 3)
    model.L.cost.set_value(-model.L.y)
    return model


def unbounded_qp():
    model = base()
    model.L.z = pyo.Var(bounds=(0, None))
    model.L.cost.set_value(model.L.y**2 - model.L.z)
    return model


def unbounded_where_the_leader_may_be():
    model = base()
    model.L.cost.set_value((model.x - 2) * model.L.y)
    model.only = pyo.Constraint(expr=model.x <= 1)
    return model


def price_that_no_optimum_has():
    model = base()
    model.high = pyo.Constraint(expr=dual_of(model.L.c) >= 2)
    return model


def reaction_violates():
    model = base(upper=3)
    model.more = pyo.Constraint(expr=model.L.y + model.x >= 4)
    return model


def reaction_violates_bounded():
    model = base(upper=3, bounds=(0, 50))
    model.more = pyo.Constraint(expr=model.L.y + model.x >= 4)
    return model


def reaction_of_an_integer_decision():
    """x = 1 or 2; the follower takes y = 2 x, and x + y >= 3 is not <= 2.5."""
    model = base(upper=2, bounds=(0, 4))
    model.x.domain = pyo.Integers
    model.L.c.set_value(model.L.y <= 2 * model.x)
    model.L.cost.sense = pyo.maximize
    model.cap = pyo.Constraint(expr=model.x + model.L.y <= 2.5)
    model.some = pyo.Constraint(expr=model.x >= 1)
    return model


def unbounded_then_infeasible():
    """Below x = 5 there is no y in [0, x - 5], above x = 3 the cost (3 - x) z falls with z: a relaxation proves it."""
    model = base()
    model.L.c.set_value(model.L.y <= model.x - 5)
    model.L.z = pyo.Var(bounds=(0, None))
    model.L.cost.set_value((3 - model.x) * model.L.z)
    return model


def unbounded_or_infeasible_at_integers():
    """At x = 0 the cost -0.5 z is unbounded, at 1 and 2 no y is in [0, 0.7 - x]; from 0.5 to 0.7 all is well."""
    model = base(upper=2)
    model.x.domain = pyo.Integers
    model.L.c.set_value(model.L.y <= 0.7 - model.x)
    model.L.z = pyo.Var(bounds=(0, None))
    model.L.cost.set_value((model.x - 0.5) * model.L.z)
    return model


CASES = {
    high_point: r"high-point relaxation is infeasible\): rows little, L\.c contradict each other, and no fewer do",
    high_point_with_bounds: r"high-point relaxation.*row much; bounds x <= 10, L\.y <= 4|"
    r"high-point relaxation.*row much; bounds L\.y <= 4, x <= 10",
    high_point_of_prices: r"row negative; sign of the price of L\.c contradict",
    crossing_bounds: r"because bounds x >= 5, x <= 4 contradict",
    constant_row: r"row 'fails' has no free variable and misses by 1",
    only_the_integers: r"cannot hold together with integer values of k; without that they can",
    only_the_sos: r"cannot hold together with the special ordered sets either; without",
    follower_infeasible: r"follower 'L' has no feasible point, .*row L\.d; bounds L\.y >= 0, x <= 10 contradict",
    unbounded_above: r"follower 'L' has no optimum.*'L\.cost' falls without end as L\.y grows\. Bound L\.y above",
    unbounded_maximum: r"'L\.cost' rises without end as L\.y grows\. Bound L\.y above",
    unbounded_below: r"'L\.cost' falls without end as L\.y falls\. Bound L\.y below",
    unbounded_along_two: r"as L\.(y grows, L\.z falls|z falls, L\.y grows)\. Bound one of L\.[yz], L\.[yz] \(Var",
    unbounded_with_the_leader_in_the_cost: r"as L\.y grows\. Bound L\.y above",
    unbounded_with_the_leader_in_the_row: r"'L\.cost' falls without end\. Bound its variables, L\.y among them",
    unbounded_qp: r"as L\.z grows\. Bound L\.z above",
    unbounded_where_the_leader_may_be: r"no follower's optimum.*row only; condition of optimality of L\.y",
    price_that_no_optimum_has: r"no follower's optimum, and no .*row high; condition of optimality of L\.y",
    reaction_violates: r"can hold together, but at every.*other rows, some follower has no optimum.*, or the reactions "
    r"violate the leader's rows that they are in \(more\)\. For example, at x = .* violates 'more' by 1\.",
    reaction_violates_bounded: r"some follower has no feasible point, or the reactions violate",
    reaction_of_an_integer_decision: r"at x = (1 the reaction L\.y = 2 violates 'cap' by 0\.5|2 the reaction L\.y = 4"
    r" violates 'cap' by 3\.5)\.$",
    unbounded_then_infeasible: r"no follower's optimum.*row L\.c; bound L\.y >= 0; condition of optimality of L\.z",
    unbounded_or_infeasible_at_integers: r"satisfies its rows, some follower has no optimum \(it is infeasible or "
    r"unbounded\)\. For example, at x = 0 follower 'L' is unbounded\.$",
}


@pytest.mark.parametrize("solver", only(["gurobi"], ["gurobi", "scip"]))
@pytest.mark.parametrize("build", CASES, ids=lambda build: build.__name__)
def test_the_last_note_says_why(build, solver, monkeypatch):
    solution = bv.solve(build(), reformulation="sos1", solver=solver)
    assert re.search(CASES[build], solution.notes[-1]), solution.notes[-1]
    monkeypatch.setattr("bilevolt.driver.note_why", lambda *_: None)
    silent = bv.solve(build(), reformulation="sos1", solver=solver)
    assert silent.status == solution.status == "infeasible"
    assert silent.notes == solution.notes[:-1]


def test_the_models_values_stay_as_they_were():
    for build in CASES:
        model = build()
        before = {v.name: v.value for v in model.component_data_objects(pyo.Var)}
        diagnose(read_levels(model))
        assert {v.name: v.value for v in model.component_data_objects(pyo.Var)} == before


@pytest.mark.parametrize(
    ("build", "cure"),
    [
        (high_point, lambda m: m.little.deactivate()),
        (high_point, lambda m: m.L.c.deactivate()),
        (high_point_with_bounds, lambda m: m.x.setub(20)),
        (crossing_bounds, lambda m: m.x.setub(None)),
        (only_the_integers, lambda m: m.half.deactivate()),
        (unbounded_maximum, lambda m: m.L.y.setub(8)),
        (unbounded_maximum, lambda m: setattr(m.L.cost, "sense", pyo.minimize)),
        (unbounded_below, lambda m: m.L.y.setlb(-8)),
        (unbounded_along_two, lambda m: m.L.z.setlb(-8)),
        (unbounded_along_two, lambda m: m.L.y.setub(8)),
        (unbounded_with_the_leader_in_the_cost, lambda m: m.L.y.setub(8)),
        (unbounded_qp, lambda m: m.L.z.setub(8)),
        (price_that_no_optimum_has, lambda m: m.high.deactivate()),
        (unbounded_where_the_leader_may_be, lambda m: (m.only.deactivate(), m.gain.set_value(m.x))),
    ],
)
def test_doing_what_is_said_cures_it(build, cure):
    model = build()
    assert bv.solve(model, reformulation="sos1", solver="gurobi").status == "infeasible"
    cure(model)
    assert bv.solve(model, reformulation="sos1", solver="gurobi").status == "optimal"


def test_it_is_not_asked_where_there_is_an_answer_or_a_heuristic(monkeypatch):
    def fail(*_):
        raise AssertionError("asked")

    monkeypatch.setattr("bilevolt.verification.diagnosis.diagnose", fail)
    assert bv.solve(textbook.build("bard511")).objective == near(-12)
    bv.solve(high_point(), method="nested")
    with pytest.raises(AssertionError, match="asked"):
        bv.solve(high_point(), reformulation="sos1", solver="gurobi")


def test_where_the_solver_does_not_know_which():
    assert "high-point" in diagnose(read_levels(high_point()), Status.infeasible_or_unbounded)
    text = diagnose(read_levels(reaction_violates()), Status.infeasible_or_unbounded)
    assert text.endswith("whether the problem is infeasible or unbounded is not known.")


def test_an_interrupted_diagnosis_loses_no_answer(monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("bilevolt.verification.diagnosis.diagnose", interrupt)
    solution = bv.solve(high_point(), reformulation="sos1", solver="gurobi")
    assert (solution.status, solution.interrupted) == ("infeasible", True)


def test_the_infeasible_textbook_problem():
    solution = bv.solve(textbook.build("jointc1_infeasible"))
    assert solution.status == "infeasible"
    assert "no solution" in solution.notes[-1]


def test_a_model_of_thousands_of_rows_is_diagnosed_in_seconds():
    model = pyo.ConcreteModel()
    hours = range(1000)
    model.x = pyo.Var(hours, bounds=(0, 5))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(hours, bounds=(0, None))
    model.L.cover = pyo.Constraint(hours, rule=lambda _, t: model.L.y[t] + model.x[t] >= 3 + t % 5)
    model.L.ramp = pyo.Constraint(range(1, 1000), rule=lambda _, t: model.L.y[t] <= model.L.y[t - 1] + 5)
    model.L.cost = pyo.Objective(expr=sum(model.L.y.values()))
    model.gain = pyo.Objective(expr=sum(model.x.values()))
    model.limits = pyo.Constraint(hours, rule=lambda _, t: model.x[t] <= 4)
    model.some = pyo.Constraint(hours, rule=lambda _, t: model.x[t] + model.L.y[t] <= (2.5 if t == 617 else 99))
    begin = time.perf_counter()
    text = diagnose(read_levels(model))
    assert time.perf_counter() - begin < 20
    assert "rows some[617], L.cover[617] contradict each other" in text
