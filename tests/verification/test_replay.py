"""The checker of proofs: what it derives, what it accepts, and that a changed proof is rejected with the reason."""

import copy
import json
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from bilevolt import prove
from bilevolt.models import random_bilevel, textbook
from bilevolt.solution import Solution
from bilevolt.solvers.status import Status
from bilevolt.verification import replay
from bilevolt.verification.replay import RejectedError

Data = dict[str, Any]
# Ranges, equalities, integers, products with binaries, QP followers, a convex and a nonconvex leader.
PROBLEMS = (
    "anandalingam_white_range",
    "dtmp_74",
    "pao2",
    "bialas_karwan_1984b",
    "own_capacity_rent",
    "bard_1988_1",
    "siddiqui_gabriel_min",
)
MUTATIONS = 16  # of each kind and proof


@pytest.fixture(scope="module")
def proofs() -> dict[str, Data]:
    found = {name: prove(textbook.build(name)).data for name in PROBLEMS}
    model = random_bilevel.build(2, 10)
    return found | {"random": prove(model).data}


def minimal() -> Data:
    """min x - y, 0 <= x <= 4; the follower: min y, y >= x / 2. So y = x / 2, and F* = 0 at x = 0."""
    variables = [["x", 0, 4, False], ["L.y", None, None, False]]
    row = ["L.least", 0, [[1, 1], ["-1/2", 0]], None]
    follower = {"name": "L", "sense": 1, "variables": [1], "objective": [[1, 1]], "rows": [row]}
    leader = {"sense": 1, "objective": [[1, 0], [-1, 1]], "rows": []}
    problem = {"name": "small", "variables": variables, "leader": leader, "followers": [follower]}
    # Columns 2 and 3: multiplier and slack. Rows: slack, stationarity, strong duality.
    closed = ["leaf", {"bound": {"rows": [[0, -1]]}}]
    empty = ["leaf", {"empty": {"rows": [[1, -1]]}}]
    return {
        "format": replay.FORMAT,
        "problem": problem | {"prices": [], "assumed": []},
        "bound": 0,
        "point": [0, 0, 1, 0],
        "attained": 0,
        "violation": 0,
        "tree": [["pair", "L.least.lower"], empty, closed],
    }


def test_the_kkt_conditions_of_a_small_problem() -> None:
    system = replay.derive(minimal()["problem"])
    half, one = Fraction(1, 2), Fraction(1)
    assert system.names == ["x", "L.y", "multiplier of L.least.lower", "slack of L.least.lower"]
    assert [(name, {m: a for m, a in body.items() if a}) for name, body, _, _ in system.rows] == [
        ("slack of L.least.lower", {(1,): one, (0,): -half, (3,): -one}),
        ("stationarity of L.y", {(): one, (2,): -one}),
        ("strong duality of L.y", {(1,): one, (0, 2): -half}),
    ]
    assert system.pairs == {"L.least.lower": (2, 3)} and system.zero == {(2, 3)}


def test_a_proof_by_hand() -> None:
    result = replay.replay(minimal())
    assert (result["bound"], result["attained"], result["gap"], result["leaves"]) == (0, 0, 0, 2)
    assert "every bilevel feasible point has F >= 0" in result["theorem"]


def _set(*path: Any, to: Any) -> Callable[[Data], None]:
    def change(data: Data) -> None:
        place: Any = data
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to

    return change


def _priced(row: str) -> Callable[[Data], None]:
    def change(data: Data) -> None:
        data["problem"]["variables"].append(["p", None, None, False])
        data["problem"]["prices"].append([2, row])

    return change


