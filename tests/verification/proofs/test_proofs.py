"""Making proofs: the catalogue, random problems, exact points, and what is left open or refused."""

from fractions import Fraction

import pyomo.environ as pyo
import pytest
from sweeps import one_in

import bilevolt as bv
from bilevolt import prove
from bilevolt.errors import ProofError
from bilevolt.levels.reading import read_levels
from bilevolt.models import random_bilevel, textbook
from bilevolt.solution import Solution
from bilevolt.solvers.status import Status
from bilevolt.verification.proofs import Proof, read_proof
from bilevolt.verification.proofs.problem import stated
from bilevolt.verification.proofs.proof import attach_proof

INTEGER_FOLLOWER = ("moore",)
PROVEN = [name for name in textbook.NAMES if name not in INTEGER_FOLLOWER]


@pytest.mark.parametrize("name", one_in(2, PROVEN))
def test_a_textbook_problem_is_proven(name: str) -> None:
    model = textbook.build(name)
    proof = prove(model)
    result = proof.replay()
    answer = textbook.problem(name)
    if result["bound"] is None:
        assert answer.status == "infeasible"
        return
    worse = 1 if answer.leader.sense == "minimize" else -1
    assert result["violation"] == 0
    assert float(result["attained"]) == pytest.approx(answer.objective, rel=2e-5, abs=2e-5)
    assert 0 <= worse * (result["attained"] - result["bound"]) <= Fraction(1, 10**5) * max(1, abs(result["attained"]))
    for variable, value in zip(_variables(model), proof.data["point"], strict=False):
        variable.set_value(float(Fraction(value)), skip_validation=True)
    assert bv.verify(model, pessimistic=False).bilevel_feasible  # by a solver that knows nothing of the proof


def _variables(model: pyo.ConcreteModel) -> list[pyo.Var]:
    bilevel = read_levels(model)
    return [*bilevel.leader.variables, *bilevel.follower_variables, *bilevel.leader.prices]


@pytest.mark.parametrize("integer", [False, True])
@pytest.mark.parametrize("seed", range(1, 6))
def test_a_random_problem_is_proven(seed: int, integer: bool) -> None:
    result = prove(random_bilevel.build(seed, 10, integer)).replay()
    assert result["violation"] == 0 and result["gap"] <= Fraction(1, 10**3)


def test_a_wrong_optimum_is_not_proven_but_improved() -> None:
    model = textbook.build("bard511")
    wrong = bv.solve(model)
    wrong.objective, wrong.values, wrong.multipliers = -5.0, {}, {}
    proof = prove(model, wrong)
    assert any("was found" in note for note in proof.notes)
    assert proof.replay()["bound"] == -12


def test_a_feasible_problem_called_infeasible_is_refuted() -> None:
    result = prove(textbook.build("bard511"), Solution(Status.infeasible)).replay()
    assert result["bound"] == -12 and result["violation"] == 0


def test_a_proof_that_reaches_its_limit_is_open(tmp_path: object) -> None:
    proof = prove(textbook.build("conejo2016"), node_limit=3)
    assert not proof.closed and "open, nothing is proven: stopped after 3 nodes" in proof.verdict
    for call in (proof.replay, lambda: proof.save("never.json")):
        with pytest.raises(ProofError, match="is open"):
            call()


def test_numbers_are_the_floats_that_they_are() -> None:
    model = pyo.ConcreteModel(name="m")
    model.x = pyo.Var(bounds=(0, 0.1))
    model.L = bv.SubModel(fixed=[model.x])
    model.L.y = pyo.Var()
    model.L.c = pyo.Constraint(expr=0.1 * model.L.y + 0.2 * model.L.y >= model.x * model.x)
    model.L.o = pyo.Objective(expr=(model.L.y - 3) ** 2)
    model.o = pyo.Objective(expr=model.L.y)
    problem = stated(read_levels(model))
    tenth, sum_ = Fraction(0.1), Fraction(0.1) + Fraction(0.2)
    assert problem["variables"][0] == ["x", 0, f"{tenth.numerator}/{tenth.denominator}", False]
    assert problem["followers"][0]["objective"] == [[9], [-6, 1], [1, 1, 1]]
    coefficients = {tuple(t[1:]): Fraction(t[0]) for t in problem["followers"][0]["rows"][0][2]}
    assert {abs(a) for a in coefficients.values()} == {1, sum_} and set(coefficients) == {(0, 0), (1,)}


