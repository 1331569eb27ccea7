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


def test_numpy_names_are_one_object_each_and_paos_alone():
    from pao.mpr import repn
    from pao.mpr.solvers import pyomo_util

    assert repn.np.NINF is pyomo_util.np.NINF and -np.inf == repn.np.NINF
    assert repn.np.PINF is pyomo_util.np.PINF and np.inf == repn.np.PINF
    assert repn.np.array is np.array
    assert not hasattr(np, "NINF") and not hasattr(np, "PINF")


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


_TRACES = """
import sys
import numpy as np
import bilevolt as bv
def traces():
    works = "pyutilib.misc" in sys.modules and hasattr(sys.modules["pyutilib"], "__file__")  # the user's own, if at all
    return hasattr(np, "NINF"), hasattr(np, "PINF"), "pyutilib" in sys.modules and not works
print(traces())
model = bv.models.textbook.build("bard511")
print(traces())
print(bv.solve(model, solver="highs").status.value, traces())
"""


def test_a_solve_leaves_numpy_and_the_modules_as_they_were(tmp_path):
    run = subprocess.run([sys.executable, "-c", _TRACES], capture_output=True, text=True, cwd=tmp_path, check=True)
    none = (False, False, False)
    assert (run.stdout, run.stderr) == (f"{none}\n{none}\noptimal {none}\n", "")


_LATER = """
import inspect, pickle, sys
import bilevolt as bv
model = bv.models.textbook.build("bard511")
before = bv.SubModel
assert "fixed" in inspect.getsource(before)
print("pao" in sys.modules, "pyomo.environ" in sys.modules)
{first}
import pao
from pao.pyomo import components
print(components.SubModel is pao.pyomo.SubModel is before is type(model.L), pao.pyomo.components is components)
print(*(type(module.__spec__.loader).__name__ for module in (pao, components)))
print(pao.pyomo.Solver("bilevolt").solve(model, solver="highs").check_optimal_termination())
"""


@pytest.mark.parametrize(
    "first", ["from pao.pyomo.components import SubModel", "assert pickle.loads(pickle.dumps(before)) is before"]
)
def test_pao_is_imported_when_somebody_needs_it(first, tmp_path):
    """And is then as if it had been imported first: one class, loaded by whom Python found, with our solver."""
    code = _LATER.format(first=first)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert (run.stdout, run.stderr) == ("False False\nTrue True\nSourceFileLoader SourceFileLoader\nTrue\n", "")


def test_parts_of_pao_that_we_do_not_pass_on_are_not_there():
    from bilevolt.levels import pao_adapter

    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        pao_adapter.Nothing  # noqa: B018
