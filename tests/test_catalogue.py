"""Every textbook problem x (reformulation, solver): listed status, objectives, unique values, certificate."""

import pyomo.environ as pyo
import pytest
from sweeps import only

import bilevolt
from bilevolt.errors import IntegerFollowerError, UnsupportedBySolverError
from bilevolt.models import textbook

EXACT_PAIRS = [("sos1", "gurobi"), ("sos1", "scip"), ("branch", "highs"), ("auto", "auto")]
INTEGER = "moore"  # its follower has no KKT conditions
COVERED = [name for name in textbook.NAMES if name != INTEGER]
TIME_LIMIT = 30

# A quadratic leader's objective: solvers meet it to 1e-6, so that values are known to its root only.
BENT = {
    "siddiqui_gabriel_min",
    "siddiqui_gabriel_max",
    "dempe_2000_56",
    "clark_westerberg_1990a",
    "bard_1998_721",
    "aiyoshi_shimizu_1981_2f",
}

# big-M on HiGHS ---------------------------------------------------------------------------------------------
# Every M is proven without a number from the user.
PROVEN = {
    "bard511",
    "bard_falk_1982_1",
    "candler_townsley_1982",
    "bard_falk_1982_2",
    "savard_1989",
    "gecco2013",
    "dempe_2002_p25",
    "dempe_2002_p32",
    "moore_bard_upper_int",
    "bard_1991_2",
    "clark_westerberg_1990b",
    "liu_hart_1994",
    "clark_westerberg_1988",
    "anandalingam_white_1990",
    "anandalingam_white_range",
    "bialas_karwan_1984b",
    "ben_ayed_blair_1990a",
    "glackin_2009",
    "allende_still_2013",
    "dtmp_74",
    "pao1",
    "pao2",
    "pineda",
    "fruits_01",
    "own_capacity_rent",
    "tuy_2007_1",
    "dempe_2000_56",
}
# Some slack or multiplier is unbounded, or its bound is out of reach of the proofs.
BIG_M = 1e3  # larger than every multiplier and slack of the listed optima
GIVEN = {
    "bard_1988_1",
    "shimizu_aiyoshi_1981_1_max",
    "clark_westerberg_1990a",
    "bard_1998_721",
    "aiyoshi_shimizu_1981_2f",
    "getachew_ex1",
    "getachew_ex2",
    "besancon27",
    "jointc1_ok",
    "barguel",
    "bard_1991_1",
    "toll_1",
    "aiyoshi_shimizu_1984_2",
    "own_qp_upper_int",
}
# Multipliers that may be arbitrarily large at the optimum: some sit on any M, and the optimum is not proven then.
MAY_SIT_ON_ITS_M = {"toll_1"}
# Infeasible; but with numbers that nobody has proven, that is not proven either.
INFEASIBLE = {"jointc1_infeasible", "own_unbounded_lower"}
# The product of two continuous variables (of levels, or multipliers) for which HiGHS is refused.
PRODUCTS = {
    "pao3": r"w\[1\]\*z",
    "siddiqui_gabriel_min": r"L.q\[1\]\*Q",
    "siddiqui_gabriel_max": r"L.q\[1\]\*Q",
    "conejo2016": r"L.y\[1\]\*price of L.b",
}


def near(number, tolerance):
    return pytest.approx(number, rel=tolerance, abs=tolerance)


def assert_listed(solution, data, model):
    """The objectives, and the values of the variables that are the same in every optimum."""
    tolerance = 5e-3 if data.name in BENT else 1e-4
    assert solution.objective == near(data.objective, 1e-5)
    if data.lower_objective is not None:
        (reached,) = solution.lower_objectives.values()
        assert reached == near(data.lower_objective, tolerance)
    for name in data.unique:
        assert solution.values[name] == near(data.solution[name], tolerance), name
        assert pyo.value(model.find_component(name)) == solution.values[name]
    assert solution.certificate.bilevel_feasible, solution.certificate.report()


