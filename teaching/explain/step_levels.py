"""Step: the two levels as written."""

from pyomo.core import minimize

from .derivation import Derivation, FollowerView, Member, counted
from .document import Display, Item, Line, Step, paragraph
from .formula import Formula, Relation, Words
from .reading import read


def levels(derivation: Derivation) -> Step:
    """Show leader, followers, and the named expressions in them."""
    items = [*_leader(derivation)]
    for follower in derivation.followers:
        items += _follower(derivation, follower)
    definitions = derivation.display(derivation.definitions())
    if definitions:
        items += [paragraph("Named expressions:"), *definitions]
    return Step("levels", "levels", "The two levels as written", tuple(items))


def _leader(derivation: Derivation) -> list[Item]:
    leader, names = derivation.bilevel.leader, derivation.names
    sense = "min" if leader.objective.sense == minimize else "max"
    objective = Words(sense, (read(leader.objective.expr, names),))
    own = counted([names.of(x) for x in leader.variables])
    members = [derivation.constraint(c) for c in leader.constraints] + [derivation.domain(x) for x in leader.variables]
    items: list[Item] = [
        paragraph(f"The leader decides {own} and {'minimises' if sense == 'min' else 'maximises'}"),
        _display(derivation, leader.objective, objective, members),
    ]
    if leader.sos:
        items.append(paragraph(f"and has {len(leader.sos)} special ordered sets, which stay as they are."))
    if leader.prices:
        items.append(
            paragraph(
                "In it, π is `dual_of`: the shadow price of a follower's row, which is the change of the "
                "follower's optimal objective per unit of the row's right-hand side."
            )
        )
    return items


def _follower(derivation: Derivation, follower: FollowerView) -> list[Item]:
    names, level = derivation.names, follower.form.follower
    sense = "min" if follower.sign > 0 else "max"
    given = [names.of(x) for x in level.given]
    members = [derivation.constraint(c) for c in level.constraints] + [derivation.domain(y) for y in level.variables]
    return [
        paragraph(
            f"The follower `{level.name}` takes {counted(given)} as given, decides {counted(follower.variables)} "
            f"and {'minimises' if sense == 'min' else 'maximises'}"
        ),
        _display(derivation, level.objective, Words(sense, (follower.objective,)), members),
    ]


def _display(derivation: Derivation, objective: object, formula: Formula, members: list[Member]) -> Display:
    name = getattr(objective, "local_name", "objective")
    return Display((Line(name, derivation.folder.one(formula)), *derivation.lines(members)))


def prices(derivation: Derivation) -> list[Member]:
    """Return what each ``dual_of`` variable becomes."""
    used = {id(source) for source in derivation.bilevel.leader.prices.values()}
    return [
        (
            written.label,
            written.index,
            Relation((derivation.names.of_row(written.row.source, "π"), follower.price(written)), ("=",)),
        )
        for follower in derivation.followers
        for written in follower.rows
        if id(written.row.source) in used
    ]
