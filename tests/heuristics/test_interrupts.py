"""A request to stop, in the middle of a heuristic: the best point so far, soon, and the model as it was."""

import io
import json
import math
import os
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pyomo.environ as pyo
import pytest
from sweeps import one_in

import bilevolt as bv
from bilevolt import Solution, SubModel, verify
from bilevolt.heuristics import METHODS
from bilevolt.models import demand_response
from bilevolt.reformulations import read_levels
from bilevolt.solvers.interrupt import stop_requested, stoppable
from bilevolt.solvers.session import Session


def toll():
    """A leader sells at price p in [0, 10] to ten users, each with a limit of his own."""
    model = pyo.ConcreteModel(name="toll")
    model.p = pyo.Var(bounds=(0, 10), initialize=0.5)
    model.user = pyo.Block(range(10))
    for k in range(10):
        user = model.user[k].choice = SubModel(fixed=[model.p])
        user.y = pyo.Var(bounds=(0, 1))
        user.cost = pyo.Objective(expr=(model.p - (1 + 0.9 * k)) * user.y)
    sold = sum(model.p * model.user[k].choice.y for k in range(10))
    model.revenue = pyo.Objective(expr=sold, sense=pyo.maximize)
    return model


def vehicles():
    return demand_response.build(bv.load_instance("ev3"))


def shop(curved=False):
    """An integer and a price of the leader, one follower; with a square in its objective, nothing is compiled."""
    model = pyo.ConcreteModel(name="shop")
    model.k = pyo.Var(domain=pyo.Integers, bounds=(0, 7))
    model.p = pyo.Var(bounds=(0.5, 4))
    model.level = pyo.Constraint(expr=model.k + 2 * model.p <= 11)
    model.L = SubModel(fixed=[model.k, model.p])
    model.L.y = pyo.Var([1, 2], bounds=(0, 8))
    y = model.L.y
    model.L.cost = pyo.Objective(expr=model.p * y[1] + 2 * y[2] + curved * 0.1 * y[2] ** 2)
    model.L.demand = pyo.Constraint(expr=y[1] + y[2] == 8)
    model.L.capacity = pyo.Constraint(expr=y[2] <= model.k)
    model.cost = pyo.Objective(expr=model.k - model.p * y[1])
    return model


def curved_shop():
    return shop(curved=True)


ENDLESS = {"iterations": 10**6, "evaluations": 10**9}
WALK = {"evaluations": 10**9, "steps": 5, "chains": 2}
CASES = [  # method, model, options, solver calls before the stop, most calls after it (an evaluation, or a last step)
    ("nested", toll, {}, (1, 2, 13, 20, 27), 14),
    ("leader_alone", toll, {}, (1, 2, 10), 14),
    ("neighbourhood", toll, {"radius": 0.02}, (1, 2, 4, 5, 8), 1),
    ("alternating", vehicles, {}, (1, 5, 12, 20), 8),
    ("scholtes", toll, {}, (1, 2, 3, 7, 12), 3),
    *((name, shop, ENDLESS, (1, 2, 6), 3) for name in ("elephant_herding", "immune_ga", "pso")),
    *((name, curved_shop, ENDLESS, (1, 2, 25, 60), 6) for name in ("elephant_herding", "immune_ga", "pso")),
    ("annealing", shop, WALK, (1, 2, 6), 3),
    ("annealing", curved_shop, WALK, (1, 2, 25, 100), 6),
]
RUNS = [(name, make, options, k, most) for name, make, options, ks, most in CASES for k in ks]


class StoppingSession(Session):
    """A session; a signal comes during the solve of this number, whose answer is whole all the same."""

    def __init__(self, number, kind=signal.SIGINT):
        super().__init__()
        self.number, self.kind, self.calls = number, kind, 0

    def solve(self, problem, **options):
        self.calls += 1
        if self.calls == self.number:
            os.kill(os.getpid(), self.kind)
        return super().solve(problem, **options)


def stopped(name, model, options, number, kind=signal.SIGINT):
    """Return the result, and how many solver calls came after the signal."""
    stopping = StoppingSession(number, kind)
    handler = signal.getsignal(kind)
    with stoppable():
        result = METHODS[name](read_levels(model), stopping, **options)
        assert stop_requested(), "the run ended before the signal"
    assert signal.getsignal(kind) is handler
    return result, stopping.calls - number


