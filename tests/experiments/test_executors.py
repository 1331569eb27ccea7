"""Workers: the same rows as in one process, also when a worker, or the process that started them, is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import bilevolt
from bilevolt.experiments import read_ledger, tournament
from bilevolt.experiments.environment import environment

RUNS = {"reformulations": ["bigm", "sos1"], "solvers": ["gurobi"], "big_m": 100}
PATIENCE = 300  # seconds until a process that never answers is given up

# Models whose building ends, or never ends, the process of a worker (DASK, SPAWNED) or of a child (HELD).
FILES = {
    "once": """
        marker = pathlib.Path(__file__).with_suffix(".marker")
        if is_worker() and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    """,
    "always": """
        other = pathlib.Path(__file__).with_name("once.marker")
        while is_worker() and not other.exists():  # else that one would lose its first run without having begun it
            time.sleep(0.01)
        if is_worker():
            os.kill(os.getpid(), signal.SIGKILL)
    """,
    "hungry": "if is_worker(): bytearray(64 * 2**30)",
    "endless": "if is_worker(): threading.Event().wait()",
    "held": """
        marker = pathlib.Path(__file__).with_suffix(".seen")
        if os.environ.get("HELD") and marker.exists():  # the first call is for the digest of the model
            threading.Event().wait()
        marker.touch()
    """,
}
HEAD = """
import multiprocessing, os, pathlib, signal, threading, time
from bilevolt.models import textbook

def is_worker():
    return multiprocessing.parent_process() is not None or "DASK" in os.environ

def build():
"""


@pytest.fixture
def files(tmp_path):
    found = {}
    for name, body in FILES.items():
        path = tmp_path / f"{name}.py"
        lines = [line.removeprefix("    ") for line in body.strip("\n").splitlines()]
        path.write_text(HEAD + "\n".join(lines if len(lines) > 1 else ["    " + lines[0].strip()]) +
                        '\n    return textbook.build("bard511")\n')  # fmt: skip
        found[name] = str(path)
    return found


def table(found):
    names = ["instance", "competitor", "status", "objective", "bound", "verified", "culprit", "reason"]
    return found.frame[names].to_json(orient="records")


@pytest.mark.long
def test_a_worker_that_dies_takes_no_row_along(files, tmp_path):
    runs = {"reformulations": ["sos1"], "solvers": ["gurobi"]}
    ledger = tmp_path / "rows.jsonl"
    once, always, other = tournament(
        [files["once"], files["always"], "bard511"], **runs, executor=2, ledger=ledger
    ).rows  # fmt: skip
    assert always.status == "error" and "died twice" in (always.reason or "")
    assert once.objective == other.objective == pytest.approx(-12)
    keys = [record["key"] for record in map(json.loads, ledger.read_text().splitlines()) if "key" in record]
    assert len(keys) == len(set(keys)) == 3
    assert table(tournament(["bard511"], **runs, ledger=ledger)) == table(tournament(["bard511"], **runs))


def test_a_task_keeps_to_its_memory_and_its_time(files):
    one = {"reformulations": ["sos1"], "solvers": ["gurobi"], "executor": 1}
    (row,) = tournament([files["hungry"]], **one, memory_limit=8).rows
    assert "MemoryError" in (row.reason or "")
    (row,) = tournament([files["endless"]], **one, task_limit=0.5).rows
    assert row.status == "error" and "limit of a task" in (row.reason or "")


SCRIPT = """
import sys
from bilevolt.experiments import tournament
if __name__ == "__main__":
    tournament(sys.argv[2:], reformulations=["bigm", "sos1"], solvers=["gurobi"], big_m=100, ledger=sys.argv[1])
"""


def start(tmp_path, ledger, *targets, **env):
    script = tmp_path / "play.py"
    script.write_text(SCRIPT)
    return subprocess.Popen([sys.executable, script, str(ledger), *targets], env=os.environ | env)


def wait_for(condition, process):
    begin = time.monotonic()
    while not condition():
        assert process.poll() is None or condition(), f"ended with {process.poll()} before what it was to do"
        assert time.monotonic() - begin < PATIENCE
        time.sleep(0.05)


def rows_in(path):
    return path.read_text().count('"key"') if path.exists() else 0


def test_a_killed_run_goes_on_where_it_was(files, tmp_path):
    ledger = tmp_path / "rows.jsonl"
    killed = start(tmp_path, ledger, "bard511", files["held"], HELD="1")
    wait_for(lambda: rows_in(ledger) == 2, killed)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    kept = ledger.read_bytes()
    ledger.write_bytes(kept + b'{"key": "0123", "task": {"inst')  # what a kill within a write would leave
    resumed = tournament(["bard511", files["held"]], **RUNS, ledger=ledger)
    assert table(resumed) == table(tournament(["bard511", files["held"]], **RUNS))
    assert ledger.read_bytes().startswith(kept) and rows_in(ledger) == 4
    assert len(read_ledger(ledger).rows) == 4


@pytest.mark.long
def test_two_processes_share_the_work(tmp_path):
    ledger = tmp_path / "rows.jsonl"
    targets = ["bard511", "gecco2013", "moore"]
    other = start(tmp_path, ledger, *targets)
    wait_for(lambda: rows_in(ledger) > 0 or other.poll() == 0, other)
    found = tournament(targets, **RUNS, ledger=ledger)
    assert other.wait(PATIENCE) == 0
    assert rows_in(ledger) == 6 and table(found) == table(tournament(targets, **RUNS))  # none twice


def dask_process(command, folder, **env):
    module = f"distributed.cli.dask_{command[0]}"
    return subprocess.Popen(
        [sys.executable, "-m", module, *command[1:], "--scheduler-file", str(folder / "scheduler.json")],
        env=os.environ | env, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture
def cluster(tmp_path):
    """Return the address of a scheduler with two workers, each a process on the loopback address, and all processes."""
    pytest.importorskip("distributed", reason="Dask is not installed: pip install 'bilevolt[dask]'")
    running = [dask_process(["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"], tmp_path)]
    try:
        file = tmp_path / "scheduler.json"
        wait_for(file.exists, running[0])
        worker = ["worker", "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        running += [dask_process(worker, tmp_path, DASK="1") for _ in range(2)]
        yield json.loads(file.read_text())["address"], running
    finally:
        for process in running:
            process.kill()
            process.wait()


def swarm(model, **options):
    found = bilevolt.solve(model, method="pso", solver="highs", method_options={"iterations": 2}, **options)
    return found.history, found.values, found.objective


@pytest.mark.long
def test_a_cluster_that_loses_a_worker_gives_the_same_rows(cluster, files, tmp_path):
    from distributed import Client

    address, (_, *workers) = cluster
    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=PATIENCE)
    targets = ["bard511", files["once"], "gecco2013"]
    ledger = tmp_path / "rows.jsonl"
    found = tournament(targets, **RUNS, executor=address, ledger=ledger)
    assert sorted(process.poll() is None for process in workers) == [False, True]  # one was killed in the middle
    assert Path(files["once"]).with_suffix(".marker").exists()
    assert rows_in(ledger) == 6 and table(found) == table(tournament(targets, **RUNS))
    assert len(found.environments) == 1 and environment()["machine"] in str(found.environments)
    model = bilevolt.models.station_location.build(bilevolt.load_instance("zone_small"))
    assert swarm(model, executor=address) == swarm(model)  # the worker that is left evaluates candidates, too
