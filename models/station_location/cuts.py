r"""What the model offers to the exact methods beyond its two levels: unary digits, and what full stations imply.

**Unary digits.** R_i = sum_k y_ik, y_i1 = z_i, y_ik >= y_i,k+1: any R_i has exactly one such y, and the products
y_ik mu_i of strong duality relax better than those of binary digits.

**Saturation.** Let s_i = 1 where station i is full (a closed one is), else 0. Complementarity of its capacity row, and
the bounds M_i of :mod:`.bounds`, give mu_i <= M_i s_i.

**States.** A station with k chargers is full, f_ik = 1, or is not, o_ik = 1; w_di are the EVs of d at a station that
is not full. With n_dk = min(n_d, cap k), the states' loads and expansions are known apart:

    sum_{l >= k} (f_il + o_il) = y_ik ;   sum_k o_ik = 1 - s_i
    0 <= w_di <= sum_k n_dk o_ik ;   0 <= x_di - w_di <= sum_k n_dk f_ik
    sum_d w_di <= sum_k cap k o_ik ;   sum_d (x_di - w_di) = sum_k cap k f_ik
    e_i >= sum_k (kw cap k - spare_i)+ f_ik + a_i ;   a_i >= kw sum_d w_di - spare_i (1 - s_i) ,  a_i >= 0

That is the convex hull of one station's states and loads (a disjunction in its own copies of the variables). Its linear
relaxation of ``city`` is worth 3,642, where big-M rows with s_i alone (load_i >= cap R_i - cap Rmax (1 - s_i)) come to
3,564.

**Closest assignment.** Where station i is open and not full, mu_i = 0, so that lambda_d <= c_di: nobody at d pays more
than c_di, nor the penalty if that is more. For every trip (d, i) with c_di < penalty,

    sum_{j: c_dj > c_di} x_dj + u_d + (x_di - w_di) <= n_d s_i

Each holds for every bilevel feasible point with the multipliers of least mu, and s, f, o, w, a as defined.

Sources: closest-assignment rows of facility location, e.g. I. Espejo, A. Marín, A. Rodríguez-Chía, *Closest assignment
constraints in discrete location problems*, Eur. J. Oper. Res. 219, 2012; hulls of disjunctions: E. Balas, *Disjunctive
programming*, Ann. Discrete Math. 5, 1979.
"""

from collections import defaultdict
from typing import Any

import pyomo.environ as pyo

from ...levels.dual_of import dual_of
from ...levels.valid_inequalities import ValidInequalities
from .bounds import multiplier_bounds

TIE = 1e-9
"""Costs of a charge that differ by less, relative to 1 + cost, count as equal: an optimal reaction may mix them up."""


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
    """Declare ``model.saturation``: full stations, the states of a station, and closest assignment."""
    bounds = multiplier_bounds(model)
    block = model.saturation = ValidInequalities(
        reason="complementarity of capacity and multiplier bounds: below a full station nobody pays more than its cost"
    )
    block.SITES = pyo.Set(initialize=list(bounds.capacity), doc="with trips")
    block.s = pyo.Var(block.SITES, within=pyo.Binary, doc="station is full (or closed)")
    block.price = pyo.Constraint(
        block.SITES, rule=lambda b, i: -dual_of(model.users.capacity[i]) <= bounds.capacity[i] * b.s[i]
    )
    _declare_states(model, block)
    _declare_loads(model, block)
    _declare_assignment(model, block)


