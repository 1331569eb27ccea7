"""The model against enumeration, its bounds against responses at random tolls."""

import numpy as np
import pyomo.environ as pyo
import pytest
from network_pricing_oracle import Oracle, response
from sweeps import one_in

import bilevolt as bv
from bilevolt.errors import ArgumentError, InstanceError
from bilevolt.models.network_pricing import build, generate, summary
from bilevolt.models.network_pricing.distances import to_destination
from bilevolt.models.network_pricing.model import choices

ORACLES = {name: Oracle(bv.load_instance(name)) for name in ("tolls_grid", "tolls_delaunay")}
ORACLES |= {f"seed{seed}": Oracle(generate("grid", 9, 3, seed, tolled_share=0.4)) for seed in (1, 2)}
WAYS = [  # formulation, strengthen, reformulation
    ("arc", True, "strong_duality"),
    ("path", True, "strong_duality"),
    ("auto", True, "auto"),
    ("arc", False, "bigm"),
    ("path", False, "bigm"),
]


@pytest.mark.parametrize("formulation, strengthen, reformulation", WAYS)
@pytest.mark.parametrize("name", one_in(2, ORACLES))
def test_the_optimum_is_that_of_enumeration(name, formulation, strengthen, reformulation):
    oracle = ORACLES[name]
    model = build(oracle.instance, formulation=formulation, strengthen=strengthen)
    solution = bv.solve(model, reformulation=reformulation, solver="highs")
    assert solution.status == "optimal" and not solution.assumptions
    assert solution.certificate.globally_optimal
    assert solution.objective == pytest.approx(oracle.best(), rel=1e-6)


def test_formulations_are_what_they_are_called():
    instance = bv.load_instance("tolls_grid")
    kinds = {f: [c.paths is None for c in choices(instance, f)] for f in ("arc", "path", "auto")}
    assert all(kinds["arc"]) and not any(kinds["path"]) and not any(kinds["auto"])
    mixed = [c.paths is None for c in choices(instance, "auto", most_paths=3)]
    assert any(mixed) and not all(mixed)
    solution = bv.solve(build(instance, most_paths=3), reformulation="strong_duality", solver="highs")
    assert solution.objective == pytest.approx(ORACLES["tolls_grid"].best(), rel=1e-6)


@pytest.mark.parametrize("name", ORACLES)
def test_stated_bounds_hold_at_random_tolls(name):
    """Distances to the destination are multipliers: they, and the reduced costs, are within what is stated."""
    instance, random = ORACLES[name].instance, np.random.default_rng(1)
    model = build(instance, formulation="arc")
    of = {choice.commodity.id: choice for choice in choices(instance, "arc")}
    checked = 0
    for _ in range(20):
        tolls = {a: random.uniform(0, model.toll[a].ub) * random.integers(0, 3) / 2 for a in model.TOLLED}
        for k in model.COMMODITIES:
            route, arcs = model.commodity[k].route, of[k].arcs
            distance = to_destination(arcs, of[k].commodity.destination, tolls)
            for node in route.flow:
                lower, upper, _ = route.multiplier_bound[route.flow[node]]
                assert lower - 1e-9 <= distance[node] <= upper + 1e-9
            for arc in arcs:
                lower, upper, _ = route.multiplier_bound[route.x[arc.id]]
                reduced = arc.cost + tolls.get(arc.id, 0.0) - distance[arc.tail] + distance[arc.head]
                assert lower - 1e-9 <= reduced <= upper + 1e-9
                checked += 1
    assert checked > 100


@pytest.mark.parametrize("name", ORACLES)
def test_bounded_tolls_earn_what_any_tolls_earn(name):
    """Lowered to the model's bounds, and 0 where the model has none, tolls earn no less."""
    oracle, random = ORACLES[name], np.random.default_rng(2)
    most = {a: v.ub for a, v in build(oracle.instance).toll.items()}
    capped_some = False
    for _ in range(50):
        tolls = {a: random.uniform(0, 1.5 * most.get(a, 30.0)) for a in oracle.arcs}
        lowered = {a: min(toll, most.get(a, 0.0)) for a, toll in tolls.items()}
        capped_some |= lowered != tolls
        for k in oracle.found:
            assert response(oracle.found[k], lowered)[1] >= response(oracle.found[k], tolls)[1] - 1e-9
    assert capped_some


def test_summary():
    instance = bv.load_instance("tolls_delaunay")
    model = build(instance)
    solution = bv.solve(model, reformulation="strong_duality", solver="highs")
    answer = summary(model)
    assert answer["revenue"] == pytest.approx(solution.objective)
    by_arc = sum(answer["tolls"][a] * answer["traffic"][a] for a in answer["tolls"])
    demand = {k.id: k.demand for k in instance.commodities}
    by_commodity = sum(demand[k] * entry["paid"] for k, entry in answer["commodities"].items())
    assert by_arc == pytest.approx(by_commodity) == pytest.approx(solution.objective)


def test_what_is_refused():
    instance = bv.load_instance("tolls_grid")
    with pytest.raises(InstanceError, match=r"not a NetworkPricingInstance; pass load_instance\(\"tolls_grid\"\)"):
        build(bv.load_instance("zone_small"))
    with pytest.raises(ArgumentError, match="formulation='flow' is unknown; there are: auto, arc, path"):
        build(instance, formulation="flow")
    dear = tuple(arc.model_copy(update={"cost": 1e6}) if arc.tolled else arc for arc in instance.arcs)
    with pytest.raises(InstanceError, match="no commodity ever needs a tolled arc"):
        build(instance.model_copy(update={"arcs": dear}))


def test_ties_are_broken_for_the_leader():
    """Two ways of one cost, of which one pays: the leader gets the toll, as far as the other way allows."""
    instance = bv.load_instance("tolls_grid")
    model = build(instance)
    solution = bv.solve(model, reformulation="strong_duality", solver="highs")
    assert solution.certificate.pessimistic_objective < solution.objective
    assert pyo.value(model.revenue) == pytest.approx(solution.objective)