FOLLOWER = ("problem", "followers", 0)
BY_HAND: list[tuple[str, Callable[[Data], None], str]] = [
    (
        "claim raised",
        _set("bound", to="1/10"),
        r"at slack of L.least.lower = 0: the weights prove 0 .* below the claim",
    ),
    ("leaf dropped", lambda d: d["tree"].pop(), "at slack of L.least.lower = 0: the tree ends"),
    ("leaf too many", lambda d: d["tree"].append(d["tree"][-1]), "more nodes than its branchings"),
    ("no pair", _set("tree", 0, 1, to="L.most"), "'L.most' is no pair"),
    ("no branching", _set("tree", 0, 0, to="halve"), "a node is a 'halve'"),
    ("leaves swapped", lambda d: d["tree"].append(d["tree"].pop(1)), "at multiplier of L.least.lower = 0: "),
    ("weight dropped", _set("tree", 2, 1, "bound", "rows", to=[]), "uses the upper bound of 'L.y', which has none"),
    ("sign flipped", _set("tree", 2, 1, "bound", "rows", to=[[0, 1]]), "which has none"),
    ("empty is not", _set("tree", 1, 1, to={"empty": {}}), "prove 0 >= 0, which is no contradiction"),
    ("closed by nothing", _set("tree", 1, 1, to={"clear": {}}), "closes nothing"),
    ("closed twice", _set("tree", 1, 1, to={"empty": {}, "bound": {}}), "in one way"),
    ("unknown weights", _set("tree", 1, 1, to={"empty": {"miracles": []}}), "weights of"),
    ("no row", _set("tree", 2, 1, "bound", "rows", to=[[-1, -1]]), "row -1 is none"),
    ("no bound", _set("tree", 1, 1, to={"empty": {"corners": [[0, "lower", 1, "lower", 1]]}}), "which has none here"),
    ("negative corner", _set("tree", 1, 1, to={"empty": {"corners": [[0, "lower", 0, "lower", -1]]}}), "negative"),
    ("negative square", _set("tree", 1, 1, to={"empty": {"squares": [[[[1, 0]], -1]]}}), "negative"),
    (
        "no equality",
        _set("tree", 1, 1, to={"empty": {"multiples": [[3, 0, 1]]}}),
        "'claim' is multiplied .* no equality",
    ),
    ("not tied", _set("tree", 1, 1, to={"empty": {"ties": [[0, 1, 1]]}}), "has more than one"),
    ("not crossed", _set("tree", 1, 1, to={"crossed": "x"}), "'x' has a value here"),
    ("point moved", _set("point", 0, to=1), "the point violates .* by 1/2, not 0"),
    ("multiplier moved", _set("point", 2, to=2), "the point violates row 'stationarity of L.y' by 1"),
    ("value misstated", _set("attained", to=-1), "the point attains 0, not"),
    ("point too short", lambda d: d["point"].pop(), "one value for each column"),
    ("below its own point", _set("bound", to=None), "a leaf is 'bound'"),
    ("a float", _set("point", 0, to=0.0), "0.0 is no exact number"),
    ("a division by zero", _set("point", 0, to="1/0"), "malformed: ZeroDivisionError"),
    ("not convex", _set(*FOLLOWER, "objective", to=[[-1, 1, 1]]), "follower 'L' is not convex"),
    ("not quadratic", _set(*FOLLOWER, "objective", to=[[1, 0, 1, 1]]), "constant Hessian"),
    ("row not linear", _set(*FOLLOWER, "rows", 0, 2, to=[[1, 1, 1]]), "is not linear"),
    ("integer follower", _set("problem", "variables", 1, 3, to=True), "is an integer"),
    ("stranger's variable", _set(*FOLLOWER, "variables", to=[1, 7]), "is not its own"),
    ("stranger's column", _set(*FOLLOWER, "objective", to=[[1, -1]]), "are no columns"),
    ("a sense that is none", _set(*FOLLOWER, "sense", to=2), "sense is neither"),
    ("two of one name", _set("problem", "variables", 1, 0, to="x"), "two columns"),
    ("price of nothing", _priced("L.most"), "'p' is the price of 'L.most', which has none"),
    ("another format", _set("format", to="none"), "format"),
    ("a part is missing", lambda d: d.pop("tree"), "malformed: KeyError: 'tree'"),
]


@pytest.mark.parametrize("change, reason", [c[1:] for c in BY_HAND], ids=[c[0] for c in BY_HAND])
def test_a_changed_proof_is_rejected_with_the_reason(change: Callable[[Data], None], reason: str) -> None:
    data = minimal()
    change(data)
    with pytest.raises(RejectedError, match=reason):
        replay.replay(data)


def test_the_convexity_of_a_quadratic_is_exact() -> None:
    own, one = [0, 1], {(): Fraction(1)}
    for off, convex in ((Fraction(1), True), (1 + Fraction(1, 10**30), False)):
        hessian = {(0, 0): one, (1, 1): one, (0, 1): {(): off}, (1, 0): {(): off}}
        if convex:
            replay.require_convex(hessian, own, "it")
        else:
            with pytest.raises(RejectedError, match="not convex"):
                replay.require_convex(hessian, own, "it")


