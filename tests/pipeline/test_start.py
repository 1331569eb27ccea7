"""The start that is looked for where a model is large; that of the caller is in tests/heuristics/test_warm_start.py."""

import pytest

import bilevolt as bv
from bilevolt.errors import BilevoltError
from bilevolt.heuristics import METHODS
from bilevolt.models import textbook
from bilevolt.pipeline import start

NAME, PAIRS, OPTIMUM = "bialas_karwan_1984b", 6, 11


@pytest.fixture
def model(monkeypatch):
    """Its follower sees a continuous decision."""
    monkeypatch.setattr(start, "PAIRS", PAIRS)
    return textbook.build(NAME)


def notes(model, **arguments):
    """What is said of a start, when the answer is as it was without."""
    found = bv.solve(model, solver="highs", **arguments)
    assert (found.objective, found.certificate.globally_optimal) == (pytest.approx(OPTIMUM), True), found.notes
    return [note for note in found.notes if "start" in note]


def refuses(bilevel, session, **options):
    raise BilevoltError("not of its kind")


def test_a_large_model_is_started(model):
    assert notes(model) == [
        "large model: 'alternating' found a start (warm_start=False leaves that out)",
        "started from a point with objective 5",
    ]


def test_where_alternating_does_not_apply_nested_is_asked(model, monkeypatch):
    monkeypatch.setitem(METHODS, "alternating", refuses)
    assert notes(model)[0].startswith("large model: 'nested' found a start")


def test_without_a_start_the_reasons_are_said(model, monkeypatch):
    for method in start.BY_DEFAULT:
        monkeypatch.setitem(METHODS, method, refuses)
    reasons = "alternating: not of its kind; nested: not of its kind"
    assert notes(model) == [f"large model: no start was found ({reasons}) (warm_start=False leaves that out)"]


def test_the_search_may_take_a_share_of_the_time_limit(model, monkeypatch):
    limits = []

    def search(bilevel, session, **options):
        limits.append(session.time_limit)
        return METHODS["nested"](bilevel, session)

    monkeypatch.setitem(METHODS, "alternating", search)
    notes(model, time_limit=1000)
    assert limits == [pytest.approx(1000 * start.SHARE)]


@pytest.mark.parametrize(
    ("name", "pairs", "arguments", "optimum"),
    [
        (NAME, PAIRS + 1, {}, OPTIMUM),
        (NAME, PAIRS, {"warm_start": False}, OPTIMUM),
        (NAME, PAIRS, {"stance": "pessimistic"}, None),
        ("moore_bard_upper_int", 1, {}, -18),
    ],
    ids=["small", "switched off", "stance", "integers alone"],
)
def test_no_search(name, pairs, arguments, optimum, monkeypatch):
    monkeypatch.setattr(start, "PAIRS", pairs)
    monkeypatch.setattr(start, "_by_default", lambda *_: pytest.fail("no search was to be made"))
    found = bv.solve(textbook.build(name), solver="highs", **arguments)
    assert optimum is None or found.objective == pytest.approx(optimum)
    assert not [note for note in found.notes if "large model" in note]
