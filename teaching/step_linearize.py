"""Step: how complementarity is made linear, with every M and why it is valid."""

from collections.abc import Callable, Sequence

from ..bounds.ranges import Bound, Proof
from ..reformulations.mapping import Linearized, SingleLevelMap
from .derivation import Derivation, Member, binary, one_minus
from .document import Display, Grid, Item, Line, Paragraph, Step
from .formula import ZERO, Formula, Number, Product, Relation, Symbol, Words, multiply
from .printer import plain_number
from .reading import multiplier as symbol_of
from .reading import slack

_MOST_REASONS = 2
Pieces = list[tuple[str, Formula]]  # what is added to the label, statement

_INTRODUCTION = {
    "bigm": (
        "A binary z for each pair says which of the two may be nonzero. The rows are exact if and only if every M is "
        "valid, that is, if some optimal solution respects them all."
    ),
    "sos1": (
        "At most one member of a special ordered set of type 1 is nonzero: exact, without any M. Where bounds of both "
        "are proven, multiplier/bound + slack/bound <= 1 is added as a cut."
    ),
    "indicator": "A binary z for each pair switches one of two rows on: exact, without any M.",
    "product": "Complementarity as it reads, a product for each pair: exact, for a solver of nonconvex problems.",
    "branch": "A search sets one member of a pair to zero in either branch: exact, without any M.",
    "strong_duality": "One row that says that primal and dual objective are equal replaces all pairs (next step).",
}


def linearize(derivation: Derivation, single_map: SingleLevelMap, why: str, objective: Formula) -> Step:
    """Show what the chosen reformulation made of each pair.

    :param why: how it was chosen.
    :param objective: the leader's, after the step ``revenue``.
    """
    items: list[Item] = [Paragraph((why,))] if why else []
    by_step: dict[str, list[Linearized]] = {}
    for made in single_map.linearized:
        by_step.setdefault(made.step, []).append(made)
    for step, own in by_step.items():
        items.append(Paragraph((f"`{step}`, {len(own)} pairs. {_INTRODUCTION.get(step, '')}",)))
        items += derivation.display([member for one in own for member in _members(derivation, one)])
    if "bigm" in by_step:
        items.append(_bounds(derivation, by_step["bigm"]))
    items += _imposed(derivation, single_map)
    if any(bound.proof is not Proof.proven for bound in _all_bounds(single_map)):
        items.append(Paragraph(("An answer that sits on an M which is not proven is not called optimal.",)))
    items += _revenue(derivation, single_map, objective)
    items += _offered(derivation, single_map)
    if not by_step:
        items.append(Paragraph(("Complementarity is left as it is (an MPCC), or there is none.",)))
    return Step("linearize", "linearize", "Complementarity made linear", tuple(items))


def _members(derivation: Derivation, made: Linearized) -> list[Member]:
    pair, names = made.pair, derivation.names
    label, index = names.row_label(pair.row.source)
    dual = symbol_of(pair.row, pair.side, names)
    primal = slack(pair.row, pair.side, names)
    make = _STATEMENTS.get(made.step)
    pieces = make(derivation, made, dual, primal) if make else []
    return [(f"{label}, {pair.side}{suffix}", index, statement) for suffix, statement in pieces]


def _of_pair(derivation: Derivation, made: Linearized, head: str) -> Symbol:
    return derivation.names.of_row(made.pair.row.source, head, made.pair.side)


def _bigm(derivation: Derivation, made: Linearized, dual: Symbol, primal: Formula) -> Pieces:
    z = _of_pair(derivation, made, "z")
    assert made.multiplier_m is not None and made.slack_m is not None  # what the step bigm records
    above = Product((Number(made.multiplier_m.value, "M"), one_minus(z)))  # also where M is 0
    below = Product((Number(made.slack_m.value, "M"), z))
    return [
        (", multiplier", Relation((dual, above), ("<=",))),
        (", slack", Relation((primal, below), ("<=",))),
        (", binary", binary(z)),
    ]


def _sos1(derivation: Derivation, made: Linearized, dual: Symbol, primal: Formula) -> Pieces:
    if isinstance(primal, Symbol):  # a bound at 0: the variable is its own slack
        return [("", Words("SOS1", (dual, primal)))]
    s = _of_pair(derivation, made, "s")
    definition = Relation((s, primal, ZERO), ("=", ">="))
    return [(", slack", definition), ("", Words("SOS1", (dual, s)))]


def _indicator(derivation: Derivation, made: Linearized, dual: Symbol, primal: Formula) -> Pieces:
    z = _of_pair(derivation, made, "z")
    return [
        (", multiplier", Relation((z, Number(1.0), dual, ZERO), ("=", "=>", "<="))),
        (", slack", Relation((z, ZERO, primal, ZERO), ("=", "=>", "<="))),
        (", binary", binary(z)),
    ]