def test_bounds_of_a_branch_do_not_reach_its_sibling() -> None:
    data = minimal()
    # In the left branch, which is empty, anything can be derived: x >= 100. The right one has the box of the root.
    derived = ["bounds", [[0, "lower", 100, {"rows": [[1, -100]]}]]]
    crossed = ["leaf", {"crossed": "x"}]
    data["tree"] = [data["tree"][0], derived, crossed, crossed]
    with pytest.raises(RejectedError, match=r"at slack of L.least.lower = 0: 'x' has a value here"):
        replay.replay(data)
    data["tree"][-1] = minimal()["tree"][-1]
    assert replay.replay(data)["leaves"] == 2


@pytest.mark.parametrize("name", [*PROBLEMS, "random"])
def test_what_is_made_is_accepted(name: str, proofs: dict[str, Data]) -> None:
    result = replay.replay(proofs[name])
    assert result["violation"] == 0 and 0 <= result["gap"] <= Fraction(1, 10**4)


def _weights(data: Data) -> list[list[Any]]:
    """All lists whose last item is a weight that a leaf or a derived bound uses."""
    found = [w for node in data["tree"] if node[0] == "leaf" for w in node[1].values() if isinstance(w, dict)]
    found += [derived[3] for node in data["tree"] if node[0] == "bounds" for derived in node[1]]
    return [item for weights in found for items in weights.values() for item in items]


def _leaves(data: Data) -> list[int]:
    return [k for k, node in enumerate(data["tree"]) if node[0] == "leaf"]


def leaf_dropped(data: Data, draw: random.Random) -> None:
    del data["tree"][draw.choice(_leaves(data))]


def leaf_copied(data: Data, draw: random.Random) -> None:
    k = draw.choice(_leaves(data))
    data["tree"].insert(k, data["tree"][k])


def claim_raised(data: Data, draw: random.Random) -> None:
    sign = data["problem"]["leader"]["sense"]
    data["bound"] = str(Fraction(data["attained"]) + sign * Fraction(1, draw.choice((1, 10, 10**6, 10**15))))


def sign_flipped(data: Data, draw: random.Random) -> None:
    item = draw.choice(_weights(data))
    item[-1] = str(-Fraction(item[-1]))


def weight_changed(data: Data, draw: random.Random) -> None:
    item = draw.choice(_weights(data))
    item[-1] = str(Fraction(item[-1]) * draw.choice((0, Fraction(1, 2), 2, Fraction(1001, 1000))))


def row_exchanged(data: Data, draw: random.Random) -> None:
    item = draw.choice([item for item in _weights(data) if len(item) == 2 and isinstance(item[0], int)])
    item[0] = draw.randrange(len(replay.derive(data["problem"]).rows))


def pair_relabelled(data: Data, draw: random.Random) -> None:
    node = draw.choice([node for node in data["tree"] if node[0] in ("pair", "split")])
    names = list(replay.derive(data["problem"]).pairs)
    node[:] = ["pair", draw.choice(names)]


def leaves_exchanged(data: Data, draw: random.Random) -> None:
    a, b = draw.choice(_leaves(data)), draw.choice(_leaves(data))
    data["tree"][a], data["tree"][b] = data["tree"][b], data["tree"][a]


def bound_tightened(data: Data, draw: random.Random) -> None:
    derived = draw.choice([d for node in data["tree"] if node[0] == "bounds" for d in node[1]])
    derived[2] = str(Fraction(derived[2]) + (1 if derived[1] == "lower" else -1) * draw.choice((1, Fraction(1, 1024))))


def point_moved(data: Data, draw: random.Random) -> None:
    k = draw.randrange(len(data["point"]))
    data["point"][k] = str(Fraction(data["point"][k]) + Fraction(draw.choice((-1, 1)), draw.choice((1, 10**6, 10**20))))


def problem_changed(data: Data, draw: random.Random) -> None:
    follower = draw.choice(data["problem"]["followers"])
    body = draw.choice([follower["objective"], *(row[2] for row in follower["rows"])])
    if body:
        term = draw.choice(body)
        term[0] = str(-Fraction(term[0]))


ALWAYS = (leaf_dropped, leaf_copied, claim_raised)  # never a proof
OFTEN = (sign_flipped, weight_changed, row_exchanged, pair_relabelled, leaves_exchanged, bound_tightened, point_moved)


def mutants(proofs: dict[str, Data], mutate: Callable[[Data, random.Random], None]) -> Iterator[Data]:
    draw = random.Random(mutate.__name__)
    for name, original in proofs.items():
        for _ in range(MUTATIONS):
            data = copy.deepcopy(original)
            try:
                mutate(data, draw)
            except IndexError:
                continue  # this proof has none of those
            if data != original:
                yield data | {"mutant of": name}


