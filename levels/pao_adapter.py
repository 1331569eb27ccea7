"""The one door to PAO: ``import pao`` on NumPy >= 2, without PyUtilib, on Python >= 3.12.

PAO 1.0.2 reads ``np.NINF`` and ``np.PINF`` (removed in NumPy 2) and imports ``pyutilib`` (undeclared; it does
not import on Python >= 3.12, where ``imp`` is gone). Both are there while PAO is imported, and gone afterwards: what
PAO needs later is in its own modules, see :func:`_give_pao_its_infinities`.

Of PAO, a model needs :class:`SubModel` alone, which needs nothing but ``pyomo.core``, while ``import pao`` loads all of
PAO, ``pyomo.environ`` and SciPy: half of the time in which a first model could be solved. So the module of
``SubModel`` is loaded alone, and PAO when somebody imports it, or asks this module for a part of it. PAO takes that
module as its own then, so that there is one ``SubModel``.
Nothing else in this project imports ``pao``.

Source: the Python language reference, 5.4 "The import system", on finders, loaders and ``sys.meta_path``.
"""

import contextlib
import importlib
import logging
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
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


def _found(name: str, path: Sequence[str] | None = None) -> ModuleSpec:
    """Return where a module is, as an ``import`` would find it without us.

    :param path: where to look: the parent's ``submodule_search_locations``.
    """
    for finder in sys.meta_path:
        find = None if isinstance(finder, _Door) else getattr(finder, "find_spec", None)  # which old finders lack
        if find is not None and (spec := find(name, path, None)) is not None:
            found: ModuleSpec = spec
            return found
    raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def _submodel_module() -> types.ModuleType:
    """Load the module of ``SubModel`` without its packages, whose ``__init__`` would load all the rest.

    It keeps its name: there ``inspect`` looks for the class, and what pickles models, with or without PAO (cloudpickle
    would make a second class of one that it does not find).
    """
    spec, path = None, None
    for name in (_PAO, f"{_PAO}.pyomo", _OF_SUBMODEL):
        spec = _found(name, path)
        path = spec.submodule_search_locations
    assert spec is not None and spec.loader is not None
    module = sys.modules[_OF_SUBMODEL] = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[_OF_SUBMODEL]
        raise
    return module


class _Door(MetaPathFinder):
    """Finds PAO and the module of its ``SubModel`` where they are, and has them loaded as they must be."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where one of the two is, with a loader of ours; None for all else."""
        loader = {_PAO: _Whole, _OF_SUBMODEL: _Loaded}.get(name)
        if loader is None:
            return None
        spec = _found(name, path)
        spec.loader = loader(spec.loader)
        return spec


class _Whole(Loader):
    """Loads PAO with all that it needs meanwhile, and then calls who waits for it."""

    def __init__(self, own: Any) -> None:
        self._own = own

    def create_module(self, spec: ModuleSpec) -> types.ModuleType | None:
        """Leave it to the loader that Python found."""
        made: types.ModuleType | None = self._own.create_module(spec)
        return made

    def exec_module(self, module: types.ModuleType) -> None:
        """Run the package's code, which imports all of it."""
        _disown(module, self._own)
        sys.modules.pop(_OF_SUBMODEL, None)  # for PAO to import it, and so to have it in its package: see _Loaded
        try:
            # PAO's import warns of names that Pyomo deprecated.
            with _numpy_names(), _pyutilib(), LoggingIntercept(module="pyomo", level=logging.ERROR):
                self._own.exec_module(module)
        finally:
            sys.modules.setdefault(_OF_SUBMODEL, _module)
        _give_pao_its_infinities()
        for call in _AFTERWARDS:
            call()


class _Loaded(Loader):
    """Hands over the module of ``SubModel``, which has run already."""

    def __init__(self, own: Any) -> None:
        self._own = own

    def create_module(self, spec: ModuleSpec) -> types.ModuleType:
        """Return the one module."""
        return _module

    def exec_module(self, module: types.ModuleType) -> None:
        """Run nothing: a second run would make a second class."""
        _disown(module, self._own)


def _disown(module: types.ModuleType, own: Any) -> None:
    """Let a module say who loaded it as it would without us: this is what finds its resources and its source."""
    module.__loader__ = own
    if module.__spec__ is not None:
        module.__spec__.loader = own


_PAO, _OF_SUBMODEL = "pao", "pao.pyomo.components"
_AFTERWARDS: list[Callable[[], object]] = []


def once_pao_is_there(call: Callable[[], object]) -> None:
    """Have something called when PAO is imported, or now if it is."""
    _AFTERWARDS.append(call)
    if _PAO in sys.modules:
        call()


if _PAO in sys.modules:  # by a user whose NumPy and PyUtilib suit it
    _module = importlib.import_module(_OF_SUBMODEL)
    _give_pao_its_infinities()
else:
    _module = _submodel_module()
    sys.meta_path.insert(0, _Door())

if TYPE_CHECKING:
    from pao.common.solver import Results as PaoResults
    from pao.common.solver import Solver as PaoSolver
    from pao.common.solver import SolverAPI as PaoSolverAPI
    from pao.common.solver import TerminationCondition

    from .submodel_type import SubModel
else:
    SubModel = _module.SubModel

#: What is taken of PAO itself: our names, and PAO's in ``pao.common.solver``.
_OF_PAO = {
    "PaoResults": "Results",
    "PaoSolver": "Solver",
    "PaoSolverAPI": "SolverAPI",
    "TerminationCondition": "TerminationCondition",
}


def __getattr__(name: str) -> Any:
    if name not in _OF_PAO:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("pao.common.solver"), _OF_PAO[name])


__all__ = ["PaoResults", "PaoSolver", "PaoSolverAPI", "SubModel", "TerminationCondition", "once_pao_is_there"]
