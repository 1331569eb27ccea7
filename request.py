"""What the caller of ``solve`` asks for, checked before anything is built: numbers, names, and what fits the method."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from . import solvers
from .bounds.given import BigM
from .decomposition import options as decomposition
from .decomposition.enumeration.asking import NAME as ENUMERATION
from .errors import ArgumentError
from .executing import refuse as refuse_executor
from .heuristics import METHODS, options_of
from .quantities import number
from .reformulations import LINEARIZATIONS, asking
from .solution import Solution
from .solvers.session import Session
from .spelling import canonical
from .stances.asked import near, refuse_unused, weight

#: The methods that prove what they find: the second is for followers with integers, the third for large ones that see
#: few decisions, and "exact" chooses it for them.
EXACT = ("exact", decomposition.NAME, ENUMERATION)

Progress = Callable[[str], None]

#: Arguments that only the exact method uses, with the value that stands for "not given".
ONLY_EXACT: dict[str, Any] = {
    "reformulation": "auto",
    "big_m": None,
    "cuts": "auto",
    "warm_start": None,
    "confirm": None,
}


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the caller of ``solve`` asked for, in canonical names; :meth:`checked` makes one."""

    method: str
    reformulation: str | Mapping[Any, str]
    solver: str
    time_limit: float | None
    rel_gap: float
    big_m: BigM
    cuts: str | None
    warm_start: bool | str | Solution | None
    threads: int
    tee: bool
    progress: Progress | bool | None
    tolerance: float
    options: Mapping[str, Any] | None
    method_options: Mapping[str, Any] | None
    proof: bool
    confirm: str | None
    stance: float
    follower_tolerance: float
    executor: Any

    @classmethod
    def checked(cls, **given: Any) -> "Request":
        """Return a request with every argument in its range and every name in its spelling.

        :param given: the arguments of :func:`bilevolt.solve`.
        :raises BilevoltError: an argument is out of range, unknown, or not used by the method.
        """
        method = canonical("method", given["method"], (*EXACT, *METHODS))
        asked = asking.named(given["reformulation"], ("auto", *LINEARIZATIONS))
        given |= shared(given) | {"method": method, "reformulation": asked}
        given["solver"] = solver_name(given["solver"])
        given["warm_start"] = _start(given["warm_start"])
        no_start = {"warm_start": given["warm_start"] or None}  # False asks for nothing
        given["confirm"] = confirmer(given["confirm"], given["solver"])
        given["stance"] = weight(given.get("stance", "optimistic"))
        given["follower_tolerance"] = near(given.get("follower_tolerance", 0.0))
        asking.refuse_cuts(given["cuts"])
        if method in EXACT:
            asking.refuse_big_m(given["big_m"], asked)
        else:
            _refuse_unused(method, given | no_start)
        _refuse_unknown_options(method, given["method_options"] or {})
        given |= _executor(method, given)
        if given["stance"] or given["follower_tolerance"]:
            refuse_unused(given | no_start)
        return cls(**given)

    @property
    def say(self) -> Progress:
        """A function that tells the caller, in a line of text, what is being done."""
        if callable(self.progress):
            return self.progress
        return print if self.progress else lambda _: None

    def session(self, solver: str | None = None, *, share: float = 1.0) -> Session:
        """Return a session with the solvers as the caller wants them, its time limit counted from now on.

        :param solver: another than the one asked for.
        :param share: of the time limit.
        """
        limit = None if self.time_limit is None else share * self.time_limit
        return Session(
            solver=solver or self.solver, time_limit=limit, rel_gap=self.rel_gap, threads=self.threads,
            tee=self.tee, options=self.options, say=self.say,
        )  # fmt: skip


def shared(given: Mapping[str, Any]) -> dict[str, Any]:
    """Check those arguments of ``solve`` that every method uses, where they are given; return them with plain numbers.

    :raises ArgumentError: a number is out of its range, or an argument is of the wrong kind.
    """
    found: dict[str, Any] = {}
    if given.get("time_limit") is not None:
        limit = number("time_limit", given["time_limit"], infinite=True)
        found["time_limit"] = None if math.isinf(limit) else limit
    if "rel_gap" in given:
        found["rel_gap"] = number("rel_gap", given["rel_gap"])
    if "tolerance" in given:
        found["tolerance"] = number("tolerance", given["tolerance"], positive=True)
    if "threads" in given:
        found["threads"] = _threads(given["threads"])
    for name in ("options", "method_options"):
        if not isinstance(given.get(name), Mapping | None):
            raise ArgumentError(f"{name}={given[name]!r} is no dict. Give one, keyword -> value, or leave it out.")
    progress = given.get("progress")
    if not (progress is None or isinstance(progress, bool) or callable(progress)):
        raise ArgumentError(f"progress={progress!r} is neither True nor a function of a line of text.")
    return found