EVERY = [(name, *pair) for name in COVERED for pair in EXACT_PAIRS]
# What the default chooses, and one other pair in turn.
QUICK = [case for k, case in enumerate(EVERY) if case[1] == "auto" or k % 4 == k // 4 % 3]


@pytest.mark.parametrize(("name", "reformulation", "solver"), only(QUICK, EVERY))
def test_listed_answer(name, reformulation, solver):
    data, model = textbook.problem(name), textbook.build(name)
    solution = bilevolt.solve(model, reformulation=reformulation, solver=solver, time_limit=TIME_LIMIT)
    assert solution.status == data.status, solution.notes
    if data.status != "optimal":
        assert (solution.objective, solution.values, solution.certificate) == (None, {}, None)
        return
    assert_listed(solution, data, model)
    assert solution.certificate.globally_optimal is True
    assert solution.gap <= 1e-5
    assert set(solution.certificate.solvers.values()).isdisjoint({solution.solver})


def test_the_tables_of_bigm_on_highs_are_complete():
    assert sorted([*PROVEN, *GIVEN, *INFEASIBLE, *PRODUCTS]) == sorted(COVERED)


@pytest.mark.parametrize("name", sorted(PROVEN))
def test_listed_answer_of_bigm_on_highs_without_a_number_from_the_user(name):
    data, model = textbook.problem(name), textbook.build(name)
    solution = bilevolt.solve(model, reformulation="bigm", solver="highs", time_limit=TIME_LIMIT)
    assert_listed(solution, data, model)
    assert (solution.status, solution.assumptions) == ("optimal", [])
    assert solution.certificate.globally_optimal is True


@pytest.mark.parametrize("name", sorted(GIVEN))
def test_listed_answer_of_bigm_on_highs_with_m_given(name):
    data, model = textbook.problem(name), textbook.build(name)
    solution = bilevolt.solve(model, reformulation="bigm", solver="highs", big_m=BIG_M, time_limit=TIME_LIMIT)
    assert_listed(solution, data, model)
    if name in MAY_SIT_ON_ITS_M and solution.status == "feasible":
        assert solution.bound is None
        assert f"its M is {BIG_M:g}" in solution.notes[-1]
    else:
        assert solution.status == "optimal", solution.notes
    assert "not proven" in solution.assumptions[0]
    assert solution.certificate.globally_optimal is None  # it rests on the user's numbers


@pytest.mark.parametrize("name", sorted(INFEASIBLE))
def test_infeasible_with_given_m_is_not_proven_infeasible(name):
    solution = bilevolt.solve(textbook.build(name), reformulation="bigm", solver="highs", big_m=BIG_M)
    assert textbook.problem(name).status == "infeasible"
    assert (solution.status, len(solution.assumptions)) == ("no_solution", 1)
    assert "not proven" in solution.notes[-1]


@pytest.mark.parametrize(("name", "product"), sorted(PRODUCTS.items()))
def test_products_of_continuous_variables_are_refused_for_highs_by_name(name, product):
    reason = "both factors are continuous|Give z bounds"
    with pytest.raises(UnsupportedBySolverError, match=f"the product {product} in .*({reason})"):
        bilevolt.solve(textbook.build(name), reformulation="bigm", solver="highs", big_m=BIG_M)


@pytest.mark.parametrize(("reformulation", "solver"), [*EXACT_PAIRS, ("bigm", "highs")])
def test_integer_follower_is_solved_by_columns(reformulation, solver):
    solution = bilevolt.solve(model := textbook.build(INTEGER), reformulation=reformulation, solver=solver)
    assert (solution.status, solution.method) == ("optimal", "column_and_constraint")
    assert (solution.objective, model.x.value, model.L.y.value) == (-22, 2, 2)
    assert solution.certificate.globally_optimal


def test_integer_follower_is_refused_by_what_needs_kkt_conditions():
    for refused in (bilevolt.reformulate, bilevolt.explain, lambda model: bilevolt.solve(model, method="nested")):
        with pytest.raises(IntegerFollowerError, match=r"follower 'L' owns the integer variable 'L.y'"):
            refused(textbook.build(INTEGER))


# The traps ------------------------------------------------------------------------------------------------


def everywhere(model, number):
    """The number as the user's M of every row, also where a proven one is known."""
    forms = bilevolt.reformulations.map_of(bilevolt.reformulate(model, "kkt")).conditions.forms
    return {row.name: number for form in forms for row in form.rows}


def with_user_m(name, number):
    model = textbook.build(name)
    return bilevolt.solve(model, reformulation="bigm", solver="highs", big_m=everywhere(model, number))


@pytest.mark.parametrize("big_m", [0.5, 2, 50, 99, 100, 101, 1e5])
def test_pineda_is_right_or_not_called_optimal(big_m):
    solution = with_user_m("pineda", big_m)
    if solution.status == "optimal":
        assert solution.objective == near(102, 1e-5)
    else:
        assert solution.status == "feasible" and solution.objective <= 102 + 1e-6
        assert "not proven optimal" in solution.notes[-1]


@pytest.mark.parametrize("big_m", [None, 0.5, 50, 1e5])
def test_pineda_with_one_number_where_no_m_is_proven(big_m):
    """All Ms of this problem are proven, so that a wrong number for the rest does no harm."""
    solution = bilevolt.solve(textbook.build("pineda"), reformulation="bigm", solver="highs", big_m=big_m)
    assert (solution.status, solution.objective) == ("optimal", near(102, 1e-5))


@pytest.mark.parametrize("big_m", [1, 14, 50, 1e5])
def test_clark_westerberg_1988_with_any_m(big_m):
    """All variables are free; too small an M leaves no point at all, which a heuristic's point refutes."""
    solution = with_user_m("clark_westerberg_1988", big_m)
    assert solution.status in ("optimal", "feasible")
    assert solution.certificate.bilevel_feasible
    assert solution.objective == near(-37, 1e-5) or (solution.bound is None and solution.objective > -37)
    assert solution.status != "optimal" or solution.certificate.globally_optimal


SMALL_M = {"bard_falk_1982_1": 5, "candler_townsley_1982": 5}


@pytest.mark.parametrize(("name", "big_m"), sorted(SMALL_M.items()))
def test_an_optimum_that_rests_on_given_ms_is_not_certified(name, big_m):
    """M cuts the optimum off, and no multiplier of the point that is left sits on M (Pineda and Morales 2019)."""
    solution = with_user_m(name, big_m)
    assert solution.objective > textbook.problem(name).objective + 1
    assert solution.certificate.bilevel_feasible
    assert solution.certificate.globally_optimal is None
    assert "big-Ms are not proven" in solution.assumptions[0]
    assert bilevolt.verify(textbook.build(name), solution).globally_optimal is None


@pytest.mark.parametrize(("name", "big_m"), sorted(SMALL_M.items()))
def test_a_wrong_value_is_never_called_optimal_whatever_m_is_given(name, big_m):
    assert with_user_m(name, big_m).status != "optimal"


def two_followers():
    """Follower A maximises y_A <= x, B minimises y_B >= x; the leader's row y_A + x <= 6 makes x <= 3."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 10))
    model.objective = pyo.Objective(expr=-model.x)
    for name, sense in (("A", pyo.maximize), ("B", pyo.minimize)):
        block = bilevolt.SubModel(fixed=[model.x])
        model.add_component(name, block)
        block.y = pyo.Var(bounds=(0, 20))
        block.objective = pyo.Objective(expr=block.y, sense=sense)
        block.c = pyo.Constraint(expr=block.y <= model.x if name == "A" else block.y >= model.x)
    model.cap = pyo.Constraint(expr=model.A.y + model.x <= 6)
    return model


@pytest.mark.parametrize("pair", [*EXACT_PAIRS, ("bigm", "highs")])
def test_leaders_row_on_the_first_of_two_followers_holds(pair):
    model = two_followers()
    big_m = 100 if pair[0] == "bigm" else None
    solution = bilevolt.solve(model, reformulation=pair[0], solver=pair[1], big_m=big_m)
    assert (solution.status, solution.objective) == ("optimal", near(-3, 1e-5))
    assert pyo.value(model.A.y) == near(3, 1e-5)


def test_paos_own_fa_ignores_that_row():
    """The baseline: the trap is real, and the check finds it."""
    import pao

    model = two_followers()
    pao.pyomo.Solver("pao.pyomo.FA", mip_solver="appsi_highs").solve(model)
    assert pyo.value(model.x) == near(6, 1e-5)  # from the row without y_A
    assert bilevolt.verify(model).violations == {"cap": near(6, 1e-5)}
