r"""A second copy of the followers that answers worst: one more follower, which maximises what the leader fears.

With y an optimal response (the follower itself, as it was declared), the copy of its variables w solves

.. math:: \max_w \; E(x, w) \quad \text{s.t.} \quad w \in P(x), \quad c(x)^\top w = c(x)^\top y, \quad Q w = Q y,

which are exactly the optimal responses to x (Mangasarian 1988; the last rows are those of a QP). A follower whose
response may be off its optimum :math:`v = f(x, y)` by a share :math:`\delta` has :math:`f(x, w) \le v + \delta |v|` in
the place of these rows. For LP followers the copy is an LP, and is replaced by its KKT conditions as any
follower is.

Where the follower's coefficients depend on continuous variables of the leader, the set of its optima jumps, and these
rows have no bounded multipliers: it is *penalised* instead,

.. math:: \min_w \; c(x)^\top w - \mu \, E(x, w) \quad \text{s.t.} \quad w \in P(x)

whose value :math:`E(x, w)` is never below the worst one, for any :math:`\mu > 0`: y is feasible there, so that
:math:`\mu E(x, w) \ge \mu E(x, \hat w) + c^\top (w - \hat w) \ge \mu E(x, \hat w)` for any optimal response
:math:`\hat w`.

Source: B. Zeng, *A practical scheme to compute the pessimistic bilevel optimization problem*, INFORMS J. Comput. 32,
2020; M. Besançon, M. Anjos and L. Brotcorne, *Near-optimal robust bilevel optimization*, arXiv:1908.04040, 2019; P.
Loridan and J. Morgan, *Weak via strong Stackelberg problem: new results*, J. Glob. Optim. 8, 1996 (the penalised one).
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from pyomo.common.collections import ComponentMap, ComponentSet
from pyomo.common.modeling import unique_component_name
from pyomo.contrib.fbbt.expression_bounds_walker import ExpressionBoundsVisitor
from pyomo.core import Any as AnyIndex
from pyomo.core import Block, ConcreteModel, Constraint, NonNegativeReals, Objective, Var, minimize, quicksum
from pyomo.core.base.var import VarData
from pyomo.core.expr.visitor import identify_variables

from ..errors import NonconvexFollowerError, StanceError
from ..levels.bilevel import Bilevel
from ..levels.follower import Follower
from ..levels.follower_form import Coefficient, FollowerForm, coefficients, is_number
from ..levels.rows import substitution

MARGIN = 1e-4
"""By how much penalised followers prefer what the leader fears, in parts of their own largest cost."""


class WorstResponses:
    """Followers that answer worst to a leader's expressions, on a model of their own.

    :param penalised: names of the followers whose optimality is a penalty; the others have rows for it.
    :param near: share of its optimum by which a response may be off.
    """

    def __init__(self, bilevel: Bilevel, near: float = 0.0, penalised: Iterable[str] = ()) -> None:
        self._bilevel = bilevel
        self._near = near
        self._penalised = set(penalised)
        self._forms = {form.follower.name: form for form in bilevel.forms}
        self.home = ConcreteModel(name="worst responses")
        self._name = unique_component_name(bilevel.model, "worst")
        self.home.add_component(self._name, Block(AnyIndex))
        self._sizes: dict[str, Any] = {}
        self.followers: list[Follower] = []

    def answer(
        self, what: str, expression: Any, sense: int, concerned: Iterable[str]
    ) -> tuple[Any, "ComponentMap[VarData, VarData]"]:
        """Add a follower that optimises an expression over the responses of all concerned followers.

        :param what: the expression's name, for the follower's and for errors.
        :param concerned: names of followers; the variables of the others stay as they are.
        :returns: the expression at its response, and the map follower's variable -> variable of the copy.
        :raises StanceError: the problem is no LP, and no convex QP.
        """
        present = ComponentSet(identify_variables(expression, include_fixed=False))
        forms = [
            self._forms[name] for name in concerned if any(y in present for y in self._forms[name].follower.variables)
        ]
        copies: ComponentMap = ComponentMap()
        if not forms:
            return expression, copies
        block = self.home.component(self._name)[what]
        block.response = Var(AnyIndex, dense=False)
        for form in forms:
            for y in form.follower.variables:
                copies[y] = block.response[y.name]
                copies[y].setlb(y.lb)
                copies[y].setub(y.ub)
        put = substitution({id(y): w for y, w in copies.items()})
        at_worst = put(expression)
        block.rows = Constraint(AnyIndex)
        for form in forms:
            _add_rows(block.rows, form, put)
            if form.follower.name not in self._penalised:
                self._add_optimality(block.rows, form, copies)
        block.objective = Objective(expr=at_worst, sense=sense)
        self._finish(block, what, forms, copies)
        return at_worst, copies

    def _finish(self, block: Any, what: str, forms: list[FollowerForm], copies: ComponentMap) -> None:
        """Write the objective in coefficients, with the penalties, and note the follower."""
        follower = Follower(block.name, block, block.objective, tuple(block.rows.values()), tuple(copies.values()), ())
        follower = replace(follower, given=_given(follower))
        try:
            form = coefficients(follower)
        except NonconvexFollowerError as refusal:
            raise StanceError(
                f"the worst response for {what!r} is no LP and no convex QP: {refusal} Solve the model with "
                "stance='optimistic' and without follower_tolerance: the certificate then has the worst value at "
                "the decision, where a nonconvex solver finds it; or make what the leader fears linear."
            ) from None
        linear, curved = form.linear, form.quadratic
        expression = quicksum(c * w for w, c in linear.items()) + quicksum(q * a * b for a, b, q in curved)
        penalised = [form for form in forms if form.follower.name in self._penalised]
        if penalised:
            sign = 1 if block.objective.sense == minimize else -1
            weight = MARGIN / (max(map(_size, linear.values()), default=0.0) or 1.0)
            terms = [sign * weight * expression]
            for own in penalised:
                scale = max((_size(c) for c in own.linear.values()), default=0.0) or 1.0
                terms += [own.sign / scale * c * copies[y] for y, c in own.linear.items()]
                terms += [own.sign / scale * q * copies[a] * copies[b] for a, b, q in own.quadratic]
            expression = quicksum(terms)
            block.objective.sense = minimize
        block.objective.set_value(expression)
        self.followers.append(replace(follower, given=_given(follower)))

    def _add_optimality(self, rows: Any, form: FollowerForm, copies: ComponentMap) -> None:
        """Add that the copy of a follower is as good as the follower, or nearly so."""
        name = form.follower.name
        difference = quicksum(c * (copies[y] - y) for y, c in form.linear.items() if not (is_number(c) and c == 0))
        if self._near:
            if not (is_number(difference) and difference == 0):
                rows[f"optimality of {name}"] = form.sign * difference <= self._near * self._size_of(form)
            return
        if not (is_number(difference) and difference == 0):
            rows[f"optimality of {name}"] = difference == 0
        for y, terms in form.gradient_terms.items():
            if terms:
                rows[f"gradient of {y.name}"] = quicksum(q * (copies[z] - z) for z, q in terms) == 0

    def _size_of(self, form: FollowerForm) -> Any:
        """Return the absolute value of a follower's optimum; where its sign is open, one more follower finds it."""
        name, optimum = form.follower.name, form.follower.objective.expr
        lower, upper = _range(optimum)
        if lower >= 0:
            return optimum
        if upper <= 0:
            return -optimum
        if name not in self._sizes:
            block = self.home.component(self._name)[f"size of {name}"]
            size = block.size = Var(domain=NonNegativeReals)
            block.rows = Constraint([1, -1])
            block.rows[1], block.rows[-1] = size - optimum >= 0, size + optimum >= 0
            block.objective = Objective(expr=size)
            own = Follower(block.name, block, block.objective, tuple(block.rows.values()), (size,), ())
            self.followers.append(replace(own, given=_given(own)))
            self._sizes[name] = size
        return self._sizes[name]


