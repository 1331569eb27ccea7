"""Who decides what is said in a line; a leader with nothing to decide is refused; what may be a slip is named."""

import pyomo.environ as pyo
import pytest
from driver_cases import market

import bilevolt as bv
from bilevolt import SubModel, dual_of, errors
from bilevolt.levels.decisions import decisions, remarks, told
from bilevolt.levels.reading import read_levels
from bilevolt.models import textbook


def readme(fixed=("x",), declared="model"):
    """The model of the README: x is the leader's, y the follower's; its optimum is -12 at (4, 4)."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, None))
    model.L = SubModel(fixed=[model.find_component(name) for name in fixed])
    (model if declared == "model" else model.L).y = y = pyo.Var(bounds=(0, None))
    x = model.x
    model.cost = pyo.Objective(expr=x - 4 * y)
    model.L.cost = pyo.Objective(expr=y)
    model.L.rows = pyo.ConstraintList()
    for row in (-x - y <= -3, -2 * x + y <= 0, 2 * x + y <= 12, 3 * x - 2 * y <= 4):
        model.L.rows.add(row)
    return model


# Who decides what -----------------------------------------------------------------------------------------------------


def families():
    """24 hours of the leader, members of one family on both sides, prices of 24 rows."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(24), bounds=(0, 1))
    model.v = pyo.Var(range(6), bounds=(0, 1))
    model.L = SubModel(fixed=[model.x, model.v[0]])
    model.L.y = pyo.Var(range(2), bounds=(0, 1))
    model.L.cost = pyo.Objective(expr=sum(model.L.y.values()) + sum(model.v.values()))
    model.L.c = pyo.Constraint(range(24), rule=lambda _, t: model.L.y[0] + model.L.y[1] >= model.x[t])
    model.cost = pyo.Objective(expr=sum(model.x.values()) + sum(dual_of(model.L.c).values()))
    return model


