"""One record for each system; a fifth one is a folder, a schema file and a line."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import bilevolt as bv
from bilevolt.cli.app import app
from bilevolt.errors import InstanceError
from bilevolt.instances import SCHEMAS, registry
from bilevolt.models import PROBLEMS
from bilevolt.models.problem import LazyModule

FIFTH = {
    "instances/toy.py": """
from typing import Literal

from .base import Instance, Positive


class ToyInstance(Instance):
    problem: Literal["toy"]
    demand: Positive

    @property
    def summary(self) -> str:
        return f"a demand of {self.demand:g}"
""",
    "instances/toy.json": json.dumps({"problem": "toy", "name": "toy_3", "source": "by hand", "demand": 3}),
    "models/toy/__init__.py": """
from ...instances.toy import ToyInstance
from ..problem import LazyModule, Problem
from .model import build, summary

PROBLEM = Problem(ToyInstance, build, summary, LazyModule(f"{__name__}.figure"), LazyModule(f"{__name__}.tables"))
""",
    "models/toy/model.py": """
import pyomo.environ as pyo

from ...levels.pao_adapter import SubModel


def build(instance):
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 10))
    model.y = pyo.Var(bounds=(0, 10))
    model.cost = pyo.Objective(expr=model.x - 4 * model.y)
    model.L = SubModel(fixed=[model.x])
    model.L.cost = pyo.Objective(expr=model.y)
    model.L.demand = pyo.Constraint(expr=model.x + model.y >= instance.demand)
    return model


def summary(model):
    return {"sold": model.y.value}
""",
    "models/toy/figure.py": """
from matplotlib.figure import Figure


def draw(instance, answers):
    figure = Figure()
    axes = figure.subplots()
    axes.bar(list(answers), [answer["sold"] for answer in answers.values()])
    axes.set_title(instance.name)
    return figure
""",
    "models/toy/tables.py": """
def table(answers):
    return [(label, answer["sold"]) for label, answer in answers.items()]
