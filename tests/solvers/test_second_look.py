"""Infeasible, unbounded and meaningless answers are not believed at once: by scripted solvers, answer by answer."""

import numpy as np
import pytest
from pyomo.contrib.solver.common.results import TerminationCondition as Condition
from scipy.sparse import csr_array

from bilevolt.solvers.program import Form, Program
from bilevolt.solvers.records import Outcome
from bilevolt.solvers.second_look import disambiguate, look_again

HERE = np.array([1.0])
EMPTY = Outcome(Condition.provenInfeasible, "empty")
POINT = Outcome(Condition.convergenceCriteriaSatisfied, "point", point=HERE, bound=1.0)
LIMIT = Outcome(Condition.iterationLimit, "limit", bound=-5.0)
RAY = Outcome(Condition.unbounded, "ray")


def program(integer=True):
    return Program(
        cost=np.array([1.0]), offset=0.0, quadratic=Form(), lower=np.array([0.0]), upper=np.array([9.0]),
        integer=np.array([integer]), matrix=csr_array((0, 1)), row_lower=np.zeros(0), row_upper=np.zeros(0),
        start=np.array([np.nan]),
    )  # fmt: skip


class Script:
    """Answers in turn; what was asked is kept."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def __call__(self, program, **changes):
        self.asked.append((bool(program.cost.any()), changes))
        return self.answers.pop(0)


LOOKS = [  # integer, what is answered after "infeasible", what comes of it: condition, point, bound
    (False, [EMPTY], (Condition.provenInfeasible, None, None)),
    (False, [LIMIT], (Condition.provenInfeasible, None, None)),
    (True, [EMPTY, EMPTY], (Condition.provenInfeasible, None, None)),
    (True, [EMPTY, POINT, POINT], (POINT.condition, 1.0, 1.0)),
    (True, [POINT, POINT], (POINT.condition, 1.0, 1.0)),
    (True, [POINT, EMPTY], (Condition.unknown, 1.0, None)),
    (True, [POINT, RAY], (Condition.unknown, 1.0, None)),
    (True, [POINT, LIMIT], (Condition.iterationLimit, 1.0, None)),
]


@pytest.mark.parametrize(("integer", "answers", "expected"), LOOKS)
def test_infeasible(integer, answers, expected):
    run = Script(*answers)
    outcome = look_again(program(integer), EMPTY, run)
    point = None if outcome.point is None else outcome.point[0]
    assert (outcome.condition, point, outcome.bound) == expected
    assert not run.answers
    assert run.asked[0] == (False, {"presolve": False, "duals": False, "short": True})


DISAMBIGUATED = [  # what is answered after "unbounded", what comes of it
    ([EMPTY, EMPTY, EMPTY], Condition.provenInfeasible),
    ([LIMIT], Condition.infeasibleOrUnbounded),
    ([POINT, POINT], Condition.unbounded),
    ([POINT, EMPTY], Condition.unknown),
    ([POINT, LIMIT], Condition.unknown),
]


@pytest.mark.parametrize(("answers", "expected"), DISAMBIGUATED)
def test_unbounded(answers, expected):
    run = Script(*answers)
    outcome = disambiguate(program(), RAY, run)
    assert outcome.condition is expected and not run.answers
    assert outcome.bound is None
    assert (outcome.point is None) == (expected is not Condition.unknown)
