"""What bilevolt knows of a system: one record, which the system's own folder fills in, and the registry of records."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..instances.base import Instance


class LazyModule:
    """A module that is imported when first a name of it is asked for, such as one that draws, with matplotlib."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # what copy, pickle and inspect ask for is no reason to import anything
            raise AttributeError(f"{self!r} gives public names only, not {name!r}")
        return getattr(import_module(self._path), name)

    def __repr__(self) -> str:
        return f"LazyModule({self.__dict__.get('_path')!r})"


@dataclass(frozen=True)
class Problem:
    """A system, such as ``electric_bus``: what reads, builds, reports and draws it.

    :ivar schema: of its instances; its field ``problem`` has the system's name.
    :ivar build: instance -> PAO model with both levels; options by name.
    :ivar summary: model with values -> the figures that are reported.
    :ivar figure: module with ``draw(instance, answers)``, the answers label -> ``summary``; None: there is none.
    :ivar tables: module with the tables of the system's paper; None: there is none.
    """

    schema: "type[Instance]"
    build: Callable[..., Any]
    summary: Callable[[Any], dict[str, Any]]
    figure: LazyModule | None = None
    tables: LazyModule | None = None


class Registry(Mapping[str, Problem]):
    """Records by name; a name is a folder of ``package`` whose ``PROBLEM`` is imported when first asked for."""

    def __init__(self, package: str, names: Iterable[str]) -> None:
        self._package = package
        self._names = tuple(names)

    def __getitem__(self, name: str) -> Problem:
        if name not in self._names:
            raise KeyError(name)
        problem: Problem = import_module(f"{self._package}.{name}").PROBLEM
        return problem

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
