"""What a comparison, or the command line, is pointed at: an instance, a textbook problem, or a user's file."""

import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import BilevoltError, InstanceError
from ..instances import Instance, changed, instance_names, load_instance
from ..instances.loader import file_endings, is_file_name
from ..spelling import canonical

CATALOGUE = "textbook"
"""The target that stands for all textbook problems."""

_PAIR = re.compile(r"(?P<program>.+\.(?:mps|mps\.gz|lp)):(?P<aux>[^:]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Target:
    """Something to solve. ``spec`` finds it again from any folder; a user's own model has no ``problem``.

    ``known`` is the published optimum, where it is known. ``changed`` makes a target of other data: of an instance with
    other numbers in some fields, or of a file's function with other arguments; None where there is no such thing.
    """

    name: str
    spec: str
    build: Callable[[], Any]
    problem: str | None = None
    instance: Any = None
    summary: Callable[[Any], dict[str, Any]] | None = None
    known: float | None = None
    changed: "Callable[[Mapping[str, float]], Target] | None" = None


def resolve(given: str | Path) -> Target:
    """Find a target: ``limassol``, ``fleet.json``, ``bard511``, ``model.py`` or ``model.py:build``, ``problem.mps``.

    :raises BilevoltError: nothing has that name, or the file does not fit.
    """
    text = str(given)
    path, _, function = text.rpartition(":") if _names_function(text) else (text, "", "build")
    if path.endswith(".py"):
        return _of_file(Path(path), function)
    if (pair := _PAIR.fullmatch(text)) is not None:
        program, aux = Path(pair["program"]), Path(pair["aux"])
        return _of_instance(str(program), f"{program.resolve()}:{aux.resolve()}", aux)
    if is_file_name(text):
        return _of_instance(text, str(Path(text).resolve()))
    from ..models import textbook

    shipped = instance_names()
    file = (
        f"A file is given by its path: an instance's {' or '.join(file_endings())}, or a .py with a function that "
        "builds a model."
    )
    name = canonical("instance or textbook problem", text, [*shipped, *textbook.NAMES], InstanceError, file)
    if name in shipped:
        return _of_instance(name, name)
    return Target(name, name, lambda: textbook.build(name), known=textbook.problem(name).objective)


def resolve_all(given: Iterable[str | Path]) -> list[Target]:
    """Find targets, ``textbook`` for all textbook problems.

    Those of the same name are renamed by where they are from, so that none hides another.
    """
    found = [resolve(one) for one in _every(given)]
    names = [target.name for target in found]
    return [replace(one, name=one.spec) if names.count(one.name) > 1 else one for one in found]


def _every(given: Iterable[str | Path]) -> Iterator[str | Path]:
    """Return what is given, with ``textbook`` replaced by the problems' names."""
    from ..models import textbook

    for one in given:
        yield from textbook.NAMES if str(one).casefold() == CATALOGUE else (one,)


def _names_function(text: str) -> bool:
    """Whether the text ends in ``.py:function``; the colon of a drive letter is none."""
    path, colon, function = text.rpartition(":")
    return bool(colon) and path.endswith(".py") and function.isidentifier()


def _of_instance(text: str, spec: str, aux: Path | None = None) -> Target:
    return _with_data(load_instance(text, aux), text, spec)


def _with_data(instance: Instance, text: str, spec: str) -> Target:
    from ..models import PROBLEMS

    if instance.problem not in PROBLEMS:
        raise InstanceError(
            f"{text!r} is a {instance.problem!r} ({instance.summary}): data that other instances refer to, and no "
            f"bilevel problem of its own. Those are: {', '.join(PROBLEMS)}."
        )
    problem = PROBLEMS[instance.problem]
    return Target(
        name=instance.name,
        spec=spec,
        build=lambda: problem.build(instance),
        problem=instance.problem,
        instance=instance,
        summary=problem.summary,
        changed=lambda changes: _with_data(changed(instance, changes), text, spec),
    )


def _of_file(path: Path, function: str) -> Target:
    if not path.is_file():
        raise BilevoltError(f"{path}: there is no such file. Give the path of a Python file that builds a model.")
    module = _import(path)
    build = getattr(module, function, None)
    if not callable(build):
        own = [name for name, item in vars(module).items() if callable(item) and not name.startswith("_")]
        defined = [name for name in own if getattr(getattr(module, name), "__module__", None) == module.__name__]
        found = f"it defines {', '.join(defined)}" if defined else "it defines none"
        raise BilevoltError(
            f"{path}: there is no function {function!r} ({found}). Write `def {function}():` that returns a "
            f"PAO model, or name another one as {path}:NAME."
        )
    needed = [p.name for p in inspect.signature(build).parameters.values() if _is_required(p)]
    if needed:
        raise BilevoltError(
            f"{path}: {function}({', '.join(needed)}) needs arguments, and none are passed. Give them "
            "defaults, or write a function without arguments that calls it."
        )
    return _with_arguments(build, path, function, {})


def _with_arguments(build: Callable[..., Any], path: Path, function: str, arguments: Mapping[str, float]) -> Target:
    known = list(inspect.signature(build).parameters)
    given = {canonical(f"argument of {function}", name, known): item for name, item in arguments.items()}
    return Target(
        f"{path.stem}:{function}",
        f"{path.resolve()}:{function}",
        lambda: _checked(build, path, function, given),
        changed=lambda changes: _with_arguments(build, path, function, changes),
    )


def _is_required(parameter: inspect.Parameter) -> bool:
    variadic = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    return parameter.default is parameter.empty and not variadic


def _checked(build: Callable[..., Any], path: Path, function: str, arguments: Mapping[str, float]) -> Any:
    with _refusing(path, f"{function}()"):
        model = build(**arguments)
    if not hasattr(model, "component_data_objects"):
        raise BilevoltError(
            f"{path}: {function}() returned {type(model).__name__}, not a model. Return a "
            "pyomo.environ.ConcreteModel with a bilevolt.SubModel in it."
        )
    return model


@contextmanager
def _refusing(path: Path, what: str) -> Iterator[None]:
    """Turn what a user's file raises into an error that says where; bilevolt's own errors say so themselves."""
    try:
        yield
    except BilevoltError:
        raise
    except (Exception, SystemExit) as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame.lineno for frame in frames if Path(frame.filename).resolve() == path.resolve()]
        where = f"{path}, line {own[-1]}" if own else f"{path}"  # a SyntaxError says its line itself
        raise BilevoltError(
            f"{where}: {what} failed with {type(error).__name__}: {error}. Correct it there, and see that "
            f"`python {path.name}` runs."
        ) from error


def _import(path: Path) -> ModuleType:
    """Import a file by its path, with its folder importable as it would be for ``python FILE.py``."""
    name = f"bilevolt_user_{path.stem}"  # a name of its own: a user's numpy.py must not become numpy
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise BilevoltError(f"{path}: cannot be imported as a Python module.")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    with _refusing(path, "the import"):
        spec.loader.exec_module(module)
    return module
