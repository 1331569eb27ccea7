"""Ways to change a proof, most of which leave it none. Each takes a proof and a source of randomness, in place."""

import copy
import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from bilevolt.verification import replay

Data = dict[str, Any]
Mutation = Callable[[Data, random.Random], None]


def _used(data: Data) -> list[Data]:
    """Return the weights of all leaves and derived bounds."""
    found = [w for node in data["tree"] if node[0] == "leaf" for w in node[1].values() if isinstance(w, dict)]
    return found + [derived[3] for node in data["tree"] if node[0] == "bounds" for derived in node[1]]


def _weights(data: Data) -> list[list[Any]]:
    """Return all lists whose last item is a weight."""
    return [item for weights in _used(data) for name, items in weights.items() if name != "over" for item in items]


def _leaves(data: Data) -> list[int]:
    return [k for k, node in enumerate(data["tree"]) if node[0] == "leaf"]


def leaf_dropped(data: Data, draw: random.Random) -> None:
    """Leave a leaf out."""
    del data["tree"][draw.choice(_leaves(data))]


def leaf_copied(data: Data, draw: random.Random) -> None:
    """Write a leaf twice."""
    k = draw.choice(_leaves(data))
    data["tree"].insert(k, data["tree"][k])


def claim_raised(data: Data, draw: random.Random) -> None:
    """Claim more than the point attains."""
    sign = data["problem"]["leader"]["sense"]
    data["bound"] = str(Fraction(data["attained"]) + sign * Fraction(1, draw.choice((1, 10, 10**6, 10**15))))


def sign_flipped(data: Data, draw: random.Random) -> None:
    """Flip the sign of a weight."""
    item = draw.choice(_weights(data))
    item[-1] = str(-Fraction(item[-1]))


def weight_changed(data: Data, draw: random.Random) -> None:
    """Change a weight."""
    item = draw.choice(_weights(data))
    item[-1] = str(Fraction(item[-1]) * draw.choice((0, Fraction(1, 2), 2, Fraction(1001, 1000))))


def row_exchanged(data: Data, draw: random.Random) -> None:
    """Let a weight be another row's."""
    item = draw.choice([item for item in _weights(data) if len(item) == 2 and isinstance(item[0], int)])
    item[0] = draw.randrange(len(replay.derive(data["problem"]).rows))


def pair_relabelled(data: Data, draw: random.Random) -> None:
    """Split another pair."""
    node = draw.choice([node for node in data["tree"] if node[0] in ("pair", "split")])
    names = list(replay.derive(data["problem"]).pairs)
    node[:] = ["pair", draw.choice(names)]


def leaves_exchanged(data: Data, draw: random.Random) -> None:
    """Let two leaves change places."""
    a, b = draw.choice(_leaves(data)), draw.choice(_leaves(data))
    data["tree"][a], data["tree"][b] = data["tree"][b], data["tree"][a]


def bound_tightened(data: Data, draw: random.Random) -> None:
    """Claim a tighter bound than was derived."""
    derived = draw.choice([d for node in data["tree"] if node[0] == "bounds" for d in node[1]])
    derived[2] = str(Fraction(derived[2]) + (1 if derived[1] == "lower" else -1) * draw.choice((1, Fraction(1, 1024))))


def point_moved(data: Data, draw: random.Random) -> None:
    """Move one value of the point."""
    k = draw.randrange(len(data["point"]))
    data["point"][k] = str(Fraction(data["point"][k]) + Fraction(draw.choice((-1, 1)), draw.choice((1, 10**6, 10**20))))


def problem_changed(data: Data, draw: random.Random) -> None:
    """Flip a sign in a follower's problem."""
    follower = draw.choice(data["problem"]["followers"])
    body = draw.choice([follower["objective"], *(row[2] for row in follower["rows"])])
    if body:
        term = draw.choice(body)
        term[0] = str(-Fraction(term[0]))


def divisor_changed(data: Data, draw: random.Random) -> None:
    """Divide the weights of a leaf or a derived bound by another number."""
    weights = draw.choice(_used(data))
    weights["over"] = str(
        Fraction(weights.get("over", 1)) * draw.choice((-1, 0, Fraction(1, 2), 2, Fraction(999, 1000)))
    )


ALWAYS = (leaf_dropped, leaf_copied, claim_raised)  # never a proof
OFTEN = (
    divisor_changed,
    point_moved,
    sign_flipped,
    weight_changed,
    row_exchanged,
    pair_relabelled,
    leaves_exchanged,
    bound_tightened,
)


def mutants(proofs: dict[str, Data], mutate: Mutation, each: int) -> Iterator[tuple[str, Data]]:
    """Yield mutants, with the name of what they are mutants of; the same ones for the same proofs.

    :param each: so many of each proof, less those that the mutation left as they were.
    """
    draw = random.Random(mutate.__name__)
    for name, original in proofs.items():
        for _ in range(each):
            data = copy.deepcopy(original)
            try:
                mutate(data, draw)
            except IndexError:
                continue  # this proof has none of those
            if data != original:
                yield name, data