def is_open(form: FollowerForm) -> bool:
    """Whether a coefficient of the follower's variables depends on a continuous variable of the leader.

    If none does, the optimal responses are a polyhedral, hence Lipschitz, mapping of what the leader decides (for each
    value of its integers), so that the worst value is continuous, and the best decision for it is attained.
    """
    several = [*form.linear.values(), *(a for row in form.rows for _, a in row.terms)]
    return any(v.is_continuous() for c in several if not is_number(c) for v in identify_variables(c))


def is_away_from_zero(form: FollowerForm) -> bool:
    """Whether the follower's objective is known not to be 0, whatever is decided."""
    lower, upper = _range(form.follower.objective.expr)
    return lower > 0 or upper < 0


def _add_rows(rows: Any, form: FollowerForm, put: Any) -> None:
    """Write the follower's rows for the copy; those without its variables are conditions on others."""
    for row in form.rows:
        if not row.is_bound and row.terms:
            lower, body, upper = row.source.to_bounded_expression(evaluate_bounds=True)
            rows[row.name] = (lower, put(body), upper)


def _given(follower: Follower) -> tuple[VarData, ...]:
    own = ComponentSet(follower.variables)
    found: ComponentSet = ComponentSet()
    for component in (follower.objective, *follower.constraints):
        found.update(v for v in identify_variables(component.expr, include_fixed=False) if v not in own)
    return tuple(found)


def _size(coefficient: Coefficient) -> float:
    """Return how large a coefficient may be; 1 for one that may be anything."""
    low, high = _range(coefficient)
    largest = max(abs(low), abs(high))
    return largest if largest < float("inf") else 1.0


def _range(expression: Any) -> tuple[float, float]:
    if is_number(expression):
        return float(expression), float(expression)
    low, high = ExpressionBoundsVisitor(use_fixed_var_values_as_bounds=True).walk_expression(expression)
    return low, high
