"""The page of the four papers names each of their tables and figures, scripts that exist, and files they write."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "papers.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4}
#: heading -> script, numbers of the paper's tables, of its figures.
PAPERS = {
    "Electric buses": ("electric_bus", [], [1]),
    "Fast charging": ("fast_charging", [1, 2, 3, 4], list(range(1, 11))),
    "Demand response": ("demand_response", list(range(1, 12)), [1, 2, 3, 4]),
    "Station location": ("station_location", [1], []),
}


def numbers(text, kind):
    return sorted({ROMAN.get(n) or int(n) for n in re.findall(rf"\b{kind} ([IV]+|\d+)\b", text)})


@pytest.mark.parametrize("name", PAPERS)
def test_every_table_and_figure_is_there_with_its_place_or_the_reason(name):
    script, tables, figures = PAPERS[name]
    rows = [line.split("|")[1:3] for line in SECTIONS[name].splitlines() if line.startswith("| ")][2:]
    named = " ".join(left for left, _ in rows)
    assert numbers(named, "Table") == tables
    assert numbers(named, "Figure") == figures
    assert all(len(right.strip()) > 10 for _, right in rows)
    assert f"`python scripts/reproduce_{script}.py --out DIR`" in SECTIONS[name]
    source = (ROOT / "scripts" / f"reproduce_{script}.py").read_text(encoding="utf-8")
    for written in re.findall(r"`(\w+)\.png`", SECTIONS[name]):
        stem = re.sub(r"^(zone_01|fast_charging)_?", "", written)
        assert stem in source, written


@pytest.mark.parametrize("name", PAPERS)
def test_the_systems_page_ends_with_the_comparison(name):
    page = (ROOT / "docs" / f"{PAPERS[name][0]}.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE)[-1] == "What the paper prints, what we get, why they differ"
