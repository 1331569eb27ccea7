"""The maps of the fast-charging problem show the grid, the roads and what is built, and hide nothing behind another."""

from typing import Any

import pytest

import bilevolt as bv
from bilevolt.models import fast_charging
from bilevolt.models.fast_charging import maps, tables
from bilevolt.models.traffic import figure as traffic


@pytest.fixture(scope="module")
def answer() -> dict[str, Any]:
    model = fast_charging.build(bv.load_instance("ieee33_small"))
    bv.solve(model, reformulation="strong_duality", solver="highs")
    return fast_charging.summary(model)


@pytest.mark.parametrize("name", ["ieee33_sioux_falls", "meshed_ieee33"])
def test_no_bus_hides_another_and_a_lateral_is_in_one_row(name: str) -> None:
    places = maps.feeder_positions(bv.load_instance(name))
    assert sorted(places) == list(range(1, 34)) and len(set(places.values())) == 33
    assert places[1] == (0, 0)


def test_the_laterals_of_the_33_buses() -> None:
    places = maps.feeder_positions(bv.load_instance("ieee33_sioux_falls"))
    rows: dict[float, list[int]] = {}
    for bus, (_, row) in sorted(places.items()):
        rows.setdefault(row, []).append(bus)
    assert sorted(rows.values()) == [[*range(1, 19)], [*range(19, 23)], [*range(23, 26)], [*range(26, 34)]]


def test_the_feeder_shows_loading_and_what_is_built(answer: dict[str, Any]) -> None:
    instance = bv.load_instance("ieee33_small")
    axes = maps.draw_feeder(instance, answer).axes[0]
    texts = [text.get_text() for text in axes.texts]
    for candidate in instance.candidates:
        count = answer["stations"].get(candidate.bus)
        assert f"bus {candidate.bus}: {'not built' if count is None else f'{count} chargers'}" in texts
    solid = [line for line in axes.lines if line.get_ls() == "-" and len(line.get_xdata()) == 2]
    assert len(solid) == len(instance.lines_in_service) == len(answer["line_peak_kw"])
    limits = {f"{line.from_bus}-{line.to_bus}": line.limit_kw for line in instance.lines_in_service}
    uses = {key: peak / limits[key] for key, peak in answer["line_peak_kw"].items()}
    assert 0 < max(uses.values()) <= 1 + 1e-6
    widest = max(solid, key=lambda line: line.get_linewidth())
    assert [*widest.get_xdata()] == [maps.feeder_positions(instance)[bus][0] for bus in _ends(uses)]


def _ends(uses: dict[str, float]) -> list[int]:
    return [int(bus) for bus in max(uses, key=lambda key: uses[key]).split("-")]


def test_the_roads_mark_the_candidates(answer: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}
    monkeypatch.setattr(traffic, "draw", lambda assignment, marked: seen.update(marked) or "drawn")
    assert maps.draw_roads(bv.load_instance("ieee33_sioux_falls"), {"stations": {25: 9, 32: 7}}) == "drawn"
    assert seen == {
        12: "bus 5: not built", 3: "bus 10: not built", 10: "bus 20: not built", 15: "bus 25: 9 chargers",
        18: "bus 32: 7 chargers",
    }  # fmt: skip


def test_no_roads_no_map(answer: dict[str, Any]) -> None:
    without = bv.load_instance("ieee33_small").model_copy(update={"road_network": None, "road_assignment": None})
    assert maps.draw_roads(without, answer) is None


def test_the_instance_has_what_the_paper_prints_but_for_the_lifetime() -> None:
    instance = bv.load_instance("ieee33_sioux_falls")
    first, second = tables.table_1(instance), tables.table_2(instance)
    cells = [list(column.cells) for column in first.columns]
    assert cells[1:5] == cells[5:], "nodes and costs are the paper's"
    named, _, paper, here = (list(column.cells) for column in second.columns)
    assert [name for name, a, b in zip(named, paper, here, strict=True) if a != b] == ["n_FCS"]
