r"""Column-and-constraint generation: exact for followers with integers.

Each iteration solves the master problem (:mod:`.master`), whose optimum bounds that of the model; then the followers
at its decision (:mod:`.subproblem`), whose responses make a point of the model and the master's next columns. It ends
when bound and point meet. Where they cannot, because a follower sees continuous variables and a response is lost on
the brink of a decision, it is found out from which level of the leader's objective on it can be lost at all; where that
is the bound itself (the optimum is not attained, or that is not known), points are looked for a margin away.

Source: B. Zeng and Y. An, *Solving bilevel mixed integer program by reformulations and decomposition*, Optimization
Online, 2014; on responses that are infeasible for other decisions: D. Yue, J. Gao, B. Zeng and F. You, *A
projection-based reformulation and decomposition algorithm for global optimization of a class of mixed integer bilevel
linear programs*, J. Glob. Optim. 73, 2019.
"""

from collections.abc import Mapping

from ..errors import ArgumentError
from ..levels.bilevel import Bilevel
from ..request import Request
from ..solution import Solution
from .column import Response
from .extent import extents
from .integer_follower import integer_followers
from .master import Master
from .options import NAME, Options
from .oracle import Oracle
from .outcome import solution_of
from .search import Search


def column_and_constraint(bilevel: Bilevel, request: Request) -> Solution:
    """Solve a bilevel model whose followers may own integers; the point is on the model afterwards.

    :raises BilevoltError: the model, or what is asked, is not covered; before the first master problem.
    """
    _refuse(request)
    options = Options.checked(request.method_options)
    followers = integer_followers(bilevel)
    oracle = Oracle(request)
    with bilevel.kept_values():
        master = Master(bilevel, followers, extents(bilevel, followers, oracle.exactly))
        _refuse_unfit(master, oracle)
        search = Search(master, oracle, options)
        search.start(request.warm_start)
        search.run()
    return solution_of(search)


def _refuse(request: Request) -> None:
    for name, why in (
        ("proof", "proofs rest on KKT conditions, which followers with integers do not have"),
        ("confirm", "it asks by the KKT conditions of followers, which those with integers do not have"),
    ):
        if getattr(request, name):
            raise ArgumentError(f"{name}={getattr(request, name)!r} is not used by {NAME!r}: {why}. Leave it out.")
    if isinstance(request.reformulation, Mapping):
        raise ArgumentError(f"{NAME!r} takes the name of a reformulation, not a dict row -> name.")
    if isinstance(request.warm_start, str):
        raise ArgumentError(
            f"warm_start={request.warm_start!r}: heuristics do not cover followers with integers. "
            "Give True (the values on the model) or a Solution."
        )


def _refuse_unfit(master: Master, oracle: Oracle) -> None:
    """Refuse what the solver does not take of a column, with one that is not used: the least integers in range."""
    trial = Master(master.bilevel, master.followers, master.ranges)
    for item in master.followers:
        trial.learn(Response(item, {id(z): round(trial.ranges.of_variable(z)[0]) for z in item.integers}))
    oracle.prepare(trial.problem()[0])
