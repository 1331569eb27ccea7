"""Pairs of files: an example solved by hand in every form of AUX, and what is refused, with its line.

Leader: min -x - 2y, 0 <= x <= 4, y <= x + 1.5. Follower: max y, y <= 6 - x, y <= 2 + x, y >= 0. It answers
y = min(6 - x, 2 + x); its second row breaks the leader's row up to x = 2, and 6 - x <= x + 1.5 from x = 2.25 on, where
the leader has x - 12: the optimum is -9.75 at (2.25, 3.75).
"""

import gzip

import pyomo.environ as pyo
import pytest

import bilevolt as bv
from bilevolt.errors import InstanceError
from bilevolt.models import linear_bilevel

MPS = """* by hand
NAME hand
ROWS
 N cost
 G upper
 L first
 L second
COLUMNS
    x cost -1 upper 1
    x first 1 second -1
    y cost -2 upper -1
    y first 1 second 1
RHS
    RHS upper -1.5 first 6
    RHS second 2
BOUNDS
 UP BND x 4
ENDATA
"""
LP = """Minimize
 cost: - x - 2 y
Subject To
 upper: x - y >= -1.5
 first: x + y <= 6
 second: - x + y <= 2
Bounds
 0 <= x <= 4
End
"""
BY_INDEX = "N 1\nM 2\nLC 1\nLR 1\nLR 2\nLO 1\nOS -1\n"
BY_NAME = "@NUMVARS\n1\n@NUMCONSTRS\n2\n@VARSBEGIN\ny -1\n@VARSEND\n@CONSTRSBEGIN\nfirst\nsecond\n@CONSTRSEND\n"
FORMS = {
    "by index": BY_INDEX,
    "on one line": BY_INDEX.replace("\n", " "),
    "by name": BY_NAME,
    "keys with names": "N 1\nM 2\nLC y\nLR first\nLR second\nLO 1\nOS -1",
    "sections without an end, older spelling": "N 1 M 2 OS -1\n@VARSBEGIN\ny 1\n@CONSTSBEGIN\nfirst\nsecond\n",
    "with names of instance and file": BY_NAME + "@NAME\nhand\n@MPS\nhand.mps\n",
    "documented spelling": BY_NAME.replace("CONSTRS", "CONSTR"),
}


def pair(folder, aux=BY_NAME, program=MPS, name="hand.mps", beside="hand.aux"):
    (folder / name).write_text(program)
    (folder / beside).write_text(aux)
    return folder / name


