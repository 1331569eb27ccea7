"""What the fast-charging tests compare with: DC-OPF with angles, subset by subset and slot by slot, by scipy.

Shares only the instance and the sized stations with the model: no Pyomo, no cycles, no reformulation.
"""

from itertools import chain, combinations

import numpy as np
from scipy.optimize import linprog


class Slot:
    """The operator's LP in one slot of one scenario; flows, angles (mrad), generation, grid, shedding."""

    def __init__(self, instance, slot, scenario):
        buses = [bus.bus for bus in instance.buses]
        lines, generators = instance.lines_in_service, instance.generators
        n, m, g = len(buses), len(lines), len(generators)
        self.place = {bus: k for k, bus in enumerate(buses)}
        self.loads = np.array([instance.load_kw(bus, slot, scenario) for bus in instance.buses])
        columns = m + n + g + 1 + n
        matrix = np.zeros((n + m + 1, columns))
        for k, line in enumerate(lines):
            start, end = self.place[line.from_bus], self.place[line.to_bus]
            matrix[start, k], matrix[end, k] = -1, 1
            susceptance = instance.voltage_kv**2 / line.reactance_ohm  # kW per mrad
            matrix[n + k, k], matrix[n + k, m + start], matrix[n + k, m + end] = 1, -susceptance, susceptance
        matrix[n + m, m + self.place[instance.grid_bus]] = 1  # reference angle
        for k, generator in enumerate(generators):
            matrix[self.place[generator.bus], m + n + k] = 1
        matrix[self.place[instance.grid_bus], m + n + g] = 1
        matrix[:n, m + n + g + 1 :] = np.eye(n)
        self.matrix = matrix
        costs = [generator.cost_usd_per_kwh for generator in generators]
        shedding = [instance.shedding_cost_usd_per_kwh] * n
        self.cost = np.array([0.0] * (m + n) + [*costs, instance.price_usd_per_kwh(slot, scenario), *shedding])
        limits = np.array([line.limit_kw for line in lines])
        free = np.full(n, np.inf)
        upper = [limits, free, [generator.limit_kw for generator in generators], [np.inf], self.loads]
        self.upper = np.concatenate(upper)
        self.lower = np.concatenate([-limits, -free, np.zeros(g + 1 + n)])

    def right_hand_side(self, stations):
        rhs = np.zeros(len(self.matrix))
        rhs[: len(self.loads)] = self.loads
        for bus, power in stations.items():
            rhs[self.place[bus]] += power
        return rhs

    def least_cost(self, stations):
        """Least cost per hour with these stations (bus -> kW); None if they cannot be served."""
        bounds = np.column_stack([self.lower, self.upper])
        result = linprog(self.cost, A_eq=self.matrix, b_eq=self.right_hand_side(stations), bounds=bounds)
        return result.fun if result.status == 0 else None

    def least_payment(self, stations, weights):
        """Least sum of weight * price over all optimal duals, the optimistic choice; None if they cannot be served."""
        best, rhs = self.least_cost(stations), self.right_hand_side(stations)
        if best is None:
            return None
        rows, columns = self.matrix.shape
        low, high = np.flatnonzero(np.isfinite(self.lower)), np.flatnonzero(np.isfinite(self.upper))
        identity = np.eye(columns)
        stationarity = np.hstack([self.matrix.T, identity[:, low], -identity[:, high]])
        dual_objective = np.concatenate([rhs, self.lower[low], -self.upper[high]])
        paid = np.zeros(stationarity.shape[1])
        for bus, weight in weights.items():
            paid[self.place[bus]] = weight
        bounds = [(None, None)] * rows + [(0, None)] * (len(low) + len(high))
        result = linprog(
            paid,
            A_ub=-dual_objective[None, :],
            b_ub=[-best + 1e-9 * (1 + abs(best))],
            A_eq=stationarity,
            b_eq=self.cost,
            bounds=bounds,
        )
        assert result.status == 0, result.message
        return result.fun


def subsets(buses):
    return chain.from_iterable(combinations(buses, k) for k in range(len(buses) + 1))


def payments(instance, stations, chosen):
    """Least payment a year of the leader, $, with these stations built; None if they cannot be served."""
    total = 0.0
    for scenario in instance.scenarios:
        for t in range(instance.slots):
            power = {bus: stations[bus].load_kw[t] for bus in chosen}
            payment = Slot(instance, t, scenario).least_payment(power, power)
            if payment is None:
                return None
            total += scenario.weight * instance.slot_hours * payment
    return instance.days_per_year * total


def profit(instance, stations, chosen, price, paid):
    energy = sum(stations[bus].energy_kwh_per_day for bus in chosen)
    invested = sum(stations[bus].investment_usd for bus in chosen)
    return instance.days_per_year * price * energy - paid - instance.capital_recovery_factor * invested
