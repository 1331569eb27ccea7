"""Station location: the model against brute force, its options, its summary, nested and system optimum."""

import itertools
import random

import pyomo.environ as pyo
import pytest
from station_location_oracle import brute_force, load_ranges, react
from sweeps import one_in

import bilevolt as bv
from bilevolt.errors import InstanceError
from bilevolt.heuristics import warm_start
from bilevolt.models.station_location import build, generate, summary
from bilevolt.reformulations import map_of, read_levels
from bilevolt.solvers import get_solver

WAYS = [("strong_duality", "highs"), ("bigm", "highs"), ("sos1", "scip")]
OPTIONS = [
    {}, {"states": True}, {"unary": False, "states": True}, {"unary": False}, {"saturation_cuts": False},
    {"unary": False, "saturation_cuts": False},
]  # fmt: skip
TINY = [(3, 4, 1, 3, 0.001), (3, 5, 4, 3, 0.5), (4, 5, 6, 2, 0.5), (3, 4, 9, 4, 0.5), (4, 6, 11, 2, 0.001)]


def tiny(sites, demands, seed, most, step):
    return generate(sites, demands, seed, most_chargers=most, distance_step_km=step)


@pytest.fixture(scope="module")
def optima():
    """Brute force over the tiny instances, once."""
    return {case: brute_force(tiny(*case)) for case in TINY}


@pytest.mark.parametrize("way", WAYS, ids="-".join)
@pytest.mark.parametrize("case", TINY, ids=str)
def test_exact_is_brute_force(case, way, optima):
    reformulation, solver = way
    solution = bv.solve(build(tiny(*case)), reformulation=reformulation, solver=solver)
    assert solution.status == "optimal"
    assert solution.certificate.bilevel_feasible
    assert solution.objective == pytest.approx(optima[case][0], abs=1e-5)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("case", TINY[:3], ids=str)
def test_what_is_offered_changes_no_optimum(case, options, optima):
    for reformulation in ("strong_duality", "bigm"):
        solution = bv.solve(build(tiny(*case), **options), reformulation=reformulation, solver="highs")
        assert solution.objective == pytest.approx(optima[case][0], abs=1e-5)


@pytest.mark.parametrize("states", [False, True])
@pytest.mark.parametrize(("case",), one_in(2, [(case,) for case in TINY]), ids=str)
def test_every_allowed_decision_passes_the_offered_rows(case, states):
    """The rows are valid: any charger counts with the users' reaction can be completed to a start."""
    instance = tiny(*case)
    draw = random.Random(1)
    for _ in range(3):
        model = build(instance, states=states)
        counts = {i: draw.randint(0, instance.most_chargers) for i in model.SITES}
        if react(instance, counts) is None:
            counts = dict.fromkeys(model.SITES, instance.most_chargers)
        for i, number in counts.items():
            model.R[i].fix(number)
        found = bv.solve(model, reformulation="bigm", solver="highs", cuts=None)
        model.R.unfix()
        started = bv.solve(model, reformulation="strong_duality", solver="highs", warm_start=found)
        assert any(note.startswith("started from") for note in started.notes), started.notes


@pytest.mark.parametrize(
    ("method", "name"),
    one_in(4, itertools.product(["nested", "pso"], ["zone_03", "zone_05", "zone_small", "zone_ties"])),
)
def test_what_a_heuristic_finds_is_a_start(method, name):
    """In zones 03 and 05 users are nearly indifferent: what is within a tolerance of their optimum is no start."""
    model = build(bv.load_instance(name))
    options = {"seed": 1, "evaluations": 200} if method == "pso" else {}
    assert bv.solve(model, method=method, solver="highs", method_options=options).status == "feasible"
    for reformulation in ("strong_duality", "bigm"):
        assert warm_start.complete(bv.reformulate(model, reformulation), get_solver("highs").solve) is None


def test_optimistic_and_pessimistic_differ_where_users_are_indifferent():
    """With one price, no spare power and trips in steps of 0.5 km, loads are not unique: the optimistic cost is the
    oracle's, and the certificate names the expansions that other optima of the users would need.
    """
    instance = tiny(4, 6, 11, 2, 0.5)
    sites = tuple(site.model_copy(update={"price_per_kwh": 1.2, "spare_kw": 0.0}) for site in instance.sites)
    instance = instance.model_copy(update={"sites": sites})
    spread = 0.0
    for fewer in range(3):
        model = build(instance)
        counts = {i: 1 if k == fewer else 2 for k, i in enumerate(model.SITES)}
        outcome = react(instance, counts, pessimistic=True)
        for i, number in counts.items():
            model.R[i].fix(number)
        solution = bv.solve(model, reformulation="bigm", solver="highs")
        assert solution.objective == pytest.approx(outcome.cost, abs=1e-5)
        if outcome.worst > outcome.cost + 0.01:  # the expansion that was built is too small for some other optimum
            assert solution.certificate.pessimistic_feasible is False
            assert any(name.startswith("expansion") for name in solution.certificate.pessimistic_violations)
        spread = max(spread, outcome.worst - outcome.cost)
    assert spread > 0.1


