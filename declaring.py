"""What the levels of a model are declared with: ``bilevolt.SubModel``, which is PAO's own.

With its first use, bilevolt waits to be one of PAO's solvers as soon as PAO itself is imported.
"""

from importlib import import_module

from .levels.pao_adapter import SubModel, once_pao_is_there

__all__ = ["SubModel"]


def _register() -> None:
    import_module(".pao_solver", __package__)  # its import registers, and needs PAO


once_pao_is_there(_register)
