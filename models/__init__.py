"""What is optimised, both levels declared with PAO; loaded on first use.

A system with instances has a folder and one line here; a family of models without any is a module.
"""

from importlib import import_module
from types import ModuleType

from .problem import Problem, Registry

PROBLEMS = Registry(
    __name__,
    (
        "demand_response",
        "electric_bus",
        "fast_charging",
        "linear_bilevel",
        "network_pricing",
        "station_location",
    ),
)
_FAMILIES = ("random_bilevel", "textbook")

__all__ = ["PROBLEMS", "Problem"]


def __getattr__(name: str) -> ModuleType:
    if name in PROBLEMS or name in _FAMILIES:
        return import_module(f".{name}", __name__)
    known = ", ".join(sorted([*PROBLEMS, *_FAMILIES]))
    raise AttributeError(f"{__name__} has no problem '{name}'; there are: {known}")


def __dir__() -> list[str]:
    return [*__all__, *PROBLEMS, *_FAMILIES]