""",
}


@pytest.fixture
def fifth(tmp_path, monkeypatch):
    """Add a system as CONTRIBUTING says; the files lie in another folder, and the line goes with the test."""
    for name, text in FIFTH.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    shipped = Path(bv.instances.__file__).parent / "limassol_small.json"
    (tmp_path / "instances" / shipped.name).write_text(shipped.read_text(encoding="utf-8"), encoding="utf-8")
    before = dict(SCHEMAS)
    with monkeypatch.context() as patch:
        for package in (bv.models, bv.instances):
            folder = tmp_path / package.__name__.split(".")[-1]
            patch.setattr(package, "__path__", [*package.__path__, str(folder)])
        patch.setattr(bv.instances.loader, "_SHIPPED", tmp_path / "instances")
        patch.setattr(PROBLEMS, "_names", (*PROBLEMS, "toy"))
        importlib.invalidate_caches()
        registry.read_folder()
        yield tmp_path
    SCHEMAS.clear()
    SCHEMAS.update(before)
    for package in (bv.models, bv.instances):
        vars(package).pop("toy", None)
        for name in [name for name in sys.modules if f"{name}.".startswith(f"{package.__name__}.toy.")]:
            del sys.modules[name]


def run(*arguments: object) -> dict[str, object]:
    result = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.usefixtures("fifth")
def test_a_fifth_system_is_listed():
    entry = {"name": "toy", "problem": "toy", "summary": "a demand of 3"}
    assert entry in run("list")["instances"]
    assert list(PROBLEMS)[-1] == "toy" and "toy" in dir(bv.models)
    assert PROBLEMS["toy"].schema is SCHEMAS["toy"] is type(bv.load_instance("toy"))


@pytest.mark.usefixtures("fifth")
def test_a_fifth_system_is_built_and_solved():
    model = bv.models.toy.build(bv.load_instance("toy"))
    solution = bv.solve(model, reformulation="sos1", solver="scip")
    assert solution.objective == pytest.approx(-12) and solution.certificate.bilevel_feasible
    assert bv.models.toy.PROBLEM.summary(model) == {"sold": pytest.approx(3)}
    assert PROBLEMS["toy"].tables.table({"exact": {"sold": 3}}) == [("exact", 3)]


def test_a_fifth_system_is_summarised_and_drawn(fifth):
    answer = run("solve", "toy", "--solver", "scip", "--reformulation", "sos1", "--plot", fifth / "toy.png")
    assert answer["summary"] == {"sold": pytest.approx(3)}
    assert (fifth / "toy.png").stat().st_size > 1000
    options = ("--solver", "scip", "--reformulation", "sos1", "--plot", fifth / "both.png")
    rows = run("compare", "toy", *options)["rows"]
    assert [row["method"] for row in rows] == ["leader_alone", "nested", "exact"]  # as for every shipped problem
    assert rows[-1]["sold"] == pytest.approx(3)
    assert (fifth / "both.png").stat().st_size > 1000


def test_the_fifth_system_goes_with_its_test():
    assert "toy" not in PROBLEMS and "toy" not in SCHEMAS
    with pytest.raises(InstanceError, match="instance 'toy' is unknown"):
        bv.load_instance("toy")
    with pytest.raises(AttributeError, match=r"no problem 'toy'; there are: demand_response, .*textbook"):
        bv.models.toy  # noqa: B018


@pytest.mark.parametrize("name", list(PROBLEMS))
def test_record_module_and_schema_fit(name):
    problem, module = PROBLEMS[name], getattr(bv.models, name)
    assert problem is module.PROBLEM and problem.schema is SCHEMAS[name]
    assert (problem.build, problem.summary) == (module.build, module.summary)
    folder = Path(module.__file__).parent
    assert (problem.figure is not None) == (folder / "figure.py").exists()
    assert problem.figure is None or callable(problem.figure.draw)
    assert (problem.tables is not None) == (folder / "tables.py").exists()
    assert problem.tables is None or str(problem.tables) == f"LazyModule('{module.__name__}.tables')"


def test_what_is_no_problem():
    assert "road_network" in SCHEMAS and "road_network" not in PROBLEMS
    with pytest.raises(KeyError, match="textbook"):
        PROBLEMS["textbook"]


def test_two_schemas_of_one_problem_are_refused(monkeypatch):
    monkeypatch.setitem(SCHEMAS, "electric_bus", SCHEMAS["road_network"])
    with pytest.raises(TypeError, match="ElectricBusInstance and RoadNetwork both read 'electric_bus'"):
        registry.read_folder()


def test_nothing_that_draws_is_imported_before_it_is_needed():
    code = (
        "import sys, bilevolt\n"
        "for problem in bilevolt.models.PROBLEMS.values(): repr(problem), problem.figure, problem.tables\n"
        "sys.exit('matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_lazy_module_is_asked_for_public_names_only():
    lazy = LazyModule("bilevolt.nowhere")
    with pytest.raises(AttributeError, match=r"LazyModule\('bilevolt.nowhere'\) gives public names only"):
        lazy.__wrapped__  # noqa: B018
    with pytest.raises(ModuleNotFoundError, match=r"bilevolt\.nowhere"):
        lazy.draw  # noqa: B018


def test_every_package_is_shipped():
    """``pyproject.toml`` lists packages one by one: one that is forgotten would be missing from the wheel only."""
    root = Path(__file__).parents[2]
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    beside = {"tests", "scripts", "docs", "build"}
    folders = [path.parent.relative_to(root).parts for path in root.glob("*/**/__init__.py")]
    packages = [parts for parts in folders if parts[0] not in beside and not parts[0].startswith(".")]
    assert ("models", "electric_bus") in packages
    assert [parts for parts in packages if f'"{".".join(("bilevolt", *parts))}",' not in text] == []
