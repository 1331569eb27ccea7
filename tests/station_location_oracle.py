"""Brute force for station location: every charger count, the users' LP by scipy, ties in the operator's favour."""

import itertools
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog


@dataclass(frozen=True)
class Outcome:
    """The operator's cost at the users' best (and, where asked for, worst) optimum, and the users' cost."""

    cost: float
    worst: float | None
    users_cost: float


@dataclass(frozen=True)
class Users:
    """The users' LP for charger counts, and its optimum."""

    costs: list[float]
    used: np.ndarray
    room: list[float]
    served: np.ndarray
    vehicles: list[float]
    optimum: float

    def on_optima(self, objective):
        """The least of a linear function over the users' optima."""
        rows, limits = np.vstack([self.used, [self.costs]]), [*self.room, self.optimum + 1e-8]
        return linprog(objective, A_ub=rows, b_ub=limits, A_eq=self.served, b_eq=self.vehicles).fun


def users_at(instance, chargers):
    """The users' LP at charger counts (site -> number)."""
    sites = {site.id: site for site in instance.sites}
    trips = list(instance.trips_km)
    demands = [d.id for d in instance.demands]
    costs = [instance.user_cost(d, sites[i]) for d, i in trips] + [instance.unmet_penalty] * len(demands)
    served = np.array([[dd == d for dd, _ in trips] + [other == d for other in demands] for d in demands], dtype=float)
    used = np.array([[i == site for _, i in trips] + [0] * len(demands) for site in sites], dtype=float)
    vehicles = [d.vehicles_per_day for d in instance.demands]
    room = [instance.vehicles_per_charger * chargers[site] for site in sites]
    best = linprog(costs, A_ub=used, b_ub=room, A_eq=served, b_eq=vehicles)
    assert best.success
    return Users(costs, used, room, served, vehicles, best.fun)


def load_ranges(instance, chargers):
    """Least and largest load of each site over the users' optima, EV/day."""
    users = users_at(instance, chargers)
    return {
        site.id: (users.on_optima(load), -users.on_optima(-load))
        for site, load in zip(instance.sites, users.used, strict=True)
    }


def react(instance, chargers, pessimistic=False):
    """What the operator pays for charger counts (site -> number), for users at their optimum; None if not allowed."""
    sites = {site.id: site for site in instance.sites}
    demands = [d.id for d in instance.demands]
    covering = [trip for trip, km in instance.trips_km.items() if km <= instance.coverage_km]
    near = {d: [i for dd, i in covering if dd == d] for d in demands}
    if any(not any(chargers[i] for i in near[d]) for d in demands):
        return None
    if instance.vehicles_per_charger * sum(chargers.values()) < instance.reserve * instance.vehicles_per_day - 1e-9:
        return None
    users = users_at(instance, chargers)
    fixed = sum(
        instance.station_cost() * (chargers[s] > 0) + instance.charger_cost(sites[s]) * chargers[s] for s in sites
    )
    worst = fixed + _grid_and_unserved(instance, -1, users) if pessimistic else None
    return Outcome(fixed + _grid_and_unserved(instance, 1, users), worst, users.optimum)


def _grid_and_unserved(instance, sense, users):
    """Least (sense 1) or largest (-1) cost of expansion and unserved EVs over the users' optima.

    The largest of a convex cost: by enumerating which stations are expanded.
    """
    m, n, demands = len(instance.sites), len(users.costs), len(users.vehicles)
    unmet = np.array([0.0] * (n - demands) + [instance.unmet_cost] * demands)
    load = instance.kw_per_vehicle * users.used
    rates = np.array([site.expansion_per_kw for site in instance.sites])
    spare = np.array([site.spare_kw for site in instance.sites])
    if sense == 1:
        return linprog(
            [*unmet, *rates],
            A_ub=np.block([[users.used, np.zeros((m, m))], [np.array(users.costs), np.zeros(m)], [load, -np.eye(m)]]),
            b_ub=[*users.room, users.optimum + 1e-9, *spare],
            A_eq=np.hstack([users.served, np.zeros((demands, m))]),
            b_eq=users.vehicles,
        ).fun
    worst = -np.inf
    for expanded in itertools.product((0, 1), repeat=m):
        rate = rates * expanded
        worst = max(worst, -users.on_optima(-(unmet + rate @ load)) - rate @ spare)
    return worst


def brute_force(instance):
    """The least optimistic cost over all charger counts, and the counts."""
    ids = [site.id for site in instance.sites]
    numbers = itertools.product(range(instance.most_chargers + 1), repeat=len(ids))
    counts = (dict(zip(ids, number, strict=True)) for number in numbers)
    outcomes = ((outcome.cost, chargers) for chargers in counts if (outcome := react(instance, chargers)))
    return min(outcomes, key=lambda pair: pair[0])
