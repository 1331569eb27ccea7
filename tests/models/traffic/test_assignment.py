"""Traffic assignment: published optima, Wardrop's conditions checked anew, a QP solver as a second opinion."""

import csv
from itertools import pairwise
from pathlib import Path
from random import Random

import networkx as nx
import numpy as np
import pyomo.environ as pyo
import pytest

import bilevolt as bv
from bilevolt.errors import BilevoltError, InstanceError
from bilevolt.instances import RoadNetwork
from bilevolt.models.traffic.assignment import Assignment, assign

OBJECTIVES = ("user_equilibrium", "system_optimum")


def network(links, demand, centroids=()) -> RoadNetwork:
    """Links as (from, to, free time, capacity, b, power), demand as (from, to, flow)."""
    fields = ("from_node", "to_node", "free_flow_time", "capacity", "b", "power")
    return RoadNetwork(
        problem="road_network",
        name="test",
        source="test",
        time_unit="min",
        flow_unit="vehicles/h",
        centroids=centroids,
        links=[dict(zip(fields, link, strict=True)) for link in links],
        demand=[{"from_node": o, "to_node": d, "flow": flow} for o, d, flow in demand],
    )


def random_network(seed: int, nodes: int = 8, power: float = 4.0) -> RoadNetwork:
    """A ring with chords both ways, half of them congested."""
    random = Random(seed)
    ring = [(k, (k + 1) % nodes) for k in range(nodes)]
    chords = [tuple(random.sample(range(nodes), 2)) for _ in range(12)]
    ends = [*ring, *((b, a) for a, b in ring), *chords]
    links = [(a, b, random.uniform(1, 9), random.uniform(20, 80), random.choice([0.15, 1]), power) for a, b in ends]
    pairs = [(o, d) for o in range(nodes) for d in range(nodes) if o != d]
    return network(links, [(o, d, random.uniform(0, 12)) for o, d in random.sample(pairs, 20)])


def marginal_times(assignment: Assignment) -> np.ndarray:
    return np.array(
        [
            link.free_flow_time * (1 + link.b * (1 + link.power) * (flow / link.capacity) ** link.power)
            for link, flow in zip(assignment.network.links, assignment.flows, strict=True)
        ]
    )


def gap_by_networkx(assignment: Assignment, costs: np.ndarray) -> float:
    graph = nx.MultiDiGraph()
    for link, cost in zip(assignment.network.links, costs, strict=True):
        graph.add_edge(link.from_node, link.to_node, weight=cost)
    least = sum(d.flow * nx.dijkstra_path_length(graph, d.from_node, d.to_node) for d in assignment.network.demand)
    return 1 - least / float(assignment.flows @ costs)


def imbalance(assignment: Assignment) -> float:
    """Largest violation of flow conservation at a node."""
    net = dict.fromkeys(assignment.network.nodes, 0.0)
    for link, flow in zip(assignment.network.links, assignment.flows, strict=True):
        net[link.from_node] -= flow
        net[link.to_node] += flow
    for trips in assignment.network.demand:
        net[trips.from_node] += trips.flow
        net[trips.to_node] -= trips.flow
    return max(map(abs, net.values()))


@pytest.fixture(scope="module")
def sioux_falls() -> dict[str, Assignment]:
    return {objective: assign(bv.load_instance("sioux_falls"), objective, rel_gap=1e-11) for objective in OBJECTIVES}


def best_flows() -> dict[tuple[int, int], float]:
    with (Path(__file__).parent / "sioux_falls_best_flows.csv").open() as file:
        return {(int(r["from_node"]), int(r["to_node"])): float(r["flow"]) for r in csv.DictReader(file)}


def test_the_user_equilibrium_of_sioux_falls_has_the_published_flows(sioux_falls):
    found, best = sioux_falls["user_equilibrium"], best_flows()
    assert found.rel_gap <= 1e-11
    published = [best[link.from_node, link.to_node] for link in found.network.links]
    np.testing.assert_allclose(found.flows, published, atol=1e-3)
    assert found.beckmann == pytest.approx(4231335.287107, abs=1e-6)
    assert found.total_travel_time == pytest.approx(7480225.34, abs=0.01)


