r"""Replay a proof of global optimality in exact arithmetic: no solver, no tolerance, nothing but Python's own library.

``python -m bilevolt.verification.replay proof.json``, or this file alone: ``python replay.py proof.json``. Exit code 0
means that the theorem printed is proven, 1 that the proof is rejected, for the reason and at the place named.

A proof states a bilevel problem in polynomials with rational coefficients (a term is ``[coefficient, column, ...]``).
From it :func:`derive` writes what every bilevel feasible point satisfies with some multipliers (KKT conditions,
which are necessary and sufficient: the followers are checked to be convex, and their rows to be linear):

.. math:: \sigma \nabla f - \sum \lambda^l \nabla g + \sum \lambda^u \nabla g - \sum \nu \nabla h = 0, \quad
          s = g - l \text{ or } u - g, \quad \lambda, s \ge 0, \quad \lambda s = 0

and, for each block of a follower, its sum, strong duality: :math:`\sum_j y_j \cdot` stationarity
:math:`+ \sum \lambda s + \sum \nu (h - d) = 0`. A tree splits this set: a pair into multiplier = 0 | slack = 0, a
column into <= k | >= k + 1 (integer) or <= t | >= t. Weights w of rows :math:`p_i \in [l_i, u_i]`, of products of two
bound factors and of squares prove a bound over a node's box: with :math:`r = F - \sum w_i p_i`

.. math:: F \ge \sum_i (w_i > 0 ? w_i l_i : w_i u_i) + \sum_m (r_m > 0 ? r_m \min m : r_m \max m)

over the monomials m of r. A leaf is closed if that is at least the claim, or, for F = 0, positive: then it is empty.
A bound is derived likewise; one from above of a multiplier or slack needs to be proven only where its twin is 0.

Source: A. Neumaier and O. Shcherbina, *Safe bounds in linear and mixed-integer linear programming*, Math. Program. 99,
2004; G. P. McCormick, *Computability of global solutions to factorable nonconvex programs*, Math. Program. 10, 1976.
"""

import argparse
import gzip
import json
import math
import sys
from fractions import Fraction
from typing import Any

FORMAT = "bilevolt proof 1"
Poly = dict[tuple[int, ...], Fraction]  # monomial (columns in order; () is the constant) -> coefficient
Box = tuple[list[Any], list[Any]]  # lower and upper bounds of the columns: Fraction, or an infinite float
Whole = tuple[list[tuple[tuple[int, ...], int]], int]  # a polynomial's terms in integers, over one denominator


class RejectedError(Exception):
    """The proof does not prove its claim; the message says what is wrong, and where."""


