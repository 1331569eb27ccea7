"""What is seen at the prompt: short tables, names escaped, noise as 0."""

import bilevolt as bv
from bilevolt.cli.console import _figure
from bilevolt.reacting import Response
from bilevolt.reports import Comparison
from bilevolt.reports.row import Row
from bilevolt.solution import Solution
from bilevolt.solvers.status import Status


def found():
    return Solution(
        Status.optimal, objective=3.0, bound=3.0, values={"x[a<b]": 2.0, "y": 1.06581e-14}, multipliers={"L.c": -1.5},
        lower_objectives={"L": -1.06581e-14}, solver="highs", certificate=bv.Certificate(True, globally_optimal=True),
    )  # fmt: skip


def test_a_solution_prints_as_a_short_table():
    lines = dict(line.split("  ", 1) for line in str(found()).splitlines())
    texts = {label.strip(): text.strip() for label, text in lines.items()}
    assert texts["status"] == "optimal" and texts["objective of L"] == "0" and texts["bilevel feasible"] == "yes"
    assert texts["values"] == "x[a<b] = 2, 1 are 0" and "reformulation" not in texts


def test_html_escapes_names():
    html = found()._repr_html_()
    assert html.startswith("<table>") and "x[a&lt;b]" in html and "a<b" not in html


def test_a_frame_has_values_and_prices():
    frame = found().to_frame()
    assert list(frame.columns) == ["kind", "name", "value"]
    assert dict(zip(frame.name, frame.value, strict=True))["L.c"] == -1.5
    assert list(frame.kind) == ["variable", "variable", "shadow price"]
    assert Solution(Status.infeasible).to_frame().empty


def test_certificate_and_comparison_are_tables_in_a_notebook():
    certificate = found().certificate
    assert "<th" in certificate._repr_html_() and str(certificate) == certificate.report()
    assert certificate._repr_html_().count("<tr>") == len(certificate.report().splitlines())
    row = Row("pao<1>", "exact", "sos1", "highs", status="optimal", objective=1.0)
    html = Comparison([row])._repr_html_()
    assert html.startswith("<table>") and "sos1" in html and "<html" not in html


def test_a_figure_of_nothing_is_none():
    assert _figure({"stations": {}}) == "stations: none" and _figure([]) == "none"


def test_noise_is_shown_as_zero():
    gap = {"L": 3e-17}
    certificate = bv.Certificate(
        True, True, 1.06581e-14, -2e-16, gap, complementarity=1e-12, pessimistic_objective=-1e-14
    )
    assert "e-1" not in certificate.report() and "pessimistic value    0" in certificate.report()
    assert str(Response(Status.optimal, 1.06581e-14, {"y": -1e-15})) == "objective 0, y = 0"
