"""Small random problems whose followers own integers, and their optimum by enumeration.

Everything that followers see is an integer in 0..top, so that the optimum is attained: for every decision and every
integer response the rest is an LP.
"""

from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pyomo.environ as pyo
from scipy.optimize import linprog

import bilevolt as bv

MOST_Y = 6  # bound of the followers' continuous variables
MOST_V = 4  # and of the leader's
BESIDE = 1e-6  # of a decision, where a response may be lost


@dataclass
class Level:
    """A follower: cost of z and y, products of x[i] and z[j] in its cost, rows ``A x + B z + C y <= b`` (or ==)."""

    sense: int
    cost: np.ndarray
    cross: dict[tuple[int, int], int]
    whole: int  # of its variables, the first are integer
    of_x: np.ndarray
    own: np.ndarray
    limit: np.ndarray
    equal: np.ndarray
    top: int = 2

    def __post_init__(self):
        """Drop rows without variables, which Pyomo does not take: model and enumeration have the same rows."""
        kept = self.of_x.any(axis=1) | self.own.any(axis=1)
        self.of_x, self.own, self.limit, self.equal = (a[kept] for a in (self.of_x, self.own, self.limit, self.equal))

    @property
    def n(self):
        return len(self.cost)

    def cost_at(self, x):
        cost = self.cost.astype(float).copy()
        for (i, j), a in self.cross.items():
            cost[j] += a * x[i]
        return self.sense * cost  # to be minimised


@dataclass
class Problem:
    """The leader's cost of x, v (continuous, unseen) and all followers' variables; rows over the same."""

    sense: int
    top: int
    nx: int
    cost: np.ndarray
    rows: np.ndarray
    limit: np.ndarray
    followers: list[Level] = field(default_factory=list)
    continuous: bool = False

    def model(self):
        m = pyo.ConcreteModel()
        m.x = pyo.Var(range(self.nx), bounds=(0, self.top), domain=pyo.Reals if self.continuous else pyo.Integers)
        m.v = pyo.Var(bounds=(0, MOST_V))
        columns = [*m.x.values(), m.v]
        m.F = pyo.Block(range(len(self.followers)))
        for k, f in enumerate(self.followers):
            m.F[k].L = bv.SubModel(fixed=[m.x])
            b = m.F[k].L
            b.z = pyo.Var(range(f.whole), bounds=(0, f.top), domain=pyo.Integers)
            b.y = pyo.Var(range(f.n - f.whole), bounds=(0, MOST_Y))
            own = [*b.z.values(), *b.y.values()]
            cost = sum(int(c) * v for c, v in zip(f.cost, own, strict=True))
            cost += sum(int(a) * m.x[i] * own[j] for (i, j), a in f.cross.items())
            b.cost = pyo.Objective(expr=cost + 0 * m.x[0], sense=f.sense)
            b.rows = pyo.ConstraintList()
            for r in range(len(f.limit)):
                body = sum(int(a) * v for a, v in zip(f.of_x[r], m.x.values(), strict=True))
                body += sum(int(a) * v for a, v in zip(f.own[r], own, strict=True))
                b.rows.add(body == float(f.limit[r]) if f.equal[r] else body <= float(f.limit[r]))
            columns += own
        m.cost = pyo.Objective(expr=sum(int(c) * v for c, v in zip(self.cost, columns, strict=True)), sense=self.sense)
        m.rows = pyo.ConstraintList()
        for a, limit in zip(self.rows, self.limit, strict=True):
            if a.any():
                m.rows.add(sum(int(c) * v for c, v in zip(a, columns, strict=True)) <= float(limit))
        return m

    def decisions(self):
        """Yield all decisions; of one continuous x, where responses may change (multiples of 1/12), and beside it."""
        if not self.continuous:
            yield from product(range(self.top + 1), repeat=self.nx)
            return
        for k in range(12 * self.top + 1):
            for x in (k / 12 - BESIDE, k / 12, k / 12 + BESIDE):
                if 0 <= x <= self.top:
                    yield (x,)

    def enumerated(self):
        """Return the leader's optimum (or what is beside its infimum); None without any."""
        best = min(self._values(), default=None)
        return None if best is None else self.sense * best

    def solvable(self):
        """Whether any decision and responses to it satisfy the leader's rows."""
        return next(self._values(), None) is not None

    def _values(self):
        """Yield the least that the leader pays, for all decisions and optimal integer responses to them."""
        for x in self.decisions():
            answers = [_answers(f, np.array(x)) for f in self.followers]
            if any(not a for a in answers):
                continue
            for chosen in product(*answers):
                value = self._value(np.array(x), chosen)
                if value is not None:
                    yield value

    def _value(self, x, chosen):
        """Solve the LP of the leader's v and the followers' y, all integers given."""
        starts = np.cumsum([self.nx + 1, *(f.n for f in self.followers)])
        bounds = [(a, a) for a in x] + [(0, MOST_V)]
        A, b, Ae, be = [*self.rows.astype(float)], [*self.limit.astype(float)], [], []
        for f, (z, optimum), start in zip(self.followers, chosen, starts, strict=False):
            bounds += [(a, a) for a in z] + [(0, MOST_Y)] * (f.n - f.whole)
            for r in range(len(f.limit)):
                line = np.zeros(starts[-1])
                line[: self.nx], line[start : start + f.n] = f.of_x[r], f.own[r]
                (Ae if f.equal[r] else A).append(line)
                (be if f.equal[r] else b).append(f.limit[r])
            line = np.zeros(starts[-1])
            line[start : start + f.n] = f.cost_at(x)
            A.append(line)
            b.append(optimum + 1e-7)
        result = _lp(self.sense * self.cost, A, b, Ae, be, bounds)
        return result


