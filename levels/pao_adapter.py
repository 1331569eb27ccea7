"""The one door to PAO: ``import pao`` on NumPy >= 2, without PyUtilib, on Python >= 3.12.

PAO 1.0.2 reads ``np.NINF`` and ``np.PINF`` (removed in NumPy 2) and imports ``pyutilib`` (undeclared; it does
not import on Python >= 3.12, where ``imp`` is gone). Both are there while PAO is imported, and gone afterwards: what
PAO needs later is in its own modules, see :func:`_give_pao_its_infinities`.
Nothing else in this project imports ``pao``.
"""

import contextlib
import importlib
import logging
import sys
import types
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from pyomo.common.collections import Bunch
from pyomo.common.log import LoggingIntercept

# One object each: PAO tests bounds with ``is np.NINF``.
_INFINITIES = {"NINF": -np.inf, "PINF": np.inf}


class _NumpyOfPao(types.ModuleType):
    """NumPy with the two names that PAO reads: what ``np`` is in PAO's modules, and nowhere else."""

    def __getattr__(self, name: str) -> Any:
        return _INFINITIES[name] if name in _INFINITIES else getattr(np, name)


@contextlib.contextmanager
def _numpy_names() -> Iterator[None]:
    """Give NumPy the two names while PAO is imported: defaults of its functions' arguments are read then."""
    missing = {name: value for name, value in _INFINITIES.items() if not hasattr(np, name)}
    vars(np).update(missing)
    try:
        yield
    finally:
        for name in missing:
            delattr(np, name)


def _give_pao_its_infinities() -> None:
    """Let PAO's solvers and conversions, which read the two names when they run, find them in a NumPy of their own.

    Stays for good. Of PAO's modules, those that ``import pao`` does not load (examples, tests, the unfinished solver
    ``ld``) do not get it: no part of PAO's interface needs them.
    """
    own = _NumpyOfPao("numpy")
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] == "pao" and vars(module).get("np") is np:
            vars(module)["np"] = own


def _run_command(*_args: Any, **_kwargs: Any) -> NoReturn:
    raise NotImplementedError("PAO's MibS interface needs PyUtilib: pip install pyutilib (Python < 3.12).")


def _names_of_pyutilib() -> list[str]:
    return [name for name in sys.modules if name.split(".")[0] == "pyutilib"]


def _pyutilib_works() -> bool:
    try:
        importlib.import_module("pyutilib.misc")
        importlib.import_module("pyutilib.subprocess")
    except Exception:  # not installed, or whatever an old package raises on a new Python
        for name in _names_of_pyutilib():
            del sys.modules[name]
        return False
    return True


@contextlib.contextmanager
def _pyutilib() -> Iterator[None]:
    """Have a stand-in for a PyUtilib that does not work while PAO is imported: PAO takes all it needs of it then."""
    if _pyutilib_works():
        yield
        return
    package = types.ModuleType("pyutilib")
    package.__path__ = []  # a package, so that ``import pyutilib.misc`` looks in sys.modules
    misc = types.ModuleType("pyutilib.misc")
    misc.Bunch = misc.Options = Bunch  # type: ignore[attr-defined]
    subprocess = types.ModuleType("pyutilib.subprocess")
    subprocess.run_command = _run_command  # type: ignore[attr-defined]
    package.misc, package.subprocess = misc, subprocess  # type: ignore[attr-defined]
    sys.modules.update({"pyutilib": package, "pyutilib.misc": misc, "pyutilib.subprocess": subprocess})
    try:
        yield
    finally:
        for name in _names_of_pyutilib():
            del sys.modules[name]


# PAO's import warns of names that Pyomo deprecated.
with _numpy_names(), _pyutilib(), LoggingIntercept(module="pyomo", level=logging.ERROR):
    from pao.common.solver import Results as PaoResults
    from pao.common.solver import Solver as PaoSolver
    from pao.common.solver import SolverAPI as PaoSolverAPI
    from pao.common.solver import TerminationCondition

    if TYPE_CHECKING:
        from .submodel_type import SubModel
    else:
        from pao.pyomo import SubModel
_give_pao_its_infinities()

__all__ = ["PaoResults", "PaoSolver", "PaoSolverAPI", "SubModel", "TerminationCondition"]
