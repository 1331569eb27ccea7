"""All optimal responses of the followers to a decision of the leader: a polyhedron, over which one can optimise.

A response is a point of the followers' optima together with shadow prices that belong to them. Leader variables that
an equality row of the leader defines from the response (a bill, a total) follow it; all others are held.
"""

from collections.abc import Callable
from math import inf
from typing import Any

from pyomo.common.collections import ComponentMap
from pyomo.core import Any as AnyIndex
from pyomo.core import ConcreteModel, Constraint, Objective, Var
from pyomo.core.base.var import VarData
from pyomo.core.expr.visitor import identify_variables
from pyomo.repn import generate_standard_repn

from ..levels.follower_form import FollowerForm
from ..levels.rows import at_values
from ..reformulations.optimal_face import add_optima, add_prices, least_multipliers
from ..reformulations.single_level import map_of
from ..solvers.base import SolverResult

Solve = Callable[[Any], SolverResult]

# Relative tolerances (LP, QP): an LP's optimum is known to rounding, a QP's to the tolerance of its solver.
AS_GOOD = (1e-7, 1e-6)  # as good as the optimum, and the same gradient
POSITIVE = (1e-6, 1e-5)  # a multiplier above it is no rounding: its row is active at every optimum


class Responses:
    """The followers' optimal responses to a decision, as rows on the followers' variables and multipliers.

    ``following`` maps the leader's variables that follow the response to the free variables in their place;
    ``defining`` are the names of the rows that define them. Rows are added for what ``cover`` is told is of interest.
    """

    def __init__(self, single: Any, decision: dict[int, float], optimum: dict[int, float], near: float = 0.0) -> None:
        """Start with no row.

        :param single: the model's MPCC (``reformulate(model, "kkt")``).
        :param decision: id -> number of all variables of the leader.
        :param optimum: id -> number of the followers' variables, at any optimum of theirs.
        :param near: share of an LP follower's optimum by which its responses may be worse than it.
        """
        self._near = near
        single_map = map_of(single)
        self._single = single
        self._forms = {form.follower.name: form for form in single_map.conditions.forms}
        self._owner = {
            id(y): form.follower.name for form in single_map.conditions.forms for y in form.follower.variables
        }
        self._priced = {
            id(multiplier): form.follower.name
            for form, _, several in single_map.conditions.multipliers()
            for multiplier in several.values()
        }
        self._optimum = optimum
        self._held: dict[int, Any] = dict(decision)
        self._known = {**decision, **optimum}
        self._model = ConcreteModel(name="responses")
        self._model.rows = Constraint(AnyIndex)
        self._model.following = Var(AnyIndex, dense=False)
        self._model.objective = Objective(expr=0)
        self.following: ComponentMap = ComponentMap()
        self._places: set[int] = set()
        self.defining: set[str] = set()
        self._find_following()

    def of(self, expression: Any) -> Any:
        """Return an expression of the leader in terms of the response, all that is held put in as numbers."""
        return at_values(expression, self._held)

    def depends(self, expression: Any) -> bool:
        """Whether an expression, as ``of`` returns it, depends on the response."""
        return any(self._responds(variable) for variable in _variables(expression))

    def cover(self, expressions: list[Any], solve: Solve) -> str | None:
        """Add the rows of all followers whose optima, or whose prices, are in these expressions (of ``of``).

        :returns: None, or why the responses cannot be described.
        """
        rows = [self.of(self._single.leader.rows[name].body) for name in self.defining]
        variables = {id(v) for expression in (*expressions, *rows) for v in _variables(expression)}
        primal = {self._owner[key] for key in variables if key in self._owner}
        dual = {self._priced[key] for key in variables if key in self._priced}
        for name, form in self._forms.items():
            if name in primal:
                good = AS_GOOD[bool(form.quadratic)]
                add_optima(self._model.rows, form, self._held, self._optimum, good, self._near)
            if name in dual:
                # The gradient of a QP is the same at all optima, but known up to rounding only.
                at = self._held if name in primal else self._known
                add_prices(self._model.rows, self._single, self._known, at, [form])
        exact = [form for name, form in self._forms.items() if name in primal and not self._near]
        return self._keep_active(exact, solve) if exact else None

    def _keep_active(self, forms: list[FollowerForm], solve: Solve) -> str | None:
        """Add that rows with a positive multiplier are active: exact, where "as good as" has a tolerance."""
        result = solve(least_multipliers(self._single, self._known, forms))
        if result.values is None:
            return f"no multipliers belong to the followers' optima that were found ({result.message})"
        rounding = {form.follower.name: self._rounding(form) for form in forms}
        for pair in map_of(self._single).conditions.pairs:
            if result.values.get(pair.multiplier, 0.0) > rounding.get(pair.follower, inf):
                slack = self.of(pair.slack)
                if self.depends(slack):
                    self._model.rows[f"active {pair.name}"] = slack == 0
        return None

    def _rounding(self, form: FollowerForm) -> float:
        gradient = (sum(q * self._optimum[id(z)] for z, q in terms) for terms in form.gradient_terms.values())
        return POSITIVE[bool(form.quadratic)] * (1 + max(map(abs, gradient), default=0.0))

    def extreme(self, expression: Any, sense: int, solve: Solve) -> SolverResult:
        """Minimise or maximise an expression (of ``of``) over the responses."""
        self._model.objective.set_value(expression)
        self._model.objective.sense = sense
        return solve(self._model)

    def _find_following(self) -> None:
        """Find, one after the other, rows that define a variable of the leader from the response."""
        bilevel = map_of(self._single).bilevel
        ordered = {id(v) for sos in bilevel.leader.sos for v in sos.variables}
        visible = bilevel.visible
        candidates = {
            id(v) for v in bilevel.leader.variables if v.is_continuous() and v not in visible and id(v) not in ordered
        }
        open_rows = {
            name: [v for v in _variables(row.body) if id(v) in candidates or self._responds(v)]
            for name, row in self._single.leader.rows.items()
            if row.equality and candidates
        }
        found = True
        while found:
            found = False
            for name, variables in list(open_rows.items()):
                free = [v for v in variables if id(v) in candidates and v not in self.following]
                if len(free) == 1 and len(variables) > 1 and self._follow(name, free[0]):
                    found = True
                    del open_rows[name]

    def _follow(self, name: str, variable: VarData) -> bool:
        """Let a variable follow the response by a row, if the row is linear in it."""
        row = self._single.leader.rows[name]
        place = self._model.following[variable.name]
        limit, body, _ = row.to_bounded_expression(evaluate_bounds=True)
        body = at_values(body, {**self._held, id(variable): place})
        repn = generate_standard_repn(body, quadratic=True)
        nonlinear = [*repn.nonlinear_vars, *(v for pair in repn.quadratic_vars for v in pair)]
        slope = sum(c for c, v in zip(repn.linear_coefs, repn.linear_vars, strict=True) if v is place)
        if slope == 0 or any(v is place for v in nonlinear):
            del self._model.following[variable.name]
            return False
        self._held[id(variable)] = place
        self.following[variable] = place
        self._places.add(id(place))
        self.defining.add(name)
        self._model.rows[f"leader's {name}"] = body == limit
        return True

    def _responds(self, variable: VarData) -> bool:
        key = id(variable)
        return key in self._owner or key in self._priced or key in self._places


def _variables(expression: Any) -> list[VarData]:
    return list(identify_variables(expression, include_fixed=False))
