"""Ranges of variables and expressions, and bounds with the class of their proof and the reason."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from pyomo.common.collections import ComponentMap
from pyomo.contrib.fbbt.expression_bounds_walker import ExpressionBoundsVisitor

from ..levels.follower_form import FollowerForm
from ..levels.state_bound import IMPLIED_BOUNDS, stated_bounds
from .program import Weights


class Proof(StrEnum):
    """How far a bound can be trusted."""

    proven = "proven"
    user = "user"
    unproven = "unproven"  # the user's, below what is proven


@dataclass(frozen=True, slots=True)
class Bound:
    """An upper bound on a multiplier's absolute value, or on a slack.

    ``range`` is what is known beyond that of a multiplier that may have either sign: (lower, upper); ``weights`` are
    those of the rows of the LPs (of the lower and the upper end) that prove it, None where an end needed no LP.
    """

    value: float
    proof: Proof
    reason: str
    range: tuple[float, float] | None = None
    weights: tuple[Weights | None, ...] = field(default=(), compare=False, repr=False)


class Ranges:
    """Intervals of variables and expressions from bounds alone; the variables' own bounds are not changed.

    Variable bounds are intersected with what a model states (``state_bound``): bounds that the follower's rows imply,
    without being rows of their own.
    """

    def __init__(self, forms: Iterable[FollowerForm]) -> None:
        self._leaf: ComponentMap = ComponentMap()
        self.imposed: ComponentMap = ComponentMap()  # multiplier -> the Bound that a step has put on it
        for form in forms:
            for variable, (lower, upper, _) in stated_bounds(form.follower, IMPLIED_BOUNDS).items():
                own_lower, own_upper = self._own(variable)
                self._leaf[variable] = (max(lower, own_lower), min(upper, own_upper))

    @staticmethod
    def _own(variable: Any) -> tuple[float, float]:
        lower, upper = (variable.value, variable.value) if variable.fixed else variable.bounds
        return (-math.inf if lower is None else lower), (math.inf if upper is None else upper)

    def of_variable(self, variable: Any) -> tuple[float, float]:
        """Return (lower, upper), infinite where nothing is known."""
        lower, upper = self._own(variable)  # read anew: a multiplier may have got bounds since
        known = self._leaf.get(variable)
        return (lower, upper) if known is None else (max(known[0], lower), min(known[1], upper))

    def learn(self, variable: Any, lower: float, upper: float) -> bool:
        """Take note of a proven range; return whether an infinite side became finite."""
        low, high = self.of_variable(variable)
        self.note(variable, lower, upper)
        return (not math.isfinite(low) and math.isfinite(lower)) or (not math.isfinite(high) and math.isfinite(upper))

    def note(self, variable: Any, lower: float, upper: float) -> None:
        """Take note of a proven range."""
        low, high = self._leaf.get(variable, (-math.inf, math.inf))
        self._leaf[variable] = (max(low, lower), min(high, upper))

    def of_expression(self, expression: Any) -> tuple[float, float]:
        """Return the interval that interval arithmetic gives for an expression."""
        return self._visitor.walk_expression(expression)

    @cached_property
    def _visitor(self) -> ExpressionBoundsVisitor:  # one for all expressions, as it takes longer to make than to walk
        return ExpressionBoundsVisitor(leaf_bounds=_Known(self), use_fixed_var_values_as_bounds=True)


class _Known:
    """The ranges as Pyomo's visitor looks them up: always as they are now, and nothing is kept."""

    def __init__(self, ranges: Ranges) -> None:
        self._ranges = ranges

    def __contains__(self, leaf: Any) -> bool:
        """Whether it is a variable that is free; the visitor itself reads a fixed one, and walks named expressions."""
        return leaf.is_variable_type() and not leaf.fixed

    def __getitem__(self, variable: Any) -> tuple[float, float]:
        """Return a variable's range."""
        return self._ranges.of_variable(variable)

    def __setitem__(self, leaf: Any, known: tuple[float, float]) -> None:
        """Keep nothing."""