class System:
    """What every bilevel feasible point satisfies: columns in a box, rows, pairs of which one is 0, an objective."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.column: dict[str, int] = {}
        self.lower: list[Any] = []
        self.upper: list[Any] = []
        self.integer: set[int] = set()
        self.rows: list[tuple[str, Poly, Any, Any]] = []
        self.pairs: dict[str, tuple[int, int]] = {}
        self.zero: set[tuple[int, ...]] = set()  # multiplier * slack of every pair
        self.twin: dict[int, int] = {}  # of a pair's members, the other
        self.objective: Poly = {}  # to be minimised
        self.duality: list[int] = []  # the rows that are strong duality
        self.conditions = 0  # the number of rows that a point has to satisfy
        self.wholes: dict[int, Whole] = {}  # rows in integers, as far as weights have named them

    def add(self, name: str, lower: Any, upper: Any) -> int:
        """Add a column."""
        require(name not in self.column, f"two columns are called {name!r}")
        self.column[name] = len(self.names)
        self.names.append(name)
        self.lower.append(lower)
        self.upper.append(upper)
        return len(self.names) - 1

    def row(self, i: Any) -> tuple[str, Poly, Any, Any]:
        """Return a row that weights name."""
        require(type(i) is int and 0 <= i < len(self.rows), f"row {i} is none")
        return self.rows[i]


def require(condition: bool, reason: str) -> None:
    """Reject unless the condition holds."""
    if not condition:
        raise RejectedError(reason)


def number(data: Any, missing: float = math.nan) -> Any:
    """Return an integer or "p/q" as a Fraction; null as the infinite number given."""
    if data is None and not math.isnan(missing):
        return missing
    require(type(data) in (int, str), f"{data!r} is no exact number")
    return Fraction(data)


def poly(terms: Any, columns: int) -> Poly:
    """Read ``[[coefficient, column, ...], ...]``."""
    found: Poly = {}
    for coefficient, *factors in terms:
        require(all(type(j) is int and 0 <= j < columns for j in factors), f"{factors} are no columns")
        add_to(found, {tuple(sorted(factors)): number(coefficient)})
    return found


def add_to(total: Poly, term: Poly, weight: Any = 1) -> None:
    """Add weight * term in place."""
    for monomial, coefficient in term.items():
        total[monomial] = total.get(monomial, Fraction(0)) + weight * coefficient


def times(first: Poly, second: Poly) -> Poly:
    """Return the product."""
    product: Poly = {}
    for m, a in first.items():
        add_to(product, {tuple(sorted(m + n)): a * b for n, b in second.items()})
    return product


def derivative(expression: Poly, j: int) -> Poly:
    """Return the partial derivative in column j."""
    without = {m: m[: m.index(j)] + m[m.index(j) + 1 :] for m in expression if j in m}
    return {rest: expression[m] * m.count(j) for m, rest in without.items()}


def derive(problem: dict[str, Any]) -> System:
    """Return what every bilevel feasible point of a problem satisfies with some multipliers."""
    system = System()
    for name, lower, upper, integer in problem["variables"]:
        j = system.add(name, number(lower, -math.inf), number(upper, math.inf))
        if integer:
            system.integer.add(j)
    n = len(system.names)
    add_to(system.objective, poly(problem["leader"]["objective"], n), number(problem["leader"]["sense"]))
    require(problem["leader"]["sense"] in (1, -1), "the leader's sense is neither 1 (min) nor -1 (max)")
    for block in (problem["leader"], *problem["assumed"]):
        system.rows += read_rows(block["rows"], n)
    owner: dict[int, str] = {}
    price: dict[str, Poly] = {}
    prices = {j for j, _ in problem["prices"]}
    for follower in problem["followers"]:
        for j in follower["variables"]:
            require(j in range(n) and j not in owner, f"column {j} of follower {follower['name']!r} is not its own")
            require(j not in system.integer, f"{system.names[j]!r} of follower {follower['name']!r} is an integer")
            owner[j] = follower["name"]
        add_follower(system, follower, n, prices, price)
    for j, source in problem["prices"]:
        require(j in range(n) and j not in owner, f"column {j} is no price")
        require(bool(price.get(source)), f"{system.names[j]!r} is the price of {source!r}, which has none")
        system.rows.append((f"price {source}", {(j,): Fraction(1)}, Fraction(0), Fraction(0)))
        add_to(system.rows[-1][1], price[source], -1)
    system.conditions = len(system.rows)
    return system


def read_rows(rows: Any, n: int) -> list[tuple[str, Poly, Any, Any]]:
    """Read rows ``[name, lower, terms, upper]``."""
    return [(name, poly(t, n), number(low, -math.inf), number(high, math.inf)) for name, low, t, high in rows]


def add_follower(system: System, follower: Any, n: int, prices: set[int], price: dict[str, Poly]) -> None:
    """Add a follower's rows, stationarity, pairs and strong duality."""
    zero, where, own = Fraction(0), f"follower {follower['name']!r}", list(follower["variables"])
    sign = number(follower["sense"])
    require(sign in (1, -1), f"{where}: its sense is neither 1 (min) nor -1 (max)")
    objective = times(poly(follower["objective"], n), {(): sign})
    rows = read_rows(follower["rows"], n)
    rows += [(system.names[j], {(j,): Fraction(1)}, system.lower[j], system.upper[j]) for j in own]
    for expression in (objective, *(body for _, body, _, _ in rows)):
        require(not any(j in prices for m in expression for j in m), f"{where} contains a price")
    stationarity = {j: derivative(objective, j) for j in own}
    hessian = {(i, j): derivative(stationarity[i], j) for i in own for j in {k for m in stationarity[i] for k in m}}
    require_convex({key: h for key, h in hessian.items() if key[1] in stationarity}, own, where)
    block = {j: {j} for j in own}  # variable -> the variables of its block
    shares: list[tuple[int | None, Poly]] = []  # (variable of the block, its part of strong duality)
    for name, body, lower, upper in rows:
        gradient = {j: g for j in own if (g := derivative(body, j))}
        for j, g in gradient.items():
            require(not any(k in stationarity for m in g for k in m), f"{where}: row {name!r} is not linear")
            join(block, j, next(iter(gradient)))
        require(name not in price, f"{where}: two rows are called {name!r}")
        price[name] = {}
        for side, limit, weight in (("lower", lower, 1), ("upper", upper, -1)):
            if (lower == upper and side == "upper") or math.isinf(limit):
                continue
            slack: Poly = times(body, {(): Fraction(weight)})
            add_to(slack, {(): -weight * limit})
            label = name if lower == upper else f"{name}.{side}"
            multiplier = system.add(f"multiplier of {label}", -math.inf if lower == upper else zero, math.inf)
            if lower == upper:
                system.rows.append((name, body, lower, upper))
            else:
                s = system.add(f"slack of {label}", zero, math.inf)
                system.pairs[label] = (multiplier, s)
                system.zero.add((multiplier, s))
                system.twin |= {multiplier: s, s: multiplier}
                row = dict(slack)
                add_to(row, {(s,): Fraction(-1)})
                system.rows.append((f"slack of {label}", row, zero, zero))
            for j, g in gradient.items():
                add_to(stationarity[j], times(g, {(multiplier,): Fraction(-weight)}))
            add_to(price[name], {(multiplier,): sign * weight} if gradient else {})
            shares.append((next(iter(gradient), None), times(slack, {(multiplier,): Fraction(1)})))
    for j in own:
        system.rows.append((f"stationarity of {system.names[j]}", stationarity[j], zero, zero))
        for m in (m for m in objective if j in m):
            join(block, j, next(k for k in m if k in block))
    for members in {min(group): group for group in block.values()}.values():
        total: Poly = {}
        for j in sorted(members):
            add_to(total, times(stationarity[j], {(j,): Fraction(1)}))
        for j, share in shares:
            add_to(total, share if j in members else {})
        system.duality.append(len(system.rows))
        total = {m: a for m, a in total.items() if a}
        system.rows.append((f"strong duality of {system.names[min(members)]}", total, zero, zero))


