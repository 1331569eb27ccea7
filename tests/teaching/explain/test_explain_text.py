"""Text in, text out: the derivation of small models, character by character."""

import pyomo.environ as pyo
import pytest
from explained_models import dc_opf, market, mixed_rows, two_followers

import bilevolt as bv
from bilevolt import explain, state_bound
from bilevolt.errors import BilevoltError
from bilevolt.models import textbook
from bilevolt.teaching.explain.text import PLAIN


def tiny(sense=pyo.minimize):
    """min x - y s.t. y in argmin/argmax, one row, one bound."""
    model = pyo.ConcreteModel(name="tiny")
    model.x = pyo.Var(bounds=(0, 4))
    model.L = bv.SubModel(fixed=[model.x])
    model.L.y = pyo.Var(domain=pyo.NonNegativeReals)
    model.L.low = pyo.Constraint(expr=model.L.y + 2 * model.x >= 6)
    model.L.cost = pyo.Objective(expr=sense * 3 * model.L.y, sense=sense)
    state_bound(model.L.low, -3, 3, "the cost of y")
    state_bound(model.L.y, -3, 3, "the cost of y", price=True)
    state_bound(model.L.y, 0, 6, "x = 0")
    model.obj = pyo.Objective(expr=model.x - model.L.y)
    return model


def lines(model, step, **options):
    """The displayed formulas of a step."""
    text = explain(model, options.pop("reformulation", "kkt"), **options).step(step).to_text()
    return [line.strip() for line in text.splitlines() if line.startswith("    ")]


TINY = """\
tiny: from two levels to one
============================

1. The two levels as written
----------------------------
The leader decides x and minimises

    obj: min x - y
    x:   0 <= x <= 4

The follower L takes x as given, decides y and minimises

    cost: min 3*y
    low:  y + 2*x >= 6
    y:    y >= 0

2. The follower's Lagrangian
----------------------------
Every finite side of a row or bound gets a multiplier that is not negative (λ^l_i of the lower side of row i,
λ^u_i of its upper side), every equality a free one (ν_i). Each multiplies its slack, and is subtracted:

      ℒ_L := 3*y - λ^l_low*(y + 2*x - 6) - λ^l_y*y

    row or bound  kind     shadow price  sign of the price
    ------------  -------  ------------  -----------------
    low           ≥        λ^l_low       ≥ 0
    y             bound ≥  λ^l_y         ≥ 0

3. Stationarity, variable by variable
-------------------------------------
The derivative of the Lagrangian by each variable of the follower is 0 (dual feasibility of an LP):

    y: 3 - λ^l_low - λ^l_y = 0

4. Primal and dual feasibility
------------------------------
Primal: the follower's inequalities and bounds hold (their slacks are in the next step).

Dual: multipliers of inequalities are not negative.

    low, lower: λ^l_low >= 0
    y, lower:   λ^l_y >= 0

5. Complementarity
------------------
Of each multiplier and its slack, one is 0 (2 pairs); where a slack is 0 the row is active:

    low, lower: 0 <= λ^l_low ⟂ y + 2*x - 6 >= 0
    y, lower:   0 <= λ^l_y ⟂ y >= 0

With stationarity and feasibility, this is necessary and sufficient for the follower's optimum: its rows are
linear, so that no constraint qualification is needed, and its objective is convex when brought to min.

6. Complementarity made linear
------------------------------
Chosen by auto, bigm: every M is proven or given.

bigm, 2 pairs. A binary z for each pair says which of the two may be nonzero. The rows are exact if and only
if every M is valid, that is, if some optimal solution respects them all.

    low, lower, multiplier: λ^l_low <= 3*(1 - z^l_low)
    low, lower, slack:      y + 2*x - 6 <= 8*z^l_low
    low, lower, binary:     z^l_low in {0, 1}
    y, lower, multiplier:   λ^l_y <= 3*(1 - z^l_y)
    y, lower, slack:        y <= 6*z^l_y
    y, lower, binary:       z^l_y in {0, 1}

    M of the                  M  class   why it is valid
    ------------------------  -  ------  --------------------------------------------
    multiplier of low, lower  3  proven  the cost of y
    slack of low, lower       8  proven  interval arithmetic on the variables' bounds
    multiplier of y, lower    3  proven  the cost of y
    slack of y, lower         6  proven  interval arithmetic on the variables' bounds

7. Strong duality, and the products
-----------------------------------
Multiplied by the variables and summed, stationarity gives primal minus dual objective = sum of multiplier ×
slack, which is never negative and 0 exactly at the follower's optima. So the pairs may be replaced by one row
(constants on both sides are left out):

    L: 3*y = (6 - 2*x)*λ^l_low

Here the pairs stay, and the row is not used.

No product of two variables is in the single-level model's rows.

8. Sizes before and after
-------------------------
    model                  variables  of them integer  rows  pairs  SOS
    ---------------------  ---------  ---------------  ----  -----  ---
    leader                 1          0                0
    follower L             1          0                1
    KKT conditions (MPCC)  4          0                1     2      0
    single level, bigm     6          2                6     2      0

Bounds of variables are not counted as rows; a pair is one finite side of a follower's row or bound.
"""


