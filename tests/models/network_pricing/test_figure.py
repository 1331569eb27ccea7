"""Map of network pricing: what is drawn for each answer; tables."""

import json

import pytest
from rich.console import Console

import bilevolt as bv
from bilevolt.models.network_pricing import build, summary, tables
from bilevolt.models.network_pricing.figure import draw


@pytest.fixture(scope="module")
def solved():
    instance = bv.load_instance("tolls_grid")
    model = build(instance)
    bv.solve(model, reformulation="strong_duality", solver="highs")
    return instance, summary(model)


def test_a_map_and_the_bills_for_each_answer(solved):
    instance, answer = solved
    figure = draw(instance, {"exact": answer, "again": answer})
    maps, bills = figure.axes[:2], figure.axes[2:4]
    assert [axes.get_title("left").split(":")[0] for axes in maps] == ["tolls_grid, exact", "tolls_grid, again"]
    plain, tolled = (c for c in maps[0].collections[:2])
    assert len(tolled.get_segments()) == len(instance.tolled)
    assert len(plain.get_segments()) + len(instance.tolled) == len(instance.arcs)
    used = {f"{answer['tolls'][a]:.1f}" for a, flow in answer["traffic"].items() if flow > 0 and answer["tolls"][a] > 0}
    assert used and used <= {text.get_text() for text in maps[0].texts}
    heights = [bar.get_height() for bar in bills[0].patches]
    tolls = heights[len(instance.commodities) :]
    demands = [k.demand for k in instance.commodities]
    assert sum(t * d for t, d in zip(tolls, demands, strict=True)) == pytest.approx(answer["revenue"], rel=1e-5)
    with pytest.raises(ValueError, match="no answer to draw"):
        draw(instance, {})


def test_a_network_without_positions_is_laid_out(tmp_path, solved):
    instance, answer = solved
    data = json.loads(instance.model_dump_json())
    for node in data["nodes"]:
        node["position_km"] = None
    bare = bv.instances.parse_instance(json.dumps(data), "bare")
    draw(bare, {"exact": answer}).savefig(tmp_path / "map.png", dpi=40)
    assert (tmp_path / "map.png").stat().st_size > 5000


def test_tables(solved):
    instance, answer = solved
    rows = tables.commodity_rows(instance, answer)
    assert sum(row["revenue"] for row in rows) == pytest.approx(answer["revenue"])
    assert all(row["cost"] <= row["alternative"] + 1e-6 for row in rows)
    console = Console(width=200, record=True)
    console.print(tables.commodity_table("bills", rows))
    published = {"published_objective": 100.0, "published_bound": None, "published_seconds": 5.0}
    row = {"name": "g1", "objective": 99.0, "bound": 99.99, "seconds": 7.0} | published
    console.print(tables.comparison_table("both", [row, row | {"objective": None, "name": "g2"}]))
    text = console.export_text()
    assert all(row["commodity"] in text for row in rows)
    assert "1.000" in text and "–" in text  # the gap in percent, and what is not known