def shown(model):
    """Return all that Pyomo shows of a model, values, bounds and fixings among it."""
    for variable in model.component_data_objects(pyo.Var, descend_into=(pyo.Block, SubModel)):
        variable.stale = False
    stream = io.StringIO()
    model.pprint(ostream=stream)
    return stream.getvalue()


def check(model, result):
    """Whatever was found is in the result, and bilevel feasible."""
    known = [entry["objective"] for entry in result.history if entry.get("objective") is not None]
    sense = int(read_levels(model).leader.objective.sense)
    if result.objective is None:
        assert (str(result.status), known, len(result.values)) == ("no_solution", [], 0)
        return
    assert str(result.status) == "feasible"
    assert all(sense * result.objective <= sense * objective + 1e-9 for objective in known)
    values = {variable.name: number for variable, number in result.values.items()}
    certificate = verify(model, Solution("feasible", values=values))
    assert certificate.bilevel_feasible, certificate.report()


@pytest.mark.parametrize(
    ("name", "make", "options", "number", "most"), one_in(2, RUNS), ids=[f"{r[0]}-{r[1].__name__}-{r[3]}" for r in RUNS]
)
def test_a_stop_gives_the_best_point_so_far(name, make, options, number, most):
    model = make()
    before = shown(model)
    result, after = stopped(name, model, options, number)
    assert "interrupted" in result.message
    assert after <= most
    assert shown(model) == before
    check(model, result)


# By which solver call a method has a point that a stop must not lose.
WITH_POINT = [
    ("nested", toll, {}, 20),
    ("leader_alone", toll, {}, 2),  # the leader's answer is there, and the followers react to it
    ("neighbourhood", toll, {"radius": 0.02}, 2),
    ("alternating", vehicles, {}, 6),
    ("scholtes", toll, {}, 11),
    *((name, shop, ENDLESS, 1) for name in ("elephant_herding", "immune_ga", "pso")),
    *((name, curved_shop, ENDLESS, 25) for name in ("elephant_herding", "immune_ga", "pso")),
    ("annealing", shop, WALK, 1),
    ("annealing", curved_shop, WALK, 12),
]


@pytest.mark.parametrize(("name", "make", "options", "number"), WITH_POINT)
def test_the_point_that_was_found_is_evaluated_and_returned(name, make, options, number):
    result, _ = stopped(name, make(), options, number)
    assert str(result.status) == "feasible" and math.isfinite(result.objective)


@pytest.mark.parametrize("name", ["nested", "alternating", "scholtes"])
def test_until_the_stop_the_run_is_the_same(name):
    make = vehicles if name == "alternating" else toll
    whole = METHODS[name](read_levels(make()), Session())
    with stoppable():
        assert METHODS[name](read_levels(make()), Session()).history == whole.history
    cut, _ = stopped(name, make(), {}, 20)
    assert 1 <= len(cut.history) < len(whole.history)
    assert cut.history[:-1] == whole.history[: len(cut.history) - 1]


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("name", ["pso", "annealing"])
def test_either_signal_from_what_is_said(name, kind):
    """The signal comes between two generations; the best of the history is the answer."""
    model, said = shop(), []

    def say(text):
        said.append(text)
        if text.startswith("iteration 3"):
            os.kill(os.getpid(), kind)

    options = WALK if name == "annealing" else ENDLESS
    with stoppable():
        result = METHODS[name](read_levels(model), Session(say=say), **options)
    assert result.message.startswith("interrupted")
    assert len(result.history) == 3 and said[-1].startswith("iteration 3")
    assert result.objective == result.history[-1]["objective"]
    check(model, result)


@pytest.mark.parametrize("name", METHODS)
def test_a_stop_before_the_start_ends_it_soon(name):
    """As where another step of the same solve was interrupted."""
    with stoppable():
        os.kill(os.getpid(), signal.SIGTERM)
        result = METHODS[name](read_levels(toll()), Session())
    assert "interrupted" in result.message
    assert len(result.history) <= 1


class NoAnswer(StoppingSession):
    """The stop reaches the solvers, too: they have no point."""

    def solve(self, problem, **options):
        result = super().solve(problem, **options)
        if stop_requested():
            result.status, result.values, result.objective = "no_solution", None, None
        return result


