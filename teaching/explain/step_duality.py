"""Steps: the strong-duality equality, and where each product of two variables went."""

import re
from typing import Any

from pyomo.repn.quadratic import QuadraticRepnVisitor

from ...levels.duality_gap import duality_gaps
from ...levels.follower_form import VariableRecorder
from ...reformulations import LINEARIZATIONS
from ...reformulations.products import CUTS, Product
from ...reformulations.single_level import SingleLevel, map_of
from ...solvers.quadratic import is_positive_semidefinite
from .derivation import Derivation, FollowerView
from .document import Display, Grid, Item, Line, Step, paragraph
from .formula import Relation

_MOST = 12  # kinds of products that are listed
_NAMED = 3  # products that are named as reasons


def strong_duality(derivation: Derivation, single: Any) -> Step:
    """Show each follower's equality of primal and dual objective, and what became of the products in it."""
    single_map = map_of(single)
    items: list[Item] = [
        paragraph(
            "Multiplied by the variables and summed, stationarity gives primal minus dual objective = sum of "
            "multiplier × slack, which is never negative and 0 exactly at the follower's optima. So the pairs "
            "may be replaced by one row (constants on both sides are left out):"
        )
    ]
    for follower in derivation.followers:
        items += _of_follower(derivation, follower, single_map)
    items += [paragraph(_use(single)), *_products(derivation, single_map)]
    return Step("strong_duality", "strong_duality", "Strong duality, and the products", tuple(items))


def _of_follower(derivation: Derivation, follower: FollowerView, single_map: SingleLevel) -> list[Item]:
    primal, dual = (derivation.folder.one(side) for side in (follower.primal(), follower.dual()))
    statement = Relation((primal, dual), ("=",))
    items: list[Item] = [Display((Line(follower.name, statement),))]
    blocks = sum(1 for gap in duality_gaps(single_map.conditions) if gap.name.rpartition(".")[0] == follower.name)
    if blocks > 1:
        text = (
            f"`{follower.name}` separates into {blocks} blocks that share only the leader: the row holds for each of "
            "them (this is their sum), which is tighter."
        )
        items.append(paragraph(text))
    if follower.form.quadratic:
        items.append(paragraph(_curvature(derivation, follower, single_map)))
    return items


def _curvature(derivation: Derivation, follower: FollowerView, single_map: SingleLevel) -> str:
    """Say whether a QP follower's row is convex as an inequality: whoever is in its costs or sides makes products."""
    said = "The primal side is s ∇f(y)·y, for this objective is quadratic; with <= instead of = the row says the same. "
    products: list[str] = []
    for gap in duality_gaps(single_map.conditions):
        if gap.form is not follower.form:
            continue
        recorder = VariableRecorder()
        repn = QuadraticRepnVisitor({}, var_recorder=recorder).walk_expression(gap.expression)
        if repn.nonlinear is not None:
            return said + "It is not convex: products of three variables are in it."
        if repn.quadratic and not is_positive_semidefinite(repn.quadratic):
            own = {id(y) for y in gap.variables}
            products += [
                f"{_label(derivation, recorder.var_map[i])} × {_label(derivation, recorder.var_map[j])}"
                for i, j in repn.quadratic
                if not (i in own and j in own)
            ]
    if not products:
        return said + "It is convex here, as nobody else is in this follower's costs and right-hand sides."
    shown = ", ".join(dict.fromkeys(products[:_NAMED])) + (", ..." if len(products) > _NAMED else "")
    return said + f"It is not convex here, as others are in this follower's costs or right-hand sides: {shown}."


def _use(single: Any) -> str:
    if any(LINEARIZATIONS[made.step].equal_objectives for made in map_of(single).linearized):
        return "Here it replaces the complementarity pairs."
    if single.component(CUTS) is not None:
        rows = list(single.component(CUTS).rows.values())
        kept = sum(row.active for row in rows)
        return (
            f"Here the pairs stay. The row with <= is a cut for each block of an LP, where its products can be "
            f"linearised without many new ones: {kept} of {len(rows)} are added."
        )
    return "Here the pairs stay, and the row is not used."


def _products(derivation: Derivation, single_map: SingleLevel) -> list[Item]:
    if not single_map.products:
        return [paragraph("No product of two variables is in the single-level model's rows.")]
    kinds: dict[tuple[str, str, bool], list[Product]] = {}
    for made in single_map.products:
        key = (_label(derivation, made.first), _label(derivation, made.second), made.variable is not None)
        kinds.setdefault(key, []).append(made)
    rows = []
    for (first, second, linear), own in list(kinds.items())[:_MOST]:
        where = ", ".join(dict.fromkeys(f"`{_where(product.where)}`" for product in own))
        became = "a new variable w, exactly" if linear else f"stays: {_obstacle(own[0])}"
        rows.append((f"{first} × {second}", str(len(own)), where, became))
    note = "Products in the single-level model:"
    if any(linear for _, _, linear in kinds):
        note = (
            "Products in the single-level model. For a binary u and l <= v <= h, w = u v is, exactly, l u <= w <= h "
            "u and l (1 - u) <= v - w <= h (1 - u); bounded integers in binary digits; where rows say that some "
            "binaries sum to 1, the second pair is written once for all of them."
        )
    left = len(kinds) - _MOST
    more = [paragraph(f"... and {left} more kinds.")] if left > 0 else []
    return [paragraph(note), Grid(("product", "how many", "in", "became"), tuple(rows)), *more]


def _obstacle(product: Product) -> str:
    if product.first.is_continuous() and product.second.is_continuous():
        return "both factors are continuous"
    return product.reason


def _label(derivation: Derivation, variable: Any) -> str:
    name = derivation.names.known(variable)
    if name is None:  # of the step's own: a slack, a digit
        own = variable.parent_component().local_name
        return "binary digit" if own == "bit" else f"`{own}`"
    return f"{name.sign} of `{name.label}`" if name.head else f"`{name.label}`"


def _where(name: str) -> str:
    """Return what a component of the single-level model is called: "stationarity", "leader.objective"."""
    inside = re.sub(r"^followers\[.*?\]\.", "", name)
    if name.startswith(f"{CUTS}."):
        return "strong-duality cut"
    return inside.partition("[")[0].removeprefix("strong_duality.").replace("_", " ")