def join(block: dict[int, set[int]], first: int, second: int) -> None:
    """Make one block of two."""
    if block[first] is not block[second]:
        block[first] |= block[second]
        for j in block[first]:
            block[j] = block[first]


def require_convex(hessian: dict[tuple[int, int], Poly], own: list[int], where: str) -> None:
    """Reject unless the Hessian is a matrix of numbers and positive semidefinite: L D L' in fractions."""
    matrix: dict[int, dict[int, Fraction]] = {j: {} for j in own}
    for (i, j), entry in hessian.items():
        require(set(entry) <= {()}, f"{where}: its objective is not quadratic with a constant Hessian")
        if entry.get((), 0):
            matrix[i][j] = entry[()]
    for k in own:
        row = matrix.pop(k)
        pivot = row.pop(k, Fraction(0))
        require(pivot > 0 or (pivot == 0 and not row), f"{where} is not convex")
        for i in row:
            matrix[i].pop(k)
            for j in row:
                matrix[i][j] = matrix[i].get(j, Fraction(0)) - row[i] * row[j] / pivot
            matrix[i] = {j: a for j, a in matrix[i].items() if a}


def extent(box: Box, monomial: tuple[int, ...]) -> tuple[Any, Any]:
    """Return the least and the largest value of a monomial over a box, infinite where it has none."""
    ends = (box[0][monomial[0]], box[1][monomial[0]]) if monomial else (Fraction(1), Fraction(1))
    for j in monomial[1:]:
        products = [a * b if a and b else Fraction(0) for a in ends for b in (box[0][j], box[1][j])]
        ends = min(products), max(products)
    return ends


def bound_of(system: System, box: Box, j: int, side: str) -> Fraction:
    """Return a column's bound, which has to be finite."""
    require(side in ("lower", "upper") and type(j) is int and 0 <= j < len(system.names), f"no bound {j}, {side}")
    bound = box[side == "upper"][j]
    require(type(bound) is not float, f"uses the {side} bound of {system.names[j]!r}, which has none here")
    return bound


