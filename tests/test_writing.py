"""The single level as files: other readers find the same optimum; what a format cannot hold is refused by name."""

import gurobipy
import pyscipopt
import pytest

import bilevolt as bv
from bilevolt.errors import ArgumentError, UnsupportedBySolverError
from bilevolt.models import textbook


def by_scip(path):
    reader = pyscipopt.Model()
    reader.hideOutput()
    reader.readProblem(str(path))
    reader.optimize()
    return reader.getObjVal()


def by_gurobi(path):
    with gurobipy.Env(params={"OutputFlag": 0}) as environment, gurobipy.read(str(path), environment) as model:
        model.optimize()
        return model.ObjVal


WRITTEN = [
    ("bard511", "sos1", ".mps", by_scip),
    ("bard511", "sos1", ".mps", by_gurobi),
    ("bard511", "indicator", ".mps", by_scip),
    ("bard511", "indicator", ".mps", by_gurobi),
    ("bard511", "bigm", ".mps", by_gurobi),
    ("bard511", "bigm", ".lp", by_scip),
    ("bard511", "sos1", ".lp", by_scip),
    ("gecco2013", "sos1", ".mps", by_scip),
    ("tuy_2007_1", "sos1", ".lp", by_gurobi),
]


@pytest.mark.parametrize(("name", "step", "ending", "solve"), WRITTEN)
def test_another_reader_finds_the_same_optimum(name, step, ending, solve, tmp_path):
    path = tmp_path / f"single{ending}"
    (said,) = bv.write(textbook.build(name), path, step)
    assert said.startswith(f"single level: {path} (")
    assert solve(path) == pytest.approx(textbook.problem(name).objective, rel=1e-5)


def test_nl_is_written(tmp_path):
    bv.write(textbook.build("bard511"), tmp_path / "x.nl", "sos1")
    assert (tmp_path / "x.nl").read_text().startswith("g3")


REFUSED = [
    ({"path": "x.lp"}, ArgumentError, r"two levels are written as \.mps"),
    ({"path": "x.json", "reformulation": "sos1"}, ArgumentError, r"written as \.mps, \.lp, \.nl"),
    ({"path": "x.mps", "big_m": 10}, ArgumentError, "big_m=10 is not used"),
    ({"path": "x.lp", "reformulation": "indicator"}, UnsupportedBySolverError, r"\.lp files .*indicator: constraint"),
    ({"path": "x.nl", "reformulation": "branch"}, UnsupportedBySolverError, r"\.nl files .*complementarity: "),
    ({"path": "x.mps", "reformulation": "product"}, UnsupportedBySolverError, r"\.mps files .*nonconvex: constraint"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), REFUSED)
def test_what_a_format_cannot_hold_is_refused(arguments, error, message, tmp_path):
    with pytest.raises(error, match=message):
        bv.write(textbook.build("bard511"), **arguments | {"path": tmp_path / arguments["path"]})
    assert not list(tmp_path.iterdir())