def solver_name(given: object) -> str:
    """Return a solver's name, or "auto".

    :raises SolverUnavailableError: there is no such solver.
    """
    return solvers.solver_name(given)


def used(names: Iterable[str], method: str, reformulation: str | Mapping[Any, str]) -> set[str]:
    """Return those of the arguments of ``solve`` that a method, with this reformulation, makes use of."""
    if method not in EXACT:
        return set(names) - set(ONLY_EXACT)
    unused = {"method_options"} if asking.may_use_big_m(reformulation) else {"method_options", "big_m"}
    return set(names) - unused


def _threads(given: object) -> int:
    if isinstance(given, bool) or not isinstance(given, Integral) or given < 1:
        raise ArgumentError(f"threads={given!r} is out of range. Give a whole number, 1 or more.")
    return int(given)


def confirmer(given: object, solver: str) -> str | None:
    """Return the name of who is to confirm the answer, "auto", or None; refuse the one that shall find it.

    :raises BilevoltError: there is no such solver, or it is the one that solves the model.
    """
    if given is None:
        return None
    name = solvers.solver_name(given, "confirm")
    if name == solver != "auto":
        raise ArgumentError(f"confirm={given!r} is the solver of the model itself. Name another one, or 'auto'.")
    return name


def _start(wanted: Any) -> bool | str | Solution | None:
    """Return where a start comes from; False for none, None for what is done by default."""
    if isinstance(wanted, str):
        return canonical("warm_start", wanted, METHODS)
    if wanted is None or isinstance(wanted, bool | Solution):
        return wanted
    raise ArgumentError(
        f"warm_start={wanted!r} is no start. Give True (the values on the model), False (none), a Solution, or the "
        f"name of a heuristic: {', '.join(METHODS)}."
    )


def _refuse_unused(method: str, given: Mapping[str, Any]) -> None:
    for name, absent in ONLY_EXACT.items():
        same = given[name] == absent if isinstance(given[name], str) else given[name] is absent
        if not same:
            raise ArgumentError(
                f"{name}={given[name]!r} is not used by the heuristic {method!r}, only by method='exact'. Leave it "
                "out, or choose that; method_options are for the heuristic."
            )


def _executor(method: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return who works at parts, an argument of ``solve`` or an option of the method, and the other options.

    :raises ArgumentError: it is given twice, is none, or the method has nothing to hand to it.
    """
    executor, options = given.get("executor"), given["method_options"]
    if options is not None and "executor" in options:
        if executor is not None:
            raise ArgumentError("executor is given twice, also in method_options. Leave it out there.")
        executor, options = options["executor"], {name: options[name] for name in options if name != "executor"}
    refuse_executor(executor)
    if executor is not None and not _works(method, given["reformulation"]):
        users = ", ".join(name for name in METHODS if "executor" in options_of(name))
        who = f"reformulation={given['reformulation']!r}" if method == "exact" else f"method={method!r}"
        raise ArgumentError(
            f"executor={executor!r} is not used by {who}, only by method {users}, and by 'exact' with "
            "reformulation='branch' (or 'auto'). Leave it out."
        )
    return {"executor": executor, "method_options": options}


def _works(method: str, reformulation: str | Mapping[Any, str]) -> bool:
    """Whether a method may have parts to hand to an executor."""
    if method in METHODS:
        return "executor" in options_of(method)
    return method == "exact" and asking.may_branch(reformulation)


def _refuse_unknown_options(method: str, given: Mapping[str, Any]) -> None:
    """Refuse keywords that a heuristic does not have; the exact method has none."""
    known = (
        options_of(method) if method in METHODS else decomposition.OPTIONS if method == decomposition.NAME else set()
    )
    unknown = sorted(set(given) - known)
    if unknown:
        choices = f"choose among {', '.join(sorted(known))}" if known else "it has none"
        raise ArgumentError(f"method {method!r} has no option {', '.join(map(repr, unknown))}; {choices}.")
