"""The figures of demand response show what the answers say."""

from typing import Any

import numpy as np
import pytest

import bilevolt as bv
from bilevolt.models import PROBLEMS, demand_response
from bilevolt.models.demand_response import figure as figures
from bilevolt.models.demand_response.reaction import charging_at_arrival, react


@pytest.fixture(scope="module")
def instance() -> Any:
    return bv.load_instance("ev8")


@pytest.fixture(scope="module")
def answers(instance: Any) -> dict[str, dict[str, Any]]:
    base = np.array(instance.base_price_usd_per_kwh)
    return {
        "uncontrolled": demand_response.describe(instance, base, charging_at_arrival(instance)),
        "reaction to BP": demand_response.describe(instance, base, react(instance, base)),
        "dear": demand_response.describe(instance, 1.2 * base, react(instance, 1.2 * base)),
    }


def steps(axes: Any) -> dict[str, np.ndarray]:
    return {patch.get_label(): patch.get_data().values for patch in axes.patches if hasattr(patch, "get_data")}


def test_load_of_every_answer(instance: Any, answers: dict[str, dict[str, Any]]) -> None:
    drawn = steps(figures.load_figure(instance, answers).axes[0])
    for name, answer in answers.items():
        assert drawn[name].tolist() == answer["load_kw"]
    assert drawn["other load"].tolist() == list(instance.base_load_kw)


def test_prices_once_each(instance: Any, answers: dict[str, dict[str, Any]]) -> None:
    drawn = steps(figures.price_figure(instance, answers).axes[0])
    assert drawn["dear"].tolist() == answers["dear"]["price_usd_per_kwh"]
    assert "uncontrolled" not in drawn and "reaction to BP" not in drawn  # they pay the base price, which is there
    assert drawn["base price"].tolist() == list(instance.base_price_usd_per_kwh)


def test_waits_and_their_means(answers: dict[str, dict[str, Any]]) -> None:
    axes = figures.wait_figure(answers).axes[0]
    labels = [line.get_label() for line in axes.lines]
    assert labels[0] == "uncontrolled (mean 0.00 h)"
    assert len(labels) == len(answers)


def test_convergence_shows_histories_and_levels() -> None:
    figure = figures.convergence_figure({"herding": [(1, -0.4), (2, -0.2)]}, {"bound": -0.1, "exact": -0.1})
    axes = figure.axes[0]
    assert axes.lines[0].get_ydata().tolist() == [-0.4, -0.2]
    texts = [text.get_text() for text in axes.texts]
    assert texts == ["bound -0.1000", "exact -0.1000"]
    heights = [text.get_position()[1] for text in axes.texts]
    assert abs(heights[0] - heights[1]) > 0.01  # labels of equal levels do not overlap


def test_all_in_one(instance: Any, answers: dict[str, dict[str, Any]]) -> None:
    assert len(PROBLEMS["demand_response"].figure.draw(instance, answers).axes) == 3


@pytest.mark.parametrize("draw", [figures.wait_figure, lambda nothing: figures.convergence_figure(nothing, {})])
def test_nothing_to_draw_is_refused(draw: Any) -> None:
    with pytest.raises(ValueError, match="no answer"):
        draw({})
