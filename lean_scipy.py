"""SciPy without what Pyomo would load with it: the parts that nobody uses here take most of the time of an import.

Pyomo loads ``scipy.stats``, ``integrate`` and ``spatial`` as soon as both it and ``scipy`` are imported, in whichever
order: so importing SciPy first spares nothing. Its watch is on the ``import`` statement, so that SciPy is imported once
by the standard path finder. Pyomo then loads those parts by itself when it first uses SciPy
(``pyomo.common.dependencies.scipy``). Where SciPy and Pyomo are both there already, nothing is left to spare; where
SciPy is not on the path, an ``import`` finds it, or says so.

Source: the Python library reference, ``importlib``, "Importing a source file directly".
"""

import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec

import numpy  # noqa: F401, by an import, as Pyomo registers NumPy's types then
import pyomo.common.dependencies  # noqa: F401, before SciPy: else Pyomo sees it at once

_spec = None if "scipy" in sys.modules else PathFinder.find_spec("scipy")
if _spec is not None and _spec.loader is not None:
    sys.modules["scipy"] = _scipy = module_from_spec(_spec)
    try:
        _spec.loader.exec_module(_scipy)
    except BaseException:
        del sys.modules["scipy"]
        raise