@pytest.mark.parametrize("name, tied", [("zone_ties", True), ("zone_07", False)])
def test_loads_are_unique_but_for_the_tied_instance(name, tied):
    instance = bv.load_instance(name)
    ranges = load_ranges(instance, {site.id: 2 + k % 3 for k, site in enumerate(instance.sites)})
    assert (max(most - least for least, most in ranges.values()) > 1) is tied


def test_small_fits_the_restricted_licence_in_every_reformulation():
    model = build(bv.load_instance("zone_small"))
    found = {}
    for reformulation in ("strong_duality", "bigm", "sos1", "indicator"):
        solution = bv.solve(model, reformulation=reformulation, solver="gurobi")
        assert solution.status == "optimal" and solution.solver == "gurobi"
        found[reformulation] = solution.objective
    assert max(found.values()) - min(found.values()) < 1e-6


@pytest.mark.long
def test_system_optimum_believes_too_little_and_nested_is_no_better_than_exact():
    model = build(bv.load_instance("zone_03"))
    alone = bv.solve(model, method="leader_alone")
    believed, got = alone.history[0]["believed"], alone.objective
    model = build(bv.load_instance("zone_03"))
    nested = bv.solve(model, method="nested").objective
    exact = bv.solve(model, reformulation="strong_duality", solver="highs")
    assert exact.status == "optimal"
    assert believed < exact.objective < got
    assert exact.objective - 1e-6 <= nested <= got + 1e-6
    assert exact.objective == pytest.approx(367.603, abs=1e-3)


def test_products_expand_the_counts_as_the_offered_row_says():
    instance = bv.load_instance("zone_small")
    unary, binary = (bv.reformulate(build(instance, unary=u), "strong_duality") for u in (True, False))
    assert len(unary.products.bit) == 0 and len(binary.products.bit) > 0
    names = {p.first.parent_component().name for p in map_of(unary).products}
    assert names == {"z", "unary.y"}


def test_levels_do_not_see_what_is_offered():
    model = build(bv.load_instance("zone_small"))
    bilevel = read_levels(model)
    assert {v.parent_component().name for v in bilevel.leader.variables} == {"R", "z", "e"}
    assert {v.parent_component().name for v in bilevel.visible} == {"R"}
    assert not bilevel.leader.prices
    assert {block.name for block in bilevel.user_cuts} == {"unary", "saturation"}


def test_another_instance_is_refused():
    with pytest.raises(InstanceError, match="is not a StationLocationInstance"):
        build(bv.load_instance("limassol"))


def test_summary_agrees_with_itself_and_with_the_oracle():
    instance = bv.load_instance("zone_small")
    model = build(instance)
    bv.solve(model, reformulation="strong_duality", solver="highs")
    figures = summary(model)
    assert sum(figures["cost_parts"].values()) == pytest.approx(figures["cost"])
    counts = {site.id: 0 for site in instance.sites} | {i: s["chargers"] for i, s in figures["stations"].items()}
    outcome = react(instance, counts)
    assert outcome.cost == pytest.approx(figures["cost"], abs=1e-5)
    assert outcome.users_cost == pytest.approx(figures["users_cost"], abs=1e-5)
    assert figures["chargers"] * 8 >= 1.4 * instance.vehicles_per_day
    for i, station in figures["stations"].items():
        carried = sum(amount for _, site, amount in figures["assignment"] if site == i)
        assert station["vehicles"] == pytest.approx(carried, abs=1e-4)
        assert station["load_kw"] == pytest.approx(3.6 * carried, abs=1e-3)
        assert station["utilisation"] == pytest.approx(carried / (8 * station["chargers"]), abs=1e-5)
        assert station["expansion_kw"] == pytest.approx(max(0, station["load_kw"] - station["spare_kw"]), abs=1e-3)
    assert figures["unserved_vehicles"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_generated_instances_repeat_and_solve(seed):
    first, second = (generate(5, 9, seed, most_chargers=4) for _ in range(2))
    assert first == second and first != generate(5, 9, seed + 10, most_chargers=4)
    solution = bv.solve(build(first), reformulation="strong_duality", solver="highs")
    assert solution.status == "optimal" and pyo.value(solution.objective) > 0


def test_generator_refuses_what_cannot_be_served():
    with pytest.raises(InstanceError, match=r"reserve: .*need a capacity"):
        generate(2, 20, 1, most_chargers=1)
    with pytest.raises(InstanceError, match="the sites cover"):
        generate(1, 200, 1)
    with pytest.raises(ValueError, match="at least 1"):
        generate(0, 3, 1)