def whole(expression: Poly) -> Whole:
    """Return a polynomial in integers."""
    under = math.lcm(*(a.denominator for a in expression.values()))
    return [(m, a.numerator * (under // a.denominator)) for m, a in expression.items()], under


def product(i: int, a: Fraction, j: int, b: Fraction) -> Whole:
    """Return (v_i - a) (v_j - b) in integers."""
    (p, q), (r, s) = a.as_integer_ratio(), b.as_integer_ratio()
    return [((i, j) if i <= j else (j, i), q * s), ((i,), -q * r), ((j,), -p * s), ((), p * r)], q * s


def proven(system: System, box: Box, target: Poly, weights: dict[str, Any]) -> Fraction:
    """Return the lower bound of the target over a box that weights prove."""
    n = len(system.names)
    unknown = set(weights) - {"over", "rows", "multiples", "corners", "ties", "squares"}
    require(not unknown, f"weights of {unknown}, which is nothing")
    over = number(weights.get("over", 1))  # what all weights are divided by
    require(over > 0, f"weights are divided by {over}")
    parts = [(-over, *whole(target))]  # with their sum subtracted from 0, what is left of over * target
    for i, w in weights.get("rows", ()):
        weight = number(w)
        name, body, lower, upper = system.row(i)
        side = lower if weight > 0 else upper
        if type(side) is float:
            raise RejectedError(f"row {name!r} has no {'lower' if weight > 0 else 'upper'} side, but a weight of it")
        parts.append((weight, *(system.wholes.get(i) or system.wholes.setdefault(i, whole(body)))))
        parts.append((-weight * side, [((), 1)], 1))
    for i, j, w in weights.get("multiples", ()):  # (equality row) v_j = 0
        name, body, lower, upper = system.row(i)
        require(lower == upper, f"row {name!r} is multiplied by a column, but is no equality")
        parts.append((number(w), *whole(times({**body, (): body.get((), 0) - lower}, poly([[1, j]], n)))))
    for i, side, j, other, w in weights.get("corners", ()):  # (v_i - l_i) (v_j - l_j) >= 0, and so on
        require(number(w) >= 0, "a product of bounds has a negative weight")
        corner = product(i, bound_of(system, box, i, side), j, bound_of(system, box, j, other))
        parts.append((number(w) if side == other else -number(w), *corner))
    for i, j, w in weights.get("ties", ()):  # (v_i - its only value) v_j = 0
        value = bound_of(system, box, i, "lower")
        require(value == box[1][i], f"{system.names[i]!r} is tied to a value, but has more than one")
        require(type(j) is int and 0 <= j < n, f"{j} is no column")
        parts.append((number(w), *product(i, value, j, Fraction(0))))
    for terms, w in weights.get("squares", ()):  # (linear form)^2 >= 0
        require(number(w) >= 0, "a square has a negative weight")
        parts.append((number(w), *whole(times(poly(terms, n), poly(terms, n)))))
    # Fractions would be reduced at every step: their sum is made in integers, over one denominator.
    common = math.lcm(*(weight.denominator * under for weight, _, under in parts))
    rest: dict[tuple[int, ...], int] = {}
    for weight, terms, under in parts:
        scale = weight.numerator * (common // (weight.denominator * under))
        for monomial, a in terms:
            rest[monomial] = rest.get(monomial, 0) - scale * a
    totals: dict[int, int] = {}  # by denominator
    for monomial, r in rest.items():
        if r and monomial not in system.zero:
            end = extent(box, monomial)[r < 0]
            if type(end) is float:
                what = "*".join(system.names[j] for j in monomial)
                raise RejectedError(f"uses the {'lower' if r > 0 else 'upper'} bound of {what!r}, which has none")
            totals[end.denominator] = totals.get(end.denominator, 0) + r * end.numerator
    return sum((Fraction(total, d * common) for d, total in totals.items()), Fraction(0)) / over


def check_tree(system: System, tree: list[Any], claim: Fraction | None) -> int:
    """Check that a tree (its nodes in preorder) covers and every leaf is closed; return the number of leaves."""
    stack: list[tuple[Box, tuple[str, ...]]] = [((list(system.lower), list(system.upper)), ())]
    leaves = 0
    for node in tree:
        require(bool(stack), "the tree has more nodes than its branchings ask for")
        (lower, upper), path = stack.pop()
        try:
            kind, *data = node
            if kind == "leaf":
                leaves += 1
                close((lower, upper), system, data[0], claim)
            elif kind == "bounds":
                lower, upper = list(lower), list(upper)  # siblings share what neither changed
                for j, side, bound, weights in data[0]:
                    tighten(system, (lower, upper), j, side, number(bound), weights)
                stack.append(((lower, upper), path))
            elif kind == "pair":
                require(data[0] in system.pairs, f"{data[0]!r} is no pair")
                for j, what in zip(system.pairs[data[0]][::-1], ("slack", "multiplier"), strict=True):
                    zeroed = lower, [*upper[:j], min(upper[j], Fraction(0)), *upper[j + 1 :]]
                    stack.append((zeroed, (*path, f"{what} of {data[0]} = 0")))
            elif kind == "split":
                name, at = data
                require(name in system.column, f"{name!r} is no column")
                j, least = system.column[name], number(at)
                if j in system.integer:
                    require(least.denominator == 1, f"the integer {name!r} is split at {at}")
                above = least + 1 if j in system.integer else least
                right = [*lower[:j], max(lower[j], above), *lower[j + 1 :]], upper
                left = lower, [*upper[:j], min(upper[j], least), *upper[j + 1 :]]
                stack += [(right, (*path, f"{name} >= {above}")), (left, (*path, f"{name} <= {least}"))]
            else:
                raise RejectedError(f"a node is a {kind!r}, which is nothing")
        except RejectedError as reason:
            raise RejectedError(f"at {', '.join(path) or 'the root'}: {reason}") from None
    if stack:
        raise RejectedError(f"at {', '.join(stack[-1][1]) or 'the root'}: the tree ends, and this part is not covered")
    return leaves


def close(box: Box, system: System, leaf: dict[str, Any], claim: Fraction | None) -> None:
    """Check that a leaf is empty, or the objective at least the claim in it."""
    (kind, weights), *more = leaf.items()
    require(not more, "a leaf is closed in one way")
    if kind == "crossed":
        require(box[0][system.column[weights]] > box[1][system.column[weights]], f"{weights!r} has a value here")
    elif kind == "empty":
        value = proven(system, box, {}, weights)
        require(value > 0, f"the weights prove 0 >= {value}, which is no contradiction")
    else:
        if kind != "bound" or claim is None:
            raise RejectedError(f"a leaf is {kind!r}, which closes nothing")
        value = proven(system, box, system.objective, weights)
        require(value >= claim, f"the weights prove {value} (about {float(value):.9g}) only, which is below the claim")


def tighten(system: System, box: Box, j: int, side: str, bound: Fraction, weights: dict[str, Any]) -> None:
    """Replace a column's bound by one that weights prove (of an integer, rounded inwards), where it is tighter."""
    require(side in ("lower", "upper") and type(j) is int and 0 <= j < len(system.names), f"no bound {j}, {side}")
    sign = 1 if side == "lower" else -1
    value = proven(system, twin_zero(system, box, j, side, bound), {(j,): Fraction(sign)}, weights)
    if j in system.integer:
        value = Fraction(math.ceil(value))
    told_bound = f"{system.names[j]} {'>=' if side == 'lower' else '<='} {bound}"
    require(value >= sign * bound, f"{told_bound} is not proven by its weights: they prove {sign * value}")
    box[side == "upper"][j] = max(box[0][j], bound) if side == "lower" else min(box[1][j], bound)


def twin_zero(system: System, box: Box, j: int, side: str, bound: Fraction) -> Box:
    """Return where a bound has to be proven: a pair's member is 0, which keeps an upper bound, or else its twin is."""
    k = system.twin.get(j)
    if k is None or side == "lower" or bound < 0:
        return box
    return box[0], [*box[1][:k], min(box[1][k], Fraction(0)), *box[1][k + 1 :]]


def violation(system: System, values: list[Fraction]) -> tuple[Fraction, str]:
    """Return by how much a point violates what it violates most, and what that is."""
    require(len(values) == len(system.names), "the point has not one value for each column")
    found = [(Fraction(0), "nothing")]
    conditions = system.rows[: system.conditions]
    rows = [(f"row {name!r}", evaluate(body, values), low, high) for name, body, low, high in conditions]
    rows += [(repr(system.names[j]), v, system.lower[j], system.upper[j]) for j, v in enumerate(values)]
    for name, value, lower, upper in rows:
        excesses = (lower - value, value - upper)
        found += [(excess, name) for excess in excesses if not math.isinf(excess) and excess > 0]
    found += [(abs(values[j] - round(values[j])), f"integer {system.names[j]!r}") for j in system.integer]
    found += [(abs(values[a] * values[b]), f"pair {name!r}") for name, (a, b) in system.pairs.items()]
    return max(found, key=lambda item: item[0])


def evaluate(expression: Poly, values: list[Fraction]) -> Fraction:
    """Return a polynomial's value at a point."""
    return sum((a * math.prod(values[j] for j in m) for m, a in expression.items()), Fraction(0))


def replay(proof: dict[str, Any]) -> dict[str, Any]:
    """Check a proof; return what it proves.

    :returns: ``bound`` and ``attained`` (leader's objective, in its own sense; None where there is none), ``gap``,
        ``violation`` of the point, ``leaves``, ``theorem`` (text).
    :raises RejectedError: it proves nothing; the message says why, and where.
    """
    try:
        require(proof["format"] == FORMAT, f"its format is {proof['format']!r}, not {FORMAT!r}")
        sign = number(proof["problem"]["leader"]["sense"])
        system = derive(proof["problem"])
        claim = None if proof["bound"] is None else sign * number(proof["bound"])
        # A point below the claim is what must not exist: bounds may be derived for such points only.
        system.rows.append(("claim", system.objective, -math.inf, math.inf if claim is None else claim))
        leaves = check_tree(system, proof["tree"], claim)
        result: dict[str, Any] = dict.fromkeys(("attained", "gap", "violation"))
        result |= {"bound": None if claim is None else sign * claim, "leaves": leaves}
        result["assumed"] = [block["reason"] or block["name"] for block in proof["problem"]["assumed"]]
        if proof["point"] is not None:
            values = [number(v) for v in proof["point"]]
            result["violation"], where = violation(system, values)
            stated = number(proof["violation"])
            require(result["violation"] <= stated, f"the point violates {where} by {result['violation']}, not {stated}")
            value = evaluate(system.objective, values)
            result["attained"], result["gap"] = sign * value, None if claim is None else value - claim
            require(result["violation"] > 0 or (claim is not None and value >= claim), "the point refutes the claim")
            require(sign * value == number(proof["attained"]), f"the point attains {sign * value}, not what is stated")
        result["theorem"] = theorem(proof["problem"], result)
    except (KeyError, TypeError, ValueError, IndexError, ArithmeticError, AttributeError) as error:
        raise RejectedError(f"the file is malformed: {type(error).__name__}: {error}") from error
    return result


def theorem(problem: dict[str, Any], result: dict[str, Any]) -> str:
    """Return what a proof proves as text."""
    name, relation = problem["name"], ">=" if problem["leader"]["sense"] == 1 else "<="
    bound, attained, worst = result["bound"], result["attained"], result["violation"]
    lines = [f"{name}: there is no bilevel feasible point"]
    if bound is not None:
        lines = [f"{name}: every bilevel feasible point has F {relation} {shown(bound)}"]
    if attained is not None and worst == 0:
        lines += [f"the point given is bilevel feasible and attains {shown(attained)}"]
        lines += [f"exact gap {shown(result['gap'])}"]
    elif attained is not None:
        lines += [f"the point given violates its conditions by {shown(worst)}, and has F = {shown(attained)}"]
    lines += [f"assumed without proof: {reason}" for reason in result["assumed"]]
    return "\n".join([*lines, f"proven in exact arithmetic, {result['leaves']} leaves"])


def shown(value: Fraction) -> str:
    """Return a fraction as text, with a decimal of twelve digits where it is none."""
    return str(value) if value.denominator == 1 else f"{value} (about {float(value):.12g})"


def load(path: str) -> dict[str, Any]:
    """Read a proof, which may be compressed (.gz); a number with a decimal point is refused."""

    def refuse(text: str) -> Any:
        raise RejectedError(f"the file is malformed: {text} is no exact number")

    with (gzip.open if str(path).endswith(".gz") else open)(path, "rt", encoding="utf-8") as file:
        try:
            found = json.load(file, parse_float=refuse, parse_constant=refuse)
        except ValueError as error:
            raise RejectedError(f"the file is malformed: {error}") from error
    require(isinstance(found, dict), "the file is malformed: it is no JSON object")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Replay the proofs named on the command line."""
    parser = argparse.ArgumentParser(description="Check proofs of global optimality in exact arithmetic.")
    parser.add_argument("proof", nargs="+", help="proof.json or proof.json.gz")
    rejected = 0
    for path in parser.parse_args(arguments).proof:
        try:
            print(replay(load(path))["theorem"])
        except (RejectedError, OSError) as reason:
            rejected = 1
            print(f"{path}: rejected: {reason}")
    return rejected


if __name__ == "__main__":
    sys.exit(main())
