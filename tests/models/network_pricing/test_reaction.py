"""Responses without a solver: ties, exactness; the inverse problem and the local search against enumeration."""

from fractions import Fraction

import numpy as np
import pytest
from network_pricing_oracle import Oracle, response, small
from sweeps import one_in

import bilevolt as bv
from bilevolt.models.network_pricing import build, generate
from bilevolt.models.network_pricing.exchange import exchange, relaxed
from bilevolt.models.network_pricing.inverse import Market
from bilevolt.models.network_pricing.reaction import revenue, routes, shaded
from bilevolt.models.network_pricing.search import local_search
from bilevolt.models.network_pricing.start import put_start

INSTANCES = {name: bv.load_instance(name) for name in ("tolls_grid", "tolls_delaunay")}


@pytest.mark.parametrize("name", INSTANCES)
@pytest.mark.parametrize("number", [float, Fraction])
def test_responses_are_those_of_enumeration(name, number):
    oracle, random = Oracle(INSTANCES[name]), np.random.default_rng(6)
    for _ in range(10):
        tolls = {a: random.choice([0.0, random.uniform(0, 40)]) for a in oracle.arcs}
        leader, against = (routes(oracle.instance, tolls, ties, number) for ties in ("leader", "against"))
        for k, found in oracle.found.items():
            least, most_paid, least_paid = response(found, tolls)
            assert float(leader[k].cost) == pytest.approx(least) == pytest.approx(float(against[k].cost))
            assert float(leader[k].paid) == pytest.approx(most_paid)
            assert float(against[k].paid) == pytest.approx(least_paid)


def test_ties_in_exact_arithmetic():
    instance = small(("o", "z", 1, True), ("o", "z", 4, False), demand=2)
    assert [revenue(instance, {"a0": 3}, ties) for ties in ("leader", "against")] == [6, 0]
    above, below = (Fraction(3) + sign * Fraction(1, 10**30) for sign in (1, -1))
    assert revenue(instance, {"a0": above}) == 0
    assert revenue(instance, {"a0": below}, "against") == 2 * below
    assert revenue(instance, shaded({"a0": 3.0}), "against") == pytest.approx(6, rel=2e-6)


def test_free_cycles_do_no_harm():
    instance = small(("o", "m", 0, True), ("m", "o", 0, True), ("m", "z", 1, False), ("o", "z", 3, False))
    assert routes(instance, {"a0": 0, "a1": 0})["k"].arcs == ("a0", "a2")
    assert revenue(instance, {"a0": 2}) == 2


@pytest.mark.parametrize("tolls", [{"a0": -1}, {"a1": 1}, {"nowhere": 1}])
def test_tolls_that_nobody_may_ask_are_refused(tolls):
    instance = small(("o", "z", 1, True), ("o", "z", 4, False))
    with pytest.raises(ValueError, match="the arc may have none, or the toll is negative"):
        routes(instance, tolls)


@pytest.mark.parametrize("name", INSTANCES)
def test_the_best_tolls_for_the_optimal_ways_are_optimal(name):
    model = build(INSTANCES[name])
    solution = bv.solve(model, reformulation="strong_duality", solver="highs")
    market = Market(INSTANCES[name])
    chosen = market.respond(market.vector({a: 0.999999 * model.toll[a].value for a in model.TOLLED}))
    tolls = market.best_tolls(chosen)
    assert market.earned(chosen, tolls) == pytest.approx(solution.objective, rel=1e-6)
    assert revenue(INSTANCES[name], shaded(market.named(tolls)), "against") == pytest.approx(
        solution.objective, rel=1e-5
    )


def test_ways_that_no_tolls_make_optimal_together():
    """Two trips over one arc save 3 and 5: the first cannot pay where the second does not."""
    instance = small(
        ("o", "m", 0, False), ("m", "n", 1, True), ("n", "z", 0, False), ("o", "z", 4, False),
        ("p", "m", 0, False), ("n", "y", 0, False), ("p", "y", 6, False),
    )  # fmt: skip
    other = instance.commodities[0].model_copy(update={"id": "l", "origin": "p", "destination": "y"})
    market = Market(instance.model_copy(update={"commodities": (*instance.commodities, other)}))
    assert [list(ways.cost) for ways in market.ways] == [[4, 1], [6, 1]]
    assert market.best_tolls([1, 0]) is None
    assert market.best_tolls([1, 1]) == pytest.approx([3]) and market.best_tolls([0, 1]) == pytest.approx([5])


