"""Numbers, gaps, tables as text."""

import io

import pytest
from rich.console import Console

from bilevolt.reports import Comparison, Row
from bilevolt.reports.rendering import cells, gap, number


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (439073.4712, "439,073.47"),
        (-1234.5, "-1,234.50"),
        (38.39312, "38.3931"),
        (2e13, "2e+13"),
        (12, "12"),
        (None, "–"),
        (True, "yes"),
        (False, "NO"),
        ("text", "text"),
    ],
)
def test_number(item: object, text: str) -> None:
    assert number(item) == text


@pytest.mark.parametrize(
    ("item", "text"), [(0.0, "0 %"), (3e-9, "<1e-4 %"), (0.0123, "1.23 %"), (None, "–"), (2.0, "200 %")]
)
def test_gap(item: float | None, text: str) -> None:
    assert gap(item) == text


def row(**more: object) -> Row:
    return Row("toy", "exact", "sos1", "scip", "optimal", 1.0, 1.0, 0.0, True, **more)  # type: ignore[arg-type]


def test_a_figure_that_repeats_the_objective_replaces_it() -> None:
    assert "objective" not in cells([row(summary={"O1": 1.0, "O2": 5.0})])[0]
    assert "objective" in cells([row(summary={"O2": 5.0})])[0]
    assert "objective" in cells([row()])[0]


def printed(table: object, width: int) -> str:
    console = Console(width=width, file=io.StringIO())
    console.print(table)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_table_and_its_transpose_have_the_same_cells() -> None:
    comparison = Comparison([row(summary={"O1": 1.0}), Row("toy", "leader_alone", None, "scip", reason="why")])
    upright = printed(comparison.table(), 160).split()
    turned = printed(comparison.table(transposed=True), 80)
    assert "leader alone" in turned
    assert sorted(word for word in upright if word.isalnum()) == sorted(
        word for word in turned.split() if word.isalnum()
    )


def test_culprits_stand_out() -> None:
    comparison = Comparison([row(culprit="claims too much")])
    assert "NO: culprit" in printed(comparison.table(), 160)
    assert comparison.notes() == ["[1] culprit: claims too much"]


def test_an_empty_comparison_has_every_output() -> None:
    empty = Comparison([], interrupted=True)
    assert empty.frame.empty and not empty.notes()
    assert "tabular" in empty.to_latex() and "<table>" in empty.to_html() and empty.to_csv().startswith("instance")
    printed(empty.table(), 80)
