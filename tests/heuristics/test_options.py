"""Options of heuristics: what they share is stated once; a new heuristic is one function and one entry."""

import pytest

import bilevolt as bv
from bilevolt.errors import ArgumentError, BilevoltError
from bilevolt.heuristics import METHODS, SearchOptions, options_of
from bilevolt.heuristics.population import Run
from bilevolt.models import textbook

SHARED = {"search", "evaluations", "seed", "executor", "estimate"}
POPULATION = ("elephant_herding", "immune_ga", "pso", "annealing", "exchange")


@pytest.mark.parametrize("name", METHODS)
def test_only_what_moves_points_has_the_shared_ones(name):
    assert (options_of(name) & SHARED) == (SHARED if name in POPULATION else set())
    assert not options_of(name) & {"session", "time_limit", "say", "shared"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "option seed=-1 is out of range: it must be a number, at least 0"),
        ({"seed": "one"}, "option seed='one' is out of range"),
        ({"evaluations": 0}, "option evaluations=0 is out of range: it must be a number, at least 1"),
    ],
)
@pytest.mark.parametrize("name", POPULATION)
def test_shared_ones_are_checked_for_all(name, options, message):
    with pytest.raises(BilevoltError, match=message):
        bv.solve(textbook.build("gecco2013"), method=name, method_options=options)
    with pytest.raises(BilevoltError, match=message):
        SearchOptions(**options)


def drawn(bilevel, session, *, draws=5, **shared):
    """The best of some random decisions."""
    run = Run(bilevel, session, draws, **shared)
    run.evaluate(run.sample(draws))
    run.close_iteration()
    return run.finish()


def test_a_new_heuristic_has_them_by_passing_them_on(monkeypatch):
    monkeypatch.setitem(METHODS, "drawn", drawn)
    first, again, other = (
        bv.solve(bv.models.station_location.build(bv.load_instance("zone_small")), method="drawn", method_options=given)
        for given in ({"seed": 1}, {"seed": 1, "draws": 5}, {"seed": 2, "evaluations": 3})
    )
    assert first.history == again.history and first.history[0]["evaluations"] == 5
    assert other.history[0]["evaluations"] == 3
    with pytest.raises(ArgumentError, match="'drawn' has no option 'draw'; choose among draws, estimate, evaluations"):
        bv.solve(textbook.build("gecco2013"), method="drawn", method_options={"draw": 1})
