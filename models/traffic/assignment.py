r"""Static traffic assignment: which flow does each link carry?

With BPR travel times :math:`t_a(v) = t_a^0 (1 + b_a (v / c_a)^{p_a})` and demand :math:`d_{od}` on routes:

* **user equilibrium**: no traveller has a faster route; the flows minimise Beckmann's
  :math:`\sum_a \int_0^{v_a} t_a(w)\,dw`.
* **system optimum**: the flows minimise the total travel time :math:`\sum_a v_a\, t_a(v_a)`. It is the user
  equilibrium at marginal times :math:`t_a + v_a t_a' = t_a^0 (1 + (1 + p_a)\, b_a (v / c_a)^{p_a})`.

Method: gradient projection over routes. Each pair's shortest route is added to those that it uses, and flow moves from
its slower routes to its fastest by a Newton step on their difference in cost, one pair after the other. The relative
gap :math:`1 - \sum_{od} d_{od} u_{od} / \sum_a v_a t_a` (u: cost of the shortest route) bounds how far the objective
is from its optimum, relative to :math:`\sum_a v_a t_a`; t and u are marginal times for the system optimum.

Sources: M. Beckmann, C. B. McGuire, C. B. Winsten, *Studies in the Economics of Transportation*, Yale 1956;
R. Jayakrishnan, W. K. Tsai, J. N. Prashker, S. Rajadhyaksha, *A faster path-based algorithm for traffic assignment*,
Transportation Research Record 1443, 1994.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np

from ...errors import BilevoltError
from ...instances.road_network import RoadNetwork
from .loading import RouteFlows
from .routes import ShortestRoutes
from .times import LinkTimes

AssignmentObjective = Literal["user_equilibrium", "system_optimum"]

_SWEEPS = 20  # at most, over pairs that are worth it, between two searches for shortest routes


@dataclass(frozen=True, eq=False)
class Assignment:
    """Link flows, in the order of ``network.links``, and how well they solve the problem.

    ``rel_gap`` is what was reached: more than was asked for when the iterations ran out (``converged`` is False).
    """

    network: RoadNetwork
    objective: AssignmentObjective
    flows: np.ndarray
    rel_gap: float
    iterations: int
    converged: bool

    @cached_property
    def times(self) -> np.ndarray:
        """Travel times of the links at these flows, in the network's time unit."""
        return LinkTimes.of(self.network).at(self.flows)

    @cached_property
    def beckmann(self) -> float:
        """Beckmann's objective, in time unit x flow unit; the user equilibrium minimises it."""
        return LinkTimes.of(self.network).beckmann(self.flows)

    @cached_property
    def total_travel_time(self) -> float:
        """Sum over links of flow x travel time, in time unit x flow unit; the system optimum minimises it."""
        return float(self.flows @ self.times)

    @cached_property
    def inflows(self) -> dict[int, float]:
        """Node -> sum of the flows of the links that end there, in the network's flow unit."""
        into = dict.fromkeys(self.network.nodes, 0.0)
        for link, flow in zip(self.network.links, self.flows.tolist(), strict=True):
            into[link.to_node] += flow
        return into

    def inflow(self, node: int) -> float:
        """Sum of the flows of the links that end at the node, in the network's flow unit."""
        return self.inflows[node]


def assign(
    network: RoadNetwork,
    objective: AssignmentObjective = "user_equilibrium",
    *,
    rel_gap: float = 1e-8,
    max_iterations: int = 1000,
    say: Callable[[str], None] = lambda _: None,
) -> Assignment:
    """Assign the demand to the links.

    :param rel_gap: relative gap at which to stop; below about 1e-14 rounding decides.
    :param max_iterations: searches for shortest routes at most, 1 or more.
    :param say: told the gap of each iteration in a line of text.
    :raises InstanceError: there is no route for a pair of the demand.
    """
    if objective not in get_args(AssignmentObjective):
        raise BilevoltError(f"objective {objective!r} is unknown; choose {' or '.join(get_args(AssignmentObjective))}.")
    times = LinkTimes.of(network)
    if objective == "system_optimum":
        times = times.marginal()
    search = ShortestRoutes(network)
    loading = RouteFlows(times, search.demand)
    _, routes = search.at(times.at(np.zeros(len(network.links))))
    for iteration in range(1, max_iterations + 1):
        flows = loading.improve(routes, _SWEEPS)
        costs = times.at(flows)
        shortest, routes = search.at(costs)
        spent = float(flows @ costs)
        gap = max(0.0, 1 - float(search.demand @ shortest) / spent) if spent > 0 else 0.0
        say(f"iteration {iteration}: relative gap {gap:.3g}")
        if gap <= rel_gap:
            break
    return Assignment(network, objective, flows, gap, iteration, gap <= rel_gap)
