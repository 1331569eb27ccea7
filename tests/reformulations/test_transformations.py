"""The steps under Pyomo's names, and Pyomo's own steps on what they make."""

import pyomo.environ as pyo
import pytest

from bilevolt.errors import BilevoltError
from bilevolt.models import textbook
from bilevolt.reformulations import LINEARIZATIONS, map_of
from bilevolt.solvers import get_solver

ANSWER = pytest.approx(-12, abs=1e-4)


def transform(name):
    return pyo.TransformationFactory(name)


def solver_of(step):
    return get_solver("highs" if step in ("bigm", "branch") else "gurobi")


@pytest.fixture
def model():
    return textbook.build("bard511")


def test_all_steps_are_registered():
    names = {"bilevel.kkt", "bilevel.strong_duality", *(f"mpcc.{step}" for step in LINEARIZATIONS)}
    assert names <= set(pyo.TransformationFactory)


@pytest.mark.parametrize("step", LINEARIZATIONS)
def test_a_new_model_and_the_mpcc_stays(model, step, structure):
    mpcc = transform("bilevel.kkt").create_using(model)
    before = structure(mpcc)
    single = transform(f"mpcc.{step}").create_using(mpcc)
    assert solver_of(step).solve(single).objective == ANSWER
    assert structure(mpcc) == before
    assert map_of(mpcc).pending() == map_of(mpcc).conditions.pairs


@pytest.mark.parametrize("step", LINEARIZATIONS)
def test_in_place(model, step):
    single = transform("bilevel.kkt").create_using(model)
    transform(f"mpcc.{step}").apply_to(single)
    assert solver_of(step).solve(single).objective == ANSWER
    assert map_of(single).pending() == []


def test_strong_duality_in_one_step(model):
    single = transform("bilevel.strong_duality").create_using(model)
    assert map_of(single).steps[:2] == ["kkt", "strong_duality"]
    assert get_solver("gurobi").solve(single).objective == ANSWER


def test_options_are_those_of_the_step(model):
    mpcc = transform("bilevel.kkt").create_using(model)
    single = transform("mpcc.product").create_using(mpcc, tolerance=0.25)
    assert {pyo.value(row.upper) for row in single.product.complementarity.values()} == {0.25}


@pytest.mark.parametrize("name", ["bilevel.kkt", "bilevel.strong_duality"])
def test_a_bilevel_model_is_not_changed_in_place(model, name, structure):
    before = structure(model)
    with pytest.raises(BilevoltError, match=r"'bard511'.*use create_using"):
        transform(name).apply_to(model)
    assert structure(model) == before


@pytest.mark.parametrize("name", ["bilevel.kkt", "bilevel.strong_duality"])
def test_the_users_model_is_unchanged(model, name, structure):
    before = structure(model)
    transform(name).create_using(model)
    assert structure(model) == before


def test_a_model_of_other_origin_is_refused(model):
    with pytest.raises(BilevoltError, match=r"'bard511' was not made by .*'bilevel.kkt'"):
        transform("mpcc.sos1").apply_to(model)


def test_half_linearised_models_are_refused_as_a_source(model):
    single = transform("bilevel.kkt").create_using(model)
    LINEARIZATIONS["sos1"].apply(single, map_of(single).pending()[:1])
    with pytest.raises(BilevoltError, match=r"linearised in part already; use apply_to"):
        transform("mpcc.bigm").create_using(single)
    transform("mpcc.indicator").apply_to(single)
    assert get_solver("gurobi").solve(single).objective == ANSWER


def test_pyomos_own_steps_take_the_mpcc(model):
    single = transform("bilevel.kkt").create_using(model)
    transform("mpec.simple_disjunction").apply_to(single)
    transform("gdp.bigm").apply_to(single, bigM=1000)
    result = get_solver("highs").solve(single)
    assert (str(result.status), result.objective) == ("optimal", ANSWER)
