"""Toll bounds, arcs and ways that are left out, each against enumeration."""

import numpy as np
import pytest
from network_pricing_oracle import Oracle, response, small

import bilevolt as bv
from bilevolt.models.network_pricing import generate
from bilevolt.models.network_pricing.distances import Distances
from bilevolt.models.network_pricing.model import useful_arcs
from bilevolt.models.network_pricing.paths import arc_bounds, undominated

ORACLES = {name: Oracle(bv.load_instance(name)) for name in ("tolls_grid", "tolls_delaunay")}
ORACLES |= {f"seed{seed}": Oracle(generate("grid", 9, 4, seed, tolled_share=0.4)) for seed in (1, 2, 3)}


def random_tolls(oracle, random, most):
    """Tolls of which some are 0 and some prohibitive."""
    return {a: random.choice([0.0, random.uniform(0, most), 10 * most]) for a in oracle.arcs}


@pytest.mark.parametrize("name", ORACLES)
def test_without_the_arcs_that_are_removed_the_leader_gets_the_same(name):
    oracle, random = ORACLES[name], np.random.default_rng(3)
    distances, removed = Distances(oracle.instance), 0
    for commodity in oracle.instance.commodities:
        kept = {arc.id for arc in useful_arcs(oracle.instance, commodity, distances)}
        left = oracle.instance.model_copy(update={"arcs": tuple(a for a in oracle.instance.arcs if a.id in kept)})
        some = Oracle(left.model_copy(update={"commodities": (commodity,)})).found[commodity.id]
        removed += len(oracle.instance.arcs) - len(kept)
        for _ in range(40):
            tolls = random_tolls(oracle, random, 40.0)
            assert response(some, tolls)[:2] == pytest.approx(response(oracle.found[commodity.id], tolls)[:2])
    assert removed > 0


@pytest.mark.parametrize("name", ORACLES)
def test_nobody_pays_more_than_the_toll_bound(name):
    oracle, random = ORACLES[name], np.random.default_rng(4)
    distances, nearly = Distances(oracle.instance), 0
    for commodity in oracle.instance.commodities:
        for arc in oracle.instance.tolled:
            bound = distances.toll_bound(commodity, arc)
            for share in (0.999, 1.001):
                tolls = {a: 1e4 * random.integers(0, 2) for a in oracle.arcs} | {arc.id: share * bound + 1e-6}
                found = oracle.found[commodity.id]
                least, _, _ = response(found, tolls)
                on = [c + sum(tolls[a] for a in s) for s, c in found.items() if arc.id in s]
                if share > 1:
                    assert min(on, default=np.inf) > least + 1e-9
                elif bound > 0:
                    nearly += min(on, default=np.inf) <= least + 1e-9
    assert nearly > 0  # the bound is reached


@pytest.mark.parametrize("name", ORACLES)
def test_undominated_ways_are_those_that_can_be_optimal(name):
    oracle = ORACLES[name]
    distances = Distances(oracle.instance)
    for commodity in oracle.instance.commodities:
        paths = undominated(oracle.instance, commodity, distances)
        assert paths[0].tolled == frozenset()
        assert {path.tolled for path in paths} == set(oracle.possible(commodity.id))
        for path in paths:
            assert path.cost == pytest.approx(oracle.found[commodity.id][path.tolled])
        assert undominated(oracle.instance, commodity, distances, len(paths) - 2) is None or len(paths) == 1


@pytest.mark.parametrize("name", ORACLES)
def test_bounds_by_way_hold_wherever_the_way_is_optimal(name):
    oracle, random = ORACLES[name], np.random.default_rng(5)
    distances, seen = Distances(oracle.instance), 0
    for commodity in oracle.instance.commodities:
        paths = undominated(oracle.instance, commodity, distances)
        bounds = arc_bounds(paths)
        for _ in range(200):
            tolls = random_tolls(oracle, random, 30.0)
            least, _, _ = response(oracle.found[commodity.id], tolls)
            for path, of_path in zip(paths, bounds, strict=True):
                if path.cost + sum(tolls[a] for a in path.tolled) <= least + 1e-9:
                    assert all(tolls[a] <= bound + 1e-9 for a, bound in of_path.items())
                    seen += len(of_path)
    assert seen > 100


def test_a_tolled_arc_that_saves_nothing_is_left_out():
    instance = small(("o", "m", 1, True), ("m", "z", 1, False), ("o", "z", 2, False))
    distances = Distances(instance)
    assert distances.toll_bound(instance.commodities[0], instance.arcs[0]) == 0
    assert [path.tolled for path in undominated(instance, instance.commodities[0], distances)] == [frozenset()]


def test_a_way_with_two_tolls_is_bounded_by_the_ways_around_each():
    """o -1-> m -1-> z with tolls; around the first arc 4, the second 3, both 10."""
    instance = small(
        ("o", "m", 1, True), ("m", "z", 1, True), ("o", "m", 4, False), ("m", "z", 3, False), ("o", "z", 10, False)
    )
    distances, commodity = Distances(instance), instance.commodities[0]
    assert distances.alternative(commodity) == 7
    assert [distances.toll_bound(commodity, arc) for arc in instance.tolled] == [3, 2]
    paths = undominated(instance, commodity, distances)
    assert {path.tolled: path.cost for path in paths} == {
        frozenset(): 7, frozenset({"a0"}): 4, frozenset({"a1"}): 5, frozenset({"a0", "a1"}): 2,
    }  # fmt: skip
    assert arc_bounds(paths)[-1] == {"a0": 3, "a1": 2}
