"""Every solver in ``SOLVERS`` through everything in ``conformance.py``; those that are not there are skipped."""

import pytest
from conformance import DIALECTS, Conformance

from bilevolt.solvers import SOLVERS

for _name, _solver in SOLVERS.items():
    _reason = _solver.available()
    _mark = pytest.mark.skipif(_reason is not None, reason=f"{_name}: {_reason}")
    globals()[f"Test{_name.title()}"] = _mark(type(f"Test{_name.title()}", (Conformance,), {"name": _name}))


def test_every_solver_has_its_dialect():
    assert set(DIALECTS) == set(SOLVERS)
