"""``tournament``: rows, seeds, resuming, and what is refused; its tables and figures."""

import json
import re
import shutil
import subprocess
from xml.etree import ElementTree

import pytest

import bilevolt as bv
from bilevolt.errors import BilevoltError, MalformedError
from bilevolt.experiments import read_ledger, running, tournament
from bilevolt.experiments.results import Entry, Tournament
from bilevolt.experiments.task import Task
from bilevolt.models import textbook
from bilevolt.reports.row import Row

SMALL = {"reformulations": ["sos1", "bigm"], "solvers": ["highs", "gurobi"]}


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    ledger = tmp_path_factory.mktemp("ledger") / "rows.jsonl"
    return tournament(["bard511", "moore"], **SMALL, methods=["nested"], big_m=1000, ledger=ledger), ledger


def figures(found):
    """What of the rows does not depend on time."""
    names = ["instance", "competitor", "seed", "status", "objective", "bound", "verified", "culprit", "reason", "known"]
    return found.frame[names].to_json(orient="records")


def test_every_combination_is_a_row(played):
    found, _ = played
    assert len(found.rows) == 2 * (2 + 4)
    assert list(found.frame["competitor"][:6]) == [
        "nested highs", "nested gurobi", "sos1 highs", "sos1 gurobi", "bigm highs", "bigm gurobi"
    ]  # fmt: skip
    optima = [row for row in found.rows if row.status == "optimal"]
    assert [row.objective for row in optima] == [pytest.approx(-12)] * 3
    assert all(row.reason for row in found.rows if row.status == "refused")
    assert list(found.frame["known"]) == [-12.0] * 6 + [-22.0] * 6


def test_times_and_sizes_are_apart(played):
    row = next(row for row in played[0].rows if row.label == "exact bigm gurobi" and row.status == "optimal")
    parts = (row.seconds_model, row.seconds_build, row.seconds_hand_over, row.seconds_solve, row.seconds_check)
    assert all(part is not None and part >= 0 for part in parts)
    assert row.seconds_hand_over <= row.seconds_solve <= row.seconds_total
    assert row.variables and row.constraints and row.nodes is not None and row.trace[-1][1] == pytest.approx(-12)


def test_what_is_in_the_ledger_is_not_run_again(played, monkeypatch):
    found, ledger = played
    before = ledger.read_bytes()
    monkeypatch.setattr("bilevolt.experiments.executors.run", None)  # whoever calls it fails
    again = tournament(["bard511", "moore"], **SMALL, methods=["nested"], big_m=1000, ledger=ledger)
    assert ledger.read_bytes() == before
    assert figures(again) == figures(found) == figures(read_ledger(ledger))
    assert [row.trace for row in again.rows] == [row.trace for row in found.rows]


def test_a_row_that_was_edited_is_refused_with_its_key(played, tmp_path):
    ledger = tmp_path / "rows.jsonl"
    ledger.write_text(played[1].read_text().replace('"seed": null', '"sead": null', 1))
    with pytest.raises(MalformedError, match=r"the row of key [0-9a-f]{32} cannot be read .*sead"):
        read_ledger(ledger)


def test_a_function_that_cannot_be_sent_is_refused_before_any_process_starts():
    with pytest.raises(BilevoltError, match="mine: cannot be sent"):
        tournament({"mine": lambda: textbook.build("bard511")}, executor=2)


@pytest.mark.parametrize("other", [{"rel_gap": 1e-4}, {"time_limit": 7}, {"big_m": 999}, {"seeds": 1}])
def test_rows_of_other_options_are_others(played, tmp_path, other):
    ledger = tmp_path / "rows.jsonl"
    shutil.copy(played[1], ledger)
    lines = len(ledger.read_text().splitlines())
    tournament(["bard511"], reformulations=["bigm"], solvers=["gurobi"], ledger=ledger, **{"big_m": 1000} | other)
    assert len(ledger.read_text().splitlines()) == lines + 1


def test_a_model_of_other_data_is_another(tmp_path):
    def capped(cap):
        def build():
            model = textbook.build("bard511")
            model.x.setub(cap)
            return model

        return build

    ledger = tmp_path / "rows.jsonl"
    runs = {"reformulations": ["sos1"], "solvers": ["gurobi"], "ledger": ledger}
    found = [tournament({"mine": capped(cap)}, **runs).rows[0].objective for cap in (8, 3, 8)]
    assert found == [pytest.approx(-12), pytest.approx(-7), pytest.approx(-12)]
    assert len(ledger.read_text().splitlines()) == 2 + 2


