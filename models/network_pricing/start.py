"""A start for the exact solver: tolls, and the ways that the commodities take at them, on a model's variables."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pyomo.environ as pyo

from ...instances.network_pricing import NetworkPricingInstance
from .reaction import routes, shaded


def put_start(model: pyo.ConcreteModel, instance: NetworkPricingInstance, tolls: Mapping[str, float]) -> None:
    """Put tolls and ways on a model of :func:`build`, for ``solve(model, warm_start=True)``.

    The tolls are lowered by a millionth, so that no tie is left to rounding (:mod:`.reaction`).

    :param tolls: by arc id, 0 if not named; those above the model's bounds are lowered to them.
    """
    chosen = shaded({a: min(float(tolls.get(a, 0.0)), model.toll[a].ub) for a in model.TOLLED})
    for a in model.TOLLED:
        model.toll[a].set_value(chosen[a])
    found = routes(instance, chosen, number=float)
    for k in model.COMMODITIES:
        block = model.commodity[k]
        way = list(found[k].arcs)
        if hasattr(block, "PATHS"):
            way = _over_paths(block, chosen)
        for a, variable in block.route.x.items():
            variable.set_value(float(a in way))
        if hasattr(block, "single_way"):
            for a, binary in block.single_way.u.items():
                binary.set_value(int(a in way))


def _over_paths(block: Any, tolls: Mapping[str, float]) -> list[str]:
    """Choose the cheapest of the listed ways; return its tolled arcs."""
    over: dict[int, list[str]] = defaultdict(list)
    for p, a in block.OVER:
        over[p].append(a)
    best = min(block.PATHS, key=lambda p: block.path_cost[p] + sum(tolls[a] for a in over[p]))
    for p in block.PATHS:
        block.route.z[p].set_value(float(p == best))
    return over[best]
