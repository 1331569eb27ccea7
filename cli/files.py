"""Files that the command line reads and writes: solutions, comparisons, figures."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..errors import BilevoltError, MalformedError
from ..instances.files.sol import read_sol, write_sol
from ..instances.files.words import word
from ..levels.reading import read_levels
from ..models import PROBLEMS
from ..models.problem import LazyModule
from ..reports import Comparison
from ..reports.targets import Target
from ..solution import Solution
from ..solvers.status import Status
from ..spelling import hint
from . import console

_POINT = ".sol"


def read_solution(path: Path, target: str | None = None) -> tuple[Solution, str]:
    """Return a saved solution and its target; ``target``, if given, replaces the recorded one.

    :raises MalformedError: the file is no solution, has no point, or no target is known.
    :raises OSError: the file cannot be read.
    """
    if path.suffix.lower() == _POINT:
        return _read_point(path, target)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError(f"{path}: not JSON ({error}). Give a file that `bilevolt solve -o FILE` wrote.") from error
    solution = Solution.from_json(text, str(path))
    if not solution.values:
        raise MalformedError(f"{path}: there is no point to check; the solve ended with status {solution.status}.")
    found = target or json.loads(text).get("target")
    if not found or not isinstance(found, str):
        raise MalformedError(f"{path}: no target is recorded; name the model with --target.")
    return solution, found


def _read_point(path: Path, target: str | None) -> tuple[Solution, str]:
    """Return a point of a ``.sol`` file, which claims no more than that it is feasible."""
    if target is None:
        raise MalformedError(f"{path}: a {_POINT} file does not say whose point it is; name the model with --target.")
    objective, values = read_sol(path)
    if not values:
        raise MalformedError(f"{path}: there is no point to check: no line has a variable and its value.")
    return Solution(Status.feasible, objective=objective, values=values, method="file"), target


def name_as_in(model: Any, solution: Solution, path: Path) -> None:
    """Call the values of a ``.sol`` file as the model calls its variables.

    :raises MalformedError: the model has no variable of such a name.
    """
    if path.suffix.lower() != _POINT:
        return
    names = {word(variable.name): variable.name for variable in read_levels(model).variables}
    if strangers := [name for name in solution.values if name not in names]:
        raise MalformedError(f"{path}: the model has no variable {strangers[0]!r}. {hint(strangers[0], list(names))}")
    solution.values = {names[name]: number for name, number in solution.values.items()}


def save_solution(path: Path, solution: Solution, text: str) -> None:
    """Write a solution: its values where the name ends in ``.sol``, else all of it, as JSON."""
    if path.suffix.lower() != _POINT:
        path.write_text(text + "\n", encoding="utf-8")
    elif solution.values:
        write_sol(path, solution.objective, solution.values, f"bilevolt: {solution.status}")
    else:
        console.warn(f"{path} is not written: there is no point ({solution.status}).")


def own_plot(target: Target) -> Callable[[dict[str, Any]], Any]:
    """Return the problem's figure as a function of label -> summary, or refuse before anything is solved."""
    figure = _figure(target)
    if figure is None:
        drawn = ", ".join(name for name, problem in PROBLEMS.items() if problem.figure)
        raise BilevoltError(
            f"{target.name}: --plot: there is no figure for this model; there is one for instances of "
            f"{drawn}. `bilevolt compare {target.name} --plot` draws time and gap of any model."
        )
    return lambda answers: figure.draw(target.instance, answers)


def _figure(target: Target) -> LazyModule | None:
    """Return what draws the target's problem; a user's own model has none."""
    return PROBLEMS[target.problem].figure if target.problem else None


def plot_comparison(comparison: Comparison, found: Sequence[Target], path: Path) -> None:
    """Draw the problem's figure if there is one target that has one, else time and gap."""
    if len(found) == 1 and _figure(found[0]) and comparison.answers:
        save_plot(path, own_plot(found[0]), comparison.answers)
    else:
        comparison.plot(path)


def refuse_figure_name(path: Path | None, option: str) -> None:
    """Refuse a file whose name says no format that figures can be written in."""
    if path is None:
        return
    from matplotlib.figure import Figure  # which takes as long to import as a small model to solve

    known = sorted(Figure().canvas.get_supported_filetypes())
    if path.suffix.lstrip(".").lower() not in known:
        raise BilevoltError(f"{path}: {option}: write a name that ends in .{', .'.join(known)}.")


def save_plot(path: Path, draw: Callable[[dict[str, Any]], Any], answers: dict[str, Any]) -> None:
    """Write the figure; say so where there is no point to draw."""
    if answers:
        draw(answers).savefig(path, dpi=150)
    else:
        console.warn(f"{path} is not written: there is no point to draw.")


def writer(output: Path | None) -> Callable[[Any, Path], object]:
    """Return how a comparison is written to a file of that name, or refuse the name."""
    writers: dict[str, Callable[[Any, Path], object]] = {
        ".json": lambda comparison, path: comparison.to_json(path),
        ".csv": lambda comparison, path: comparison.to_csv(path),
        ".tex": lambda comparison, path: comparison.to_latex(path),
        ".html": lambda comparison, path: comparison.to_html(path),
    }
    suffix = ".json" if output is None else output.suffix.lower()
    if suffix not in writers:
        raise BilevoltError(f"{output}: --output: write a name that ends in {', '.join(writers)}.")
    return writers[suffix]