def test_ctrl_c_keeps_the_rows_and_the_next_call_goes_on(tmp_path, monkeypatch):
    ledger = tmp_path / "rows.jsonl"
    whole = tournament(["bard511"], **SMALL, big_m=1000)
    real, left = running.run, [2]

    def interrupted(*given, **named):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return real(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr("bilevolt.experiments.executors.run", interrupted)
        part = tournament(["bard511"], **SMALL, big_m=1000, ledger=ledger)
    assert part.interrupted and len(part.rows) == 2
    assert figures(tournament(["bard511"], **SMALL, big_m=1000, ledger=ledger)) == figures(whole)


def test_a_failure_within_a_run_is_a_row(monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("bilevolt.reports.subject.solve", broken)
    (row,) = tournament(["bard511"], reformulations=["sos1"], solvers=["scip"]).rows
    assert row.status == "error" and row.reason == "ZeroDivisionError: by nothing"


def test_seeds_reach_solver_and_heuristic(monkeypatch):
    asked = []

    def stub(model, **given):
        asked.append((given["method"], given.get("options"), given.get("method_options")))
        raise BilevoltError("no")

    monkeypatch.setattr("bilevolt.reports.subject.solve", stub)
    runs = {"reformulations": ["sos1"], "solvers": ["scip"], "methods": ["pso", "nested"]}
    found = tournament(["bard511"], **runs, seeds=[3, 5], options={"limits/nodes": 9})
    assert [row.seed for row in found.rows] == [3, 5] * 3
    scip = {"randomization/randomseedshift": 3, "limits/nodes": 9}
    assert asked[::2] == [("pso", scip, {"seed": 3}), ("nested", scip, None), ("exact", scip, None)]


def test_rivals_answers_are_checked_and_wrong_ones_marked():
    rows = tournament(["liu_hart_1994", "bard511", "moore"], reformulations=["sos1"], solvers=["gurobi"],
                      rivals=["fa", "gdp"]).rows  # fmt: skip
    found = {(row.instance, row.reformulation): row for row in rows}
    wrong = found["liu_hart_1994", "PAO FA"]
    assert wrong.status == "optimal" and wrong.objective == pytest.approx(-3) and wrong.culprit
    right = found["bard511", "PAO FA"]
    assert (right.status, right.verified, right.culprit) == ("optimal", True, None) and right.seconds_cpu
    assert found["bard511", "sos1"].culprit is None and found["moore", "PAO FA"].reason


@pytest.mark.parametrize("solver", ["highs", "scip", "gurobi"])
def test_every_solver_takes_its_seed(solver):
    rows = tournament(
        ["bard511"], reformulations=["bigm"], solvers=[solver], methods=["nested"], seeds=2, big_m=99
    ).rows
    assert [row.seed for row in rows] == [0, 1, 0, 1] and not any(row.reason for row in rows)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"solvers": ["auto"], "seeds": 2}, "seeds: .*takes none"),
        ({"seeds": 0}, "seeds=0"), ({"seeds": [-1]}, "seeds="), ({"seeds": "3"}, "seeds="),
        ({"memory_limit": 1}, "worker processes"), ({"executor": 0}, "executor=0"), ({"executor": object()}, "is none"),
        ({"executor": 1, "memory_limit": -1}, "memory_limit"), ({"solvers": ["cplexx"]}, "unknown"),
        ({"reformulations": ["sos1"], "big_m": 3}, "used by none"),
    ],
)  # fmt: skip
def test_what_is_asked_wrongly_is_refused_before_any_run(wrong, message, monkeypatch):
    monkeypatch.setattr("bilevolt.experiments.executors.run", None)
    with pytest.raises(BilevoltError, match=message):
        tournament(["bard511"], **{"reformulations": ["sos1"], "solvers": ["gurobi"]} | wrong)


def test_the_catalogue_is_a_target():
    names = {one.name for one in bv.reports.targets.resolve_all(["textbook", "limassol_small"])}
    assert names == {*textbook.NAMES, "limassol_small"}


# Tables and figures, of rows made by hand ------------------------------------------------------------------


def entry(instance, way, solver, status="optimal", objective=2.0, seconds=1.0, known=None, **more):
    task = Task(instance, None, "", "exact", way, solver)
    row = Row(instance, "exact", way, solver, status=status, objective=objective, bound=objective, verified=True,
              seconds_cpu=seconds, seconds_total=seconds)  # fmt: skip
    for name, item in more.items():
        setattr(row, name, item)
    return Entry(task, row, known=known)


def refused(instance, way, solver):
    return entry(instance, way, solver, "refused", None, 0.0, verified=None, bound=None, reason="does not apply")


@pytest.fixture
def made():
    entries = [
        entry("p", "sos1", "scip", seconds=4.0, trace=[(1.0, 4.0, 0.0), (3.0, 2.0, 2.0)]),
        refused("p", "sos1", "highs"),
        entry("p", "bigm", "scip", seconds=2.0),
        entry("p", "bigm", "highs", seconds=1.0),
        entry("q", "sos1", "scip", objective=5.0, seconds=3.0, known=5.0),
        refused("q", "sos1", "highs"),
        entry("q", "bigm", "scip", objective=6.0, seconds=0.5, known=5.0),  # wrong
        entry("q", "bigm", "highs", "feasible", 5.0, 60.0, known=5.0, bound=4.0),
    ]
    return Tournament.of(entries, {"time_limit": 60, "rel_gap": 1e-6}, {})


def test_the_known_optimum_refutes(made):
    assert [row.label for row in made.culprits] == ["exact bigm scip"]
    alone = Tournament.of([entry("q", "bigm", "scip", objective=6.0, known=5.0)], {"rel_gap": 1e-6}, {})
    assert "known one is 5" in (alone.rows[0].culprit or "")


