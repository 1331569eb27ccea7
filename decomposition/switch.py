r"""A quantity that may be positive only where a condition holds: what relaxes the row of a response out of reach.

Where everything has a finite range, a binary: :math:`c \ge \underline c \, (1 - w)`. Elsewhere, without any M, the
complementarity :math:`0 \le w \perp p \ge 0` with :math:`p \ge -c`, which is that of a follower :math:`\min_{w \ge 0}
p \, w`, and hence linearised by whatever linearises the others.
"""

from typing import Any

from pyomo.core import Any as AnyIndex
from pyomo.core import Binary, Constraint, NonNegativeReals, Var
from pyomo.core.base.var import VarData

from .draft import Draft


def switch(draft: Draft, block: Any, condition: Any, least: float, *, finite: bool) -> VarData:
    """Return a variable that is positive only where ``condition >= 0``: in [0, 1], or without a limit.

    :param block: an empty one, for what is made.
    :param condition: a linear expression.
    :param least: its least value.
    :param finite: whether a binary will do.
    """
    if finite:
        block.w = Var(domain=Binary)
        draft.variables([block.w])
        draft.row(block, "condition", condition >= least * (1 - block.w))
        return block.w
    block.w, block.p = Var(domain=NonNegativeReals), Var(domain=NonNegativeReals)
    draft.variables([block.w, block.p])
    draft.row(block, "condition", block.p >= -condition)
    block.free.most = Var(domain=NonNegativeReals)
    block.free.rows = Constraint(AnyIndex)
    draft.follower(block.free, [block.free.most], block.p * block.free.most)
    draft.row(block, "free", block.w <= block.free.most)
    return block.w
