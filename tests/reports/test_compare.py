"""``compare``: every pair has a row, refusals say why, the model stays as it was, Ctrl-C keeps rows."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from pyomo.environ import Var

import bilevolt as bv
from bilevolt.errors import BilevoltError
from bilevolt.models import textbook
from bilevolt.reports import Comparison, compare
from bilevolt.solution import Solution
from bilevolt.solvers.status import Status
from bilevolt.verification import Certificate

SOLVED = ("bard511", "bard_falk_1982_1")
GRID = {"reformulations": ["sos1", "bigm"], "solvers": ["highs", "scip", "gurobi"]}


def build(name: str) -> Any:
    return lambda: textbook.build(name)


@pytest.fixture(scope="module")
def grid() -> Comparison:
    return compare({name: build(name) for name in (*SOLVED, "moore")}, **GRID, methods=["nested"], big_m=1000)


def test_every_pair_has_a_row(grid: Comparison) -> None:
    pairs = {(r.instance, r.method, r.solver) for r in grid.rows}
    assert len(grid.rows) == 3 * (3 + 2 * 3)
    assert len(pairs) == 3 * 3 * 2


def test_answers_are_right_and_verified(grid: Comparison) -> None:
    optimal = [row for row in grid.rows if row.status == "optimal"]
    assert {row.instance for row in optimal} == set(SOLVED)
    for row in optimal:
        assert row.verified
        assert row.objective == pytest.approx(textbook.problem(row.instance).objective, rel=1e-6, abs=1e-6)
        assert row.gap is not None and row.gap <= 1e-6
        assert row.seconds_total is not None and row.seconds_total >= (row.seconds_solve or 0)
    assert not grid.culprits


def test_a_refusal_is_a_row_with_the_reason(grid: Comparison) -> None:
    refused = [row for row in grid.rows if row.status == "refused"]
    assert all(row.reason and row.objective is None for row in refused)
    reasons = {(row.instance, row.reformulation, row.solver): row.reason or "" for row in refused}
    assert "integer" in reasons["moore", "sos1", "gurobi"]
    assert "highs" in reasons["bard511", "sos1", "highs"]


def test_sizes_are_counted(grid: Comparison) -> None:
    sos = next(row for row in grid.rows if row.reformulation == "sos1" and row.status == "optimal")
    bigm = next(row for row in grid.rows if row.reformulation == "bigm" and row.verified)
    assert sos.sos == sos.pairs and sos.binaries == 0
    assert bigm.binaries == bigm.pairs and bigm.sos == 0


def test_frame(grid: Comparison) -> None:
    frame = grid.frame
    assert len(frame) == len(grid.rows)
    assert {"instance", "objective", "seconds_check", "pairs", "culprit", "reason"} <= set(frame.columns)
    assert frame.loc[frame.status == "optimal", "verified"].all()
    assert str(frame.dtypes["sos"]) == "Int64"


def test_json(grid: Comparison, tmp_path: Path) -> None:
    text = grid.to_json(tmp_path / "rows.json")
    data = json.loads((tmp_path / "rows.json").read_text())
    assert data == json.loads(text)
    assert data["settings"] == {"time_limit": 60, "rel_gap": 1e-6, "threads": 1}
    assert [row["status"] for row in data["rows"]] == [row.status for row in grid.rows]


def test_csv(grid: Comparison) -> None:
    rows = list(csv.DictReader(io.StringIO(grid.to_csv())))
    assert [row["instance"] for row in rows] == [row.instance for row in grid.rows]
    optima = [float(row["objective"]) for row in rows if (row["instance"], row["status"]) == ("bard511", "optimal")]
    assert optima and optima == pytest.approx([-12] * len(optima))


def test_latex(grid: Comparison) -> None:
    lines = grid.to_latex().splitlines()
    begin = next(k for k, line in enumerate(lines) if line.startswith(r"\begin{tabular}"))
    assert all(line.startswith("%") for line in lines[:begin])
    table = [line for line in lines[begin:] if line.endswith(r"\\")]
    assert len(table) == len(grid.rows) + 1
    assert {line.count("&") + 1 for line in table} == {lines[begin].rpartition("{")[2].count("l")}
    assert r"bard\_falk\_1982\_1" in grid.to_latex() and "bard_falk_1982_1" not in "".join(table)


def test_html(grid: Comparison, tmp_path: Path) -> None:
    grid.to_html(tmp_path / "rows.html")
    page = (tmp_path / "rows.html").read_text(encoding="utf-8")
    body = page[page.index("<table>") : page.index("</table>") + len("</table>")]
    assert len(ElementTree.fromstring(body).findall("tbody/tr")) == len(grid.rows)
    assert "data:image/png;base64," in page


def test_plot(grid: Comparison, tmp_path: Path) -> None:
    figure = grid.plot(tmp_path / "rows.png")
    assert (tmp_path / "rows.png").read_bytes().startswith(b"\x89PNG")
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert len(labels) == len(grid.rows) and "moore: exact sos1 gurobi" in labels


def test_notes_have_each_reason_once(grid: Comparison) -> None:
    notes = grid.notes()
    assert len(notes) == len(set(notes))
    assert sum("integer variable" in note for note in notes) == 1


def values_of(model: Any) -> list[float | None]:
    return [variable.value for variable in model.component_data_objects(Var)]


def test_a_given_model_keeps_its_values() -> None:
    model = textbook.build("bard511")
    model.x.set_value(1.25)
    before = values_of(model)
    comparison = compare({"mine": model}, reformulations=["sos1"], solvers=["scip"])
    assert comparison.rows[0].status == "optimal"
    assert values_of(model) == before


def test_every_run_starts_from_the_same_values(monkeypatch: pytest.MonkeyPatch) -> None:
    starts: list[list[float | None]] = []

    def stub(model: Any, **_: Any) -> Solution:
        starts.append(values_of(model))
        for variable in model.component_data_objects(Var):
            variable.set_value(99.0, skip_validation=True)
        return optimal(-12.0)

    monkeypatch.setattr("bilevolt.reports.subject.solve", stub)
    compare({"toy": build("bard511")}, reformulations=["sos1", "bigm"], solvers=["scip"])
    assert len(starts) == 2 and starts[0] == starts[1]


def test_summaries_become_columns() -> None:
    comparison = compare(
        {"toy": build("bard511")},
        reformulations=["sos1"],
        solvers=["scip"],
        summaries={"toy": lambda model: {"x_plus_one": model.x.value + 1, "list": [1, 2]}},
    )
    assert comparison.frame["x_plus_one"].tolist() == [pytest.approx(5)]
    assert "list" not in comparison.frame.columns
    assert comparison.rows[0].summary["list"] == [1, 2]
    assert list(comparison.answers) == ["exact"]


def optimal(objective: float) -> Solution:
    certificate = Certificate(bilevel_feasible=True)
    return Solution(Status.optimal, objective, objective, solver="stub", reformulation="stub", certificate=certificate)


def stub_answers(monkeypatch: pytest.MonkeyPatch, answers: Iterator[Solution | type[KeyboardInterrupt]]) -> None:
    def stub(model: Any, **_: Any) -> Solution:
        answer = next(answers)
        if isinstance(answer, Solution):
            return answer
        raise answer

    monkeypatch.setattr("bilevolt.reports.subject.solve", stub)


def test_a_wrong_optimum_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    stub_answers(monkeypatch, iter([optimal(-12.0), optimal(-11.0)]))
    comparison = compare({"toy": build("bard511")}, reformulations=["sos1", "bigm"], solvers=["scip"])
    assert [row.culprit is not None for row in comparison.rows] == [False, True]
    assert "culprit" in "\n".join(comparison.notes())


def test_ctrl_c_keeps_the_finished_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    stub_answers(monkeypatch, iter([optimal(-12.0), KeyboardInterrupt]))
    comparison = compare({"toy": build("bard511")}, reformulations=["sos1", "bigm"], solvers=["scip", "highs"])
    assert comparison.interrupted
    assert [row.objective for row in comparison.rows] == [-12.0]
    assert json.loads(comparison.to_json())["interrupted"] is True


def test_ctrl_c_that_a_solver_took_ends_the_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = Solution(Status.feasible, -11.0, solver="scip", interrupted=True)
    stub_answers(monkeypatch, iter([stopped, optimal(-12.0)]))
    comparison = compare({"toy": build("bard511")}, reformulations=["sos1", "bigm"], solvers=["scip"])
    assert comparison.interrupted
    assert [row.status for row in comparison.rows] == ["feasible"]


@pytest.mark.parametrize("wrong", [{"reformulations": ["sos2"]}, {"solvers": ["baron"]}, {"methods": ["luck"]}])
def test_unknown_names_are_refused_at_once(wrong: dict[str, list[str]]) -> None:
    with pytest.raises(BilevoltError, match=r"unknown\. .*Choose one of"):
        compare({"toy": build("bard511")}, **wrong)  # type: ignore[arg-type]


def test_public_name() -> None:
    assert bv.reports.compare is compare
