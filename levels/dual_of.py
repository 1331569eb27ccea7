r"""``dual_of``: a follower's shadow prices as variables of the leader.

``dual_of(c)`` is :math:`\partial f^*/\partial b`, the change of the follower's optimal objective *as declared* per
unit of the right-hand side of ``c`` *as declared*: for a minimising follower >= 0 on a ``>=`` row, <= 0 on a ``<=``
row; for a maximising one the opposite. This is the sign of Pyomo's ``dual`` suffix; as there, a row with variables
on both sides is what Pyomo makes of it, all on the left (``y >= x + 1`` is ``x + 1 - y <= 0``). A range row has one
price, that of its active side; ``dual_of(variable)`` is the price of the variable's bounds, its reduced cost
(``rc``). Where the price is not unique, the leader chooses (optimistic).
"""

from typing import Any

from pyomo.common.autoslots import AutoSlots
from pyomo.common.collections import ComponentMap
from pyomo.common.modeling import unique_component_name
from pyomo.core import Any as AnyIndex
from pyomo.core import Block, Constraint, Var

from ..errors import NotBilevelError
from .follower import submodel_around

_NO_PRICE = (
    "So it is no follower's and has no shadow price there. Declare it on the SubModel (after the SubModel was added to "
    "the model), then call dual_of."
)


class _Prices(AutoSlots.Mixin):
    """The price variables that ``dual_of`` made on one SubModel (follows the model through ``clone``)."""

    __slots__ = ("component", "of", "variable")

    def __init__(self) -> None:
        self.component: Any = None
        self.variable = ComponentMap()  # row or follower's variable -> price variable
        self.of = ComponentMap()  # price variable -> row or follower's variable


Block.register_private_data_initializer(_Prices)


def dual_of(component: Any) -> Any:
    """Return the variable that stands for the shadow price of a follower's row (or of a variable's bounds).

    :param component: a constraint inside a ``SubModel``, or a variable declared inside one; of an indexed
        component, a dict index -> price variable is returned.
    :raises NotBilevelError: if the component is not inside a ``SubModel``.
    """
    if component.ctype not in (Constraint, Var):
        raise NotBilevelError(
            f"dual_of takes a constraint or a variable of a follower, not {component.name!r} "
            f"({component.ctype.__name__}). Pass the constraint whose shadow price the leader uses."
        )
    if component.is_indexed():
        return {index: dual_of(component[index]) for index in component}
    follower = submodel_around(component, _NO_PRICE)
    prices = follower.private_data()
    if component not in prices.variable:
        if prices.component is None:
            name = unique_component_name(follower, "shadow_price")
            follower.add_component(name, Var(AnyIndex, dense=False))
            prices.component = follower.component(name)
        price = prices.component[component.getname(fully_qualified=True, relative_to=follower)]
        prices.variable[component] = price
        prices.of[price] = component
    return prices.variable[component]


def prices_of(follower: Any) -> ComponentMap:
    """Return the map price variable -> row or variable that ``dual_of`` made on this SubModel."""
    return follower.private_data().of
