"""The checker of proofs: what it derives, what it accepts, and that a changed proof is rejected with the reason."""

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from bilevolt import prove
from bilevolt.models import textbook
from bilevolt.solution import Solution
from bilevolt.solvers.status import Status
from bilevolt.verification import replay
from bilevolt.verification.replay import RejectedError

SCRIPTS = Path(__file__).parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))  # as for a script that is run: its own folder comes first

from mutate_proofs import PROBLEMS, made, outcome  # noqa: E402
from mutating.mutations import ALWAYS, OFTEN, mutants, problem_changed  # noqa: E402
from mutating.opinion import still_a_proof  # noqa: E402

Data = dict[str, Any]
MUTATIONS = 8  # of each kind and proof; the command makes more


@pytest.fixture(scope="module")
def proofs() -> dict[str, Data]:
    return made()


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


SETTLED = [[0, 1], [1, -10]]
"""Slack <= 0 where the multiplier is 0, as stationarity is 1 - multiplier = 0, and the slack at most 10."""


@pytest.mark.parametrize(
    "column, side, bound, reason",
    [
        ("slack of L.least.lower", "upper", 0, None),
        (
            "slack of L.least.lower",
            "upper",
            -1,
            "which has none",
        ),  # nothing would keep that where the multiplier is not 0
        ("slack of L.least.lower", "lower", 0, "which has none"),
        ("multiplier of L.least.lower", "upper", 0, "which has none"),
        ("x", "upper", 0, "which has none"),
    ],
)
def test_a_bound_of_a_pairs_member_is_proven_where_its_twin_is_zero(
    column: str, side: str, bound: int, reason: str | None
) -> None:
    system = replay.derive(minimal()["problem"])
    box = (list(system.lower), list(system.upper))
    box[1][system.column["L.y"]] = Fraction(10)
    if reason is None:
        replay.tighten(system, box, system.column[column], side, Fraction(bound), {"rows": SETTLED})
        assert box[1][system.column[column]] == 0
    else:
        with pytest.raises(RejectedError, match=reason):
            replay.tighten(system, box, system.column[column], side, Fraction(bound), {"rows": SETTLED})


def test_a_divisor_of_weights() -> None:
    data = minimal()
    data["tree"][2][1]["bound"] = {"over": 7, "rows": [[0, -7]]}
    assert replay.replay(data)["bound"] == 0
    for over in (0, -7):
        data["tree"][2][1]["bound"]["over"] = over
        with pytest.raises(RejectedError, match="weights are divided by"):
            replay.replay(data)


@pytest.mark.parametrize("name", [*PROBLEMS, "random"])
def test_what_is_made_is_accepted(name: str, proofs: dict[str, Data]) -> None:
    result = replay.replay(proofs[name])
    assert result["violation"] == 0 and 0 <= result["gap"] <= Fraction(1, 10**4)


@pytest.mark.parametrize("mutate", ALWAYS)
def test_a_mutant_that_cannot_be_a_proof_is_rejected(mutate: Any, proofs: dict[str, Data]) -> None:
    reasons = [outcome(data) for _, data in mutants(proofs, mutate, MUTATIONS)]
    assert len(reasons) > 30 and all(reasons)


@pytest.mark.parametrize("mutate", OFTEN)
def test_a_mutant_is_rejected_unless_it_still_is_a_proof(mutate: Any, proofs: dict[str, Data]) -> None:
    found: Counter[bool] = Counter()
    for name, data in mutants(proofs, mutate, MUTATIONS):
        rejected = outcome(data) is not None
        assert rejected or still_a_proof(data), name
        found[rejected] += 1
    assert found[True] > found[False] / 4 and found[True] > 5, found


def test_a_changed_problem_is_rejected_or_its_theorem_is_another(proofs: dict[str, Data]) -> None:
    reasons = Counter(outcome(data) is not None for _, data in mutants(proofs, problem_changed, MUTATIONS))
    assert reasons[True] > 3 * reasons[False], reasons


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