def alike():
    """A follower called "leader", and five that differ in their index only."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 1))
    model.cost = pyo.Objective(expr=model.x)
    model.leader = SubModel(fixed=[model.x])
    model.leader.y = pyo.Var(bounds=(0, 1))
    model.leader.cost = pyo.Objective(expr=model.leader.y * model.x)

    def rule(block, _):
        block.y = pyo.Var([1, 2], bounds=(0, 1))
        block.game = SubModel(fixed=[model.x])
        block.game.cost = pyo.Objective(expr=(block.y[1] + block.y[2]) * model.x)

    model.site = pyo.Block(range(5), rule=rule)
    return model


def many():
    """Ten variables with names of their own, and ten followers."""
    model = pyo.ConcreteModel()
    for k in range(10):
        model.add_component(f"x{k}", pyo.Var(bounds=(0, 1)))
    leaders = list(model.component_data_objects(pyo.Var))
    model.cost = pyo.Objective(expr=sum(leaders))
    for k in range(10):
        model.add_component(f"L{k}", SubModel(fixed=leaders))
        block = model.component(f"L{k}")
        block.y = pyo.Var(bounds=(0, 1))
        block.cost = pyo.Objective(expr=block.y)
    return model


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (readme, "leader: x; L: y"),
        (market, "leader: x; L: L.y[1], L.y[2], price of L.balance"),
        (families, "leader: x[*] (24), v[0]; L: L.y[0], L.y[1], v[*] (5), price of L.c[*] (24)"),
        (alike, "leader: x; follower leader: leader.y; site[*].game (5): site[*].y[*] (10)"),
        (
            many,
            "leader: x0, x1, x2, x3, x4, x5, x6, x7, 2 more; "
            + "; ".join(f"L{k}: L{k}.y" for k in range(7)) + "; 3 more followers",
        ),
    ],
)  # fmt: skip
def test_who_decides_what_in_a_line(build, text):
    assert told(decisions(read_levels(build()))) == text


@pytest.mark.parametrize("method", ["exact", "nested", "leader_alone"])
def test_every_method_says_it_first(method):
    told = []
    solution = bv.solve(readme(), method=method, progress=told.append)
    assert told[0] == solution.notes[0] == "decisions: leader: x; L: y"


def test_the_certificates_report_has_it_first():
    certificate = bv.verification.Certificate(True, decisions="leader: x; L: y")
    assert certificate.report().splitlines()[0] == "who decides what     leader: x; L: y"
    assert "decides" not in bv.verification.Certificate(True).report()


# A leader that decides nothing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (
            readme(fixed=()),
            r"decides nothing.*y, x are declared outside SubModel 'L' and not in its fixed=\[\.\.\.\], so that the "
            r"follower decides them\. List the leader's variables, as in SubModel\(fixed=\[x\]\)",
        ),
        (readme(fixed=(), declared="L"), r"x is declared outside SubModel 'L'.*decides it.*fixed=\[x\]"),
    ],
)
def test_a_leader_that_decides_nothing_is_refused(model, said):
    with pytest.raises(errors.NotBilevelError, match=said):
        bv.solve(model)


def test_where_all_variables_are_declared_in_the_follower():
    model = pyo.ConcreteModel()
    model.L = SubModel()
    model.L.y = pyo.Var(bounds=(0, 1))
    model.L.cost = pyo.Objective(expr=model.L.y)
    model.cost = pyo.Objective(expr=model.L.y)
    with pytest.raises(errors.NotBilevelError, match="Declare the leader's variables on the model, and list those"):
        read_levels(model)


def test_what_the_refusal_says_is_enough():
    model = readme(fixed=())
    model.L._fixed = [model.x]  # what SubModel(fixed=[x]) does
    assert bv.solve(model).objective == pytest.approx(-12)


@pytest.mark.parametrize("fixed", [("x",), ()])
def test_a_decision_that_is_given_is_not_refused(fixed):
    model = readme(fixed)
    model.x.fix(2)
    solution = bv.solve(model)
    assert solution.notes[0] == "decisions: leader: nothing; L: y"
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(2 - 4 * 1))


# What was perhaps not meant -------------------------------------------------------------------------------------------


def with_z(listed):
    model = readme()
    model.z = pyo.Var(bounds=(0, 3))
    if listed:
        model.L._fixed = [model.x, model.z]
    model.L.follows = pyo.Constraint(expr=model.y >= model.z)
    return model


def in_a_row(model):
    model.row = pyo.Constraint(expr=model.z >= 1)


def in_the_objective(model):
    model.cost.set_value(model.x - 4 * model.y - model.z)


def in_neither(model):
    pass


def in_the_followers_objective(model):
    in_a_row(model)
    model.L.cost.set_value(model.y + model.z)


@pytest.mark.parametrize(
    ("change", "listed", "warned"),
    [
        (in_a_row, False, True),
        (in_the_objective, False, True),
        (in_neither, False, False),
        (in_the_followers_objective, False, False),
        (in_a_row, True, False),
        (in_the_objective, True, False),
    ],
)
def test_a_variable_that_may_be_meant_as_the_leaders_is_named(change, listed, warned):
    model = with_z(listed)
    change(model)
    told = []
    solution = bv.solve(model, progress=told.append)
    warnings = [note for note in solution.notes if note.startswith("warning:")]
    assert warnings == [text for text in told if text.startswith("warning:")]
    assert len(warnings) == warned
    if warned:
        assert warnings[0].startswith("warning: z is declared outside SubModel 'L' and not in its fixed=[...]")
        assert warnings[0].endswith("If it is the leader's: SubModel(fixed=[z]).")


def test_what_is_declared_in_the_submodel_is_meant():
    model = market()
    model.x_at_most = pyo.Constraint(expr=model.L.y[1] <= 4)
    model.L.cost.set_value(3 * model.L.y[2])  # y[1] is in the leader's row, and in no objective
    assert remarks(read_levels(model))[1:] == []


def test_no_textbook_problem_is_warned_of():
    for name in textbook.NAMES:
        try:
            assert remarks(read_levels(textbook.build(name)))[1:] == [], name
        except errors.IntegerFollowerError:
            continue


def test_a_comparison_keeps_warnings_and_leaves_out_what_is_the_same_in_every_row():
    model = with_z(listed=False)
    in_a_row(model)
    text = "\n".join(bv.compare({"mine": model}, methods=["nested"]).notes())
    assert "warning: z is declared outside" in text and "decisions: " not in text