def outcome(data: Data) -> str | None:
    """Return why a proof is rejected; None if it is accepted."""
    try:
        replay.replay(data)
    except RejectedError as reason:
        return str(reason)
    return None


@pytest.mark.parametrize("mutate", ALWAYS)
def test_a_mutant_that_cannot_be_a_proof_is_rejected(mutate: Any, proofs: dict[str, Data]) -> None:
    reasons = [outcome(data) for data in mutants(proofs, mutate)]
    assert len(reasons) > 60 and all(reasons)


@pytest.mark.parametrize("mutate", OFTEN)
def test_a_mutant_is_rejected_unless_it_still_is_a_proof(mutate: Any, proofs: dict[str, Data]) -> None:
    found: Counter[bool] = Counter()
    for data in mutants(proofs, mutate):
        rejected = outcome(data) is not None
        assert rejected or still_a_proof(data), data["mutant of"]
        found[rejected] += 1
    assert found[True] > found[False] / 4 and found[True] > 10, found


def test_a_changed_problem_is_rejected_or_its_theorem_is_another(proofs: dict[str, Data]) -> None:
    reasons = Counter(outcome(data) is not None for data in mutants(proofs, problem_changed))
    assert reasons[True] > 3 * reasons[False], reasons


def still_a_proof(data: Data) -> bool:
    """Decide by another way, in floating point and recursively, whether a tree proves its claim and a point is one."""
    again = Again(data)
    system = again.system
    if not again.holds([float(b) for b in system.lower], [float(b) for b in system.upper]):
        return False
    point = [Fraction(v) for v in data["point"]]
    attained = float(replay.evaluate(system.objective, point)) * again.sign
    return abs(attained - float(Fraction(data["attained"]))) < 1e-9


Part = tuple[Any, float, float]
"""A polynomial, its weight, and what it adds to the bound; -inf where it must not be used."""


