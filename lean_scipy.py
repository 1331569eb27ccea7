"""SciPy without what Pyomo would load with it: the parts that nobody uses here took most of the time of an import.

Pyomo loads ``scipy.stats``, ``integrate`` and ``spatial`` as soon as both it and ``scipy`` are imported: it watches for
SciPy (``DeferredImportCallbackFinder``), and looks whether it is there already. Importing this module imports Pyomo's
watch first and SciPy past it. Pyomo then loads those parts by itself when it first uses SciPy
(``pyomo.common.dependencies.scipy``). Where SciPy and Pyomo are both there already, nothing is left to spare.
"""

import sys

from pyomo.common.dependencies import DeferredImportCallbackFinder


def _import_past_pyomo() -> None:
    """Import ``scipy`` and nothing else past Pyomo's watch, which is put back."""
    import numpy  # noqa: F401, whose watch is wanted: Pyomo registers NumPy's types

    finders = list(sys.meta_path)
    sys.meta_path[:] = [finder for finder in finders if not isinstance(finder, DeferredImportCallbackFinder)]
    try:
        import scipy  # noqa: F401
    finally:
        sys.meta_path[:] = finders


if "scipy" not in sys.modules:
    _import_past_pyomo()