@pytest.mark.parametrize("name", INSTANCES)
def test_ways_that_are_not_listed_are_found_when_they_matter(name):
    whole, growing, random = Market(INSTANCES[name]), Market(INSTANCES[name], most_paths=1), np.random.default_rng(7)
    assert any(ways.known is not None for ways in growing.ways)
    listed = {ways.commodity.id: ways for ways in whole.ways}
    compared = 0
    for _ in range(20):
        tolls = {a: random.uniform(0, most) for a, most in zip(whole.arcs, whole.most, strict=True)}
        earned = []
        for market in (whole, growing):
            vector = market.vector(tolls)
            chosen = market.respond(vector)
            assert market.earned(chosen, vector) == pytest.approx(revenue(INSTANCES[name], tolls, number=float))
            best = market.best_tolls(chosen)
            earned.append(None if best is None else market.earned(chosen, best))
        assert earned[0] == pytest.approx(earned[1])
        compared += earned[0] is not None
    assert compared > 10
    for ways in growing.ways:
        if ways.known is not None:
            assert len(ways.cost) == len(ways.known) > 1
            bounds = listed[ways.commodity.id].bounds.max(axis=0)
            assert all(
                ways.own[growing.arcs.index(a)] >= most - 1e-9 for a, most in zip(whole.arcs, bounds, strict=True)
            )


def test_the_way_that_one_commodity_would_take_at_other_tolls_is_noted():
    """The way around costs 9, one with a toll 4, another 6; the last is the shortest only if the first two are dear."""
    instance = small(("o", "z", 9, False), ("o", "m", 4, True), ("m", "z", 0, False), ("o", "z", 6, True))
    market = Market(instance, most_paths=0)
    assert list(market.ways[0].cost) == [9.0]
    for toll, costs in ((0.0, [9, 4]), (1.0, [9, 4]), (3.0, [9, 4, 6])):
        market.discover(0, market.vector({"a1": toll}))
        assert list(market.ways[0].cost) == costs


@pytest.mark.parametrize("name", INSTANCES)
def test_an_exchange_where_all_are_free_finds_the_optimum(name):
    market = Market(INSTANCES[name])
    tolls = 0.3 * market.most
    chosen = market.respond(tolls)
    free = {k: range(len(ways.cost)) for k, ways in enumerate(market.ways)}
    exact = bv.solve(build(INSTANCES[name]), reformulation="strong_duality", solver="highs").objective
    found = 0.999999 * exchange(market, chosen, tolls, free).tolls
    assert market.earned(market.respond(found), found) == pytest.approx(exact, rel=2e-3)
    kept = exchange(market, chosen, tolls, {}).tolls
    assert market.earned(chosen, kept) >= market.earned(chosen, tolls) - 1e-6
    assert relaxed(market) @ np.ones(len(market.arcs)) > 0


def test_of_tied_ways_that_are_not_listed_the_one_that_pays_is_found():
    """The way around costs 9, that with a toll of 9 as much; rounding must not decide."""
    instance = small(("o", "z", 9, False), ("o", "m", 0, True), ("m", "z", 0, True))
    market = Market(instance, most_paths=0)
    for toll in np.linspace(0.1, 8.9, 30):
        tolls = market.vector({"a1": toll, "a2": 9 - toll + 1e-15})
        assert market.earned(market.respond(tolls), tolls) == pytest.approx(9.0)


@pytest.mark.parametrize("rounds", [1, 20])
def test_an_exchange_learns_the_ways_that_undercut(rounds, monkeypatch):
    """Where the ways are not listed it believes in tolls that lose commodities, unless it looks again."""
    monkeypatch.setattr("bilevolt.models.network_pricing.exchange.ROUNDS", rounds)
    market = Market(INSTANCES["tolls_grid"], most_paths=0)
    tolls = 0.3 * market.most
    chosen = market.respond(tolls)
    before = market.earned(chosen, tolls)
    free = {k: range(len(ways.cost)) for k, ways in enumerate(market.ways)}
    found = 0.999999 * exchange(market, chosen, tolls, free).tolls
    after = market.earned(market.respond(found), found)
    assert (after > before) == (rounds > 1)


@pytest.mark.parametrize("name", one_in(2, INSTANCES))
def test_local_search_finds_the_optimum_of_small_instances(name):
    instance = INSTANCES[name]
    tolls = local_search(instance, steps=60)
    assert tolls == local_search(instance, steps=60)
    exact = bv.solve(build(instance), reformulation="strong_duality", solver="highs").objective
    assert revenue(instance, shaded(tolls), "against") == pytest.approx(exact, rel=1e-3)


def test_where_no_toll_is_ever_paid_there_is_nothing_to_search():
    assert local_search(small(("o", "z", 5, True), ("o", "z", 4, False))) == {}


@pytest.mark.parametrize("formulation", ["arc", "path"])
def test_what_is_found_is_a_start(formulation):
    instance = generate("grid", 9, 3, 2, tolled_share=0.4)
    model = build(instance, formulation=formulation)
    put_start(model, instance, local_search(instance, steps=10))
    solution = bv.solve(model, reformulation="strong_duality", solver="highs", warm_start=True)
    assert any(note.startswith("started from a point with objective") for note in solution.notes)
    assert solution.status == "optimal"


def test_nested_needs_no_solver_that_takes_products():
    """It starts from the answer to no tolls."""
    model = build(INSTANCES["tolls_grid"])
    solution = bv.solve(model, method="nested", solver="highs")
    assert solution.status == "feasible" and solution.certificate.bilevel_feasible
    assert 0 < solution.objective <= 14113.52 * (1 + 1e-6)
