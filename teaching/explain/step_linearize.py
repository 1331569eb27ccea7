"""Step: how complementarity is made linear, with every M and why it is valid."""

from collections.abc import Sequence
from typing import Any

from ...bounds.ranges import Bound, Proof
from ...reformulations import LINEARIZATIONS
from ...reformulations.single_level import Linearized, Pair, SingleLevel
from .derivation import Derivation, Member, binary, one_minus
from .document import Display, Grid, Item, Line, Step, paragraph
from .formula import Formula, Number, Product, Relation, Symbol, Words
from .printer import plain_number
from .reading import multiplier as symbol_of
from .reading import slack

_MOST_REASONS = 2


def linearize(derivation: Derivation, single_map: SingleLevel, why: str, objective: Formula) -> Step:
    """Show what the chosen reformulation made of each pair.

    :param why: how it was chosen.
    :param objective: the leader's, after the step ``revenue``.
    """
    items: list[Item] = [paragraph(why)] if why else []
    by_step: dict[str, list[Linearized]] = {}
    for made in single_map.linearized:
        by_step.setdefault(made.step, []).append(made)
    for step, own in by_step.items():
        items.append(paragraph(f"`{step}`, {len(own)} pairs. {LINEARIZATIONS[step].about}"))
        items += derivation.display([member for one in own for member in _members(derivation, one)])
    with_ms = [made for made in single_map.linearized if made.multiplier_m is not None]
    if with_ms:
        items.append(_bounds(derivation, with_ms))
    items += _imposed(derivation, single_map)
    if any(bound.proof is not Proof.proven for bound in _all_bounds(single_map)):
        items.append(paragraph("An answer that sits on an M which is not proven is not called optimal."))
    items += _revenue(derivation, single_map, objective)
    items += _offered(derivation, single_map)
    if not by_step:
        items.append(paragraph("Complementarity is left as it is (an MPCC), or there is none."))
    return Step("linearize", "linearize", "Complementarity made linear", tuple(items))


def _members(derivation: Derivation, made: Linearized) -> list[Member]:
    pair, names = made.pair, derivation.names
    label, index = names.row_label(pair.row.source)
    pieces = LINEARIZATIONS[made.step].formulas(made, _Notation(derivation, pair))
    return [(f"{label}, {pair.side}{suffix}", index, statement) for suffix, statement in pieces]


class _Notation:
    """What a step says of a pair, as formulas of the derivation."""

    def __init__(self, derivation: Derivation, pair: Pair) -> None:
        self._names, self._pair = derivation.names, pair
        self.multiplier = symbol_of(pair.row, pair.side, derivation.names)
        self.slack = slack(pair.row, pair.side, derivation.names)
        self.slack_is_variable = isinstance(self.slack, Symbol)

    def symbol(self, head: str) -> Symbol:
        return self._names.of_row(self._pair.row.source, head, self._pair.side)

    number, one_minus, binary = staticmethod(Number), staticmethod(one_minus), staticmethod(binary)

    def times(self, *factors: Formula) -> Formula:
        return Product(factors)

    def relation(self, *parts: Any) -> Formula:
        return Relation(parts[::2], parts[1::2])

    def words(self, text: str, *arguments: Formula) -> Formula:
        return Words(text, arguments)


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


def _imposed(derivation: Derivation, single_map: SingleLevel) -> list[Item]:
    """Return the table of the bounds on multipliers that no big-M row shows: of equalities, and of other steps."""
    shown = {id(made.pair.multiplier) for made in single_map.linearized if made.multiplier_m is not None}
    families: dict[str, list[Bound]] = {}
    for multiplier, bound in single_map.ranges.imposed.items():
        if id(multiplier) not in shown:
            name = derivation.names.of(multiplier).name
            what = f"{name.head}{'^' + name.side if name.side else ''} of `{name.label}`"
            families.setdefault(what, []).append(bound)
    if not families:
        return []
    rows = tuple((f"{what}{_times(bounds)}", *_described(bounds)) for what, bounds in families.items())
    text = "Bounds on the absolute values of other multipliers, which products and cuts use:"
    return [paragraph(text), Grid(("multiplier", "bound", "class", "why it is valid"), rows)]


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


def _all_bounds(single_map: SingleLevel) -> list[Bound]:
    of_slack = [made.slack_m for made in single_map.linearized if made.slack_m is not None]
    return [*single_map.ranges.imposed.values(), *of_slack]


def _class(proof: Proof) -> str:
    return {Proof.proven: "proven", Proof.user: "given, not proven"}.get(proof, "given, below what is proven")


def _offered(derivation: Derivation, single_map: SingleLevel) -> list[Item]:
    """Say which valid inequalities of the model were added."""
    if not single_map.user_cuts:
        return []
    blocks = "; ".join(
        f"`{block.name}`, {len(block.constraints)} rows ({block.reason or 'no reason is given'})"
        for block in single_map.user_cuts
    )
    return [paragraph(f"Valid inequalities that the model offers are added: {blocks}.")]


def _revenue(derivation: Derivation, single_map: SingleLevel, objective: Formula) -> list[Item]:
    """Say that the leader's revenue was replaced, and by what."""
    if not single_map.by_duality:
        return []
    return [
        paragraph(
            "The leader's revenue, a product of its prices and the follower's continuous variables, is replaced "
            "in the leader's objective by the dual objective (strong duality), which has no such product. The "
            "objective is now"
        ),
        Display((Line("objective", derivation.folder.one(objective)),)),
    ]