def test_the_system_optimum_of_sioux_falls(sioux_falls):
    found = sioux_falls["system_optimum"]
    assert found.total_travel_time == pytest.approx(7194256.0529, abs=1e-4)
    assert found.total_travel_time < sioux_falls["user_equilibrium"].total_travel_time
    assert found.beckmann > sioux_falls["user_equilibrium"].beckmann


@pytest.mark.parametrize(
    ("objective", "inflows"),
    [
        ("user_equilibrium", {12: 30766.2, 3: 32123.3, 10: 81713.6, 15: 69665.3, 18: 50064.8}),
        ("system_optimum", {12: 37283.6, 3: 43034.8, 10: 81676.5, 15: 67003.3, 18: 55493.1}),
    ],
)
def test_inflows_of_sioux_falls(sioux_falls, objective, inflows):
    assert {node: round(sioux_falls[objective].inflow(node), 1) for node in inflows} == inflows


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_default_gap_is_reached_and_told(objective):
    lines: list[str] = []
    found = assign(bv.load_instance("sioux_falls"), objective, say=lines.append)
    assert found.converged and found.rel_gap <= 1e-8
    assert len(lines) == found.iterations and lines[-1].endswith(f"{found.rel_gap:.3g}")
    costs = found.times if objective == "user_equilibrium" else marginal_times(found)
    assert gap_by_networkx(found, costs) == pytest.approx(found.rel_gap, abs=1e-13)
    assert imbalance(found) < 1e-6


# Braess: 10 v, 50 + v, 50 + v, 10 v and the bridge 10 + v, for 6 travellers.
STEEP = (1e-9, 1.0, 1e10, 1.0)
BRAESS = {(1, 2): STEEP, (1, 3): (50, 50, 1, 1), (2, 4): (50, 50, 1, 1), (3, 4): STEEP, (2, 3): (10, 10, 1, 1)}


@pytest.mark.parametrize(
    ("objective", "bridge", "flows", "mean_time"),
    [
        ("user_equilibrium", True, [4, 2, 2, 4, 2], 92),
        ("user_equilibrium", False, [3, 3, 3, 3], 83),
        ("system_optimum", True, [3, 3, 3, 3, 0], 83),
    ],
)
def test_braess(objective, bridge, flows, mean_time):
    links = [(*ends, *numbers) for ends, numbers in BRAESS.items() if bridge or ends != (2, 3)]
    found = assign(network(links, [(1, 4, 6)]), objective, rel_gap=1e-12)
    np.testing.assert_allclose(found.flows, flows, atol=1e-5)
    assert found.total_travel_time / 6 == pytest.approx(mean_time, abs=1e-5)


@pytest.mark.parametrize("power", [1, 1.5, 4, 12])
def test_pigou_on_parallel_links(power):
    """Time 1 against time v ** power, for one traveller: all take the second; best is (power + 1) ** (-1 / power)."""
    pigou = network([(1, 2, 1, 1, 0, 4), (1, 2, 1e-12, 1, 1e12, power)], [(1, 2, 1)])
    np.testing.assert_allclose(assign(pigou).flows, [0, 1], atol=1e-6)
    best = (power + 1) ** (-1 / power)
    np.testing.assert_allclose(assign(pigou, "system_optimum", rel_gap=1e-12).flows, [1 - best, best], atol=1e-5)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("seed", range(6))
def test_random_networks_satisfy_wardrop(seed, objective):
    found = assign(random_network(seed), objective, rel_gap=1e-10)
    costs = found.times if objective == "user_equilibrium" else marginal_times(found)
    assert found.converged
    assert abs(gap_by_networkx(found, costs)) < 1e-9
    assert imbalance(found) < 1e-9


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("seed", range(3))
def test_linear_times_agree_with_a_qp_solver(seed, objective):
    roads = random_network(seed, power=1)
    best = multicommodity_qp(roads, objective)
    found = assign(roads, objective, rel_gap=1e-10)
    reached = found.beckmann if objective == "user_equilibrium" else found.total_travel_time
    assert reached == pytest.approx(best, rel=1e-6)


