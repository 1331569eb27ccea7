"""Map of station location: what is drawn for each answer."""

import pytest

import bilevolt as bv
from bilevolt.models.station_location import build, summary
from bilevolt.models.station_location.figure import draw


@pytest.fixture(scope="module")
def solved():
    instance = bv.load_instance("zone_small")
    model = build(instance)
    bv.solve(model, reformulation="strong_duality", solver="highs")
    return instance, summary(model)


def test_a_map_and_the_loads_for_each_answer(solved):
    instance, answer = solved
    figure = draw(instance, {"exact": answer, "again": answer})
    maps = [axes for axes in figure.axes if axes.get_xlabel().startswith("x")]
    assert [axes.get_title("left").split(":")[0] for axes in maps] == ["zone_small, exact", "zone_small, again"]
    for axes in maps:
        roads, assignments = axes.collections[:2]
        assert len(roads.get_segments()) == len(instance.roads)
        assert len(assignments.get_segments()) == len(answer["assignment"])
        texts = {text.get_text() for text in axes.texts}
        assert set(answer["stations"]) <= texts
        assert not {site.id for site in instance.sites if site.id not in answer["stations"]} & texts
    loads = [axes for axes in figure.axes if axes.get_ylabel() == "peak load (kW)"]
    heights = [bar.get_height() for bar in loads[0].patches]
    assert sum(heights) == pytest.approx(sum(s["load_kw"] for s in answer["stations"].values()), rel=1e-6)
    assert loads[0].get_ylim() == loads[1].get_ylim()


def test_it_can_be_saved(solved, tmp_path):
    instance, answer = solved
    draw(instance, {"exact": answer}).savefig(tmp_path / "map.png", dpi=50)
    assert (tmp_path / "map.png").stat().st_size > 5000


@pytest.mark.parametrize("labels", [["exact"], ["exact", "again"]], ids=len)
def test_the_legend_is_not_cut_off(solved, labels):
    instance, answer = solved
    figure = draw(instance, dict.fromkeys(labels, answer))
    figure.draw_without_rendering()
    legend = figure.legends[0].get_window_extent()
    assert figure.bbox.x0 <= legend.x0 and legend.x1 <= figure.bbox.x1


def test_nothing_to_draw_is_refused(solved):
    with pytest.raises(ValueError, match="no answer to draw"):
        draw(solved[0], {})
