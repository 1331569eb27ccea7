"""The figure of a comparison: no half of it is empty."""

import pytest

from bilevolt.reports.row import Row
from bilevolt.reports.time_and_gap import draw


def row(gap, method="exact"):
    found = Row("p", method, "bigm", "highs")
    found.status, found.gap, found.seconds_total = "optimal", gap, 0.5
    return found


@pytest.mark.parametrize(("gaps", "halves"), [((0.0,), 2), ((None,), 1), ((None, 0.1), 2), ((), 1)])
def test_gaps_are_drawn_where_there_are_any(gaps, halves):
    assert len(draw([row(gap) for gap in gaps]).axes) == halves


def test_the_longest_bar_fills_most_of_its_half():
    (axes,) = draw([row(None)]).axes
    (bar,) = axes.patches
    ends = axes.transAxes.inverted().transform(axes.transData.transform([(bar.get_width(), 0)]))
    assert 0.6 < ends[0][0] < 0.85
