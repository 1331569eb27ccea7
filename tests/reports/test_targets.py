"""What a comparison is pointed at by name: instances, textbook problems, files."""

from pathlib import Path

import pytest

import bilevolt as bv
from bilevolt.errors import BilevoltError, InstanceError
from bilevolt.reports.targets import resolve, resolve_all

MODEL = """
import bilevolt as bv
from bilevolt.models import textbook

def build():
    return textbook.build("bard511")
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(MODEL)
    return path


def test_a_comparison_takes_names_and_paths(mine: Path) -> None:
    own = bv.instances.to_json(bv.load_instance("zone_small"))
    (mine.parent / "zone.json").write_text(own)
    targets = ["Bard511", str(mine), mine.parent / "zone.json", f"{mine}:build"]
    rows = bv.compare(targets[:3], reformulations=["bigm"], solvers=["gurobi"], big_m=100).rows
    assert [(row.instance, row.status) for row in rows] == [
        ("bard511", "optimal"), ("mine:build", "optimal"), ("zone_small", "optimal")
    ]  # fmt: skip
    assert [row.objective for row in rows[:2]] == [pytest.approx(-12)] * 2
    assert rows[2].summary["cost"] == pytest.approx(rows[2].objective)  # the problem's own figures
    assert [target.name for target in resolve_all(targets)] == [
        "bard511", f"{mine}:build", "zone_small", f"{mine}:build"
    ]  # fmt: skip


def test_one_name_is_a_comparison_too() -> None:
    (row,) = bv.compare("bard511", solvers=["scip"], reformulations=["sos1"]).rows
    assert row.objective == pytest.approx(-12)


def test_an_unknown_name_is_refused_before_any_run() -> None:
    with pytest.raises(InstanceError, match=r"problem 'bard5111' is unknown. Did you mean bard511.*given by its path"):
        bv.compare(["bard511", "bard5111"])


FAILING = {
    "import": ("import nothing_there", r"line 1: the import failed with ModuleNotFoundError: .*nothing_there"),
    "syntax": ("def build(:\n    pass", r"the import failed with SyntaxError: .*line 1"),
    "exit": ("import sys\n\nsys.exit(3)", "line 3: the import failed with SystemExit: 3"),
    "recursion": ("def again():\n    again()\nagain()", "line 2: the import failed with RecursionError"),
}


@pytest.mark.parametrize(("text", "message"), FAILING.values(), ids=FAILING)
def test_a_file_that_cannot_be_imported(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(BilevoltError, match=f"mine.py.*{message}.*`python mine.py` runs"):
        resolve(str(path))


def test_a_build_that_raises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.py").write_text("def build():\n    table = {}\n    return table['x']\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BilevoltError, match=r"^mine.py, line 3: build\(\) failed with KeyError: 'x'"):
        resolve("mine.py").build()


def test_bilevolts_own_refusals_pass_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("import bilevolt as bv\n\ndef build():\n    return bv.load_instance('nowhere')\n")
    with pytest.raises(InstanceError, match=r"^instance 'nowhere' is unknown"):
        resolve(str(path)).build()
