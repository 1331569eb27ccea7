r"""Bounds on the users' multipliers, proven from costs and penalty.

The users' dual, for given charger counts R, with p the penalty and c_di the cost of a charge:

    max  sum_d n_d lambda_d - sum_i cap R_i mu_i   s.t.  lambda_d - mu_i <= c_di ;  lambda_d <= p ;  mu >= 0

For given mu the best lambda_d is min(p, min_i (c_di + mu_i)), as n_d > 0. It lies between the least cost
l_d = min(p, min_i c_di), as mu >= 0, and p. For given lambda the least mu_i = max(0, max_d (lambda_d - c_di)) is
best, as R_i >= 0: it is at most (p - min_d c_di)+. So some dual optimum has

    l_d <= lambda_d <= p ;   0 <= mu_i <= M_i = (p - min_d c_di)+
    0 <= rho_di = c_di + mu_i - lambda_d <= c_di + M_i - l_d         multiplier of x_di >= 0
    0 <= rho_d  = p - lambda_d           <= p - l_d                  multiplier of u_d >= 0

and every optimum of a linear program is complementary to every dual optimum: with these bounds no optimal reaction is
cut off. From the users' rows, x_di <= min(n_d, cap Rmax) and u_d <= n_d.
"""

from dataclasses import dataclass

import pyomo.environ as pyo

from ...levels.state_bound import state_bound


@dataclass(frozen=True)
class MultiplierBounds:
    """By demand node l_d, the least cost, and by site M_i, the largest multiplier of its capacity."""

    least: dict[str, float]
    capacity: dict[str, float]


def multiplier_bounds(model: pyo.ConcreteModel) -> MultiplierBounds:
    """Bounds of a model with data, see this module's docstring."""
    penalty = pyo.value(model.penalty)
    least = dict.fromkeys(model.DEMANDS, penalty)
    cheapest: dict[str, float] = {}
    for d, i in model.TRIPS:
        cost = model.user_cost[d, i]
        least[d] = min(least[d], cost)
        cheapest[i] = min(cheapest.get(i, cost), cost)
    return MultiplierBounds(least, {i: max(0.0, penalty - cost) for i, cost in cheapest.items()})


def state_bounds(model: pyo.ConcreteModel) -> None:
    """State the bounds of the users' prices and variables."""
    users, bounds, penalty = model.users, multiplier_bounds(model), pyo.value(model.penalty)
    largest = pyo.value(model.charger_vehicles * model.most_chargers)
    for d in model.DEMANDS:
        vehicles = model.vehicles[d]
        between = "between the least cost of a charge and the penalty"
        state_bound(users.served[d], bounds.least[d], penalty, between)
        most = penalty - bounds.least[d]
        state_bound(users.u[d], -most, most, "penalty - least cost of a charge", price=True)
        state_bound(users.u[d], 0.0, vehicles, "the node's EVs")
    for i, most in bounds.capacity.items():
        state_bound(users.capacity[i], -most, most, "(penalty - least cost of a charge here)+")
    for d, i in model.TRIPS:
        most = model.user_cost[d, i] + bounds.capacity[i] - bounds.least[d]
        state_bound(users.x[d, i], -most, most, "cost + M of the capacity - least cost", price=True)
        state_bound(users.x[d, i], 0.0, min(model.vehicles[d], largest), "the node's EVs, the largest station")
