"""Which schema reads which problem: every schema of this folder, by its field ``problem``; no list to keep."""

from importlib import import_module
from pkgutil import iter_modules
from typing import get_args

from .base import Instance

SCHEMAS: dict[str, type[Instance]] = {}


def read_folder() -> None:
    """Enter the schemas of all modules beside this one; the loader calls it once they can be imported."""
    assert __package__
    for found in iter_modules(import_module(__package__).__path__):
        for item in vars(import_module(f"{__package__}.{found.name}")).values():
            if isinstance(item, type) and issubclass(item, Instance) and item is not Instance:
                for problem in get_args(item.model_fields["problem"].annotation):  # of its Literal
                    if SCHEMAS.setdefault(problem, item) is not item:
                        raise TypeError(f"{item.__name__} and {SCHEMAS[problem].__name__} both read {problem!r}")