@pytest.mark.parametrize("aux", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize(("program", "name"), [(MPS, "hand.mps"), (LP, "hand.lp")], ids=["mps", "lp"])
def test_every_form_is_the_same_problem(tmp_path, aux, program, name):
    instance = bv.load_instance(pair(tmp_path, aux, program, name))
    assert instance.summary == "leader: 1 variables (0 integer), 1 rows; follower: 1 variables (0 integer), 2 rows"
    model = linear_bilevel.build(instance)
    assert [v.name for v in model.component_data_objects(pyo.Var)] == ["x", "y"]
    assert {row.name for row in model.follower.component_data_objects(pyo.Constraint)} == {
        "follower.first",
        "follower.second",
    }
    if program is MPS:
        solution = bv.solve(model, solver="highs")
        assert (solution.status, solution.objective) == ("optimal", pytest.approx(-9.75))
        assert solution.values == pytest.approx({"x": 2.25, "y": 3.75})


def test_the_aux_file_is_found(tmp_path):
    path = pair(tmp_path, beside="hand.txt")
    expected = bv.load_instance(path)
    assert expected.follower_sense == "minimize"
    other = tmp_path / "elsewhere"
    other.mkdir()
    (tmp_path / "hand.txt").rename(other / "lower.aux")
    assert bv.load_instance(path, aux=other / "lower.aux").variables == expected.variables
    with pytest.raises(InstanceError, match=r"no AUX file beside it \(hand.aux or hand.txt\).*--aux"):
        bv.load_instance(path)
    pair(other, BY_NAME + "@MPS\nprogram.mps\n", name="program.mps", beside="lower.aux")
    assert bv.load_instance(other / "lower.aux").variables == expected.variables
    (other / "hand.mps.gz").write_bytes(gzip.compress(MPS.encode()))
    assert bv.load_instance(other / "hand.mps.gz", aux=other / "lower.aux").variables == expected.variables
    with pytest.raises(InstanceError, match="no such file"):
        bv.load_instance(tmp_path / "nothing.mps")
    with pytest.raises(InstanceError, match="goes with an MPS or LP file"):
        bv.load_instance("limassol_small", aux=other / "lower.aux")


MALFORMED_AUX = {
    "unknown key": ("N 1\nM 2\nLX 1\n", r"hand.aux, line 3: 'LX' is no key"),
    "unknown name": (
        BY_NAME.replace("second", "secnd"),
        r"line 10: the program has no row 'secnd'. Did you mean second",
    ),
    "unknown variable": (BY_NAME.replace("y -1", "z -1"), r"line 6: the program has no column 'z'"),
    "index too large": (BY_INDEX.replace("LC 1", "LC 2"), r"line 3: column 2: the program has 2, with indices from 0"),
    "no number": (BY_INDEX.replace("LO 1", "LO one"), r"line 6: 'one' is no number"),
    "no finite number": (BY_INDEX.replace("LO 1", "LO inf"), r"line 6: 'inf' stands for infinity"),
    "row twice": (BY_INDEX.replace("LR 2", "LR 1"), r"line 5: row '1' is listed twice"),
    "column twice": ("N 2\n@VARSBEGIN\ny 1\ny 2\n@VARSEND\n", r"line 4: column 'y' is listed twice"),
    "too few rows": (BY_INDEX.replace("M 2", "M 3"), r"2 lower-level rows are listed, 3 are announced"),
    "too many variables": (BY_NAME.replace("@NUMVARS\n1", "@NUMVARS\n0"), "1 lower-level variables are listed, 0 are"),
    "announced twice": ("N 1\nN 2\n", r"line 2: N 2 contradicts the 1"),
    "no count": ("N one\n", r"line 1: N 'one': write how many"),
    "objectives missing": (BY_INDEX.replace("LO 1\n", ""), "1 LC for 0 LO"),
    "no sense": (BY_INDEX.replace("OS -1", "OS 2"), r"line 7: OS 2: write 1"),
    "cut off": ("N 1\nM 2\nLC", r"line 3: the file ends after LC"),
    "section without end": ("@VARSBEGIN\ny -1\n@CONSTRSBEGIN\nfirst\n", r"line 3: @CONSTRSBEGIN comes before the end"),
    "last section without end": (BY_NAME[: BY_NAME.index("second")], "line 8 does not end"),
    "a cost missing": (BY_INDEX + "IC 3\nIB 4\n", r"line 9: 1 IC for 2 columns"),
    "no budget": (BY_INDEX + "IC 3\nIC 4\n", r"line 9: 0 IB; write the interdictor's budget once"),
    "no number for a cost": (BY_INDEX + "IC x\nIB 4\n", r"line 8: 'x' is no number"),
    "a cost cut off": (BY_INDEX + "IC", r"line 8: the file ends after IC"),
    "no bound": (BY_INDEX + "IC 3\nIC 4\nIB 4\n", r"column 'y' cannot be interdicted: 0 has to be in its bounds"),
    "empty": ("", "no lower-level variable is listed"),
}


@pytest.mark.parametrize(("aux", "message"), MALFORMED_AUX.values(), ids=MALFORMED_AUX)
def test_a_malformed_aux_file_is_refused_with_its_line(tmp_path, aux, message):
    with pytest.raises(InstanceError, match=message):
        bv.load_instance(pair(tmp_path, aux))


ITEMS = """NAME items
ROWS
 N gain
 L weight
COLUMNS
    a gain -5 weight 3
    b gain -4 weight 2
    c gain -3 weight 2
RHS
    RHS weight 4
BOUNDS
 BV BND a
 BV BND b
 BV BND c
ENDATA
"""
SHORT = "N 3\nM 4\nLC 3\nLC 4\nLC 5\nLR 1\nLR 2\nLR 3\nLR 4\nLO -5\nLO -4\nLO -3\nOS 1\nIC 2\nIC 1\nIC 1\nIB 2\n"


@pytest.mark.parametrize("solver", ["highs", "scip"])
def test_interdiction_in_short_form_has_both_levels(tmp_path, solver):
    """Without a the follower gets 7 (b and c), without b, c or both it gets 5 (a)."""
    instance = bv.load_instance(pair(tmp_path, SHORT, ITEMS))
    assert instance.summary == "leader: 3 variables (3 integer), 1 rows; follower: 3 variables (3 integer), 4 rows"
    model = linear_bilevel.build(instance)
    solution = bv.solve(model, solver=solver)
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(5))
    assert solution.values["interdict_a"] == 0 and solution.values["a"] == 1
    assert solution.values["interdict_b"] + solution.values["interdict_c"] >= 1


def test_a_name_that_is_another_index_is_refused(tmp_path):
    program = MPS.replace("    y ", "    0 ")
    with pytest.raises(InstanceError, match=r"line 3: column '0' is index 1, and another has index 0"):
        bv.load_instance(pair(tmp_path, BY_INDEX.replace("LC 1", "LC 0"), program))


def test_integers_of_both_levels_are_declared(tmp_path):
    program = MPS.replace("COLUMNS\n", "COLUMNS\n    M 'MARKER' 'INTORG'\n").replace(
        " UP BND x 4", " UP BND x 4\n PL BND y"
    )
    model = linear_bilevel.build(bv.load_instance(pair(tmp_path, program=program)))
    assert model.x.is_integer() and model.y.is_integer() and model.y.bounds == (0, None)


def test_a_leaders_follower_cost_and_a_level_without_variables_are_refused():
    one = {"name": "x", "level": "leader", "follower_cost": 1.0}
    for variables, message in (
        ([one], "decides nothing"),
        ([one | {"follower_cost": 0.0}], "no variable is the follower"),
    ):
        with pytest.raises(ValueError, match=message):
            bv.instances.LinearBilevelInstance(problem="linear_bilevel", name="n", source="s", variables=variables)