def test_costs_of_proofs(made):
    inf = float("inf")
    assert made.costs() == {"sos1 scip": [4.0, 3.0], "bigm scip": [2.0, inf], "bigm highs": [1.0, inf]}


def test_seconds_to_target(made):
    inf = float("inf")
    assert made.seconds_to_target() == {"sos1 scip": [3.0, 3.0], "bigm scip": [2.0, inf], "bigm highs": [1.0, 60.0]}


def test_primal_integral_is_a_column(made):
    assert list(made.frame["primal_integral"].dropna()) == [2.0]  # 1 s at 1, 2 s at |4 - 2| / 4


def test_summary(made):
    summary = made.summary().set_index("competitor")
    assert summary["mean"]["sos1 scip"] == pytest.approx(20**0.5 - 1)
    assert summary["mean"]["bigm highs"] == pytest.approx(122**0.5 - 1)
    assert list(summary["wrong"]) == [0, 0, 1, 0] and list(summary["refused"]) == [0, 2, 0, 0]


BY_WAY = r"""% 2 problems; CPU (s): shifted geometric mean over those that the way applies to
\begin{tabular}{lr r@{.}lr r@{.}l}
\toprule
 & \multicolumn{3}{c}{scip} & \multicolumn{3}{c}{highs} \\
\cmidrule(lr){2-4}\cmidrule(lr){5-7}
way & proven & \multicolumn{2}{c}{CPU (s)} & proven & \multicolumn{2}{c}{CPU (s)} \\
\midrule
sos1 & \textbf{2} & \textbf{3} & \textbf{47} & -- & \multicolumn{2}{c}{--} \\
bigm & 1 & 12 & 53 & 1 & 10 & 05 \\
\bottomrule
\end{tabular}
"""

BY_INSTANCE = r"""% CPU (s) of the proof, of a heuristic's point; --: refused, open: neither, wrong: refuted
\begin{tabular}{l r@{.}l l r@{.}l r@{.}l}
\toprule
instance & \multicolumn{2}{c}{known} & way & \multicolumn{2}{c}{scip} & \multicolumn{2}{c}{highs} \\
\midrule
p & \multicolumn{2}{c}{--} & sos1 & 4 & 00 & \multicolumn{2}{c}{--} \\
 & \multicolumn{2}{c}{} & bigm & 2 & 00 & \textbf{1} & \textbf{00} \\
q & 5 & 000 & sos1 & \textbf{3} & \textbf{00} & \multicolumn{2}{c}{--} \\
 & \multicolumn{2}{c}{} & bigm & \multicolumn{2}{c}{wrong} & \multicolumn{2}{c}{open} \\
\bottomrule
\end{tabular}
"""


@pytest.mark.parametrize(("by", "text"), [("way", BY_WAY), ("instance", BY_INSTANCE)])
def test_latex(made, by, text):
    assert made.to_latex(by=by) == text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")
@pytest.mark.parametrize("by", ["way", "instance"])
def test_the_latex_compiles(played, tmp_path, by):
    table = played[0].to_latex(by=by)
    document = rf"\documentclass{{article}}\usepackage{{booktabs}}\begin{{document}}{table}\end{{document}}"
    (tmp_path / "table.tex").write_text(document)
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table.tex"], cwd=tmp_path, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]


def test_html_needs_no_other_file(played, tmp_path):
    found, _ = played
    found.to_html(tmp_path / "all.html")
    page = (tmp_path / "all.html").read_text(encoding="utf-8")
    body = page[page.index("<h2>Rows") :]
    table = body[body.index("<table>") : body.index("</table>") + len("</table>")]
    assert len(ElementTree.fromstring(table).findall("tbody/tr")) == len(found.rows)
    sources = re.findall(r'(?:src|href)="([^"]{0,30})', page)
    assert len(sources) == 5 and all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    assert bv.__version__ in page and "known optimum" in page


@pytest.mark.parametrize("kind", ["performance", "data", "cactus", "gap", "means", "rows"])
def test_figures(made, kind, tmp_path):
    made.plot(tmp_path / "figure.png", kind=kind)
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
    Tournament.of([refused("p", "sos1", "highs")], {}, {}).plot(kind=kind)  # nothing to draw is a figure, too


def test_colours_are_of_ways_and_dashes_of_solvers(made):
    lines = {line.get_label(): line for line in made.plot(kind="performance").axes[0].get_lines()}
    assert lines["sos1 scip"].get_color() != lines["bigm scip"].get_color() == lines["bigm highs"].get_color()
    assert lines["sos1 scip"].get_linestyle() == lines["bigm scip"].get_linestyle()
    assert lines["bigm highs"].get_linestyle() != lines["bigm scip"].get_linestyle()


def test_json(played):
    data = json.loads(played[0].to_json())
    assert len(data["rows"]) == 12 and set(data["environments"]) == {row["environment"] for row in data["rows"]}
    (machine,) = data["environments"].values()
    assert {"machine", "processor", "python", "bilevolt", "solvers", "commit"} <= set(machine)
