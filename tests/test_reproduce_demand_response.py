"""The script that reproduces the paper's tables: every table, four figures, and a result that can be read back."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "reproduce_demand_response.py"


@pytest.mark.long
def test_the_smallest_instance(tmp_path: Path) -> None:
    options = ["--time-limit", "30", "--herding-seeds", "1", "--herding-seconds", "1", "--weights-seconds", "0"]
    command = [sys.executable, str(SCRIPT), "ev3", *options, "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert result["runs"]["exact"]["status"] == "optimal"
    assert result["bound"] == pytest.approx(result["answers"]["exact"]["objective"], abs=1e-6)
    assert result["open_share"] == pytest.approx(0, abs=1e-4)
    for number in (4, 5, 7, 8, 10, 11):
        assert any(title.startswith(f"Table {number}:") for title in result["tables"])
    assert "no answer beats the bound" in done.stdout
    figures = sorted(path.name for path in tmp_path.glob("*.png"))
    assert [name.split("_")[0] for name in figures] == ["figure1", "figure2", "figure3", "figure4"]
