"""The palette: complete, one colour for each way, and told apart by people who do not see all colours."""

from itertools import combinations

import numpy as np
import pytest

from bilevolt import colours
from bilevolt.heuristics import METHODS
from bilevolt.reformulations import LINEARIZATIONS
from bilevolt.reports.rivals import RIVALS
from bilevolt.reports.row import REFUSED
from bilevolt.solvers import SOLVERS, Status

# Dichromats' sight as a matrix of linear RGB: Machado, Oliveira, Fernandes (2009), severity 1; Viénot, Brettel, Mollon
# (1999), through the responses of the cones.
SIGHTS = {
    "normal": np.eye(3),
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "deuteranopia, Viénot": [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]],
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
PICTURE = (
    colours.REGION, colours.FOLLOWER, colours.REACTION, colours.REJECTED, colours.OPTIMUM, colours.RELAXED,
    colours.LEVEL,
)  # fmt: skip
GROUPS = {
    "ways": (*colours.WAYS.values(), *colours.OTHERS),
    "statuses": tuple(dict.fromkeys(colours.STATUSES.values())),
    "picture": PICTURE,
    "picture in the dark": tuple(colours.IN_THE_DARK.values()),
    "series": colours.SERIES,
    "bars": (colours.FINE, colours.COSTLY),
}
LEAST = 13.0
"""In CIE Lab; 2.3 is a difference that is just seen side by side."""


def lab(colour, sight):
    """Return a colour as it is seen, in CIE Lab (white D65)."""
    coded = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    seen = XYZ @ np.clip(np.array(SIGHTS[sight]) @ linear, 0, 1) / XYZ.sum(axis=1)
    f = np.where(seen > (6 / 29) ** 3, np.cbrt(seen), seen / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("group", GROUPS)
def test_any_two_are_told_apart(group, sight):
    near = {
        (one, other): distance
        for one, other in combinations(GROUPS[group], 2)
        if (distance := np.linalg.norm(lab(one, sight) - lab(other, sight))) < LEAST
    }
    assert not near


def test_the_simulation_can_fail():
    red, green = "#d1495b", "#7fb069"
    assert np.linalg.norm(lab(red, "deuteranopia") - lab(green, "deuteranopia")) < LEAST
    assert np.linalg.norm(lab(red, "normal") - lab(green, "normal")) > 80


def test_whatever_is_registered_has_its_own():
    ways = [*LINEARIZATIONS, *METHODS, *(rival.reformulation for rival in RIVALS.values())]
    assert set(ways) <= set(colours.WAYS) and len(set(colours.WAYS.values())) == len(colours.WAYS)
    assert set(SOLVERS) < set(colours.SOLVERS)
    for part in zip(*colours.SOLVERS.values(), strict=True):
        assert len({str(item) for item in part}) == len(colours.SOLVERS)
    assert set(colours.STATUSES) == {*map(str, Status), REFUSED}


@pytest.mark.parametrize(
    ("label", "way"),
    [
        ("exact", "exact"), ("leader alone", "leader_alone"), ("nested heuristic", "nested"), ("nested", "nested"),
        ("exact sos1 highs", "sos1"), ("exact strong_duality scip", "strong_duality"), ("immune_ga", "immune_ga"),
        ("elephant herding, seed 3", "elephant_herding"), ("rival PAO FA gurobi", "PAO FA"), ("Exact", "exact"),
    ],
)  # fmt: skip
def test_a_method_has_one_colour_under_every_name(label, way):
    assert colours.colours(["no control", label, "unnested"])[label] == colours.WAYS[way]


def test_other_labels_differ():
    found = colours.colours(["no control", "the paper's", "exact"])
    assert len(set(found.values())) == 3 and found["no control"] == colours.colour("of a user")


def test_lines_that_coincide_are_told():
    drawn = colours.lines(["exact bigm highs", "exact bigm scip"])
    one, other = drawn.values()
    assert one["color"] == other["color"] and one["ls"] != other["ls"] and one["lw"] > other["lw"]
