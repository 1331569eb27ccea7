"""What can be done about a product that no step could make linear: it depends on what was in the way."""

import math
from collections.abc import Iterable
from typing import Any

from pyomo.common.collections import ComponentMap, ComponentSet
from pyomo.core import Constraint
from pyomo.core.base.var import VarData

from ..bounds.ranges import Ranges
from .products import LARGEST_EXPANSION, Product
from .registry import LINEARIZATIONS
from .single_level import SingleLevel

SHOWN = 5
ANOTHER = "solver='gurobi' or solver='scip'"


def refusal(left: list[Product], single_map: SingleLevel) -> str:
    """Say which product is in the way, why, and what to do.

    :param left: the products that are still in the model, one at least.
    """
    told = _Names(single_map)
    needs = {id(product): _missing(product, single_map.ranges) for product in left}
    crossed = [product for product in left if product.first is not product.second] or left
    hopeless = [p for p in crossed if needs[id(p)] is None]
    in_rows = [p for p in hopeless if p.where != "leader.objective"]
    if in_rows or len(hopeless) == len(crossed):
        worst = (in_rows or hopeless)[0]
        own = tuple(f"{name}." for name, step in LINEARIZATIONS.items() if step.own_products)
        others = all(p.where.startswith(own) for p in hopeless)
        instead = "reformulation='bigm' (with big_m=... where no M is proven), or " if others else ""
        return (
            f"the product {told.of(worst.first)}*{told.of(worst.second)} in {worst.where!r} (one of {len(left)}), "
            "which cannot be linearised exactly, as both factors are continuous. "
            f"Use {instead}{ANOTHER}."
        )
    product = next(p for p in crossed if needs[id(p)])
    unbounded = ComponentSet(v for p in left for v in needs[id(p)] or ())
    return (
        f"the product {told.of(product.first)}*{told.of(product.second)} in {product.where!r} (one of {len(left)}), "
        f"which cannot be linearised: {_reason(product)}. {told.remedy(unbounded)}; or use {ANOTHER}."
    )


def _reason(product: Product) -> str:
    """Return what was in the way, without what is no obstacle: the other factor may be continuous."""
    parts = [part for part in product.reason.split("; ") if not part.endswith(" is continuous")]
    return "; ".join(parts) or product.reason


def _missing(product: Product, ranges: Ranges) -> list[VarData] | None:
    """Return the factors that need bounds for the product to be linearised; None where bounds do not help."""
    ways = []
    for integer, other in ((product.first, product.second), (product.second, product.first)):
        if integer.is_continuous():
            continue
        lower, upper = integer.bounds
        wide = not integer.is_binary() and (lower is None or upper is None or upper - lower >= LARGEST_EXPANSION)
        endless = other is not integer and not all(map(math.isfinite, ranges.of_variable(other)))
        ways.append([integer] * wide + [other] * endless)
    return min(ways, key=len, default=None)


class _Names:
    """Variables of the single-level model in the user's names."""

    def __init__(self, single_map: SingleLevel) -> None:
        self._source: ComponentMap = ComponentMap(
            (multiplier, row.source)
            for _, row, several in single_map.conditions.multipliers()
            for multiplier in several.values()
        )
        self._bilevel = single_map.bilevel

    def of(self, variable: VarData) -> str:
        """Return a name for messages: a multiplier is the price of its row."""
        return f"price of {self._source[variable].name}" if variable in self._source else variable.name

    def remedy(self, variables: Iterable[VarData]) -> str:
        """Say how each of these gets bounds."""
        variables = list(variables)
        priced = [v for v in variables if v in self._source]
        own = [v for v in variables if v not in self._source]
        parts = []
        if own:
            whole = any(not v.is_continuous() for v in own)
            few = f" (integers: at most {LARGEST_EXPANSION} values)" * whole
            followers = any(v in self._bilevel.owner for v in own)
            stated = ", or where rows imply them bilevolt.state_bound(variable, lower, upper, reason)" * followers
            parts.append(f"Give {_first(v.name for v in own)} bounds: Var bounds{few}{stated}")
        if priced:
            sources = ComponentSet(self._source[v] for v in priced)
            rows = all(getattr(s, "ctype", None) is Constraint for s in sources)
            call = "row, -M, M, reason" if rows else "row_or_variable, -M, M, reason, price=True"
            parts.append(f"State the largest price of {_first(s.name for s in sources)}: bilevolt.state_bound({call})")
        return ". ".join(parts)


def _first(names: Iterable[Any]) -> str:
    names = list(names)
    return ", ".join(names[:SHOWN]) + f" and {len(names) - SHOWN} more" * (len(names) > SHOWN)
