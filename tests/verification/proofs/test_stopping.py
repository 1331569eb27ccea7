"""Ctrl-C in a proof: the search ends at the next node, the answer says how far it got, and nothing is claimed."""

import math
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import bilevolt as bv
from bilevolt.cli.app import app
from bilevolt.cli.console import Exit
from bilevolt.errors import ProofError
from bilevolt.models import random_bilevel, textbook
from bilevolt.solvers.interrupt import stop_requested
from bilevolt.verification.proofs.search import Search

TARGET = "conejo2016"
SEEDS = {1: -1, 2: 1}  # of random problems with trees of more than 10 nodes -> 1 if the leader minimises


def build(seed: int) -> Any:
    return random_bilevel.build(seed, 10, False)


def interrupt_at(monkeypatch: pytest.MonkeyPatch, number: int, nodes: int = 5) -> None:
    """Send a signal while that node is looked at."""
    visit = Search._visit

    def visited(self: Search, *arguments: Any) -> Any:
        if self.nodes == nodes and not stop_requested():
            os.kill(os.getpid(), number)
        return visit(self, *arguments)

    monkeypatch.setattr(Search, "_visit", visited)


def refuse_wrong_bound(proof: Any, solution: bv.Solution, sense: int) -> None:
    """The bound that is told has to be on the right side of the optimum, and of the word before it."""
    found = re.search(r"F ([<>]=) (\S+) so far, in floating point", proof.verdict)
    assert found is not None, proof.verdict
    assert solution.objective is not None and found[1] == {1: ">=", -1: "<="}[sense]
    assert math.isfinite(float(found[2])) and sense * (solution.objective - float(found[2])) >= -1e-4


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("seed", "sense"), SEEDS.items())
def test_the_search_ends_at_the_next_node(seed: int, sense: int, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model = build(seed)
    solution = bv.solve(model)
    interrupt_at(monkeypatch, number)
    proof = bv.prove(model, solution)
    assert proof.interrupted and not proof.closed and proof.nodes == 5
    assert proof.reasons[0] == "interrupted" and "stopped after 5 nodes with" in proof.reasons[1]
    assert proof.data["tree"] == [] and proof.data["point"] is not None
    refuse_wrong_bound(proof, solution, sense)
    with pytest.raises(ProofError, match="the proof is open"):
        proof.replay()
    assert not stop_requested()  # the request ended with the proof


def test_the_next_proof_is_not_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    model = textbook.build("bard511")
    with monkeypatch.context() as patched:
        interrupt_at(patched, signal.SIGINT, 1)
        assert bv.prove(model).interrupted
    proof = bv.prove(model)
    assert proof.closed and not proof.interrupted and proof.replay()["violation"] == 0


def test_what_solve_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt_at(monkeypatch, signal.SIGINT)
    solution = bv.solve(textbook.build(TARGET), proof=True)
    assert solution.interrupted and solution.status == "optimal"  # the solver's word, as without a proof
    assert solution.proof is not None and solution.proof.interrupted
    assert "open, nothing is proven: interrupted; stopped after 5 nodes" in solution.notes[-1]


def test_a_solve_that_is_interrupted_is_followed_by_no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    from bilevolt.driver import solve

    def interrupted(model: Any, **options: Any) -> bv.Solution:
        os.kill(os.getpid(), signal.SIGINT)
        return solve(model, **options)

    monkeypatch.setattr("bilevolt.proving.solve", interrupted)
    monkeypatch.setattr(Search, "run", lambda *_: pytest.fail("the search began"))
    proof = bv.prove(textbook.build("bard511"), node_limit=9)
    assert proof.interrupted and proof.reasons == ["interrupted", "stopped before the search"]


@pytest.mark.parametrize(("seed", "sense"), SEEDS.items())
@pytest.mark.parametrize("limit", [3, 5, 8])
def test_a_node_limit_says_how_far_it_got_too(limit: int, seed: int, sense: int) -> None:
    model = build(seed)
    solution = bv.solve(model)
    proof = bv.prove(model, solution, node_limit=limit)
    assert proof.nodes == limit and not proof.interrupted
    refuse_wrong_bound(proof, solution, sense)


def test_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    interrupt_at(monkeypatch, signal.SIGINT)
    path = tmp_path / "proof.json"
    done = CliRunner().invoke(app, ["prove", TARGET, "-o", str(path)])
    assert done.exit_code == Exit.INTERRUPTED and not path.exists()
    assert "open, nothing is proven: interrupted; stopped after 5 nodes" in done.stdout
