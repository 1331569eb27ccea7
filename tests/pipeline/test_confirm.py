"""``solve(confirm=...)``: another way finds nothing better, or a better point; what cannot be asked is refused."""

import math
from typing import Any

import pyomo.environ as pyo
import pytest

import bilevolt as bv
from bilevolt import Solution, Status, SubModel
from bilevolt.errors import ArgumentError, BilevoltError, SolverUnavailableError, UnsupportedBySolverError
from bilevolt.models import textbook
from bilevolt.solvers import SOLVERS
from bilevolt.solvers.base import Solver


@pytest.mark.parametrize(
    ("arguments", "who"),
    [
        ({"solver": "highs", "confirm": "scip"}, "scip (sos1)"),
        ({"solver": "highs", "confirm": "AUTO"}, "gurobi (sos1)"),
        ({"solver": "gurobi", "confirm": "highs"}, "highs (branch)"),
        ({"solver": "gurobi", "reformulation": "sos1", "confirm": "scip"}, "scip (indicator)"),
        ({"solver": "scip", "confirm": "highs", "options": {"limits/nodes": 10_000}}, "highs (branch)"),
    ],
    ids=str,
)
def test_who_confirms(arguments: dict[str, Any], who: str) -> None:
    solution = bv.solve(textbook.build("bard511"), **arguments)
    assert (solution.status, solution.objective) == (Status.optimal, pytest.approx(-12))
    certificate = solution.certificate
    assert certificate is not None and certificate.confirmed_by == who and certificate.globally_optimal
    assert certificate.refuted_by is None and certificate.better_objective is None
    assert f"confirmed by         {who}: nothing better found" in certificate.report().splitlines()
    assert certificate.to_dict()["confirmed_by"] == who
    again = Solution.from_json(solution.to_json()).certificate
    assert again is not None and again.confirmed_by == who


def test_without_the_question_nobody_confirms() -> None:
    certificate = bv.solve(textbook.build("bard511")).certificate
    assert certificate is not None and certificate.confirmed_by is None
    assert "confirmed" not in certificate.report()


def offering(sense: int, limit: float) -> pyo.ConcreteModel:
    """min -x - 2y, x in 0..4 integer; y in argmin {-y : y <= 3, y <= 5 - x}: F = -8; believed: x + y <= limit."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(domain=pyo.Integers, bounds=(0, 4))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, 3))
    model.L.row = pyo.Constraint(expr=model.L.y <= 5 - model.x)
    model.L.objective = pyo.Objective(expr=-model.L.y)
    model.objective = pyo.Objective(expr=-sense * (model.x + 2 * model.L.y), sense=sense)
    model.cuts = bv.ValidInequalities(reason="believed")
    model.cuts.total = pyo.Constraint(expr=model.x + model.L.y <= limit)
    return model


@pytest.mark.parametrize("sense", [pyo.minimize, pyo.maximize])
@pytest.mark.parametrize("confirm", ["scip", "highs"])
def test_a_wrong_optimum_is_refuted(sense: int, confirm: str) -> None:
    assert bv.solve(offering(sense, 3), solver="gurobi").status is Status.optimal  # the wrong row is believed
    model = offering(sense, 3)
    solution = bv.solve(model, solver="gurobi", confirm=confirm)
    certificate = solution.certificate
    assert (solution.status, solution.objective) == (Status.feasible, pytest.approx(-6 * sense))
    assert solution.bound is None and certificate is not None
    assert certificate.globally_optimal is False and certificate.confirmed_by is None
    assert certificate.refuted_by is not None and certificate.refuted_by.startswith(confirm)
    assert certificate.better_objective is not None and sense * certificate.better_objective < -6.9
    assert "not optimal: " in solution.notes[-1] and "refuted by  " in certificate.report()
    assert model.L.y.value + model.x.value <= 3 + 1e-6  # the answer's own values stay on the model
    better = Solution(Status.feasible, certificate.better_objective, values=certificate.better_values)
    assert bv.verify(model, better).bilevel_feasible
    right = bv.solve(offering(sense, 6), solver="gurobi", confirm=confirm).certificate
    assert right is not None and right.confirmed_by is not None


def test_an_m_that_is_too_small_is_refuted() -> None:
    solution = bv.solve(
        textbook.build("pineda"), reformulation="bigm", big_m={"L.xR": (1, 50)}, solver="highs", confirm="scip"
    )
    assert (solution.status, solution.objective) == (Status.feasible, pytest.approx(51.5))
    assert solution.certificate is not None and solution.certificate.better_objective == pytest.approx(102)


def test_a_nonlinear_objective_is_answered_by_the_bound() -> None:
    model = offering(pyo.minimize, 6)
    model.objective.set_value((model.x - 2.6) ** 2 - model.L.y)
    certificate = bv.solve(model, solver="gurobi", confirm="scip").certificate
    assert certificate is not None and certificate.confirmed_by == "scip (sos1)"


def test_a_claim_that_fails_the_check_refutes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bilevolt.pipeline.confirm.verify", lambda *_, **__: bv.Certificate(False))
    solution = bv.solve(offering(pyo.minimize, 3), solver="gurobi", confirm="scip")
    assert solution.status is Status.optimal
    assert solution.certificate is not None
    assert solution.certificate.confirmed_by is None and solution.certificate.refuted_by is None
    assert "with a point that fails the check" in solution.notes[-1]


@pytest.mark.parametrize("time_limit", [0])
def test_a_limit_confirms_nothing(time_limit: float) -> None:
    found = bv.solve(textbook.build("bard511"), solver="highs", confirm="scip", time_limit=time_limit)
    assert found.certificate is None or found.certificate.confirmed_by is None
    assert "not confirmed: " in found.notes[-1]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"confirm": "baron"}, SolverUnavailableError, "Choose one of auto, gurobi, highs, scip"),
        ({"confirm": True}, SolverUnavailableError, "confirm"),
        ({"solver": "scip", "confirm": "SCIP"}, ArgumentError, "is the solver of the model itself"),
        ({"method": "nested", "confirm": "scip"}, ArgumentError, "confirm='scip' is not used by the heuristic"),
    ],
    ids=str,
)
def test_refused_before_any_solve(
    arguments: dict[str, Any], error: type[BilevoltError], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise AssertionError("a solver was called")

    monkeypatch.setattr(Solver, "solve", fail)
    with pytest.raises(error, match=message):
        bv.solve(textbook.build("bard511"), **arguments)


def test_a_solver_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(SOLVERS["scip"]), "available", lambda _: "it is hidden")
    with pytest.raises(UnsupportedBySolverError, match=r"scip by sos1: it is hidden.*Choose another solver"):
        bv.solve(textbook.build("bard511"), solver="highs", reformulation="bigm", confirm="scip")


def test_a_margin_is_wider_than_the_gap() -> None:
    # With a gap of a tenth, a point that is better by less than the gap is no refutation.
    solution = bv.solve(textbook.build("bard511"), solver="highs", rel_gap=0.1, confirm="scip")
    assert solution.certificate is not None and solution.certificate.confirmed_by == "scip (sos1)"
    assert solution.objective is not None and not math.isnan(solution.objective)