def test_the_whole_document_as_text():
    assert explain(tiny(), cuts=None).to_text() == TINY


TWINS = [
    (
        pyo.minimize,
        ["ℒ_L := 3*y - λ^l_low*(y + 2*x - 6) - λ^l_y*y"],
        "y: 3 - λ^l_low - λ^l_y = 0",
        ["low           ≥        λ^l_low       ≥ 0", "y             bound ≥  λ^l_y         ≥ 0"],
    ),
    (
        pyo.maximize,
        ["ℒ_L := 3*y - λ^l_low*(y + 2*x - 6) - λ^l_y*y"],
        "y: 3 - λ^l_low - λ^l_y = 0",
        ["low           ≥        -λ^l_low      ≤ 0", "y             bound ≥  -λ^l_y        ≤ 0"],
    ),
]


@pytest.mark.parametrize("sense, lagrangian, stationarity, prices", TWINS, ids=["min", "max"])
def test_twins_have_one_lagrangian_and_opposite_prices(sense, lagrangian, stationarity, prices):
    model = tiny(sense)
    shown = lines(model, "lagrangian")
    assert [shown[0]] == lagrangian
    assert shown[3:] == prices
    assert lines(model, "stationarity") == [stationarity]
    assert ("brought to min by -f" in explain(model, "kkt").to_text()) is (sense == pyo.maximize)


STEPS_OF_MIXED = {
    "levels": [
        "obj: min (x - 1)^2 + y - w",
        "x:   0 <= x <= 4",
        "cost:    min y^2 + z^2 - y*z + rate*w + x*y - 3*z + 7",
        "balance: y + z - x = 0",
        "band:    -2 <= y - z/rate <= 6",
        "both:    y - x - w <= 0",
        "y:       -1 <= y <= 5",
        "z:       z in reals",
        "w:       w >= 0",
    ],
    "stationarity": [
        "y: 2*y - z + x - ν_balance - λ^l_band + λ^u_band + λ^u_both - λ^l_y + λ^u_y = 0",
        "z: 2*z - y - ν_balance + λ^l_band/rate - λ^u_band/rate - 3 = 0",
        "w: rate - λ^u_both - λ^l_w = 0",
    ],
    "complementarity": [
        "band, lower: 0 <= λ^l_band ⟂ y - z/rate + 2 >= 0",
        "band, upper: 0 <= λ^u_band ⟂ 6 - y + z/rate >= 0",
        "both, upper: 0 <= λ^u_both ⟂ -y + x + w >= 0",
        "y, lower:    0 <= λ^l_y ⟂ y + 1 >= 0",
        "y, upper:    0 <= λ^u_y ⟂ 5 - y >= 0",
        "w, lower:    0 <= λ^l_w ⟂ w >= 0",
    ],
    "feasibility": [
        "balance: y + z - x = 0",
        "band, lower: λ^l_band >= 0",
        "band, upper: λ^u_band >= 0",
        "both, upper: λ^u_both >= 0",
        "y, lower:    λ^l_y >= 0",
        "y, upper:    λ^u_y >= 0",
        "w, lower:    λ^l_w >= 0",
    ],
}


@pytest.mark.parametrize("step, expected", STEPS_OF_MIXED.items())
def test_equality_range_bounds_and_a_qp(step, expected):
    """A mutable Param keeps its name everywhere, also in derivatives."""
    assert lines(mixed_rows(), step) == expected


PRICES_OF_MIXED = [
    (pyo.minimize, "ν_balance", "λ^l_band - λ^u_band", "-λ^u_both", "λ^l_y - λ^u_y"),
    (pyo.maximize, "-ν_balance", "-λ^l_band + λ^u_band", "λ^u_both", "-λ^l_y + λ^u_y"),
]


@pytest.mark.parametrize("sense, balance, band, both, y", PRICES_OF_MIXED, ids=["min", "max"])
def test_prices_of_every_kind_of_row(sense, balance, band, both, y):
    (step,) = explain(mixed_rows(sense), "kkt").step("lagrangian").steps
    grid = step.items[-1]
    shown = {row[0].strip("`"): PLAIN.show(row[2]) for row in grid.rows}
    assert shown == {"balance": balance, "band": band, "both": both, "y": y, "w": shown["w"]}


def test_two_followers_keep_their_names_apart():
    assert lines(two_followers(), "stationarity") == [
        "A.y: 1 - λ^u_A.row - λ^l_A.y = 0",
        "B.y: λ^u_B.row - λ^l_B.y - 1 = 0",
    ]


def test_a_leader_who_uses_a_price():
    model = market(pyo.maximize)
    assert lines(model, "levels")[0] == "profit: max (-π_demand - 1)*x"
    assert "demand: π_demand = -λ^l_demand" in lines(model, "complementarity")


