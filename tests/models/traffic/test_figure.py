"""Pictures of road networks: widths are flows, and a network without places is drawn, too."""

from typing import Any

import numpy as np
import pytest

import bilevolt as bv
from bilevolt.models.traffic import figure
from bilevolt.models.traffic.assignment import Assignment, assign


@pytest.fixture(scope="module")
def flows() -> Assignment:
    return assign(bv.load_instance("sioux_falls"), "system_optimum", rel_gap=1e-4)


def test_widths_are_the_flows(flows: Assignment) -> None:
    axes = figure.draw(flows, {10: "here"}).axes[0]
    widths = np.array([patch.get_linewidth() for patch in axes.patches])
    assert len(widths) == 76
    assert np.corrcoef(widths, flows.flows)[0, 1] == pytest.approx(1)
    assert "here" in [text.get_text() for text in axes.texts]


@pytest.mark.parametrize("change", [{}, {"places": ()}])
def test_no_two_nodes_are_at_one_place(change: dict[str, Any]) -> None:
    network = bv.load_instance("sioux_falls").model_copy(update=change)
    points = figure.positions(network)
    assert sorted(points) == list(range(1, 25))
    at = np.array(list(points.values()))
    assert at.min() == 0 and at.max() == 1
    apart = np.linalg.norm(at[:, None] - at[None], axis=2) + np.eye(24)
    assert apart.min() > 0.03
