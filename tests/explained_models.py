"""Models that the tests of ``explain`` share."""

import pyomo.environ as pyo

import bilevolt as bv


def market(sense=pyo.minimize, *, prices=True):
    """A follower that covers demand; the leader may be paid its price."""
    model = pyo.ConcreteModel(name="market")
    model.x = pyo.Var(domain=pyo.Integers, bounds=(0, 6))
    model.L = bv.SubModel(fixed=[model.x])
    y = model.L.y = pyo.Var(["coal", "gas"], domain=pyo.NonNegativeReals)
    model.L.demand = pyo.Constraint(expr=y["coal"] + y["gas"] + model.x >= 6)
    model.L.limit = pyo.Constraint(expr=y["coal"] <= 3.5)
    model.L.cost = pyo.Objective(expr=sense * (2 * y["coal"] + 5 * y["gas"]), sense=sense)
    price = sense * bv.dual_of(model.L.demand) if prices else 3
    model.profit = pyo.Objective(expr=(price - 1) * model.x, sense=pyo.maximize)
    return model


def mixed_rows(sense=pyo.minimize):
    """Equality, range, two bounds, a free variable and a row on both sides, of a QP follower."""
    model = pyo.ConcreteModel(name="mixed")
    model.x = pyo.Var(bounds=(0, 4))
    model.rate = pyo.Param(initialize=2.5, mutable=True)
    model.F = bv.SubModel(fixed=[model.x])
    model.F.y = pyo.Var(bounds=(-1, 5))
    model.F.z = pyo.Var()
    model.F.w = pyo.Var(domain=pyo.NonNegativeReals)
    F = model.F
    F.balance = pyo.Constraint(expr=F.y + F.z == model.x)
    F.band = pyo.Constraint(expr=pyo.inequality(-2, F.y - F.z / model.rate, 6))
    F.both = pyo.Constraint(expr=F.w >= F.y - model.x)
    F.cost = pyo.Objective(
        expr=sense * (F.y**2 + F.z**2 - F.y * F.z + model.rate * F.w + model.x * F.y - 3 * F.z + 7), sense=sense
    )
    model.obj = pyo.Objective(expr=(model.x - 1) ** 2 + F.y - F.w)
    return model


def two_followers():
    """Two followers whose components have the same names."""
    model = pyo.ConcreteModel(name="two")
    model.x = pyo.Var(bounds=(0, 10))
    for name, sense in (("A", pyo.minimize), ("B", pyo.maximize)):
        block = bv.SubModel(fixed=[model.x])
        model.add_component(name, block)
        block.y = pyo.Var(bounds=(0, None))
        block.row = pyo.Constraint(expr=block.y >= 3 - model.x if name == "A" else block.y <= model.x)
        block.obj = pyo.Objective(expr=block.y, sense=sense)
    model.obj = pyo.Objective(expr=model.x + model.A.y - model.B.y)
    return model


def dc_opf(hours=24, *, mutable=True):
    """A DC optimal power flow over a day: the leader builds a battery, the market clears hour by hour."""
    model = pyo.ConcreteModel(name="dc_opf")
    model.T = pyo.RangeSet(hours)
    model.B = pyo.Set(initialize=["b1", "b2", "b3"])
    model.G = pyo.Set(initialize=["g1", "g2", "g3", "g4"])
    ends = {"l1": ("b1", "b2"), "l2": ("b2", "b3"), "l3": ("b1", "b3"), "l4": ("b1", "b3")}
    model.N = pyo.Set(initialize=list(ends))
    at = {"g1": "b1", "g2": "b1", "g3": "b2", "g4": "b3"}
    model.cost = pyo.Param(model.G, initialize={"g1": 10, "g2": 20, "g3": 35, "g4": 50}, mutable=mutable)
    model.demand = pyo.Param(
        model.B, model.T, initialize=lambda _, b, t: 10 + 3 * int(b[1]) + (t * 7) % 11, mutable=mutable
    )
    model.limit = pyo.Param(model.N, initialize={"l1": 15, "l2": 12, "l3": 9, "l4": 8}, mutable=mutable)
    reactance = {"l1": 0.1, "l2": 0.2, "l3": 0.25, "l4": 0.3}
    model.c = pyo.Var(model.T, bounds=(-5, 5))
    model.market = bv.SubModel(fixed=[model.c])
    m = model.market
    m.P = pyo.Var(model.G, model.T, bounds=(0, 40))
    m.F = pyo.Var(model.N, model.T)
    m.theta = pyo.Var(model.B, model.T)
    m.balance = pyo.Constraint(
        model.B,
        model.T,
        rule=lambda _, b, t: (
            sum(m.P[g, t] for g in model.G if at[g] == b)
            + sum(m.F[n, t] for n in model.N if ends[n][1] == b)
            - sum(m.F[n, t] for n in model.N if ends[n][0] == b)
            == model.demand[b, t] + (model.c[t] if b == "b2" else 0)
        ),
    )
    m.flow = pyo.Constraint(
        model.N,
        model.T,
        rule=lambda _, n, t: m.F[n, t] == (m.theta[ends[n][0], t] - m.theta[ends[n][1], t]) / reactance[n],
    )
    m.capacity = pyo.Constraint(model.N, model.T, rule=lambda _, n, t: pyo.inequality(-10, m.F[n, t], model.limit[n]))
    m.slack_bus = pyo.Constraint(model.T, rule=lambda _, t: m.theta["b1", t] == 0)
    m.ramp = pyo.Constraint(
        model.G, [t for t in model.T if t > 1], rule=lambda _, g, t: m.P[g, t] - m.P[g, t - 1] <= 20
    )
    m.total = pyo.Objective(expr=sum(model.cost[g] * m.P[g, t] for g in model.G for t in model.T))
    model.obj = pyo.Objective(expr=sum(bv.dual_of(m.balance["b2", t]) * model.c[t] for t in model.T))
    model.energy = pyo.Constraint(expr=sum(model.c[t] for t in model.T) == 0)
    return model


def _textbook(name):
    return f"textbook {name}", lambda: bv.models.textbook.build(name)


MODELS = [
    *(_textbook(name) for name in bv.models.textbook.NAMES if name != "moore"),  # its follower is integer
    ("market min", market),
    ("market max", lambda: market(pyo.maximize)),
    ("mixed min", mixed_rows),
    ("mixed max", lambda: mixed_rows(pyo.maximize)),
    ("two followers", two_followers),
    ("dc_opf", lambda: dc_opf(6)),
    ("dc_opf numbers", lambda: dc_opf(6, mutable=False)),
    ("electric_bus", lambda: bv.models.electric_bus.build(bv.load_instance("limassol_small"))),
    ("ieee33_small", lambda: bv.models.fast_charging.build(bv.load_instance("ieee33_small"))),
    (
        "electric_bus poster",
        lambda: bv.models.electric_bus.build(bv.load_instance("limassol_small"), tariffs="poster"),
    ),
]
