"""What a way to linearise complementarity is: one object in a file of its own, and one line in ``registry.py``.

It says what it asks of a solver, makes rows of pairs, completes a point of the levels to a start, and says in formulas
what it made. Whatever works with any of them asks these, and chooses nothing by name.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

from pyomo.core import Any as AnyIndex
from pyomo.core import Binary, Block, Constraint, Var, value

from ..levels.optimality import Pair
from .single_level import Linearized, SingleLevel, map_of


class Notation(Protocol):
    """How a step says what it made of a pair; what the formulas are is the caller's business."""

    multiplier: Any
    slack: Any
    slack_is_variable: bool
    """Whether a variable is the pair's slack: a bound at 0."""

    def symbol(self, head: str) -> Any:
        """Return a symbol of the pair's own, such as its binary z."""

    def number(self, number: float, role: str = "") -> Any:
        """Return a number; ``role`` is the letter that stands for it where several pairs have different ones."""

    def times(self, *factors: Any) -> Any:
        """Return a product."""

    def one_minus(self, symbol: Any) -> Any:
        """Return ``1 - symbol``."""

    def relation(self, *parts: Any) -> Any:
        """Return a relation of what is written as it reads: formula, "<=", formula, ..."""

    def binary(self, symbol: Any) -> Any:
        """Return ``symbol in {0, 1}``."""

    def words(self, text: str, *arguments: Any) -> Any:
        """Return ``text(arguments)``."""


Formulas = list[tuple[str, Any]]
"""What is added to the pair's label, and the statement."""


class Linearization(ABC):
    """A way to linearise complementarity: a subclass says its name, what it needs, and how rows come of pairs."""

    name: ClassVar[str]
    about: ClassVar[str]
    """A sentence for those who read what it made."""
    needs: ClassVar[frozenset[str]] = frozenset()
    """The features of a solver that its rows ask for, by their names in ``solvers.Features``."""
    options: ClassVar[tuple[str, ...]] = ()
    """The keywords of :meth:`apply` that are the user's, such as ``big_m``."""
    equal_objectives: ClassVar[bool] = False
    """Whether it makes primal and dual objectives equal, so that the primal-dual inequality says nothing new."""
    own_products: ClassVar[bool] = False
    """Whether its rows contain products of continuous variables that other ways do without."""

    def apply(self, single: Any, pairs: Sequence[Pair] | None = None, **options: Any) -> list[Linearized]:
        """Linearise the pending pairs (or those given) of an MPCC in place; return what was made for each.

        The rows are on a block of the step's name. Where the step refuses, the model has all its pairs, and no block.
        """
        level = map_of(single)
        block = Block()
        single.add_component(self.name, block)
        try:
            made = self.write(block, level, level.pending() if pairs is None else pairs, **options)
        except BaseException:
            single.del_component(block)
            raise
        level.take(made)
        return made

    def own(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of the options that this step has."""
        return {name: given for name, given in options.items() if name in self.options}

    @abstractmethod
    def write(self, block: Any, level: SingleLevel, pairs: Sequence[Pair]) -> list[Linearized]:
        """Write the rows of these pairs on the block; further keywords are the step's ``options``."""

    def start(self, made: Linearized) -> None:
        """Give a pair's own variables their values, where the levels' variables and the multipliers have theirs."""
        slack = value(made.pair.slack)
        if _is_variable(made.slack) and made.slack is not made.pair.row.source:
            made.slack.set_value(slack, skip_validation=True)
        if _is_variable(made.switch):
            made.switch.set_value(int(slack > made.pair.multiplier.value), skip_validation=True)

    def formulas(self, made: Linearized, say: Notation) -> Formulas:
        """Say what was made of a pair; nothing where the rows are not the pair's own."""
        return []


def add_nonnegative_slacks(block: Any, pairs: Sequence[Pair]) -> None:
    """Write the rows ``slack >= 0``, but those of bounds: these hold already, on the variable."""
    block.slack_nonnegative = Constraint(AnyIndex)
    for pair in pairs:
        if not pair.row.is_bound:
            block.slack_nonnegative[pair.name] = pair.slack >= 0


def add_switches(block: Any, pairs: Sequence[Pair]) -> None:
    """Declare a binary for each pair, 1 where the slack may be positive, and families for the rows that it switches."""
    block.switch = Var([pair.name for pair in pairs], domain=Binary)
    add_nonnegative_slacks(block, pairs)
    block.multiplier_off = Constraint(AnyIndex)
    block.slack_off = Constraint(AnyIndex)


def _is_variable(component: Any) -> bool:
    is_variable = getattr(component, "is_variable_type", None)
    return is_variable is not None and is_variable()
