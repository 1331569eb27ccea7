"""discopt as a rival: asked in a process of its own, its point held against our check."""

import sys
from functools import partial
from importlib.util import find_spec

import pyomo.environ as pyo
import pytest

from bilevolt.models import textbook
from bilevolt.reports.culprits import mark
from bilevolt.reports.discopt_rival import INTERPRETER, interpreter
from bilevolt.reports.rivals import RIVALS, ask

needs_discopt = pytest.mark.skipif(
    interpreter() is None, reason=f"discopt is not installed: pip install discopt (Python >= 3.12), or {INTERPRETER}"
)


def asked(build):
    row = ask(RIVALS["discopt"], "it", build, None, 1e-4)
    mark([row], True, 1e-4)
    return row


@needs_discopt
def test_a_claim_that_the_check_refutes_is_marked():
    row = asked(partial(textbook.build, "bard_falk_1982_2"))
    assert row.status == "optimal" and row.objective == pytest.approx(-4, abs=1e-3)  # the optimum is -3.25
    assert row.verified is False and row.culprit == "its point fails the check"


@needs_discopt
def test_a_right_answer():
    row = asked(partial(textbook.build, "bard511"))
    assert (row.verified, row.culprit) == (True, None)
    assert row.objective == pytest.approx(-12, abs=1e-4)


def with_a_cube():
    model = textbook.build("bard511")
    model.extra = pyo.Constraint(expr=model.x**3 <= 1000)
    return model


def with_sets():
    model = textbook.build("bard511")
    model.pair = pyo.Set(initialize=[0, 1])
    model.both = pyo.Var(model.pair, bounds=(0, 1))
    model.extra = pyo.SOSConstraint(var=model.both, sos=1)
    return model


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (with_a_cube, "'extra' is not quadratic"), (with_sets, "special ordered sets"),
        (partial(textbook.build, "own_capacity_rent"), "dual_of"),
    ],
)  # fmt: skip
def test_what_discopt_is_not_given(build, message):
    row = asked(build)
    assert row.status == "refused" and message in row.reason


@pytest.mark.parametrize(
    ("python", "message"), [("/nowhere/python", "cannot be run"), (sys.executable, "No module named 'discopt'")]
)
def test_an_interpreter_without_it(monkeypatch, python, message):
    if python == sys.executable and find_spec("discopt"):
        pytest.skip("this interpreter has discopt")
    monkeypatch.setenv(INTERPRETER, python)
    row = asked(partial(textbook.build, "bard511"))
    assert row.status == "refused" and message in row.reason
