r"""What the model offers to the exact methods beyond its two levels: unary digits, saturation and assignment cuts.

**Unary digits.** R_i = sum_k y_ik, y_i1 = z_i, y_ik >= y_i,k+1: any R_i has exactly one such y, and the products
y_ik mu_i of strong duality relax better than those of binary digits.

**Saturation.** Let s_i = 1 where station i is full (a closed one is), else 0. Complementarity of its capacity row, and
the bounds M_i of :mod:`.bounds`, give

    mu_i <= M_i s_i ;   sum_d x_di >= cap R_i - cap Rmax (1 - s_i) ;   s_i >= 1 - z_i

**Closest assignment.** Where station i is open and not full, mu_i = 0, so that lambda_d <= c_di: nobody at d pays more
than c_di, nor the penalty if that is more. For every trip (d, i) with c_di < penalty,

    sum_{j: c_dj > c_di} x_dj + u_d <= n_d (1 - z_i + s_i)

**Links.** x_di <= n_d z_i, as a closed station serves nobody.

Each holds for every bilevel feasible point with the multipliers of least mu, and s as defined. Source:
closest-assignment rows of facility location, e.g. I. Espejo, A. Marín, A. Rodríguez-Chía, *Closest assignment
constraints in discrete location problems*, Eur. J. Oper. Res. 219, 2012.
"""

from collections import defaultdict

import pyomo.environ as pyo

from ...levels.dual_of import dual_of
from ...levels.valid_inequalities import ValidInequalities
from .bounds import multiplier_bounds


def offer_unary(model: pyo.ConcreteModel) -> None:
    """Declare ``model.unary``: the charger counts in unary digits."""
    most = pyo.value(model.most_chargers)
    block = model.unary = ValidInequalities(reason="every integer in 0..Rmax has one unary expansion")
    block.y = pyo.Var(model.SITES, range(2, most + 1), within=pyo.Binary)

    def digit(i: str, k: int) -> pyo.Var:
        return model.z[i] if k == 1 else block.y[i, k]

    block.expansion = pyo.Constraint(
        model.SITES, rule=lambda _, i: model.R[i] == pyo.quicksum(digit(i, k) for k in range(1, most + 1))
    )
    block.order = pyo.Constraint(model.SITES, range(2, most + 1), rule=lambda _, i, k: digit(i, k - 1) >= digit(i, k))


def offer_saturation(model: pyo.ConcreteModel) -> None:
    """Declare ``model.saturation``: the cuts of full stations, closest assignment, and links."""
    users, bounds = model.users, multiplier_bounds(model)
    cap = pyo.value(model.charger_vehicles)
    largest = cap * pyo.value(model.most_chargers)
    trips_of: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for d, i in model.TRIPS:
        trips_of[d].append((model.user_cost[d, i], i))
    block = model.saturation = ValidInequalities(
        reason="complementarity of capacity and multiplier bounds: below a full station nobody pays more than its cost"
    )
    s = block.s = pyo.Var(list(bounds.capacity), within=pyo.Binary, doc="station is full (or closed)")
    block.price = pyo.Constraint(
        s.index_set(), rule=lambda _, i: -dual_of(users.capacity[i]) <= bounds.capacity[i] * s[i]
    )
    block.full = pyo.Constraint(
        s.index_set(), rule=lambda _, i: users.load[i] >= cap * model.R[i] - largest * (1 - s[i])
    )
    block.closed = pyo.Constraint(s.index_set(), rule=lambda _, i: s[i] >= 1 - model.z[i])
    block.link = pyo.Constraint(model.TRIPS, rule=lambda _, d, i: users.x[d, i] <= model.vehicles[d] * model.z[i])

    def no_farther(_: pyo.Block, d: str, i: str) -> object:
        own = model.user_cost[d, i]
        if own >= pyo.value(model.penalty):
            return pyo.Constraint.Skip
        costlier = pyo.quicksum(users.x[d, j] for cost, j in trips_of[d] if cost > own)
        return costlier + users.u[d] <= model.vehicles[d] * (1 - model.z[i] + s[i])

    block.assignment = pyo.Constraint(model.TRIPS, rule=no_farther)
