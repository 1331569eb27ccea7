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
    """Put the bounds on ``model.users``, as the suffixes ``multiplier_bound`` and ``implied_bounds``."""
    users, bounds, penalty = model.users, multiplier_bounds(model), pyo.value(model.penalty)
    largest = pyo.value(model.charger_vehicles * model.most_chargers)
    users.multiplier_bound = pyo.Suffix(direction=pyo.Suffix.LOCAL, datatype=None)
    users.implied_bounds = pyo.Suffix(direction=pyo.Suffix.LOCAL, datatype=None)
    for d in model.DEMANDS:
        vehicles = model.vehicles[d]
        prices = bounds.least[d], penalty, "between the least cost of a charge and the penalty"
        users.multiplier_bound[users.served[d]] = prices
        users.multiplier_bound[users.u[d]] = penalty - bounds.least[d], "penalty - least cost of a charge"
        users.implied_bounds[users.u[d]] = 0.0, vehicles, "the node's EVs"
    for i, most in bounds.capacity.items():
        users.multiplier_bound[users.capacity[i]] = most, "(penalty - least cost of a charge here)+"
    for d, i in model.TRIPS:
        largest_cost = model.user_cost[d, i] + bounds.capacity[i] - bounds.least[d]
        users.multiplier_bound[users.x[d, i]] = largest_cost, "cost + M of the capacity - least cost"
        most = min(model.vehicles[d], largest)
        users.implied_bounds[users.x[d, i]] = 0.0, most, "the node's EVs, the largest station"
