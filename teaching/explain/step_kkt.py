"""Steps of the KKT transformation: Lagrangian, stationarity, feasibility, complementarity."""

from .derivation import Derivation, FollowerView, Written, with_index
from .document import Display, Grid, Item, Line, Step, paragraph
from .formula import ZERO, Formula, Name, Relation, Symbol
from .step_levels import prices


def steps(derivation: Derivation) -> tuple[Step, ...]:
    """Return the four steps."""
    return (_lagrangian(derivation), _stationarity(derivation), _feasibility(derivation), _complementarity(derivation))


def _lagrangian(derivation: Derivation) -> Step:
    items: list[Item] = [
        paragraph(
            "Every finite side of a row or bound gets a multiplier that is not negative (",
            _of("λ", "l"),
            " of the lower side of row i, ",
            _of("λ", "u"),
            " of its upper side), every equality a free one (",
            _of("ν"),
            "). Each multiplies its slack, and is subtracted:",
        )
    ]
    for follower in derivation.followers:
        if follower.sign < 0:
            text = f"`{follower.name}` maximises f: it is brought to min by -f."
            items.append(paragraph(text))
        formula = Relation((_name(follower), follower.lagrangian()), (":=",))
        items.append(Display((Line("", derivation.folder.one(formula)),)))
        items.append(_signs(derivation, follower))
    return Step("lagrangian", "kkt", "The follower's Lagrangian", tuple(items))


def _of(head: str, side: str = "") -> Symbol:
    return Symbol(Name("i", head, side))


def _name(follower: FollowerView) -> Symbol:
    return Symbol(Name(follower.name, "ℒ"))


def _signs(derivation: Derivation, follower: FollowerView) -> Grid:
    """Return the table row -> kind, shadow price in the follower's own sense."""
    kinds: dict[tuple[str, str], list[tuple[tuple[object, ...], Formula]]] = {}
    for written in follower.rows:
        price = follower.price(written)
        kinds.setdefault((written.label, _kind(written)), []).append((written.index, price))
    rows = [
        (f"`{with_index(label, folded.index)}`", kind, folded.statement, _sign(kind, follower.sign))
        for (label, kind), members in kinds.items()
        for folded in derivation.folder.family(members)
    ]
    return Grid(("row or bound", "kind", "shadow price", "sign of the price"), tuple(rows))


def _kind(written: Written) -> str:
    sides = "".join(written.sides)
    relation = {"lower": "≥", "upper": "≤", "lowerupper": "range", "equality": "="}.get(sides, "free")
    return f"bound {relation}" if written.row.is_bound else relation


def _sign(kind: str, sign: int) -> str:
    relation = kind.removeprefix("bound ")
    if relation in ("≥", "≤"):
        return "≥ 0" if (relation == "≥") == (sign > 0) else "≤ 0"
    return "of the active side" if relation == "range" else "any"


def _stationarity(derivation: Derivation) -> Step:
    linear = not any(follower.form.quadratic for follower in derivation.followers)
    aside = " (dual feasibility of an LP)" if linear else ""
    text = f"The derivative of the Lagrangian by each variable of the follower is 0{aside}:"
    items: list[Item] = [paragraph(text)]
    for follower in derivation.followers:
        rows = [
            (y.name.label, y.index, Relation((slope, ZERO), ("=",))) for y, slope in follower.stationarity().items()
        ]
        items += derivation.display(rows)
    return Step("stationarity", "kkt", "Stationarity, variable by variable", tuple(items))


def _feasibility(derivation: Derivation) -> Step:
    equal = [written for follower in derivation.followers for written in follower.rows if written.row.equality]
    primal = [(row.label, row.index, Relation((row.slack("equality"), ZERO), ("=",))) for row in equal]
    dual = [
        (f"{written.label}, {side}", written.index, Relation((multiplier, ZERO), (">=",)))
        for written, side, multiplier in derivation.pairs()
    ]
    equalities = ", and its equalities:" if primal else "."
    text = f"Primal: the follower's inequalities and bounds hold (their slacks are in the next step){equalities}"
    items: list[Item] = [
        paragraph(text),
        *derivation.display(primal),
        paragraph("Dual: multipliers of inequalities are not negative" + _free([row.label for row in equal])),
        *derivation.display(dual),
    ]
    return Step("feasibility", "kkt", "Primal and dual feasibility", tuple(items))


def _free(labels: list[str]) -> str:
    names = ", ".join(f"`{label}`" for label in dict.fromkeys(labels))
    return f"; those of the equalities {names} are free." if labels else "."


def _complementarity(derivation: Derivation) -> Step:
    members = [
        (
            f"{written.label}, {side}",
            written.index,
            Relation((ZERO, multiplier, written.slack(side), ZERO), ("<=", "⟂", ">=")),
        )
        for written, side, multiplier in derivation.pairs()
    ]
    text = f"Of each multiplier and its slack, one is 0 ({len(members)} pairs); where a slack is 0 the row is active:"
    items: list[Item] = [
        paragraph(text),
        *derivation.display(members),
        paragraph(
            "With stationarity and feasibility, this is necessary and sufficient for the follower's optimum: its "
            "rows are linear, so that no constraint qualification is needed, and its objective is convex when "
            "brought to min."
        ),
    ]
    priced = derivation.display(prices(derivation))
    if priced:
        items += [paragraph("In the leader's rows, each price becomes what it is in multipliers:"), *priced]
    return Step("complementarity", "kkt", "Complementarity", tuple(items))