def multicommodity_qp(roads: RoadNetwork, objective: str) -> float:
    """Optimal objective, with a flow per origin and link, by HiGHS."""
    model = pyo.ConcreteModel()
    origins, links = sorted({d.from_node for d in roads.demand}), range(len(roads.links))
    model.x = pyo.Var(origins, links, domain=pyo.NonNegativeReals)
    model.v = pyo.Var(links)
    model.total = pyo.Constraint(links, rule=lambda m, k: m.v[k] == sum(m.x[o, k] for o in origins))

    def balance(m, o, node):
        leaving = sum(m.x[o, k] for k in links if roads.links[k].from_node == node)
        arriving = sum(m.x[o, k] for k in links if roads.links[k].to_node == node)
        own = sum(d.flow for d in roads.demand if d.from_node == o)
        here = own if node == o else -sum(d.flow for d in roads.demand if (d.from_node, d.to_node) == (o, node))
        return leaving - arriving == here

    model.balance = pyo.Constraint(origins, roads.nodes, rule=balance)
    weight = 0.5 if objective == "user_equilibrium" else 1
    times = [(a.free_flow_time, a.free_flow_time * a.b / a.capacity) for a in roads.links]
    cost = sum(t * model.v[k] + weight * s * model.v[k] ** 2 for k, (t, s) in enumerate(times))
    model.cost = pyo.Objective(expr=cost)
    result = bv.solvers.get_solver("highs").solve(model)
    assert result.objective is not None
    return result.objective


def test_nobody_passes_through_a_centroid():
    links = [(1, 2, 1, 9, 0, 4), (2, 3, 1, 9, 0, 4), (1, 4, 5, 9, 0, 4), (4, 3, 5, 9, 0, 4), (4, 2, 1, 9, 0, 4)]
    demand = [(1, 3, 2), (2, 3, 1), (1, 2, 4)]
    np.testing.assert_allclose(assign(network(links, demand)).flows, [6, 3, 0, 0, 0])
    np.testing.assert_allclose(assign(network(links, demand, centroids=(1, 2, 3))).flows, [4, 1, 2, 2, 0])


@pytest.mark.parametrize(
    ("links", "centroids", "message"),
    [
        ([(1, 2), (3, 2)], (), "from node 1 to node 3 .* no route"),
        ([(1, 2), (2, 3)], (2,), "from node 1 to node 3 .* centroids"),
    ],
)
def test_demand_without_a_route_is_refused(links, centroids, message):
    roads = network([(a, b, 1, 1, 0.15, 4) for a, b in links], [(1, 2, 5), (1, 3, 7)], centroids)
    with pytest.raises(InstanceError, match=message):
        assign(roads)


def test_an_unknown_objective_is_refused():
    with pytest.raises(BilevoltError, match=r"'fastest' is unknown.*user_equilibrium or system_optimum"):
        assign(bv.load_instance("sioux_falls"), "fastest")


def test_constant_and_zero_times_give_shortest_routes():
    """Link times 0 must stay links; power 0 is a constant time, free x (1 + b)."""
    links = [(1, 2, 0, 5, 0, 0), (2, 3, 0, 5, 0.15, 4), (1, 3, 1, 5, 0.15, 0), (3, 4, 2, 5, 0.5, 0)]
    found = assign(network(links, [(1, 4, 10)]))
    np.testing.assert_allclose(found.flows, [10, 10, 0, 10])
    assert found.total_travel_time == pytest.approx(30)
    assert found.beckmann == pytest.approx(30)


def test_demand_within_a_node_and_no_demand_use_no_link():
    found = assign(network([(1, 2, 1, 1, 0.15, 4)], [(1, 1, 50), (1, 2, 0)]))
    assert found.converged and found.flows.tolist() == [0] and found.inflows == {1: 0, 2: 0}


def test_the_end_of_the_iterations_is_said():
    found = assign(bv.load_instance("sioux_falls"), max_iterations=2)
    assert not found.converged and found.iterations == 2 and found.rel_gap > 1e-8


def test_the_gap_falls_with_the_iterations():
    gaps = [assign(bv.load_instance("sioux_falls"), max_iterations=k).rel_gap for k in (1, 5, 25)]
    assert all(later < earlier / 10 for earlier, later in pairwise(gaps))