DC_OPF = {
    "levels": [
        "obj:    min sum{t in T} π_balance[b2, t]*c[t]",
        "energy: sum{t in T} c[t] = 0",
        "c[t]:   -5 <= c[t] <= 5   for all t in T",
        "total:          min sum{g in G, t in T} cost[g]*P[g, t]",
        "balance[b, t]:  sum{g in I(b)} P[g, t] - sum{n in J(b)} F[n, t] + sum{n in K(b)} F[n, t]",
        r"= demand[b, t]   for all b in B \ {b2}, t in T",
        "balance[b2, t]: P[g3, t] + F[l1, t] - F[l2, t] - demand[b2, t] - c[t] = 0   for all t in T",
        "flow[n, t]:     F[n, t] - (theta[phi(n), t] - theta[psi(n), t])/a[n] = 0   for all n in N, t in T",
        "capacity[n, t]: -10 <= F[n, t] <= limit[n]   for all n in N, t in T",
        "slack_bus[t]:   theta[b1, t] = 0   for all t in T",
        r"ramp[g, t]:     P[g, t] - P[g, t - 1] <= 20   for all g in G, t in T \ {1}",
        "P[g, t]:        0 <= P[g, t] <= 40   for all g in G, t in T",
        "F[n, t]:        F[n, t] in reals   for all n in N, t in T",
        "theta[b, t]:    theta[b, t] in reals   for all b in B, t in T",
    ],
}


def test_a_day_of_dc_opf_reads_as_one_page():
    assert lines(dc_opf(24), "levels")[: len(DC_OPF["levels"])] == DC_OPF["levels"]
    a_day, an_hour_less = (explain(dc_opf(hours), "sos1").to_text().splitlines() for hours in (24, 23))
    assert len(a_day) == len(an_hour_less) < 200


def test_numbers_of_a_param_that_is_not_mutable_get_its_name_back():
    shown = "\n".join(lines(dc_opf(24, mutable=False), "levels"))
    assert "cost[g]*P[g, t]" in shown
    assert "= demand[b, t]" in shown
    assert "Param of the model" in explain(dc_opf(24, mutable=False), "kkt").step("levels").to_text()


def test_few_members_are_written_one_by_one():
    assert "for all" not in explain(dc_opf(2), "kkt", few=1000).step("levels").to_text()


def test_a_fixed_variable_is_a_number():
    model = tiny()
    model.x.fix(1.5)
    assert "low:  y + 3 >= 6" in explain(model, "kkt").step("levels").to_text()


SELECTIONS = [
    ("kkt", ["lagrangian", "stationarity", "feasibility", "complementarity"]),
    ("complementarity", ["complementarity"]),
    ("linearize", ["linearize"]),
    ("strong_duality", ["strong_duality"]),
]


@pytest.mark.parametrize("key, expected", SELECTIONS)
def test_steps_are_selected(key, expected):
    assert [step.key for step in explain(tiny(), "sos1").step(key).steps] == expected


def test_an_m_that_is_not_proven_is_said_to_be_none():
    text = explain(tiny(), "bigm", big_m={"L.low": (2, 7)}).step("linearize").to_text()
    assert "given, below what is proven" in text
    assert "An answer that sits on an M which is not proven is not called optimal." in text


def test_an_unknown_step_is_refused_with_the_names():
    with pytest.raises(BilevoltError, match="levels, kkt, lagrangian"):
        explain(tiny(), "kkt").step("nonsense")


def test_the_users_model_is_unchanged(structure):
    model = market()
    before = structure(model)
    explain(model)
    assert structure(model) == before


def own_curvature():
    """min x s.t. x >= y, y in argmin {y**2 - 4 y : y <= 3}: the leader is in no cost and no side of the follower."""
    model = pyo.ConcreteModel(name="own_curvature")
    model.x = pyo.Var(bounds=(0, 9))
    model.L = bv.SubModel(fixed=[model.x])
    model.L.y = pyo.Var()
    model.L.most = pyo.Constraint(expr=model.L.y <= 3)
    model.L.o = pyo.Objective(expr=model.L.y**2 - 4 * model.L.y)
    model.above = pyo.Constraint(expr=model.x >= model.L.y)
    model.o = pyo.Objective(expr=model.x)
    return model


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (own_curvature, "It is convex here, as nobody else is in this follower's costs and right-hand sides."),
        (
            lambda: textbook.build("shimizu_aiyoshi_1981_1_max"),
            "It is not convex here, as others are in this follower's costs or right-hand sides: x × y,",
        ),
    ],
    ids=["convex", "not convex"],
)
def test_whether_a_qp_followers_duality_row_is_convex_is_decided(build, said):
    text = " ".join(explain(build()).to_text().split())
    assert said in text
    assert "dual feasibility of an LP" not in text


def test_members_that_are_listed_keep_their_indices():
    text = explain(textbook.build("conejo2016")).to_text()
    assert [f" lb[{k}]  " in text for k in (1, 2, 3)] == [True] * 3
