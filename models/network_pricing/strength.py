r"""What the model offers to the exact methods: a binary by commodity and tolled arc, and what the tolls paid obey.

For tolls t the leader's revenue is linear over a commodity's optimal flows, and is largest at a vertex: one way, that
uses an arc or does not. So :math:`u_a = x_a \in \{0, 1\}` cuts off only responses that earn no more than another one,
and makes the toll paid, :math:`t_a x_a`, exactly linear. Of it (with the multiplier :math:`\lambda`, the distance):

.. math:: \sum_a t_a x_a \ge \lambda_o - \sum_a c_a x_a, \qquad
          t_a x_a \le M_a x_a \quad\text{or}\quad t_a x_a \le \sum_{p \ni a} M_{pa} z_p

The first is strong duality, which holds with equality; written for this side too, it bounds what the leader's objective
believes to earn by the products. The others are the bounds of :mod:`.distances`, or of :mod:`.paths` by way, which are
much tighter.

Source: M. Labbé, P. Marcotte and G. Savard, *A bilevel model of taxation and its application to optimal highway
pricing*, Manage. Sci. 44, 1998; S. Dewez et al., *New formulations and valid inequalities for a toll setting problem*,
Oper. Res. Lett. 36, 2008.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pyomo.environ as pyo

from ...levels.dual_of import dual_of
from ...levels.valid_inequalities import ValidInequalities
from .paths import Path, arc_bounds

REASON = (
    "the revenue is linear over a commodity's optimal flows, so that some best one is a single way; the tolls it pays "
    "are its distance less its costs, and none exceeds what makes a way around cheaper"
)


def offer_arcs(block: Any, origin: str, toll: Any, own: Mapping[str, float]) -> None:
    """Declare ``block.single_way`` for a follower over arcs; ``own`` has the commodity's largest toll by arc."""
    route = block.route
    offered = _binaries(block, list(own))
    offered.paid = pyo.Constraint(expr=block.tolls_paid >= dual_of(route.flow[origin]) - block.base_cost)
    offered.most = pyo.Constraint(list(own), rule=lambda _, a: toll[a] * route.x[a] <= own[a] * route.x[a])


def offer_paths(block: Any, paths: Sequence[Path], toll: Any) -> None:
    """Declare ``block.single_way`` for a follower over ways."""
    route, bounds = block.route, arc_bounds(paths)
    offered = _binaries(block, list(route.x))
    offered.paid = pyo.Constraint(expr=block.tolls_paid >= dual_of(route.choice) - block.base_cost)
    offered.most = pyo.Constraint(
        list(route.x),
        rule=lambda _, a: (
            toll[a] * route.x[a] <= pyo.quicksum(of[a] * route.z[p] for p, of in enumerate(bounds) if a in of)
        ),
    )


def _binaries(block: Any, tolled: list[str]) -> Any:
    offered = block.single_way = ValidInequalities(reason=REASON)
    offered.u = pyo.Var(tolled, within=pyo.Binary)
    offered.uses = pyo.Constraint(tolled, rule=lambda b, a: block.route.x[a] == b.u[a])
    return offered
