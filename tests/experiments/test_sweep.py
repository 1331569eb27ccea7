"""``sweep``: one model at every value of a field, or of an argument of a file's function."""

import pytest

from bilevolt.driver import solve
from bilevolt.errors import BilevoltError
from bilevolt.experiments import sweep
from bilevolt.experiments.sweeping import values_of
from bilevolt.instances import changed, load_instance
from bilevolt.models import PROBLEMS

# max_x x - 4 y, the follower's y = max(0, x - slack): the leader takes x = slack up to 8, and has it.
MODEL = """
import bilevolt as bv
import pyomo.environ as pyo

def build(slack=2.0, price=1.0):
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=(0, 8))
    m.y = pyo.Var(bounds=(0, 10))
    m.gain = pyo.Objective(expr=price * m.x - 4 * m.y, sense=pyo.maximize)
    m.L = bv.SubModel(fixed=[m.x])
    m.L.cost = pyo.Objective(expr=m.y)
    m.L.least = pyo.Constraint(expr=m.y >= m.x - slack)
    return m
"""
RUN = {"solver": "gurobi", "reformulation": "sos1"}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(MODEL)
    return str(path)


def test_one_field(file, tmp_path):
    ledger = tmp_path / "rows.jsonl"
    found = sweep(file, {"slack": "1:9:4"}, **RUN, ledger=ledger)
    assert found.points() == [((1.0,), pytest.approx(1)), ((5.0,), pytest.approx(5)), ((9.0,), pytest.approx(8))]
    assert list(found.frame["slack"]) == [1.0, 5.0, 9.0] and found.frame.columns[1] == "slack"
    size = ledger.stat().st_size
    assert sweep(file, {"slack": "1:9:4"}, **RUN, ledger=ledger).points() == found.points()
    assert ledger.stat().st_size == size
    found.plot(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_two_fields(file, tmp_path):
    found = sweep(file, {"slack": [2, 3], "price": "1,2"}, **RUN)
    assert found.points() == [
        ((2.0, 1.0), pytest.approx(2)), ((2.0, 2.0), pytest.approx(4)),
        ((3.0, 1.0), pytest.approx(3)), ((3.0, 2.0), pytest.approx(6)),
    ]  # fmt: skip
    lines = found.plot().axes[0].get_lines()
    assert [line.get_label() for line in lines if len(line.get_xdata()) and line.get_linestyle() == "-"] == ["1", "2"]
    assert "slack=3.0" in found.to_latex() and "<table>" in found.to_html()


def test_many_values_of_two_fields_are_a_map(file):
    found = sweep(file, {"slack": [2, 3], "price": "1:9:1"}, **RUN, method="exact")
    (mesh,) = found.plot().axes[0].collections
    assert mesh.get_array().shape == (9, 2)


def test_a_field_of_an_instance_and_the_figures_of_its_problem():
    found = sweep("ev3", {"price_factor_max": [1.5, 2]}, solver="gurobi")
    assert [row.status for row in found.rows] == ["optimal"] * 2
    here = solve(PROBLEMS["demand_response"].build(load_instance("ev3")), solver="gurobi")
    assert found.points()[1] == ((2.0,), pytest.approx(here.objective)) != found.points()[0]
    assert len(found.figures) > 1 and found.plot(of=found.figures[-1]).axes


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1.35:1.40:0.01", [1.35, 1.36, 1.37, 1.38, 1.39, 1.4]), ("0:1:0.3", [0.0, 0.3, 0.6, 0.9]),
        ("3:1:-1", [3.0, 2.0, 1.0]), ("5:5:1", [5.0]), ("1, 2.5", [1.0, 2.5]), ("7", [7.0]), 
        ("1e-3:2e-3:1e-3", [1e-3, 2e-3]),
    ],
)  # fmt: skip
def test_values(text, values):
    assert values_of("price", text) == values


@pytest.mark.parametrize(
    "bad", ["", "a", "1:2", "1:2:0", "2:1:1", "1:2:-1", "1:2:3:4", "1,2:3:1", "nan", "inf:1:1", "0:1:1e-9", [], ["x"],
            [float("nan")]],
)  # fmt: skip
def test_values_that_are_none(bad):
    with pytest.raises(BilevoltError, match="vary: price="):
        values_of("price", bad)


@pytest.mark.parametrize(
    ("target", "vary", "message"),
    [
        ("bard511", {"x": [1]}, "no field to vary"),
        ("mine", {"slak": [1]}, "Did you mean slack"), ("mine", {}, "0 fields"),
        ("limassol_small", {"detour": [1]}, "Did you mean detour_factor"),
        ("limassol_small", {"name": [1]}, "is no number"), ("limassol_small", {"buses": [1]}, r"buses\[0\]"),
        ("limassol_small", {"detour_factor": [0.5]}, "greater than or equal to 1"),
        ("limassol_small", {"buses[99].need_kwh": [1]}, "no record '99'"),
    ],
)  # fmt: skip
def test_what_cannot_be_varied_is_refused_before_any_run(target, vary, message, file, monkeypatch):
    monkeypatch.setattr("bilevolt.experiments.executors.run", None)
    with pytest.raises(BilevoltError, match=message):
        sweep(file if target == "mine" else target, vary, **RUN)


def test_a_changed_instance_is_the_same_in_all_else():
    before = load_instance("limassol_small")
    first = before.buses[0]
    after = changed(before, {"detour_factor": 2, f"buses[{first.id}].need_kwh": 5.5, "buses[1].need_kwh": 7})
    assert (after.detour_factor, after.buses[0].need_kwh, after.buses[1].need_kwh) == (2.0, 5.5, 7.0)
    assert changed(after, {"detour_factor": before.detour_factor, "buses[0].need_kwh": first.need_kwh,
                           "buses[1].need_kwh": before.buses[1].need_kwh}) == before  # fmt: skip
