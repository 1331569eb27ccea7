"""What must hold for any solver, after MathOptInterface's ``Bridges.runtests``: one class of tests, run by name.

``test_conformance.py`` makes a class of it for each solver in ``SOLVERS``. A new solver needs a line there, and one in
``DIALECTS`` for the names of its own options. What a solver declares in its ``features`` it must solve; the rest it
must refuse, with the feature's name.
"""

import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import conformance_models as models
import pyomo.environ as pyo
import pytest
from conformance_cases import CASES, twin, violation

from bilevolt.errors import UnsupportedBySolverError
from bilevolt.solvers import SOLVERS, Solver, Status, get_solver, needs_of

HERE = str(Path(__file__).parent)
BY_NAME = {case.name: case for case in CASES}
ANSWERS = [
    pytest.param(
        case,
        turned,
        id=f"{case.name}-{'twin' if turned else 'as_it_is'}",
        marks=pytest.mark.long if turned and case.name == "unbounded_nonconvex" else (),  # SCIP takes seconds for it
    )
    for case in CASES
    for turned in (False, True)
]


@dataclass(frozen=True)
class Dialect:
    """How one solver is spoken to, and what it is excused from."""

    no_presolve: dict[str, Any]
    wrong_value: dict[str, Any]
    """An option with a value that it must refuse: out of range, or of another type where it checks no range."""
    no_search: dict[str, Any]
    """Options with which it has no time to find a point of a hard MILP, but to take one that is offered."""
    cannot_tell: dict[str, Status] = field(default_factory=dict)
    """Cases that it may leave open, and with which status: *infeasible or unbounded*, or a feasible point."""


DIALECTS = {
    "gurobi": Dialect(
        {"Presolve": 0},
        {"MIPGap": -1},
        {"Heuristics": 0, "NodeLimit": 0, "Presolve": 0},
        cannot_tell={"unbounded_nonconvex": Status.feasible},
    ),
    "highs": Dialect({"presolve": "off"}, {"mip_rel_gap": -1.0}, {"mip_max_nodes": 0, "mip_heuristic_effort": 0.0}),
    "scip": Dialect({"presolving/maxrounds": 0}, {"limits/gap": -1.0}, {"limits/nodes": 1}),
    "xpress": Dialect({"presolve": 0}, {"miprelstop": "tight"}, {"maxnode": 1, "heuremphasis": 0}),
    "cplex": Dialect(
        {"preprocessing.presolve": 0},
        {"mip.tolerances.mipgap": -1.0},
        {"mip.limits.nodes": 0, "mip.strategy.heuristicfreq": -1, "preprocessing.presolve": 0},
    ),
    "copt": Dialect({"Presolve": 0}, {"RelGap": -1.0}, {"NodeLimit": 0, "HeurLevel": 0, "Presolve": 0}),
}


def solver_params(*needed: str) -> list[Any]:
    """Return the names of the solvers that have these features; those not there are skipped, with the reason."""
    return [
        pytest.param(name, marks=pytest.mark.skipif(reason is not None, reason=f"{name}: {reason}"))
        for name, solver in SOLVERS.items()
        if all(getattr(solver.features, feature) for feature in needed)
        for reason in [solver.available()]
    ]


def wait_until_it_works(child: Any, seconds: float = 0.4) -> None:
    """Return when a process has worked for so long from now on, however busy the machine is; else after 2 seconds."""
    account = Path(f"/proc/{child.pid}/stat")
    if not account.exists():  # not on Linux
        time.sleep(2)
        return

    def worked() -> float:
        return sum(map(int, account.read_text().rpartition(")")[2].split()[11:13])) / os.sysconf("SC_CLK_TCK")

    begin = worked()
    while child.poll() is None and worked() < begin + seconds:
        time.sleep(0.02)