def _declare_states(model: pyo.ConcreteModel, block: ValidInequalities) -> None:
    counts = range(1, pyo.value(model.most_chargers) + 1)
    block.CHARGERS = pyo.Set(initialize=counts)
    block.full = pyo.Var(block.SITES, block.CHARGERS, within=pyo.NonNegativeReals, doc="f_ik")
    block.other = pyo.Var(block.SITES, block.CHARGERS, within=pyo.NonNegativeReals, doc="o_ik")

    def at_least(i: str, k: int) -> Any:
        return pyo.quicksum(block.full[i, q] + block.other[i, q] for q in counts if q >= k)

    block.stations = pyo.Constraint(block.SITES, rule=lambda _, i: at_least(i, 1) == model.z[i])
    if model.find_component("unary") is None:
        total = pyo.Constraint(
            block.SITES, rule=lambda _, i: pyo.quicksum(at_least(i, k) for k in counts) == model.R[i]
        )
    else:
        total = pyo.Constraint(block.SITES, counts[1:], rule=lambda _, i, k: at_least(i, k) == model.unary.y[i, k])
    block.chargers = total
    block.open = pyo.Constraint(
        block.SITES, rule=lambda b, i: pyo.quicksum(b.other[i, k] for k in counts) == 1 - b.s[i]
    )


def _declare_loads(model: pyo.ConcreteModel, block: ValidInequalities) -> None:
    users, cap, kw = model.users, pyo.value(model.charger_vehicles), pyo.value(model.kw_per_vehicle)
    to_site: dict[str, list[str]] = defaultdict(list)
    for d, i in model.TRIPS:
        to_site[i].append(d)
    block.w = pyo.Var(model.TRIPS, within=pyo.NonNegativeReals, doc="EVs of d at a station that is not full")
    block.a = pyo.Var(block.SITES, within=pyo.NonNegativeReals, doc="expansion where it is not full, kW")

    def room(state: pyo.Var, d: str, i: str) -> Any:
        return pyo.quicksum(min(model.vehicles[d], cap * k) * state[i, k] for k in block.CHARGERS)

    def waits(i: str) -> Any:
        return pyo.quicksum(block.w[d, i] for d in to_site[i])

    def capacity(state: pyo.Var, i: str) -> Any:
        return pyo.quicksum(cap * k * state[i, k] for k in block.CHARGERS)

    def beyond(i: str) -> Any:
        return pyo.quicksum(max(0.0, kw * cap * k - model.spare_kw[i]) * block.full[i, k] for k in block.CHARGERS)

    block.part = pyo.Constraint(model.TRIPS, rule=lambda b, d, i: b.w[d, i] <= users.x[d, i])
    block.link_other = pyo.Constraint(model.TRIPS, rule=lambda b, d, i: b.w[d, i] <= room(b.other, d, i))
    block.link_full = pyo.Constraint(model.TRIPS, rule=lambda b, d, i: users.x[d, i] - b.w[d, i] <= room(b.full, d, i))
    block.load_other = pyo.Constraint(block.SITES, rule=lambda b, i: waits(i) <= capacity(b.other, i))
    block.load_full = pyo.Constraint(block.SITES, rule=lambda b, i: users.load[i] - waits(i) == capacity(b.full, i))
    block.expansion = pyo.Constraint(block.SITES, rule=lambda b, i: model.e[i] >= beyond(i) + b.a[i])
    block.expansion_other = pyo.Constraint(
        block.SITES, rule=lambda b, i: b.a[i] >= kw * waits(i) - model.spare_kw[i] * (1 - b.s[i])
    )


def _declare_assignment(model: pyo.ConcreteModel, block: ValidInequalities) -> None:
    users = model.users
    trips_of: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for d, i in model.TRIPS:
        trips_of[d].append((model.user_cost[d, i], i))

    def no_farther(b: pyo.Block, d: str, i: str) -> object:
        own = model.user_cost[d, i]
        if own >= pyo.value(model.penalty) - TIE * (1 + own):
            return pyo.Constraint.Skip
        costlier = pyo.quicksum(users.x[d, j] for cost, j in trips_of[d] if cost > own + TIE * (1 + own))
        return costlier + users.u[d] + users.x[d, i] - b.w[d, i] <= model.vehicles[d] * b.s[i]

    block.assignment = pyo.Constraint(model.TRIPS, rule=no_farther)
