"""bilevolt: bilevel optimization of EV charging infrastructure, and of bilevel models at large.

A bilevel model declared with PAO goes in; a solved, checked and explained single-level model comes out.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Public names, loaded when first used: importing bilevolt stays fast, and ``bilevolt --help`` with it.
_PUBLIC = {
    "SubModel": "pao_solver",
    "dual_of": "levels.dual_of",
    "ValidInequalities": "levels.valid_inequalities",
    "state_bound": "levels.state_bound",
    "reformulate": "reformulations",
    "solve": "driver",
    "react": "reacting",
    "Solution": "solution",
    "Status": "solvers.status",
    "compare": "reports",
    "Comparison": "reports",
    "tournament": "experiments",
    "Tournament": "experiments",
    "sweep": "experiments",
    "Sweep": "experiments",
    "verify": "verification",
    "Certificate": "verification",
    "break_big_m": "verification",
    "BigMBreak": "verification",
    "prove": "proving",
    "write": "writing",
    "Proof": "verification.proofs",
    "explain": "teaching.explain.explain",
    "Explanation": "teaching.explain.explanation",
    "grade": "teaching.grade.grader",
    "plot": "teaching.draw.picture",
    "play": "teaching.play.page",
    "load_instance": "instances",
    "list_instances": "instances",
}
_MODULES = (
    "cli",
    "errors",
    "experiments",
    "heuristics",
    "instances",
    "models",
    "reformulations",
    "reports",
    "solvers",
    "teaching",
    "verification",
)

__all__ = [*_PUBLIC, *_MODULES]

if TYPE_CHECKING:
    from . import (
        cli,
        errors,
        experiments,
        heuristics,
        instances,
        models,
        reformulations,
        reports,
        solvers,
        teaching,
        verification,
    )  # fmt: skip
    from .driver import solve
    from .experiments import Sweep, Tournament, sweep, tournament
    from .instances import list_instances, load_instance
    from .levels.dual_of import dual_of
    from .levels.pao_adapter import SubModel
    from .levels.state_bound import state_bound
    from .levels.valid_inequalities import ValidInequalities
    from .proving import prove
    from .reacting import react
    from .reformulations import reformulate
    from .reports import Comparison, compare
    from .solution import Solution
    from .solvers.status import Status
    from .teaching.draw.picture import plot
    from .teaching.explain.explain import explain
    from .teaching.explain.explanation import Explanation
    from .teaching.grade.grader import grade
    from .teaching.play.page import play
    from .verification import BigMBreak, Certificate, break_big_m, verify
    from .verification.proofs import Proof
    from .writing import write


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        found = getattr(importlib.import_module(f".{_PUBLIC[name]}", __name__), name)
    elif name in _MODULES:
        found = importlib.import_module(f".{name}", __name__)
    else:
        raise AttributeError(f"module 'bilevolt' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