class Conformance:
    """The tests; a subclass says which solver. Not collected by itself: its name does not begin with Test."""

    name: ClassVar[str]

    @property
    def solver(self) -> Solver:
        return get_solver(self.name)

    @property
    def dialect(self) -> Dialect:
        return DIALECTS[self.name]

    def solve(self, model: Any, **options: Any) -> Any:
        """Solve, or make sure that a model that needs what the solver has not is refused by name; then return None."""
        missing = self.solver.features.missing(needs_of(model))
        if not missing:
            return self.solver.solve(model, **options)
        with pytest.raises(UnsupportedBySolverError, match=re.escape(needs_of(model).because[missing[0]])) as refusal:
            self.solver.solve(model, **options)
        assert all(feature in str(refusal.value) for feature in missing)
        return None

    # Answers -------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize(("case", "turned"), ANSWERS)
    def test_known_answer(self, case, turned):
        """Status, objective, bound and point; of the model, and of the twin with the other sense."""
        model = twin(case.build()) if turned else case.build()
        result = self.solve(model)
        if result is None:
            return
        vague = self.dialect.cannot_tell.get(case.name)
        assert result.status == case.status or result.status is vague, result.message
        assert (result.solver, bool(result.version), bool(result.message)) == (self.name, True, True)
        if result.status is Status.feasible:
            assert result.bound is None
            assert violation(model, result.values) <= 1e-5
            return
        if result.status is not Status.optimal:
            assert (result.objective, result.bound, result.values) == (None, None, None)
            return
        assert result.values is not None
        if case.objective is None:
            assert (result.objective, result.bound) == (None, None)
        else:
            expected = -case.objective if turned else case.objective
            assert (result.objective, result.bound) == pytest.approx((expected,) * 2, rel=case.rel, abs=1e-6)
        assert violation(model, result.values) <= 1e-5

    def test_every_declared_feature_is_in_the_cases(self):
        needs = [needs_of(case.build()) for case in CASES]
        taken = [need for need in needs if not self.solver.features.missing(need)]
        declared = {name for name, has in self.solver.features.as_dict().items() if has} - {"lp", "duals"}
        assert declared <= {name for need in taken for name in need.because}
        assert len(taken) >= 20

    @pytest.mark.parametrize("span", [-5, 3, 5])
    @pytest.mark.parametrize("name", ["lp_min", "lp_max", "milp_max", "sos1", "qp_max"])
    def test_scaled_twin(self, name, span):
        """The same problem with every row, and the objective, in other units."""
        model, factor = BY_NAME[name].build(), 10.0**span
        for row in model.component_data_objects(pyo.Constraint):
            low, high = row.lower, row.upper
            row.set_value((low and low * factor, factor * row.body, high and high * factor))
        model.o.set_value(model.o.expr / 10.0 ** min(span, 0))
        result = self.solve(model)
        if result is not None:
            assert result.status is Status.optimal
            expected = BY_NAME[name].objective / 10.0 ** min(span, 0)
            assert (result.objective, result.bound) == pytest.approx((expected,) * 2, rel=2e-6)

    # Values --------------------------------------------------------------------------------------------------

    def test_the_model_keeps_its_values(self):
        m = models.transport()
        m.x.value, m.y.value = 77.0, None
        components = list(m.component_map())
        result = self.solve(m)
        assert (m.x.value, m.y.value) == (77.0, None)
        assert list(m.component_map()) == components
        assert (result.values[m.x], result.values[m.y]) == (pytest.approx(4), pytest.approx(6))

    def test_rows_may_refer_to_variables_of_another_model(self):
        owner = pyo.ConcreteModel()
        owner.sub = pyo.Block()
        owner.x, owner.sub.y = pyo.Var(bounds=(0, 4)), pyo.Var(bounds=(0, 3))
        m = pyo.ConcreteModel()
        m.row = pyo.Constraint(expr=owner.x + owner.sub.y <= 6)
        m.o = pyo.Objective(expr=owner.x + 3 * owner.sub.y, sense=pyo.maximize)
        result = self.solve(m)
        assert result.objective == pytest.approx(12)
        assert {v.name for v in result.values} == {"x", "sub.y"}

    def test_sos_may_refer_to_variables_of_another_model(self):
        owner = pyo.ConcreteModel()
        owner.x, owner.y = pyo.Var(bounds=(0, 4)), pyo.Var(bounds=(0, 3))
        m = pyo.ConcreteModel()
        m.s = pyo.SOSConstraint(rule=lambda _: [owner.x, owner.y], sos=1)
        m.o = pyo.Objective(expr=owner.x + 2 * owner.y, sense=pyo.maximize)
        if (result := self.solve(m)) is not None:
            assert result.objective == pytest.approx(6)
            assert result.values[owner.x] == pytest.approx(0, abs=1e-9)

    def test_fixed_variables_are_constants(self):
        m = models.transport()
        m.x.fix(1)
        assert self.solve(m).objective == pytest.approx(2 + 27)

    def test_inactive_components_do_not_count(self):
        m = models.transport()
        m.capacity.deactivate()
        m.hard = pyo.Constraint(expr=m.x * m.y >= 3)
        m.hard.deactivate()
        assert self.solve(m).objective == pytest.approx(20)

    def test_large_sos_values_are_exact_zeros_on_the_other_side(self):
        m = models.model_of(x={"bounds": (0, 1e6)}, y={"bounds": (0, 1e6)})
        m.s = pyo.SOSConstraint(rule=lambda _: [m.x, m.y], sos=1)
        m.row = pyo.Constraint(expr=m.x - 2 * m.y >= 5e5)
        m.o = pyo.Objective(expr=m.x + 1000 * m.y, sense=pyo.maximize)
        if (result := self.solve(m)) is not None:
            assert result.objective == pytest.approx(1e6)
            assert result.values[m.y] == pytest.approx(0, abs=1e-9)

    # Duals ---------------------------------------------------------------------------------------------------

    def with_duals(self, m: Any) -> Any:
        """Solve with duals, or make sure that they are refused rather than left out; then return None."""
        missing = self.solver.features.missing(needs_of(m))
        if self.solver.features.duals and not missing:
            return self.solver.solve(m, duals=True)
        with pytest.raises(UnsupportedBySolverError, match=missing[0] if missing else "no duals"):
            self.solver.solve(m, duals=True)
        return None

    @pytest.mark.parametrize("sense", [pyo.minimize, pyo.maximize])
    def test_duals_are_shadow_prices_in_the_models_own_sense(self, sense):
        m = models.transport()
        m.cost.sense = sense
        m.cost.expr = m.cost.expr * sense
        if (result := self.with_duals(m)) is not None:
            expected = {"demand": 3 * sense, "capacity": -1 * sense, "slack": 0}
            assert {row.name: dual for row, dual in result.duals.items()} == pytest.approx(expected)

    def test_duals_agree_with_a_finite_difference(self):
        def optimum(right):
            m = models.transport()
            m.cost.expr = m.cost.expr + m.x**2
            m.demand.set_value(m.x + m.y >= right)
            return m, self.with_duals(m)

        m, result = optimum(10.0)
        if result is not None:
            slope = (optimum(10.01)[1].objective - result.objective) / 0.01
            assert result.duals[m.demand] == pytest.approx(slope, abs=1e-3)

    def test_duals_of_a_milp_are_none(self):
        m = models.transport()
        m.x.domain = pyo.Integers
        assert self.solver.solve(m, duals=True).duals is None

    # Limits and requests to stop -----------------------------------------------------------------------------

    def test_time_limit_before_the_first_point(self):
        result = self.solve(models.market_split(), time_limit=1e-6)
        assert result.status is Status.no_solution
        assert (result.values, result.objective) == (None, None)
        assert "time limit" in result.message

    @pytest.mark.parametrize("sense", [pyo.minimize, pyo.maximize])
    def test_time_limit_with_a_point_keeps_point_and_bound(self, sense):
        m = models.market_split()
        m.o.sense = sense
        m.o.expr = m.o.expr * sense
        result = self.solve(m, time_limit=0.7, warm_start=True)
        assert result.status is Status.feasible
        assert "time limit" in result.message
        assert result.seconds < 5
        assert sense * result.bound <= sense * result.objective
        assert sense * result.bound == pytest.approx(0, abs=1)
        assert violation(m, result.values) <= 1e-5
        assert pyo.value(m.o) == pytest.approx(result.objective)

    def test_node_limit(self):
        result = self.solve(models.market_split(), options={self.solver.node_limit: 1})
        assert result.status in (Status.feasible, Status.no_solution)
        assert "node or iteration limit" in result.message

    def test_a_request_to_stop_keeps_the_best_point(self):
        script = f"""
            import signal, sys
            sys.path.insert(0, {HERE!r})
            signal.signal(signal.SIGINT, signal.default_int_handler)
            import conformance_models as models
            from bilevolt.solvers import get_solver
            from bilevolt.solvers.interrupt import stoppable
            solver = get_solver({self.name!r})
            solver.solve(models.milp_max())  # everything is imported
            for _ in range(2):
                print("ready", flush=True)
                with stoppable():
                    result = solver.solve(models.market_split(), time_limit=60, warm_start=True)
                print(f"result: {{result.status}}: {{result.message}}".replace("\\n", " "), flush=True)
        """
        child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True)
        for number in (signal.SIGINT, signal.SIGTERM):
            assert next(child.stdout) == "ready\n"
            wait_until_it_works(child)
            child.send_signal(number)
            said = next(
                (line for line in child.stdout if line.startswith("result: ")), ""
            )  # Gurobi writes its own, too
            assert said.startswith(f"result: feasible: {self.name}: interrupted"), said or number.name
        assert child.wait(timeout=30) == 0

    # Starts --------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("left_open", ["nothing", "one value", "all continuous"])
    def test_warm_start_is_taken(self, left_open):
        """No time to find a point, but time enough to take the one that is offered, in whole or in part."""
        m = models.market_split(n=60, rows=8)
        first = get_solver("gurobi").solve(m, options={"NodeLimit": 500})
        for variable, value in first.values.items():
            variable.set_value(round(value) if variable.is_integer() else value)
        opened = {"nothing": [], "one value": [m.under[0]], "all continuous": [*m.under.values(), *m.over.values()]}
        for variable in opened[left_open]:
            variable.set_value(None)
        cold = self.solver.solve(m, options=self.dialect.no_search)
        warm = self.solver.solve(m, options=self.dialect.no_search, warm_start=True)
        assert warm.objective <= first.objective + 1e-6
        assert cold.objective is None or warm.objective < cold.objective

    @pytest.mark.parametrize("y", [None, 0.0, 1.0], ids=["partial", "infeasible", "whole"])
    def test_warm_start_that_is_infeasible_does_no_harm(self, y):
        m = models.transport()
        m.x.domain = pyo.Integers
        m.x.value, m.y.value = 9, y
        assert self.solve(m, warm_start=True).objective == pytest.approx(26)

    # Options -------------------------------------------------------------------------------------------------

    def test_feasibility_tolerance_reaches_the_solver(self):
        """x must exceed 1 by 1e-4: within a tolerance of 1e-3, beyond one of 1e-8."""
        m = models.model_of(x={"bounds": (0, 1)}, y={"bounds": (0, 1)})
        m.rows.add(m.x + m.y >= 1.0001)
        m.rows.add(m.x - m.y >= 0.9999)
        m.o = pyo.Objective(expr=m.x + 2 * m.y)
        loose, tight = (
            self.solver.solve(m, feasibility_tol=size, options=self.dialect.no_presolve) for size in (1e-3, 1e-8)
        )
        assert tight.status is Status.optimal
        assert tight.objective == pytest.approx(1.0002, abs=1e-6)
        assert loose.objective <= tight.objective

    def test_an_unknown_option_is_refused(self):
        with pytest.raises(UnsupportedBySolverError, match="no_such_option"):
            self.solver.solve(models.transport(), options={"no_such_option": 1})

    def test_a_wrong_value_of_an_option_is_refused(self):
        with pytest.raises(UnsupportedBySolverError, match="refuses"):
            self.solver.solve(models.transport(), options=self.dialect.wrong_value)

    def test_number_of_threads_may_change_between_solves(self):
        for threads in (1, 2, 1, None):
            assert self.solve(models.transport(), threads=threads).status is Status.optimal

    def test_silent_unless_tee(self, capfd):
        self.solve(models.market_split(), time_limit=0.3)
        silent = capfd.readouterr()
        assert (silent.out, silent.err) == ("", "")
        self.solve(models.market_split(), time_limit=0.3, tee=True)
        assert len(capfd.readouterr().out) > 200

    def test_silent_from_the_first_import(self):
        """Nothing of licences, in a process of its own, with every warning shown."""
        script = (
            f"import sys; sys.path.insert(0, {HERE!r}); import warnings; import conformance_models as models\n"
            "from bilevolt.solvers import get_solver; warnings.simplefilter('always')\n"
            f"assert get_solver({self.name!r}).solve(models.milp_max()).status == 'optimal'\n"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
        assert (done.stdout, done.stderr) == ("", "")