def _nonpolynomial(model: pyo.ConcreteModel) -> None:
    model.o.set_value(pyo.exp(model.x))


def _cubic(model: pyo.ConcreteModel) -> None:
    model.o.set_value(model.x * model.x * model.L.y)


def _sos(model: pyo.ConcreteModel) -> None:
    model.w = pyo.Var([1, 2], bounds=(0, 1))
    model.s = pyo.SOSConstraint(var=model.w, sos=1)


@pytest.mark.parametrize(
    "change, reason",
    [
        (_nonpolynomial, r"objective 'o' contains exp\(x\)"),
        (_cubic, r"x\*x\*L.y is a product of more than two"),
        (_sos, "special ordered set 's'"),
    ],
)
def test_what_a_proof_does_not_cover_is_refused(change: object, reason: str) -> None:
    model = pyo.ConcreteModel(name="m")
    model.x, model.z = pyo.Var(bounds=(0, 1)), pyo.Var(bounds=(0, 1))
    model.L = bv.SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, 1))
    model.L.o = pyo.Objective(expr=model.L.y)
    model.o = pyo.Objective(expr=model.x + model.z)
    change(model)  # type: ignore[operator]
    with pytest.raises(ProofError, match=reason):
        prove(model, Solution(Status.optimal, objective=0.0))


def test_an_answer_without_a_point_has_nothing_to_prove() -> None:
    with pytest.raises(ProofError, match="status is no_solution"):
        prove(textbook.build("bard511"), Solution(Status.no_solution))


def test_a_file_is_about_its_model_and_no_other(tmp_path: object) -> None:
    model = textbook.build("bard511")
    proof = prove(model)
    path = f"{tmp_path}/proof.json.gz"
    proof.save(path)
    again = read_proof(path)
    assert isinstance(again, Proof) and again.replay() == proof.replay()
    assert again.is_about(textbook.build("bard511")) and not again.is_about(textbook.build("pao1"))
    next(iter(model.component_data_objects(pyo.Var))).setub(1e6)
    assert not again.is_about(model)


def test_valid_inequalities_are_assumptions_of_the_verdict() -> None:
    model = textbook.build("bard511")
    model.V = bv.ValidInequalities(reason="known from the paper")
    model.V.c = pyo.Constraint(expr=model.x >= 0.0)
    assert "assumed without proof" not in prove(model).verdict
    assert "assumed without proof: known from the paper" in prove(model, assume=True).verdict


def test_a_solve_brings_its_proof() -> None:
    solution = bv.solve(textbook.build("bard511"), proof=True)
    assert solution.proof.replay()["bound"] == -12
    assert "proof: bard511: every bilevel feasible point has F >= -12" in solution.notes
    assert Solution.from_json(solution.to_json()).proof is None  # saved as a file of its own


def test_a_solve_says_why_there_is_no_proof() -> None:
    solution = bv.solve(_unbounded(), proof=True)
    assert solution.proof is None and any("no proof: the answer's status is" in note for note in solution.notes)


def _unbounded() -> pyo.ConcreteModel:
    model = pyo.ConcreteModel(name="m")
    model.x = pyo.Var()
    model.L = bv.SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, 1))
    model.L.c = pyo.Constraint(expr=model.L.y >= -model.x)
    model.L.o = pyo.Objective(expr=model.L.y)
    model.o = pyo.Objective(expr=-model.x)
    return model


def test_an_exact_point_refutes_a_worse_optimum() -> None:
    model = textbook.build("bard511")
    solution = bv.solve(model)
    assert solution.objective == pytest.approx(-12)
    claimed = Solution.from_json(solution.to_json())
    claimed.objective, claimed.bound = solution.objective + 5, solution.objective + 5
    claimed.certificate.globally_optimal = True
    attach_proof(read_levels(model), claimed)
    assert (claimed.status, claimed.bound) == ("feasible", None)
    assert claimed.certificate.globally_optimal is False
    assert claimed.certificate.better_objective == pytest.approx(-12)
    assert any(note.startswith("not optimal: a point with objective -12 ") for note in claimed.notes)
    attach_proof(read_levels(model), solution)
    assert (solution.status, solution.certificate.globally_optimal) == ("optimal", True)