def _product(derivation: Derivation, made: Linearized, dual: Symbol, primal: Formula) -> Pieces:
    s = _of_pair(derivation, made, "s")
    return [
        (", slack", Relation((s, primal, ZERO), ("=", ">="))),
        ("", Relation((multiply((dual, s)), ZERO), ("<=",))),
    ]


_STATEMENTS: dict[str, Callable[[Derivation, Linearized, Symbol, Formula], Pieces]] = {
    "bigm": _bigm,
    "sos1": _sos1,
    "indicator": _indicator,
    "product": _product,
    "branch": _product,
}


def _bounds(derivation: Derivation, made: Sequence[Linearized]) -> Grid:
    """Return the table of Ms: value, class of proof and reason, family by family."""
    families: dict[tuple[str, str], list[Linearized]] = {}
    for one in made:
        label, _ = derivation.names.row_label(one.pair.row.source)
        families.setdefault((label, one.pair.side), []).append(one)
    rows = []
    for (label, side), own in families.items():
        for what, bounds in (
            ("multiplier", [one.multiplier_m for one in own]),
            ("slack", [one.slack_m for one in own]),
        ):
            known = [bound for bound in bounds if bound is not None]
            rows.append((f"{what} of `{label}`, {side}{_times(own)}", *_described(known)))
    return Grid(("M of the", "M", "class", "why it is valid"), tuple(rows))


def _imposed(derivation: Derivation, single_map: SingleLevelMap) -> list[Item]:
    """Return the table of the bounds on multipliers that no big-M row shows: of equalities, and of other steps."""
    shown = {id(made.pair.multiplier) for made in single_map.linearized if made.step == "bigm"}
    families: dict[str, list[Bound]] = {}
    for multiplier, bound in single_map.multiplier_bounds.items():
        if id(multiplier) not in shown:
            name = derivation.names.of(multiplier).name
            what = f"{name.head}{'^' + name.side if name.side else ''} of `{name.label}`"
            families.setdefault(what, []).append(bound)
    if not families:
        return []
    rows = tuple((f"{what}{_times(bounds)}", *_described(bounds)) for what, bounds in families.items())
    text = "Bounds on the absolute values of other multipliers, which products and cuts use:"
    return [Paragraph((text,)), Grid(("multiplier", "bound", "class", "why it is valid"), rows)]


def _times(members: Sequence[object]) -> str:
    return f" ({len(members)})" if len(members) > 1 else ""


def _described(bounds: Sequence[Bound]) -> tuple[str, str, str]:
    numbers = sorted({bound.value for bound in bounds})
    shown = plain_number(numbers[0])
    if len(numbers) > 1:
        shown += f" to {plain_number(numbers[-1])}"
    classes = ", ".join(sorted({_class(bound.proof) for bound in bounds}))
    reasons = list(dict.fromkeys(bound.reason for bound in bounds))
    left = len(reasons) - _MOST_REASONS
    why = "; ".join(reasons[:_MOST_REASONS]) + (f"; ... and {left} more like these" if left > 0 else "")
    return shown, classes, why


def _all_bounds(single_map: SingleLevelMap) -> list[Bound]:
    of_slack = [made.slack_m for made in single_map.linearized if made.slack_m is not None]
    return [*single_map.multiplier_bounds.values(), *of_slack]


def _class(proof: Proof) -> str:
    return {Proof.proven: "proven", Proof.user: "given, not proven"}.get(proof, "given, below what is proven")


def _offered(derivation: Derivation, single_map: SingleLevelMap) -> list[Item]:
    """Say which valid inequalities of the model were added."""
    if "offered" not in single_map.steps:
        return []
    blocks = "; ".join(
        f"`{block.name}`, {len(block.constraints)} rows ({block.reason or 'no reason is given'})"
        for block in derivation.bilevel.offered
    )
    return [Paragraph((f"Valid inequalities that the model offers are added: {blocks}.",))]


def _revenue(derivation: Derivation, single_map: SingleLevelMap, objective: Formula) -> list[Item]:
    """Say that the leader's revenue was replaced, and by what."""
    if "revenue" not in single_map.steps:
        return []
    return [
        Paragraph(
            (
                "The leader's revenue, a product of its prices and the follower's continuous variables, is replaced "
                "in the leader's objective by the dual objective (strong duality), which has no such product. The "
                "objective is now",
            )
        ),
        Display((Line("objective", derivation.folder.one(objective)),)),
    ]
