"""``pao.pyomo.Solver("bilevolt")``: bilevolt behind PAO's own solver interface.

Registered once ``bilevolt.SubModel`` was used and PAO is imported (or by ``import bilevolt.pao_solver``). Takes the
options of :func:`bilevolt.solve` as PAO options, refuses unknown ones (PAO's solvers drop them), and returns PAO's
results object.
"""

from inspect import Parameter, signature
from typing import Any

from pyomo.common.config import ConfigValue
from pyomo.core import Objective, minimize

from .errors import BilevoltError
from .levels.pao_adapter import PaoResults, PaoSolver, PaoSolverAPI, TerminationCondition
from .solution import Solution
from .solvers.status import Status

__all__ = ["BilevoltSolver"]

_TERMINATION = {
    Status.optimal: TerminationCondition.globallyOptimal,
    Status.feasible: TerminationCondition.unknown,
    Status.infeasible: TerminationCondition.infeasible,
    Status.unbounded: TerminationCondition.unbounded,
    Status.infeasible_or_unbounded: TerminationCondition.infeasibleOrUnbounded,
    Status.no_solution: TerminationCondition.unknown,
    Status.error: TerminationCondition.error,
}


def _options() -> dict[str, Any]:
    """The keyword options of ``bilevolt.solve`` with their defaults."""
    from .driver import solve

    keywords = signature(solve).parameters.values()
    return {p.name: p.default for p in keywords if p.kind is Parameter.KEYWORD_ONLY and p.name != "tee"}


@PaoSolver.register(name="bilevolt", doc="bilevolt: exact bilevel solver with proven big-Ms, SOS1 and a certificate.")
class BilevoltSolver(PaoSolverAPI):
    """PAO solver for Pyomo models with SubModels: bilevolt."""

    config = PaoSolverAPI.config()
    for _name, _default in _options().items():
        config.declare(_name, ConfigValue(default=_default, description=f"see bilevolt.solve, {_name}"))

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.name = "bilevolt"
        self._update_config(options)

    def available(self) -> bool:
        """Return True: HiGHS and SCIP need no licence."""
        return True

    def solve(self, model: Any, **options: Any) -> Any:
        """Solve a PAO model; the values are on the model afterwards.

        :raises BilevoltError: an unknown option, or what ``bilevolt.solve`` refuses.
        """
        from .driver import solve

        self._update_config(options)
        chosen = {name: self.config[name] for name in _options()}
        return _results(model, solve(model, tee=self.config["tee"], **chosen))

    def _update_config(self, config_options: dict[str, Any], config: Any = None, validate_options: bool = True) -> Any:
        """Set options; unknown ones are refused always, by name."""
        config = self.config if config is None else config
        unknown = sorted(set(config_options) - set(config))
        if unknown:
            raise BilevoltError(
                f"PAO solver 'bilevolt' has no option {', '.join(map(repr, unknown))}; "
                f"it has {', '.join(sorted(config))}."
            )
        for name, option in config_options.items():
            config[name] = option
        return config_options


class _Results(PaoResults):
    """PAO's results, with bilevolt's own solution beside them."""

    solution: Solution

    def check_optimal_termination(self) -> bool:
        """Whether the point is proven globally optimal."""
        return self.solution.status is Status.optimal


def _results(model: Any, solution: Solution) -> Any:
    results = _Results(found_feasible_solution=solution.objective is not None)
    results.solution = solution
    results.solver.name = "bilevolt"
    results.solver.termination_condition = _TERMINATION[solution.status]
    results.solver.best_feasible_objective = solution.objective
    results.solver.wallclock_time = solution.seconds["total"]
    results.problem.name = model.name
    sense = next(iter(model.component_data_objects(Objective, active=True))).sense
    lower, upper = (solution.bound, solution.objective) if sense == minimize else (solution.objective, solution.bound)
    results.problem.lower_bound, results.problem.upper_bound, results.problem.sense = lower, upper, sense
    return results
