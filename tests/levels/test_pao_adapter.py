"""The adapter makes PAO importable on NumPy 2 and without PyUtilib, and keeps quiet."""

import subprocess
import sys

import numpy as np
import pyomo.environ as pyo
import pytest

import bilevolt
from bilevolt.models import textbook


def test_submodel_is_paos_own():
    import pao.pyomo

    assert bilevolt.SubModel is pao.pyomo.SubModel


def test_numpy_names_are_one_object_each():
    assert np.NINF is np.NINF and np.inf == np.PINF


def test_paos_own_solver_runs_as_a_baseline():
    import pao

    model = textbook.build("bard511")
    results = pao.pyomo.Solver("pao.pyomo.FA", mip_solver="appsi_highs").solve(model)
    assert results.check_optimal_termination()
    assert pyo.value(model.x) == pytest.approx(4) and pyo.value(model.y) == pytest.approx(4)


_FRESH = """
import importlib.abc, sys
class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] == "pyutilib" and {broken}:
            raise ImportError("an old pyutilib that needs imp")
sys.meta_path.insert(0, Blocker())
import bilevolt
from bilevolt.models import textbook
print(bilevolt.SubModel.__name__)
"""


@pytest.mark.parametrize("broken", [False, True])
def test_import_in_a_fresh_interpreter_is_silent(broken, tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", _FRESH.format(broken=broken)], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert run.stdout == "SubModel\n"
    assert run.stderr == ""
