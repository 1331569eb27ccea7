r"""Network pricing: a leader sets tolls, every commodity takes the way of least cost and tolls; both levels in PAO.

**Leader**, with tolls on the arcs that may have one, sells to commodities k of demand d_k:

.. math:: \max_{t \ge 0} \sum_k d_k \sum_a t_a x_{ka}

**Followers**: commodity k sends one unit the way of least cost and tolls, :math:`\min \sum_a (c_a + t_a) x_{ka}`, over
arcs or over the list of its undominated ways, see :mod:`.followers`; where several cost the same, the leader chooses.
Tolls are bounded, and arcs and commodities left out, where :mod:`.distances` and :mod:`.paths` prove that the leader
loses nothing by it. What helps the exact methods is offered as ``ValidInequalities`` by :mod:`.strength`.

Source: M. Labbé, P. Marcotte and G. Savard, *A bilevel model of taxation and its application to optimal highway
pricing*, Manage. Sci. 44, 1998; L. Brotcorne, M. Labbé, P. Marcotte and G. Savard, *A bilevel model for toll
optimization on a multicommodity transportation network*, Transp. Sci. 35, 2001.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import networkx as nx
import pyomo.environ as pyo

from ...errors import ArgumentError, InstanceError
from ...instances.base import Instance
from ...instances.network_pricing import Arc, Commodity, NetworkPricingInstance
from .distances import Distances
from .followers import declare_arcs, declare_paths
from .paths import Path, arc_bounds, largest, undominated
from .strength import offer_arcs, offer_paths

FORMULATIONS = ("auto", "arc", "path")
MOST_PATHS = 2_000
USED = 1e-6  # a share of the traffic below this is none


@dataclass(frozen=True)
class Choice:
    """What a commodity chooses from: ``paths``, or ``arcs`` where these are too many; ``own``: its largest tolls."""

    commodity: Commodity
    arcs: tuple[Arc, ...]
    paths: tuple[Path, ...] | None
    own: Mapping[str, float]


def build(
    instance: Instance, *, formulation: str = "auto", most_paths: int = MOST_PATHS, strengthen: bool = True
) -> pyo.ConcreteModel:
    """Bilevel model of a network pricing instance; the followers are ``model.commodity[k].route``.

    :param instance: a ``NetworkPricingInstance``, as ``load_instance("tolls_grid")`` returns.
    :param formulation: what the followers choose: "arc" (a flow), "path" (one of a list of ways), or "auto": paths
        where the search finds them in ``most_paths`` steps, arcs for the other commodities.
    :param strengthen: offer the rows of :mod:`.strength`.
    :raises InstanceError: the instance belongs to another problem, or no commodity needs a tolled arc.
    :raises ArgumentError: an unknown formulation.
    """
    if not isinstance(instance, NetworkPricingInstance):
        raise InstanceError(
            f"instance: {type(instance).__name__} is not a NetworkPricingInstance; "
            'pass load_instance("tolls_grid") or a file whose "problem" is "network_pricing".'
        )
    if formulation not in FORMULATIONS:
        raise ArgumentError(f"formulation={formulation!r} is unknown; there are: {', '.join(FORMULATIONS)}.")
    found = choices(instance, formulation, most_paths)
    if not found:
        raise InstanceError(f"{instance.name}: no commodity ever needs a tolled arc, so that no toll earns anything.")
    model = pyo.ConcreteModel(name=instance.name)
    most = largest([choice.own for choice in found])
    model.TOLLED = pyo.Set(initialize=[arc.id for arc in instance.tolled if arc.id in most], doc="used by someone")
    model.COMMODITIES = pyo.Set(initialize=[choice.commodity.id for choice in found], doc="that may pay a toll")
    model.demand = pyo.Param(model.COMMODITIES, initialize={c.commodity.id: c.commodity.demand for c in found})
    model.toll = pyo.Var(model.TOLLED, bounds=lambda _, a: (0.0, most[a]), doc="money per unit of traffic")
    model.commodity = pyo.Block(model.COMMODITIES)
    for choice in found:
        _declare(model.commodity[choice.commodity.id], choice, model.toll, most, strengthen)
    paid = (model.demand[k] * model.commodity[k].tolls_paid for k in model.COMMODITIES)
    model.revenue = pyo.Objective(expr=pyo.quicksum(paid), sense=pyo.maximize)
    return model


def choices(instance: NetworkPricingInstance, formulation: str = "auto", most_paths: int = MOST_PATHS) -> list[Choice]:
    """Return what is left for each commodity after preprocessing; those that never pay a toll are left out."""
    distances = Distances(instance)
    found = []
    for commodity in instance.commodities:
        most = 0 if formulation == "arc" else most_paths if formulation == "auto" else float("inf")
        paths = undominated(instance, commodity, distances, most) if most else None
        if paths is not None:
            choice = Choice(commodity, (), tuple(paths), largest(arc_bounds(paths)))
        else:
            arcs = useful_arcs(instance, commodity, distances)
            own = {arc.id: distances.toll_bound(commodity, arc) for arc in arcs if arc.tolled}
            choice = Choice(commodity, arcs, None, own)
        if choice.own:
            found.append(choice)
    return found


def useful_arcs(instance: NetworkPricingInstance, commodity: Commodity, distances: Distances) -> tuple[Arc, ...]:
    """Return the arcs that the commodity may need and that are on some way from its origin to its destination."""
    arcs = [arc for arc in instance.arcs if distances.useful(commodity, arc)]
    graph = nx.DiGraph([(arc.tail, arc.head) for arc in arcs])
    after = {commodity.origin} | nx.descendants(graph, commodity.origin)
    before = {commodity.destination} | nx.ancestors(graph, commodity.destination)
    return tuple(arc for arc in arcs if arc.tail in after and arc.head in before)


def _declare(block: Any, choice: Choice, toll: Any, most: Mapping[str, float], strengthen: bool) -> None:
    if choice.paths is None:
        declare_arcs(block, choice.commodity, choice.arcs, toll, most)
        if strengthen:
            offer_arcs(block, choice.commodity.origin, toll, choice.own)
    else:
        declare_paths(block, choice.paths, toll, most)
        if strengthen:
            offer_paths(block, choice.paths, toll)


def summary(model: pyo.ConcreteModel) -> dict[str, Any]:
    """The reported figures, from the values on a model of :func:`build`.

    Keys: revenue (money); tolls by arc; traffic by arc with a toll (units); and by commodity that may pay: cost (money
    per unit, with tolls), paid (of it tolls), arcs (share of the traffic by tolled arc).
    """
    tolls = {a: pyo.value(model.toll[a]) for a in model.TOLLED}
    traffic = dict.fromkeys(tolls, 0.0)
    commodities = {}
    for k in model.COMMODITIES:
        block = model.commodity[k]
        shares = {a: pyo.value(block.route.x[a]) for a in block.route.x if a in tolls}
        for a, share in shares.items():
            traffic[a] += model.demand[k] * share
        commodities[k] = {
            "cost": pyo.value(block.route.cost),
            "paid": pyo.value(block.tolls_paid),
            "arcs": {a: share for a, share in shares.items() if share > USED},
        }
    return {"revenue": pyo.value(model.revenue), "tolls": tolls, "traffic": traffic, "commodities": commodities}