def _lp(cost, A, b, Ae, be, bounds):
    result = linprog(
        np.array(cost, float), np.array(A) if A else None, b or None, np.array(Ae) if Ae else None, be or None, bounds
    )
    return float(result.fun) if result.status == 0 else None


def _answers(f, x):
    """Return the integer responses that are optimal at x, each with the follower's optimum."""
    values = {}
    rest = f.limit - f.of_x @ x
    for z in product(range(f.top + 1), repeat=f.whole):
        strict, equal = ~f.equal, f.equal
        if f.n == f.whole:
            left = rest - f.own @ np.array(z)
            if (left[strict] >= -1e-9).all() and (abs(left[equal]) <= 1e-9).all():
                values[z] = float(f.cost_at(x) @ np.array(z))
            continue
        bounds = [(a, a) for a in z] + [(0, MOST_Y)] * (f.n - f.whole)
        value = _lp(f.cost_at(x), [*f.own[strict]], [*rest[strict]], [*f.own[equal]], [*rest[equal]], bounds)
        if value is not None:
            values[z] = value
    best = min(values.values(), default=None)
    return [(z, best) for z, value in values.items() if value <= best + 1e-7]


def generate(seed):
    """Return a random problem: one or two followers, with ties, coupling rows, responses that are not always open."""
    rng = np.random.default_rng(seed)
    nx, top = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    followers = []
    for k in range(1 + (rng.random() < 0.35)):
        whole = int(rng.integers(1, 4)) if k == 0 else int(rng.integers(0, 3))
        ny = int(rng.integers(0, 3)) if whole else 2
        n, m = whole + ny, int(rng.integers(1, 4))
        cross = {}
        if rng.random() < 0.4:
            cross[int(rng.integers(nx)), int(rng.integers(n))] = int(rng.integers(-3, 4))
        own = rng.integers(-3, 4, (m, n))
        of_x = rng.integers(-3, 4, (m, nx))
        equal = np.zeros(m, bool)
        if rng.random() < 0.25:
            equal[0] = True
        limit = rng.integers(-2, 6, m)
        cost = rng.integers(-3, 4, n) * (rng.random(n) < 0.8)
        followers.append(Level(int(rng.choice([1, -1])), cost, cross, whole, of_x, own, limit, equal))
    total = nx + 1 + sum(f.n for f in followers)
    rows = rng.integers(-2, 4, (int(rng.integers(0, 3)), total))
    limit = rng.integers(0, 9, len(rows))
    return Problem(int(rng.choice([1, -1])), top, nx, rng.integers(-5, 6, total), rows, limit, followers)


def generate_continuous(seed):
    """Return a random problem in which a follower with integers sees one continuous variable."""
    rng = np.random.default_rng(seed)
    whole, m = int(rng.integers(1, 3)), int(rng.integers(1, 4))
    cross = {(0, 0): int(rng.integers(-3, 4))} if rng.random() < 0.5 else {}
    own, of_x = rng.integers(-3, 4, (m, whole)), rng.integers(-3, 4, (m, 1))
    limit, cost = rng.integers(-1, 6, m), rng.integers(-3, 4, whole)
    level = Level(int(rng.choice([1, -1])), cost, cross, whole, of_x, own, limit, np.zeros(m, bool))
    rows = rng.integers(-2, 4, (int(rng.integers(0, 2)), whole + 2))
    cost = rng.integers(-4, 5, whole + 2)
    top = int(rng.integers(1, 4))
    return Problem(
        int(rng.choice([1, -1])), top, 1, cost, rows, rng.integers(0, 9, len(rows)), [level], continuous=True
    )
