"""What is imported when it is first asked for: names of a package, and objects that are chosen by their names.

Source: PEP 562, module ``__getattr__``.
"""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import Any, Generic, TypeVar

_T = TypeVar("_T")


def names(package: str, places: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a package whose public names are imported when they are first asked for.

    :param package: its ``__name__``.
    :param places: public name -> the module of the package that has it.
    """

    def find(name: str) -> Any:
        """Import a name's module; the package keeps what it finds there."""
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(import_module(f".{places[name]}", package), name)
        setattr(import_module(package), name, found)
        return found

    return find


class LazyTable(MutableMapping[str, _T], Generic[_T]):
    """Objects by name, each imported when it is first looked up; the names are there without any import."""

    def __init__(self, package: str, places: Mapping[str, str]) -> None:
        """Take the places.

        :param package: what the modules are in.
        :param places: name -> ``module:object``.
        """
        self._package = package
        self._places: dict[str, str] = dict(places)
        self._found: dict[str, _T] = {}

    def __getitem__(self, name: str) -> _T:
        """Return an object.

        :raises KeyError: there is none of that name.
        """
        if name not in self._found:
            module, _, item = self._places[name].partition(":")
            self._found[name] = getattr(import_module(f".{module}", self._package), item)
        return self._found[name]

    def __setitem__(self, name: str, item: _T) -> None:
        self._places.setdefault(name, "")
        self._found[name] = item

    def __delitem__(self, name: str) -> None:
        del self._places[name]
        self._found.pop(name, None)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)
