"""``compare(confirm=...)``: who confirmed is a column, a refuted row a culprit, and what is not confirmed says why."""

import json

import pyomo.environ as pyo
import pytest
from typer.testing import CliRunner

import bilevolt as bv
from bilevolt.cli.app import app
from bilevolt.errors import ArgumentError, SolverUnavailableError
from bilevolt.models import textbook
from bilevolt.reports import compare


def test_who_confirmed_is_a_column() -> None:
    compared = compare(["bard511"], methods=["nested"], reformulations=["bigm"], solvers=["highs", "scip"],
                       confirm="SCIP")  # fmt: skip
    confirmed = {row.label: row.confirmed_by for row in compared.rows}
    assert confirmed == {
        "nested highs": None, "nested scip": None, "exact bigm highs": "scip (sos1)", "exact bigm scip": None
    }  # fmt: skip
    assert [row.remark for row in compared.rows][-1] == "not confirmed: scip is who would be asked"
    assert compared.frame["confirmed_by"].tolist()[2] == "scip (sos1)"
    assert "confirmed by" in compared.to_html() and "scip (sos1)" in compared.to_latex()
    assert not compared.culprits


def test_without_the_question_there_is_no_column() -> None:
    compared = compare(["bard511"], solvers=["highs"])
    assert [row.confirmed_by for row in compared.rows] == [None] and "confirmed by" not in compared.to_latex()


def believed() -> pyo.ConcreteModel:
    """min -y, y = x in 0..4; a wrong valid inequality, believed: x <= 3."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 4))
    model.L = bv.SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, 9))
    model.L.row = pyo.Constraint(expr=model.L.y <= model.x)
    model.L.objective = pyo.Objective(expr=-model.L.y)
    model.objective = pyo.Objective(expr=-model.L.y)
    model.cuts = bv.ValidInequalities(reason="believed")
    model.cuts.limit = pyo.Constraint(expr=model.x <= 3)
    return model


def test_what_is_refuted_is_a_culprit() -> None:
    compared = compare({"mine": believed}, reformulations=["bigm"], solvers=["highs"], confirm="scip")
    (row,) = compared.rows
    assert row.status == "feasible" and row.confirmed_by is None and row.culprit is not None
    assert row.culprit.startswith("scip (sos1) found a better point, verified, with objective -4")


def test_what_rests_on_ties_is_a_column() -> None:
    compared = compare({"capacity": lambda: textbook.build("own_capacity_rent")}, solvers=["highs"])
    assert [row.rests_on_ties for row in compared.rows] == [pytest.approx(16)]
    assert "rests on ties" in compared.to_html()
    assert "rests on ties" not in compare(["bard511"], solvers=["highs"]).to_html()


def test_refused_at_once() -> None:
    with pytest.raises(SolverUnavailableError, match="confirm"):
        compare(["bard511"], confirm="baron")
    with pytest.raises(ArgumentError, match="'confirm': used by none of the runs"):
        compare(["bard511"], methods=["nested"], reformulations=[], confirm="scip")


def test_the_command() -> None:
    command = ["compare", "bard511", "--methods", "", "--confirm", "scip", "--json"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    (row,) = json.loads(done.stdout)["rows"]
    assert row["confirmed_by"] == "scip (sos1)" and row["rests_on_ties"] == 0
