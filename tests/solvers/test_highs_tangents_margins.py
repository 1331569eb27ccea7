"""What outer approximation keeps in hand of the gap, of the time and of the objective's error; and its bounds."""

import itertools
import math

import highspy
import numpy as np
import pyomo.environ as pyo
import pytest

from bilevolt.solvers import Status, get_solver
from bilevolt.solvers.highs import tangents


def squares(seed, n=4):
    """Integers in 0..4 alone, so that the optimum is known: (weighted squares about a point) - a price."""
    rng = np.random.default_rng(seed)
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(n), bounds=(0, 4), domain=pyo.Integers)
    m.row = pyo.Constraint(expr=sum(m.x.values()) >= n)
    factor, centre = rng.normal(size=(n, n)), rng.uniform(0, 4, n)
    parts = [sum(float(factor[k, i]) * (m.x[i] - float(centre[i])) for i in range(n)) for k in range(n)]
    m.o = pyo.Objective(expr=sum(part**2 for part in parts) + 1)
    points = np.array([p for p in itertools.product(range(5), repeat=n) if sum(p) >= n])
    return m, float((((points - centre) @ factor.T) ** 2).sum(axis=1).min()) + 1


@pytest.mark.parametrize("rel_gap", [1e-6, 1e-3, 0.1, 0.5])
@pytest.mark.parametrize("seed", range(5))
def test_the_bound_is_below_the_optimum_and_the_point_within_the_gap(seed, rel_gap):
    m, optimum = squares(seed)
    result = get_solver("highs").solve(m, rel_gap=rel_gap)
    assert result.status is Status.optimal
    assert result.bound <= optimum * (1 + 1e-7)
    assert optimum * (1 - 1e-7) <= result.objective
    assert result.objective - result.bound <= max(1e-6, rel_gap * result.objective) * (1 + 1e-9)


@pytest.fixture
def milps(monkeypatch):
    """What each MILP of HiGHS was run with: relative gap, absolute gap, time."""
    run, seen = highspy.Highs.run, []

    def noted(self):
        if self.getLp().integrality_:
            names = ("mip_rel_gap", "mip_abs_gap", "time_limit")
            seen.append(tuple(self.getOptionValue(name)[1] for name in names))
        return run(self)

    monkeypatch.setattr(highspy.Highs, "run", noted)
    return seen


@pytest.mark.parametrize("rel_gap", [1e-4, 1e-2])
def test_a_milp_is_solved_to_a_part_of_the_gap_in_a_part_of_the_time(milps, rel_gap):
    """The rest of the gap is for the tangents, and the rest of the time for what improves the MILP's point."""
    m, _ = squares(1)
    get_solver("highs").solve(m, rel_gap=rel_gap, time_limit=100)
    assert milps
    for relative, absolute, seconds in milps:
        assert rel_gap / 10 <= relative <= rel_gap / 2
        assert tangents.ABSOLUTE_GAP / 10 <= absolute <= tangents.ABSOLUTE_GAP / 2
        assert 50 <= seconds <= 95


def test_without_a_time_limit_a_milp_has_none(milps):
    m, _ = squares(1)
    get_solver("highs").solve(m)
    assert milps and all(math.isinf(seconds) for _, _, seconds in milps)


@pytest.mark.parametrize("objective", [0.0, 1e-6, -1e-3, 0.5, -1.0, 1e6])
def test_the_objectives_error_is_a_part_of_what_is_promised(objective):
    promised = tangents.OBJECTIVE_ERROR * max(abs(objective), 1e-3)
    assert promised / 10 <= tangents._OuterApproximation._tolerance(objective) <= promised / 2


def test_the_numbers_promised():
    """The gaps are HiGHS's own defaults; the error leaves room below the check's tolerance of 1e-5."""
    defaults = highspy.Highs()
    own = tuple(defaults.getOptionValue(name)[1] for name in ("mip_rel_gap", "mip_abs_gap"))
    assert own == (tangents.DEFAULT_GAP, tangents.ABSOLUTE_GAP)
    assert tangents.OBJECTIVE_ERROR == 1e-6
