"""The one door to PAO: ``import pao`` on NumPy >= 2, without PyUtilib, on Python >= 3.12.

PAO 1.0.2 reads ``np.NINF`` and ``np.PINF`` (removed in NumPy 2) and imports ``pyutilib`` (undeclared; it does
not import on Python >= 3.12, where ``imp`` is gone). Nothing else in this project imports ``pao``.
"""

import importlib
import logging
import sys
import types
from typing import Any, NoReturn

import numpy as np
from pyomo.common.collections import Bunch
from pyomo.common.log import LoggingIntercept


def _restore_numpy_names() -> None:
    # One object each: PAO tests bounds with ``is np.NINF``.
    for name, value in (("NINF", -np.inf), ("PINF", np.inf)):
        if not hasattr(np, name):
            setattr(np, name, value)


def _run_command(*_args: Any, **_kwargs: Any) -> NoReturn:
    raise NotImplementedError("PAO's MibS interface needs PyUtilib: pip install pyutilib (Python < 3.12).")


def _pyutilib_works() -> bool:
    try:
        importlib.import_module("pyutilib.misc")
        importlib.import_module("pyutilib.subprocess")
    except Exception:  # not installed, or whatever an old package raises on a new Python
        for name in [name for name in sys.modules if name.split(".")[0] == "pyutilib"]:
            del sys.modules[name]
        return False
    return True


def _stand_in_for_pyutilib() -> None:
    package = types.ModuleType("pyutilib")
    package.__path__ = []  # a package, so that ``import pyutilib.misc`` looks in sys.modules
    misc = types.ModuleType("pyutilib.misc")
    misc.Bunch = misc.Options = Bunch  # type: ignore[attr-defined]
    subprocess = types.ModuleType("pyutilib.subprocess")
    subprocess.run_command = _run_command  # type: ignore[attr-defined]
    package.misc, package.subprocess = misc, subprocess  # type: ignore[attr-defined]
    sys.modules.update({"pyutilib": package, "pyutilib.misc": misc, "pyutilib.subprocess": subprocess})


_restore_numpy_names()
if not _pyutilib_works():
    _stand_in_for_pyutilib()
with LoggingIntercept(module="pyomo", level=logging.ERROR):  # PAO's import warns of names that Pyomo deprecated
    from pao.common.solver import Results as PaoResults
    from pao.common.solver import Solver as PaoSolver
    from pao.common.solver import SolverAPI as PaoSolverAPI
    from pao.common.solver import TerminationCondition
    from pao.pyomo import SubModel

__all__ = ["PaoResults", "PaoSolver", "PaoSolverAPI", "SubModel", "TerminationCondition"]
