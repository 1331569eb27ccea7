"""Text in, text out: the KKT system of two tiny models; agreement with Pyomo's own KKT; the count of pairs."""

import pyomo.environ as pyo
import pytest

from bilevolt import SubModel, dual_of, reformulate
from bilevolt.models import textbook
from bilevolt.reformulations import map_of


def text(constraint):
    return str(constraint.expr).replace("followers", "").replace("'", "")


def lines(single, follower):
    block = single.followers[follower]
    found = {f"stationarity {k}": text(c) for k, c in block.stationarity.items()}
    found |= {f"equality {k}": text(c) for k, c in block.equality.items()}
    found |= {
        k: " | ".join(str(a) for a in c._args).replace("followers", "").replace("'", "")
        for k, c in block.complementarity.items()
    }
    return found


def minimising_lp():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 1))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, 9))
    model.L.z = pyo.Var()
    model.objective = pyo.Objective(expr=model.x + model.L.y)
    model.L.objective = pyo.Objective(expr=2 * model.L.y + model.x * model.L.z)
    model.L.least = pyo.Constraint(expr=model.L.y + 3 * model.L.z >= 4)
    model.L.same = pyo.Constraint(expr=model.L.y - (1 + model.x) * model.L.z == 5)
    return model


def test_minimising_lp_with_leader_in_coefficients():
    assert lines(reformulate(minimising_lp(), "kkt"), "L") == {
        "stationarity y": "2 - [L].multiplier[least.lower] - [L].multiplier[same] - [L].multiplier[y.lower]"
        " + [L].multiplier[y.upper]  ==  0",
        "stationarity z": "-3*[L].multiplier[least.lower] + x - ((1 + x)*-1)*[L].multiplier[same]  ==  0",
        "equality same": "L.y - (1 + x)*L.z  ==  5.0",
        "least.lower": "0  <=  [L].multiplier[least.lower] | 0  <=  L.y + 3*L.z - 4.0",
        "y.lower": "0  <=  [L].multiplier[y.lower] | 0  <=  L.y",
        "y.upper": "0  <=  [L].multiplier[y.upper] | 0  <=  9 - L.y",
    }


def maximising_qp():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 1))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var()
    model.objective = pyo.Objective(expr=model.x)
    model.L.objective = pyo.Objective(expr=-(model.L.y**2) + 3 * model.L.y, sense=pyo.maximize)
    model.L.range = pyo.Constraint(expr=(-1, 2 * model.L.y - model.x, 1))
    return model


def test_maximising_qp_with_range_row():
    assert lines(reformulate(maximising_qp(), "kkt"), "L") == {
        "stationarity y": "-3 + 2.0*L.y - 2*[L].multiplier[range.lower] + 2*[L].multiplier[range.upper]  ==  0",
        "range.lower": "0  <=  [L].multiplier[range.lower] | 0  <=  2*L.y - x + 1.0",
        "range.upper": "0  <=  [L].multiplier[range.upper] | 0  <=  1.0 - (2*L.y - x)",
    }


def test_the_users_model_is_unchanged():
    model = minimising_lp()
    before = _printed(model)
    for name in ("kkt", "sos1"):
        reformulate(model, name)
    assert _printed(model) == before


def _printed(model):
    import io

    stream = io.StringIO()
    model.pprint(ostream=stream)
    return stream.getvalue()


def test_reformulating_twice_gives_the_same():
    model = minimising_lp()
    assert lines(reformulate(model, "kkt"), "L") == lines(reformulate(model, "kkt"), "L")


@pytest.mark.parametrize("name", [n for n in textbook.NAMES if n != "moore"])
def test_one_pair_per_finite_side_of_row_or_bound(name):
    model = textbook.build(name)
    expected = 0
    single = reformulate(model, "kkt")
    for follower in map_of(single).bilevel.followers:
        for row in follower.constraints:
            if not row.equality:
                expected += (row.lower is not None) + (row.upper is not None)
        expected += sum(v.has_lb() + v.has_ub() for v in follower.variables)
    assert len(map_of(single).conditions.pairs) == expected


def flat(model):
    """The follower of a model as a model of its own, with core.kkt's multipliers as (component, side) -> Var."""
    clone = model.clone()
    problem = pyo.ConcreteModel()
    problem.o = pyo.Objective(expr=clone.L.objective.expr, sense=clone.L.objective.sense)
    problem.rows = pyo.Constraint(pyo.Any)
    for row in clone.L.component_data_objects(pyo.Constraint):
        problem.rows[row.name] = row.expr
    problem.keep = pyo.Reference(clone.L.y)
    kkt = pyo.TransformationFactory("core.kkt")
    kkt.apply_to(problem, parameterize_wrt=[clone.x])
    multipliers = {}
    for name, row in problem.rows.items():
        found = kkt.get_multiplier_from_object(problem, row)
        label = name.removeprefix("L.")
        if isinstance(found, tuple):
            multipliers |= {f"{label}.{side}": m for side, m in zip(("lower", "upper"), found, strict=True)}
        else:
            multipliers[label] = found
    for variable in clone.L.component_data_objects(pyo.Var):
        found = kkt.get_multiplier_from_object(problem, variable)
        label = variable.name.removeprefix("L.")
        multipliers |= {f"{label}.{side}": m for side, m in zip(("lower", "upper"), found, strict=True)}
    return clone, problem, {k: m for k, m in multipliers.items() if m is not None}


@pytest.mark.parametrize("build", [minimising_lp, maximising_qp])
def test_agreement_with_pyomos_core_kkt_signs_included(build):
    """At random points, our stationarity residuals are those of core.kkt with equal multipliers."""
    import random

    random.seed(7)
    model = build()
    single = reformulate(model, "kkt")
    clone, problem, theirs = flat(model)
    ours = {str(k): v for k, v in single.followers["L"].multiplier.items()}
    assert set(ours) == set(theirs)
    for _ in range(5):
        for variable in model.component_data_objects(pyo.Var, descend_into=(pyo.Block, SubModel)):
            variable.set_value(random.uniform(-3, 3), skip_validation=True)
            clone.find_component(variable.name).set_value(variable.value, skip_validation=True)
        for label, multiplier in ours.items():
            multiplier.set_value(random.uniform(0, 3), skip_validation=True)
            theirs[label].set_value(multiplier.value, skip_validation=True)
        own = sorted(pyo.value(c.body) - pyo.value(c.upper) for c in single.followers["L"].stationarity.values())
        pyomos = sorted(pyo.value(c.body) for c in problem.kkt.stationarity_conditions.values())
        assert own == pytest.approx(pyomos)


def test_dual_of_becomes_a_signed_multiplier():
    model = minimising_lp()
    model.price_row = pyo.Constraint(expr=dual_of(model.L.least) + dual_of(model.L.same) <= 7)
    single = reformulate(model, "kkt")
    assert text(single.leader.rows["price_row"]) == "[L].multiplier[least.lower] + [L].multiplier[same]  <=  7"
