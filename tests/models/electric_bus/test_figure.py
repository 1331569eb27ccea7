"""The figure of the electric-bus problem shows what its answers say."""

from typing import Any

import pytest

import bilevolt as bv
from bilevolt.models import PROBLEMS, electric_bus

INSTANCE = "limassol_small"


@pytest.fixture(scope="module")
def answers() -> dict[str, dict[str, Any]]:
    model = electric_bus.build(bv.load_instance(INSTANCE))
    found = {}
    for method in ("leader_alone", "nested"):
        bv.solve(model, method=method, solver="highs")
        found[method] = electric_bus.summary(model)
    return found


def texts(figure: Any) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_map_shows_every_site_and_an_arrow_for_every_bus(answers: dict[str, dict[str, Any]]) -> None:
    instance = bv.load_instance(INSTANCE)
    figure = PROBLEMS["electric_bus"].figure.draw(instance, answers)
    shown = answers["nested"]
    names = [text for text in texts(figure) if text.startswith("site")]
    opened = {name.split("\n")[0] for name in names if "closed" not in name}
    assert len(names) == len(instance.sites)
    assert opened == set(shown["open_sites"])
    arrows = [text for text in figure.axes[0].texts if getattr(text, "arrow_patch", None) is not None]
    assert len(arrows) == len(shown["assignment"]) == len(instance.buses)


def test_a_load_panel_for_every_answer_in_kwh(answers: dict[str, dict[str, Any]]) -> None:
    figure = PROBLEMS["electric_bus"].figure.draw(bv.load_instance(INSTANCE), answers)
    panels = [axes for axes in figure.axes if axes.get_ylabel() == "load per slot (kWh)"]
    assert [axes.get_title(loc="left") for axes in panels] == list(answers)
    for axes, answer in zip(panels, answers.values(), strict=True):
        assert list(axes.patches[0].get_data().values) == answer["load_kwh"]


def test_one_answer_is_enough_and_none_is_refused(answers: dict[str, dict[str, Any]]) -> None:
    instance = bv.load_instance(INSTANCE)
    assert PROBLEMS["electric_bus"].figure.draw(instance, {"only": answers["nested"]}).axes
    with pytest.raises(ValueError, match="no answer"):
        PROBLEMS["electric_bus"].figure.draw(instance, {})