@pytest.mark.parametrize("name", ["nested", "leader_alone", "neighbourhood", "alternating", "scholtes"])
@pytest.mark.parametrize("number", [1, 2, 7, 18])
def test_solvers_that_stop_without_a_point_are_no_failure(name, number):
    model = (vehicles if name == "alternating" else toll)()
    with stoppable():
        result = METHODS[name](read_levels(model), NoAnswer(number))
        reached = stop_requested()
    assert ("interrupted" in result.message) is reached
    check(model, result)


# Executors -------------------------------------------------------------------------------------------------


class FailingExecutor(Executor):
    """Runs what it gets at once, but for what comes from a number on: that fails, in one of several ways."""

    def __init__(self, good, failure, kind=None):
        self.good, self.failure, self.kind, self.count = good, failure, kind, 0

    def submit(self, fn, /, *args, **kwargs):
        self.count += 1
        future = Future()
        if self.count <= self.good:
            future.set_result(fn(*args, **kwargs))
            return future
        if self.count == self.good + 1 and self.kind is not None:
            os.kill(os.getpid(), self.kind)
        if self.failure == "submit":
            raise BrokenProcessPool("the pool is broken")
        if self.failure == "broken":
            future.set_exception(BrokenProcessPool("a worker is gone"))
        elif self.failure == "interrupted":
            future.set_exception(KeyboardInterrupt())
        elif self.failure == "hanging":
            future.set_running_or_notify_cancel()
        return future  # "waiting": never begun


@pytest.mark.parametrize("failure", ["submit", "broken", "interrupted", "hanging", "waiting"])
def test_a_stop_that_reaches_the_workers_loses_nothing(failure, monkeypatch):
    """What follows the fifth part is lost; the best of what the first five hold is kept."""
    monkeypatch.setattr("bilevolt.executing.GRACE", 0.1)
    model = shop()
    with stoppable():
        executor = FailingExecutor(5, failure, signal.SIGINT)
        result = METHODS["pso"](read_levels(model), Session(), executor=executor, **ENDLESS)
    assert result.message.startswith("interrupted")
    assert executor.count <= 5 + 3  # a generation of 40 has three parts of 16 at most
    check(model, result)
    whole = METHODS["pso"](read_levels(model), Session(), iterations=4)
    assert result.history[:-1] == whole.history[: len(result.history) - 1] != []
    assert result.objective <= result.history[0]["objective"]


@pytest.mark.parametrize("failure", ["submit", "broken", "interrupted"])
def test_workers_that_go_without_a_stop_are_replaced_by_this_process(failure):
    said = []
    alone = METHODS["pso"](read_levels(shop()), Session(), iterations=4)
    executor = FailingExecutor(5, failure)
    result = METHODS["pso"](read_levels(shop()), Session(say=said.append), iterations=4, executor=executor)
    assert (result.history, result.objective) == (alone.history, alone.objective)
    assert any("workers are gone" in line for line in said)


def test_an_error_of_a_worker_is_an_error():
    class Faulty(ThreadPoolExecutor):
        def submit(self, fn, /, *args, **kwargs):
            return super().submit(lambda: 1 / 0)

    with Faulty(1) as executor, pytest.raises(ZeroDivisionError):
        METHODS["pso"](read_levels(shop()), Session(), executor=executor)


PROCESSES = """
    import importlib.util, json, signal, sys
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    if __name__ == "__main__":
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.path.insert(0, {tests!r})
        spec = importlib.util.spec_from_file_location("cases", {file!r})
        cases = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(cases)

        def say(text):
            print(text, flush=True)

        with ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as processes:
            with cases.stoppable():
                bilevel = cases.read_levels(cases.shop())
                result = cases.METHODS["pso"](bilevel, cases.Session(say=say), executor=processes, **cases.ENDLESS)
        known = [entry["objective"] for entry in result.history]
        print(json.dumps([str(result.status), result.objective, result.message, known]), flush=True)
"""


def test_ctrl_c_in_a_terminal_reaches_the_workers_too(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(PROCESSES.format(file=__file__, tests=str(Path(__file__).parents[1]))))
    child = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        for line in child.stdout:
            if line.startswith("iteration 3"):
                os.killpg(child.pid, signal.SIGINT)  # as a terminal does: to all processes in the foreground
                break
        output, errors = child.communicate(timeout=60)
    finally:
        child.kill()
    assert child.returncode == 0, errors
    status, objective, message, known = json.loads(output.strip().splitlines()[-1])
    assert status == "feasible" and message.startswith("interrupted")
    assert len(known) >= 3 and objective == min(known)
