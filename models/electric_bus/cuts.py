r"""Valid inequalities of the electric bus: above its threshold, a slot's surcharge is at its cap.

The authority gains :math:`(RPP_f + \mu) d_f - PCP` for each $/kWh of surcharge in slot f, with :math:`\mu \ge 0` the
price of its revenue floor. So, for every bilevel feasible point, with :math:`\theta_f = PCP / RPP_f`,

.. math:: d_f > \theta_f \;\Rightarrow\; \delta_f = \kappa d_f, \qquad \text{hence} \qquad \delta_f d_f = \kappa d_f^2

With a binary :math:`z_f` (load above the threshold) and :math:`a_f = z_f d_f`, the load where it is above, in kWh,

.. math:: \theta_f z_f \le a_f \le \overline d_f z_f, \quad 0 \le d_f - a_f \le \theta_f (1 - z_f), \quad
          \delta_f \ge \kappa a_f, \quad \delta_f d_f \ge \kappa a_f^2 / z_f

The last row, the perspective of a square, is written as its tangents, :math:`\delta_f d_f \ge \kappa (2 t a_f - t^2
z_f)`, at some loads and wherever a relaxation violates it. In the relaxation, products of binaries and surcharges know
nothing of all this.

Source of the perspective: O. Günlük and J. Linderoth, *Perspective reformulations of mixed integer nonlinear programs
with indicator variables*, Math. Program. 124, 2010.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import pyomo.environ as pyo

from ...instances.electric_bus import ElectricBusInstance
from ...levels.valid_inequalities import ValidInequalities
from .authority import AuthorityBounds

TANGENTS = 12
"""Of each slot's square, at loads from theta_f to the greatest."""
VIOLATED = 1e-4
"""A tangent is added where it cuts off at least this share of its right-hand side,"""
MISSED = 1e-8
"""and where the point is one of binaries, this share: the tangent at its load says there what the load costs."""
WHOLE = 1e-6
"""How near a binary is to 0 or 1 there."""


def offer_thresholds(model: pyo.ConcreteModel, instance: ElectricBusInstance, bounds: AuthorityBounds) -> None:
    """Add the block ``thresholds`` for the slots whose load can pass theta_f."""
    kappa, share, most = instance.deviation_cap_usd_per_kwh_per_kwh, model.renewable_share, bounds.load
    theta = {f: instance.deviation_price_kwh / share[f] for f in model.USED if pyo.value(share[f]) > 0}
    theta = {f: load for f, load in theta.items() if load < most[f]}

    def surcharge(f: int) -> Any:
        return model.authority.TOU[f] - model.base_tariff[f]

    def tangent(f: int, at: float) -> Any:
        return block.paid[f] >= kappa * (2 * at * block.above[f] - at**2 * block.passed[f])

    def violated(_: Any) -> Iterator[Any]:
        binaries = chain(block.passed.values(), model.u.values())
        whole = all(abs(z.value - round(z.value)) <= WHOLE for z in binaries)
        least = MISSED if whole else VIOLATED
        for f, threshold in theta.items():
            passed = pyo.value(block.passed[f])
            if passed > VIOLATED:
                at = min(max(threshold, pyo.value(block.above[f]) / passed), most[f])
                if pyo.value(block.paid[f]) < (1 - least) * kappa * at * pyo.value(block.above[f]):
                    yield tangent(f, at)

    block = model.thresholds = ValidInequalities(
        reason="where RPP_f d_f > PCP, every optimal surcharge is at its cap, kappa d_f", separator=violated
    )
    block.SLOTS = pyo.Set(initialize=list(theta))
    block.passed = pyo.Var(block.SLOTS, within=pyo.Binary)
    block.above = pyo.Var(block.SLOTS, within=pyo.NonNegativeReals)
    block.paid = pyo.Var(block.SLOTS, within=pyo.NonNegativeReals, doc="at most delta_f d_f, $/day")
    block.most = pyo.Constraint(block.SLOTS, rule=lambda b, f: b.above[f] <= most[f] * b.passed[f])
    block.least = pyo.Constraint(block.SLOTS, rule=lambda b, f: b.above[f] >= theta[f] * b.passed[f])
    block.part = pyo.Constraint(block.SLOTS, rule=lambda b, f: b.above[f] <= model.d[f])
    block.rest = pyo.Constraint(block.SLOTS, rule=lambda b, f: model.d[f] - b.above[f] <= theta[f] * (1 - b.passed[f]))
    block.cap = pyo.Constraint(block.SLOTS, rule=lambda b, f: surcharge(f) >= kappa * b.above[f])
    block.product = pyo.Constraint(block.SLOTS, rule=lambda b, f: b.paid[f] <= surcharge(f) * model.d[f])
    block.tangent = pyo.Constraint(
        block.SLOTS,
        range(TANGENTS),
        rule=lambda _, f, k: tangent(f, theta[f] + (most[f] - theta[f]) * k / (TANGENTS - 1)),
    )
