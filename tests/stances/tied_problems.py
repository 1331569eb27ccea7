"""Random problems whose followers have ties, as arrays, as PAO models, and solved by listing the leader's decisions.

Leader and followers may maximise (``senses``: everything is turned round, so that the same decisions are meant).
"""

import itertools
from dataclasses import dataclass
from random import Random

import numpy as np
import pyomo.environ as pyo
from scipy.optimize import linprog

from bilevolt import SubModel

ROUNDING = 1e-7


@dataclass
class Follower:
    """min (c + C x)'y s.t. A y >= b + B x, 0 <= y <= u; in the leader's objective and row y counts by d and g."""

    A: np.ndarray
    B: np.ndarray
    b: np.ndarray
    c: np.ndarray
    C: np.ndarray
    u: float
    d: np.ndarray
    g: np.ndarray


@dataclass
class Tied:
    """min a'x + d'y, with g'y <= limit + x_0 (for every response); x in a box of integers."""

    a: np.ndarray
    upper: tuple[int, ...]
    followers: list[Follower]
    limit: float
    senses: tuple[int, int]
    total: bool

    def build(self) -> pyo.ConcreteModel:
        leader, follower = (pyo.minimize if s > 0 else pyo.maximize for s in self.senses)
        m = pyo.ConcreteModel()
        m.x = pyo.Var(range(len(self.a)), domain=pyo.Integers)
        for j, high in enumerate(self.upper):
            m.x[j].setlb(0)
            m.x[j].setub(high)
        x = list(m.x.values())
        cost, load = sum(a * v for a, v in zip(self.a, x, strict=True)), 0
        for i, one in enumerate(self.followers):
            m.add_component(f"L{i}", SubModel(fixed=x))
            block = m.component(f"L{i}")
            block.y = pyo.Var(range(len(one.c)), bounds=(0, one.u))
            y = list(block.y.values())
            block.row = pyo.Constraint(
                range(len(one.b)),
                rule=lambda _, r, one=one, y=y: (
                    sum(c * v for c, v in zip(one.A[r], y, strict=True))
                    >= one.b[r] + sum(c * v for c, v in zip(one.B[r], x, strict=True))
                ),
            )
            prices = [c + sum(e * v for e, v in zip(one.C[j], x, strict=True) if e) for j, c in enumerate(one.c)]
            own = sum(p * v for p, v in zip(prices, y, strict=True))
            block.cost = pyo.Objective(expr=self.senses[1] * own, sense=follower)
            cost = cost + sum(c * v for c, v in zip(one.d, y, strict=True))
            load = load + sum(c * v for c, v in zip(one.g, y, strict=True))
        if self.total:  # the same, by variables that follow the response
            m.total, m.burden = pyo.Var(), pyo.Var(bounds=(None, self.limit + sum(self.upper)))
            m.totals = pyo.Constraint(expr=m.total == cost)
            m.loads = pyo.Constraint(expr=2 * m.burden - 2 * load == 0)
            cost, load = m.total, m.burden
        m.row = pyo.Constraint(expr=load - x[0] <= self.limit)
        m.cost = pyo.Objective(expr=self.senses[0] * cost, sense=leader)
        return m

    def value(self, weight: float, near: float = 0.0) -> float | None:
        """Return the least cost over all decisions; None if none is allowed."""
        boxes = itertools.product(*(range(high + 1) for high in self.upper))
        found = [w for x in boxes if (w := self.worth(np.array(x), weight, near)) is not None]
        return self.senses[0] * min(found) if found else None

    def worth(self, x: np.ndarray, weight: float, near: float) -> float | None:
        """Return what a decision costs; None if it is not allowed."""
        best = worst = float(self.a @ x)
        load = 0.0
        for one in self.followers:
            responses = _responses(one, x, near)
            if responses is None:
                return None
            exact, nearly = responses
            best += exact(one.d)
            worst -= nearly(-one.d)
            load -= nearly(-one.g)
        if (weight or near) and load > self.limit + x[0] + 100 * ROUNDING:
            return None
        return (1 - weight) * best + weight * worst


def _responses(one: Follower, x, near):
    """Return the least values of costs over the optimal, and over the nearly optimal, responses."""
    bounds = [(0, one.u)] * len(one.c)
    rows, limits, price = -one.A, -(one.b + one.B @ x), one.c + one.C @ x
    optimum = linprog(price, rows, limits, bounds=bounds)
    if optimum.status != 0:
        return None

    def over(share):
        slack = share * abs(optimum.fun) + ROUNDING * (not share)
        rows_, limits_ = np.vstack([rows, price]), np.append(limits, optimum.fun + slack)
        return lambda c: float(linprog(c, rows_, limits_, bounds=bounds).fun) if c.any() else 0.0

    return over(0.0), over(near)


def tied(seed: int, *, prices: bool = False) -> Tied:
    """Return a problem, which depends on the seed alone.

    :param prices: whether the leader's integers are in the first follower's costs.
    """
    random = Random(seed)
    n_x = random.choice((1, 2))

    def draw(*shape: int, among: tuple[int, ...]) -> np.ndarray:
        return np.array([random.choice(among) for _ in range(int(np.prod(shape)))], dtype=float).reshape(shape)

    followers = []
    for k in range(random.choice((1, 1, 2))):
        n, m = random.choice((2, 3)), random.choice((1, 2))
        followers.append(
            Follower(
                A=draw(m, n, among=(0, 1, 1, 2)), B=draw(m, n_x, among=(-1, 0, 1, 1)), b=draw(m, among=(0, 1, 2)),
                c=draw(n, among=(0, 1, 1, 2)),
                C=draw(n, n_x, among=(0, 1)) if prices and not k else np.zeros((n, n_x)),
                u=random.choice((2.0, 3.0, 5.0)), d=draw(n, among=(-3, -2, -1, 0, 1, 2, 3)),
                g=draw(n, among=(-1, 0, 0, 1, 2)),
            )
        )  # fmt: skip
    upper = (3,) if n_x == 1 else (2, 1)
    senses = random.choice(tuple(itertools.product((1, -1), (1, -1))))
    a, limit = draw(n_x, among=(-2, -1, 0, 1, 2)), random.choice((1, 3, 6))
    return Tied(a, upper, followers, limit, senses, random.random() < 0.3)
