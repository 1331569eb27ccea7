"""What is optimised: one module per problem, both levels declared with PAO; loaded on first use."""

from importlib import import_module
from types import ModuleType

PROBLEMS = ("demand_response", "electric_bus", "fast_charging", "random_bilevel", "station_location", "textbook")

__all__ = ["PROBLEMS"]


def __getattr__(name: str) -> ModuleType:
    if name in PROBLEMS:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"{__name__} has no problem '{name}'; there are: {', '.join(PROBLEMS)}")


def __dir__() -> list[str]:
    return [*__all__, *PROBLEMS]
