"""The tested versions are within what the project asks for, and none of its direct needs is left out."""

import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LISTED = ("test", "docs")  # extras that `constraints.txt` covers; the others are solvers under licences of their own


def test_each_need_has_a_tested_version():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    versions = {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in pins}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = [*project["dependencies"], *(need for extra in LISTED for need in project["optional-dependencies"][extra])]
    wrong = [
        str(need)
        for need in map(Requirement, needs)
        if not need.specifier.contains(versions.get(canonicalize_name(need.name), "0"))
    ]
    assert not wrong
    assert len(needs) > 15
