r"""Valid inequalities that a model offers to the reformulation.

``ValidInequalities`` is a block of rows (and, where they need some, of variables) that belong to neither level. They
must hold for every bilevel feasible point :math:`(x, y)`, with *some* values of the block's own variables :math:`s` and
*some* optimal multipliers :math:`\lambda` (written ``dual_of(row)``) of the followers:

.. math:: \forall (x, y) \text{ bilevel feasible} \quad \exists s, \; \lambda \in \Lambda(x, y): \; (x, y, \lambda, s)
          \text{ satisfies the rows of every active block}

It is as good if they hold for each :math:`x` with one of the responses :math:`y` that suit the leader best, such as a
vertex of the follower's optima: the points that are cut off then are no better for the leader than one that stays.

Leader, followers, heuristics and the check never see them: the block may be removed without changing the problem.
``reformulate`` adds the rows of the active blocks to the single-level model (not with ``cuts=None``; Pyomo's
``block.deactivate()`` leaves one out), where they cut off part of the relaxation. A row that says an integer of a level
is a sum of binaries, :math:`R = r_0 + \sum_k w_k b_k`, also tells the step ``products`` how to expand R.

Rows with prices and stated bounds of prices (:mod:`state_bound`) must hold for the same :math:`\lambda`. Bounds that
only some optimal multipliers satisfy (:mod:`vertices`) are not derived for a model that offers rows with prices.

What is offered is believed: a wrong row cuts off solutions, also optimal ones, and the check of the answer that is left
does not see that. So give the ``reason`` why the rows are valid; a block without one makes an optimum rest on an
assumption. A start is completed over the rows, so that a point known to be bilevel feasible refutes a wrong block.

Rows that are too many to write at once come from a ``separator``: a function that is given the block while its
variables, those of both levels and the prices that are in use have the values of a relaxation's point, and returns the
rows that this point violates, as Pyomo expressions that are linear in those variables. It is asked in rounds before the
solve (:mod:`.pipeline.separation`), by SCIP and Gurobi while they search, and at the points of the relaxation that has
none of the followers' optimality conditions (:mod:`.relaxation`). A product gets a variable of the block, tied to it by
a row.

.. code-block:: python

   def tangents(block):  # of square >= x**2
       x = pyo.value(model.x)
       if pyo.value(block.square) < x**2 - 1e-6:
           yield block.square >= 2 * x * model.x - x**2

   model.squares = ValidInequalities(reason="...", separator=tangents)

Source: the use of dual variables in cuts follows T. Kleinert, M. Labbé, I. Ljubić and M. Schmidt, *A survey on
mixed-integer programming techniques in bilevel optimization*, EURO J. Comput. Optim. 9, 2021, sec. 5.
"""

from collections.abc import Callable, Iterable
from typing import Any

from pyomo.core import ModelComponentFactory
from pyomo.core.base import component_order
from pyomo.core.base.block import ScalarBlock

Separator = Callable[[Any], Iterable[Any]]


@ModelComponentFactory.register("Valid inequalities that belong to neither level of a bilevel model.")
class ValidInequalities(ScalarBlock):
    """A block of rows that hold for every bilevel feasible point, see this module's docstring.

    :param reason: why the rows are valid; noted with every solution that was found with them.
    :param separator: returns more of them, that the present values violate; its ``reason`` is the block's.
    """

    def __init__(self, *args: Any, reason: str = "", separator: Separator | None = None, **keywords: Any) -> None:
        keywords.setdefault("ctype", ValidInequalities)
        ScalarBlock.__init__(self, *args, **keywords)
        self.reason = reason
        self.separator = separator


component_order.display_name[ValidInequalities] = "Valid inequalities"
component_order.display_items.append(ValidInequalities)
