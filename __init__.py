"""bilevolt: bilevel optimization of EV charging infrastructure, and of bilevel models at large.

A bilevel model declared with PAO goes in; a solved, checked and explained single-level model comes out.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Public names, loaded when first used: importing bilevolt stays fast, and ``bilevolt --help`` with it.
_PUBLIC = {
    "SubModel": "declaring",
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

if TYPE_CHECKING:  # "as" says to type checkers that the name is public
    from . import cli as cli
    from . import errors as errors
    from . import experiments as experiments
    from . import heuristics as heuristics
    from . import instances as instances
    from . import models as models
    from . import reformulations as reformulations
    from . import reports as reports
    from . import solvers as solvers
    from . import teaching as teaching
    from . import verification as verification
    from .declaring import SubModel as SubModel
    from .driver import solve as solve
    from .experiments import Sweep as Sweep
    from .experiments import Tournament as Tournament
    from .experiments import sweep as sweep
    from .experiments import tournament as tournament
    from .instances import list_instances as list_instances
    from .instances import load_instance as load_instance
    from .levels.dual_of import dual_of as dual_of
    from .levels.state_bound import state_bound as state_bound
    from .levels.valid_inequalities import ValidInequalities as ValidInequalities
    from .proving import prove as prove
    from .reacting import react as react
    from .reformulations import reformulate as reformulate
    from .reports import Comparison as Comparison
    from .reports import compare as compare
    from .solution import Solution as Solution
    from .solvers.status import Status as Status
    from .teaching.draw.picture import plot as plot
    from .teaching.explain.explain import explain as explain
    from .teaching.explain.explanation import Explanation as Explanation
    from .teaching.grade.grader import grade as grade
    from .teaching.play.page import play as play
    from .verification import BigMBreak as BigMBreak
    from .verification import Certificate as Certificate
    from .verification import break_big_m as break_big_m
    from .verification import verify as verify
    from .verification.proofs import Proof as Proof
    from .writing import write as write
else:
    __all__ = [*_PUBLIC, *_MODULES]


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
    return sorted([*globals(), *_PUBLIC, *_MODULES])