class Again:
    """The other way: its own reading of each kind of weight, and of each kind of node."""

    def __init__(self, data: Data) -> None:
        self.system = replay.derive(data["problem"])
        self.sign = data["problem"]["leader"]["sense"]
        self.claim = self.sign * float(Fraction(data["bound"]))
        self.rows = [*self.system.rows, ("claim", self.system.objective, -float("inf"), self.claim)]
        self.nodes = iter(data["tree"])

    def value(self, target: Any, weights: Data, low: list[float], high: list[float]) -> float:
        """What the weights prove of a polynomial over the box: the parts, and the rest at the box's worst corner."""
        rest: Counter[tuple[int, ...]] = Counter({m: float(a) for m, a in target.items()})
        total = 0.0
        for body, w, share in (*self.of_rows(weights), *of_corners(weights, low, high), *of_forms(weights, low, high)):
            total += share
            for m, a in body.items():
                rest[m] -= w * float(a)
        for m, r in rest.items():
            if abs(r) < 1e-12 or m in self.system.zero:
                continue
            ends = [1.0]
            for j in m:
                ends = [0.0 if a == 0 or b == 0 else a * b for a in ends for b in (low[j], high[j])]
            total += r * (min(ends) if r > 0 else max(ends))
        return total

    def of_rows(self, weights: Data) -> Iterator[Part]:
        """Rows, and equalities times a column."""
        for i, w in weights.get("rows", ()):
            _, body, lower, upper = self.rows[i]
            w = float(Fraction(w))
            if w:
                yield body, w, w * float(lower if w > 0 else upper)
        for i, j, w in weights.get("multiples", ()):
            _, body, lower, upper = self.rows[i]
            product = {tuple(sorted((*m, j))): float(a) for m, a in body.items()}
            yield product, float(Fraction(w)), 0 if lower == upper else -float("inf")
            yield {(j,): 1.0}, -float(Fraction(w)) * float(lower), 0

    def holds(self, low: list[float], high: list[float]) -> bool:
        """Whether the next node, and all below it, hold in a box."""
        kind, *said = next(self.nodes)
        if kind == "bounds":
            return self.bounds_hold(said[0], low, high) and self.holds(low, high)
        if kind == "leaf":
            return self.leaf_holds(*next(iter(said[0].items())), low, high)
        both = [self.holds(*self.child(kind, said, side, low, high)) for side in (0, 1)]  # each reads its nodes
        return all(both)

    def bounds_hold(self, derived: Any, low: list[float], high: list[float]) -> bool:
        """Whether derived bounds are proven; they are put in the box one after the other."""
        for j, side, bound, weights in derived:
            s, bound = (1 if side == "lower" else -1), float(Fraction(bound))
            proven = self.value({(j,): s}, weights, low, high)
            if j in self.system.integer:
                proven = -(-proven // 1)
            if proven < s * bound - 1e-7 * (1 + abs(bound)):
                return False
            (low if s == 1 else high)[j] = max(low[j], bound) if s == 1 else min(high[j], bound)
        return True

    def leaf_holds(self, how: str, weights: Any, low: list[float], high: list[float]) -> bool:
        if how == "crossed":
            return bool(low[self.system.column[weights]] > high[self.system.column[weights]])
        if how == "empty":
            return self.value({}, weights, low, high) > -1e-9
        return self.value(self.system.objective, weights, low, high) >= self.claim - 1e-7 * (1 + abs(self.claim))

    def child(
        self, kind: str, said: Any, side: int, low: list[float], high: list[float]
    ) -> tuple[list[float], list[float]]:
        """The box of a child."""
        left, right = list(low), list(high)
        if kind == "pair":
            right[self.system.pairs[said[0]][side]] = min(right[self.system.pairs[said[0]][side]], 0.0)
            return left, right
        j, at = self.system.column[said[0]], float(Fraction(said[1]))
        if side:
            left[j] = max(left[j], at + (j in self.system.integer))
        else:
            right[j] = min(right[j], at)
        return left, right


def of_corners(weights: Data, low: list[float], high: list[float]) -> Iterator[Part]:
    """McCormick's rows: (x - a)(y - b) of the signs of their ends is not negative."""
    for i, one, j, two, w in weights.get("corners", ()):
        (a, s), (b, t) = (
            ((high[i], -1) if one == "upper" else (low[i], 1)),
            ((high[j], -1) if two == "upper" else (low[j], 1)),
        )
        body: Counter[tuple[int, ...]] = Counter()
        for m, c in (((i, j), 1.0), ((i,), -b), ((j,), -a), ((), a * b)):
            body[tuple(sorted(m))] += s * t * c
        yield body, float(Fraction(w)), 0 if Fraction(w) >= 0 else -float("inf")


def of_forms(weights: Data, low: list[float], high: list[float]) -> Iterator[Part]:
    """A column that is settled, times another; and squares of linear forms."""
    for i, j, w in weights.get("ties", ()):
        body = {tuple(sorted((i, j))): 1.0, (j,): -low[i]}
        yield body, float(Fraction(w)), 0 if low[i] == high[i] else -float("inf")
    for terms, w in weights.get("squares", ()):
        linear = {tuple(m): float(Fraction(a)) for a, *m in terms}
        square: Counter[tuple[int, ...]] = Counter()
        for m, a in linear.items():
            for n, b in linear.items():
                square[tuple(sorted(m + n))] += a * b
        yield square, float(Fraction(w)), 0 if Fraction(w) >= 0 else -float("inf")


@pytest.mark.parametrize("suffix", [".json", ".json.gz"])
def test_the_file_alone_replays_a_proof(suffix: str, tmp_path: Path, proofs: dict[str, Data]) -> None:
    from bilevolt.verification.proofs import Proof

    alone = shutil.copy(replay.__file__, tmp_path / "alone.py")
    path = tmp_path / f"proof{suffix}"
    Proof(proofs["dtmp_74"]).save(path)
    done = subprocess.run([sys.executable, "-S", "-I", alone, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "dtmp_74: every bilevel feasible point has F" in done.stdout, done
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(proofs["dtmp_74"] | {"tree": []}))
    done = subprocess.run([sys.executable, "-S", "-I", alone, path], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "rejected: at the root: the tree ends" in done.stdout, done


def test_the_checker_loads_neither_pyomo_nor_numpy() -> None:
    code = "import sys, bilevolt.verification.replay; print({'pyomo', 'numpy', 'highspy'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_decimals_in_a_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(minimal()).replace('"-1/2"', "-0.5"))
    with pytest.raises(RejectedError, match=r"-0.5 is no exact number"):
        replay.load(str(path))


def test_infeasibility_is_a_theorem_too() -> None:
    data = prove(textbook.build("jointc1_infeasible"), Solution(Status.infeasible)).data
    assert "there is no bilevel feasible point" in replay.replay(data)["theorem"]
