"""Names: any case of letters, and hints."""

import pytest

from bilevolt.errors import ArgumentError, InstanceError
from bilevolt.spelling import canonical

SOLVERS = ["Gurobi", "highs", "scip"]
MANY = [f"zone_{number:02}" for number in range(30)]


@pytest.mark.parametrize("given", ["gurobi", "GUROBI", "Gurobi"])
def test_the_known_spelling_is_returned(given):
    assert canonical("solver", given, SOLVERS) == "Gurobi"


@pytest.mark.parametrize(
    ("given", "known", "message"),
    [
        ("GUROBY", SOLVERS, "solver 'GUROBY' is unknown. Did you mean Gurobi? Choose one of Gurobi, highs, scip."),
        ("cplex", SOLVERS, "solver 'cplex' is unknown. Choose one of Gurobi, highs, scip."),
        ("xy", MANY, f"solver 'xy' is unknown. Choose one of {', '.join(MANY)}."),
        (None, SOLVERS, "solver None is no name but a NoneType. Choose one of Gurobi, highs, scip."),
    ],
)
def test_unknown_names(given, known, message):
    with pytest.raises(ArgumentError) as raised:
        canonical("solver", given, known)
    assert str(raised.value) == message


def test_near_ones_are_enough_where_there_are_many_and_the_error_is_the_callers():
    with pytest.raises(InstanceError, match=r"^zone 'Zone_7' is unknown. Did you mean zone_\d\d.*\? Or a file\.$"):
        canonical("zone", "Zone_7", MANY, InstanceError, "Or a file.")
