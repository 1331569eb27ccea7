"""Shared by all tests: the solvers that have to be there, and what of a model a solve must leave alone."""

import gc
import io
import os
import sys
from functools import cache
from pathlib import Path

import pyomo.environ as pyo
import pytest

# Compiled modules are kept, whatever the environment says: else every process that a test starts compiles all of them.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

from bilevolt import SubModel  # noqa: E402
from bilevolt.solvers import SOLVERS  # noqa: E402

ROOT = Path(__file__).parents[1]
EXPECTED_SOLVERS = {"gurobi", "highs", "scip"}


@pytest.fixture(scope="session", autouse=True)
def expected_solvers_are_available():
    """At the end of the session: a missing solver is a failure, so that no test can pass by not running."""
    yield
    missing = {name: SOLVERS[name].available() for name in EXPECTED_SOLVERS if name in SOLVERS}
    missing = {name: reason for name, reason in missing.items() if reason is not None}
    assert set(SOLVERS) >= EXPECTED_SOLVERS and not missing, f"solvers that the tests rely on: {missing}"


@cache
def has_module_fixture(path):
    return 'scope="module"' in (ROOT / path).read_text(encoding="utf-8")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With ``-n``, run the tests of a file that has a fixture of the module in one process, so that it is made once.

    The mark ``xdist_group`` does nothing in pytest 9.2 with xdist 3.8, which writes to a node's attribute of before.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByFixture(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            path = nodeid.partition("::")[0]
            return path if has_module_fixture(path) else nodeid

    return ByFixture(config, log) if config.getvalue("dist") == "loadgroup" else None


def pytest_collection_finish():
    """Keep the garbage collector from going through all tests again and again: what is there now stays to the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture
def structure():
    """A function: everything that ``pprint`` shows of a model but the values of its unfixed variables."""

    def text(model):
        copy = model.clone()
        for variable in copy.component_data_objects(pyo.Var, descend_into=(pyo.Block, SubModel)):
            if not variable.fixed:
                variable.set_value(0, skip_validation=True)
            variable.stale = False
        stream = io.StringIO()
        copy.pprint(ostream=stream)
        return stream.getvalue()

    return text
