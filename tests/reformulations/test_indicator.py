"""Text in, text out: indicator rows instead of complementarity; and the textbook's answers."""

import pyomo.environ as pyo
import pytest
from sweeps import one_in

import bilevolt
from bilevolt import SubModel, reformulate
from bilevolt.errors import UnsupportedBySolverError
from bilevolt.models import textbook
from bilevolt.reformulations import indicator, kkt, map_of, read_levels
from bilevolt.solvers import get_solver

SOLVERS = ("gurobi", "scip")


def tiny():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 2))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, None))
    model.objective = pyo.Objective(expr=model.x - model.L.y)
    model.L.objective = pyo.Objective(expr=model.L.y)
    model.L.row = pyo.Constraint(expr=model.L.y - model.x >= 3)
    return model


def with_product(domain):
    """The follower's least y with (1 + u) y >= 4, for which the leader pays y + u: 3 at u = 1, y = 2."""
    model = pyo.ConcreteModel()
    model.u = pyo.Var(domain=domain, bounds=(0, 1))
    model.L = SubModel(fixed=[model.u])
    model.L.y = pyo.Var(bounds=(0, 50))
    model.objective = pyo.Objective(expr=model.L.y + model.u)
    model.L.objective = pyo.Objective(expr=model.L.y)
    model.L.row = pyo.Constraint(expr=model.L.y + model.u * model.L.y >= 4)
    return model


def plain(expression):
    return str(expression).replace("'", "").replace("followers[L].multiplier", "m").replace("indicator.", "")


def lines(single, step):
    block = getattr(single, step)  # of a model that is held: a block alone knows its parents by weak references
    rows = block.component_data_objects(pyo.Constraint, active=True)
    switches = block.component("indicator")
    return {
        plain(row.local_name): plain(row.expr)
        + (" if {} = {}".format(*map(plain, switches[row])) if row in switches else "")
        for row in rows
    }


def test_rows_and_switches():
    assert lines(reformulate(tiny(), "indicator"), "indicator") == {
        "slack_nonnegative[L.row.lower]": "0  <=  L.y - x - 3.0",
        "multiplier_off[L.row.lower]": "m[row.lower]  <=  0 if switch[L.row.lower] = 1",
        "slack_off[L.row.lower]": "L.y - x - 3.0  <=  0 if switch[L.row.lower] = 0",
        "multiplier_off[L.y.lower]": "m[y.lower]  <=  0 if switch[L.y.lower] = 1",
        "slack_off[L.y.lower]": "L.y  <=  0 if switch[L.y.lower] = 0",
    }


def test_the_map_leads_from_pair_to_switch_and_back():
    single = reformulate(tiny(), "indicator")
    for item in map_of(single).linearized:
        assert item.step == "indicator"
        assert item.switch is single.indicator.switch[item.pair.name]
        assert (item.slack, item.multiplier_m, item.slack_m) == (item.pair.slack, None, None)
        assert item.pair.complementarity is None  # never a component that would have to be deactivated
    assert map_of(single).steps[:2] == ["kkt", "indicator"]


def test_part_of_the_pairs():
    single = kkt.apply(read_levels(tiny()))
    first, *rest = map_of(single).pending()
    assert [item.pair for item in indicator.STEP.apply(single, [first])] == [first]
    assert map_of(single).pending() == rest
    assert len(single.indicator.component("indicator")) == 2


@pytest.mark.parametrize("solver", SOLVERS)
def test_an_integer_product_in_a_slack_becomes_linear_under_its_switch(solver):
    model = with_product(pyo.Binary)
    single = reformulate(model, "indicator")
    rows = lines(single, "indicator")
    assert "if switch[L.row.lower] = 0" in rows["slack_off[L.row.lower]"]
    assert "products.product[u*L.y]" in rows["slack_off[L.row.lower]"]
    solution = bilevolt.solve(model, reformulation="indicator", solver=solver)
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(3))
    assert solution.certificate.globally_optimal is True


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_product_that_stays_in_a_slack_is_refused_by_name(solver):
    with pytest.raises(UnsupportedBySolverError, match=r"slack_off.*L.row.lower.* only linear rows can be"):
        bilevolt.solve(with_product(pyo.Reals), reformulation="indicator", solver=solver)


def test_highs_is_refused():
    with pytest.raises(UnsupportedBySolverError, match=r"does not support .*indicator: constraint"):
        bilevolt.solve(tiny(), reformulation="indicator", solver="highs")


@pytest.mark.parametrize("solver", SOLVERS)
def test_mixed_with_another_step(solver):
    model = tiny()
    mixed = {model.L.row: "indicator", "*": "sos1"}
    solution = bilevolt.solve(model, reformulation=mixed, solver=solver)
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(-3))
    assert list(reformulate(model, mixed).indicator.switch) == ["L.row.lower"]


def test_a_clone_switches_its_own_rows():
    copy = reformulate(tiny(), "indicator").clone()
    assert set(lines(copy, "indicator")) == set(lines(reformulate(tiny(), "indicator"), "indicator"))
    assert get_solver("gurobi").solve(copy).objective == pytest.approx(-3)


CATALOGUE = (
    "bard511",
    "bard_falk_1982_1",
    "candler_townsley_1982",
    "dempe_2002_p32",
    "moore_bard_upper_int",
    "bard_1991_1",
    "clark_westerberg_1988",
    "anandalingam_white_range",
    "pineda",
    "toll_1",
    "own_qp_upper_int",
    "jointc1_infeasible",
)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("name", one_in(2, CATALOGUE))
def test_listed_answer(name, solver):
    data = textbook.problem(name)
    solution = bilevolt.solve(textbook.build(name), reformulation="indicator", solver=solver, time_limit=30)
    assert solution.status == data.status, solution.notes
    if data.status == "optimal":
        assert solution.objective == pytest.approx(data.objective, rel=1e-5, abs=1e-5)
        assert solution.certificate.globally_optimal is True, solution.certificate.report()
        assert solution.assumptions == []
