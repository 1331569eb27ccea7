"""What must hold for any way to linearise complementarity: one class of tests, run by name.

``test_step_conformance.py`` makes a class of it for each step in ``LINEARIZATIONS``. A new step needs an entry in
``DECLARED``: the text and the sizes of what it makes of a tiny model. What it says that it needs of a solver it must
need, and nothing more; every solver that has it must find the known answers.
"""

import json
from dataclasses import dataclass
from typing import Any, ClassVar, get_args

import pyomo.environ as pyo
import pytest
from typer.testing import CliRunner

import bilevolt
from bilevolt import SubModel, reformulate
from bilevolt.cli import app
from bilevolt.errors import ArgumentError, UnsupportedBySolverError
from bilevolt.heuristics import warm_start
from bilevolt.models import textbook
from bilevolt.option_names import LinearizationName
from bilevolt.reformulations import LINEARIZATIONS, Linearization, kkt, map_of, read_levels
from bilevolt.solvers import SOLVERS, get_solver, needs_of

SMALL = ["bard511", "gecco2013", "anandalingam_white_range", "moore_bard_upper_int", "pineda"]


@dataclass(frozen=True)
class Declared:
    """What a step makes of the tiny model."""

    rows: str
    """Each row or set as it reads, a line each; m is a multiplier."""
    variables: int = 0
    binaries: int = 0
    sos: int = 0
    whole_blocks: bool = False
    """Whether it leaves pairs of a follower of which it does not get all."""


DECLARED = {
    "sos1": Declared(
        """
        slack_definition[L.row.lower]: sos1.slack[L.row.lower]  ==  L.y - x - 3.0
        slack_definition[L.y.upper]: sos1.slack[L.y.upper]  ==  9 - L.y
        complementarity[L.row.lower]: m[row.lower] | sos1.slack[L.row.lower]
        complementarity[L.y.lower]: m[y.lower] | L.y
        complementarity[L.y.upper]: m[y.upper] | sos1.slack[L.y.upper]
        """,
        variables=2,
        sos=3,
    ),
    "branch": Declared(
        """
        slack_definition[L.row.lower]: branch.slack[L.row.lower]  ==  L.y - x - 3.0
        slack_definition[L.y.upper]: branch.slack[L.y.upper]  ==  9 - L.y
        """,
        variables=2,
    ),
    "bigm": Declared(
        """
        slack_nonnegative[L.row.lower]: 0  <=  L.y - x - 3.0
        multiplier_off[L.row.lower]: m[row.lower]  <=  1.000000001*(1 - bigm.switch[L.row.lower])
        multiplier_off[L.y.lower]: m[y.lower]  <=  1.000000001*(1 - bigm.switch[L.y.lower])
        multiplier_off[L.y.upper]: m[y.upper]  <=  0.0*(1 - bigm.switch[L.y.upper])
        slack_off[L.row.lower]: L.y - x - 3.0  <=  6.0*bigm.switch[L.row.lower]
        slack_off[L.y.lower]: L.y  <=  9*bigm.switch[L.y.lower]
        slack_off[L.y.upper]: 9 - L.y  <=  9*bigm.switch[L.y.upper]
        """,
        variables=3,
        binaries=3,
    ),
    "indicator": Declared(
        """
        slack_nonnegative[L.row.lower]: 0  <=  L.y - x - 3.0
        multiplier_off[L.row.lower]: m[row.lower]  <=  0 if indicator.switch[L.row.lower] = 1
        multiplier_off[L.y.lower]: m[y.lower]  <=  0 if indicator.switch[L.y.lower] = 1
        multiplier_off[L.y.upper]: m[y.upper]  <=  0 if indicator.switch[L.y.upper] = 1
        slack_off[L.row.lower]: L.y - x - 3.0  <=  0 if indicator.switch[L.row.lower] = 0
        slack_off[L.y.lower]: L.y  <=  0 if indicator.switch[L.y.lower] = 0
        slack_off[L.y.upper]: 9 - L.y  <=  0 if indicator.switch[L.y.upper] = 0
        """,
        variables=3,
        binaries=3,
    ),
    "strong_duality": Declared(
        """
        equal_objectives[L]: L.y - ((3.0 + x)*m[row.lower] + 0.0*m[y.lower] - 9.0*m[y.upper])  <=  0
        slack_nonnegative[L.row.lower]: 0  <=  L.y - x - 3.0
        """,
        whole_blocks=True,
    ),
    "toy": Declared(
        """
        slack_nonnegative[L.row.lower]: 0  <=  L.y - x - 3.0
        multiplier_off[L.row.lower]: toy.switch[L.row.lower]*m[row.lower]  <=  0
        multiplier_off[L.y.lower]: toy.switch[L.y.lower]*m[y.lower]  <=  0
        multiplier_off[L.y.upper]: toy.switch[L.y.upper]*m[y.upper]  <=  0
        slack_off[L.row.lower]: (1 - toy.switch[L.row.lower])*(L.y - x - 3.0)  <=  0
        slack_off[L.y.lower]: (1 - toy.switch[L.y.lower])*L.y  <=  0
        slack_off[L.y.upper]: (1 - toy.switch[L.y.upper])*(9 - L.y)  <=  0
        """,
        variables=3,
        binaries=3,
    ),
    "product": Declared(
        """
        slack_definition[L.row.lower]: product.slack[L.row.lower]  ==  L.y - x - 3.0
        slack_definition[L.y.lower]: L.y  ==  product.slack[L.y.lower]
        slack_definition[L.y.upper]: product.slack[L.y.upper]  ==  9 - L.y
        complementarity[L.row.lower]: m[row.lower]*product.slack[L.row.lower]  <=  0.0
        complementarity[L.y.lower]: m[y.lower]*product.slack[L.y.lower]  <=  0.0
        complementarity[L.y.upper]: m[y.upper]*product.slack[L.y.upper]  <=  0.0
        """,
        variables=3,
    ),
}


def tiny(sense=1):
    """The follower's least y >= 3 + x in [0, 9], of which the leader wants much: x = 2, y = 5, a price of 1."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 2))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, 9))
    model.objective = pyo.Objective(expr=sense * (model.x - 2 * model.L.y), sense=sense)
    model.L.objective = pyo.Objective(expr=sense * model.L.y, sense=sense)
    model.L.row = pyo.Constraint(expr=model.L.y - model.x >= 3)
    return model


def with_two_followers():
    model = tiny()
    model.M = SubModel(fixed=[model.x])
    model.M.y = pyo.Var(bounds=(0, 9))
    model.M.objective = pyo.Objective(expr=model.M.y)
    model.M.row = pyo.Constraint(expr=model.M.y + model.x >= 4)
    model.objective.expr = model.objective.expr + model.M.y
    return model


def available():
    return [name for name, solver in SOLVERS.items() if solver.available() is None]


def having(name):
    return {feature for feature, has in SOLVERS[name].features.as_dict().items() if has}


def plain(text):
    return str(text).replace("'", "").replace("followers[L].multiplier", "m")


def lines(block):
    """The rows and sets of a block as they read; of one that holds while a binary has a value, that too."""
    switches = block.component("indicator")
    found = []
    for row in block.component_data_objects(pyo.Constraint, active=True):
        when = "" if switches is None or row not in switches else " if {} = {}".format(*map(plain, switches[row]))
        found.append(f"{plain(row.local_name)}: {plain(row.expr)}{when}")
    for sos in block.component_data_objects(pyo.SOSConstraint, active=True):
        found.append(f"{plain(sos.local_name)}: " + " | ".join(plain(v) for v in sos.variables))
    return found


class Interrupted(list):
    """Pairs that cannot be read any more after so many steps of any loop over them."""

    def __init__(self, pairs, after):
        super().__init__(pairs)
        self.left = after

    def __iter__(self):
        for pair in super().__iter__():
            if not self.left:
                raise RuntimeError("interrupted")
            self.left -= 1
            yield pair


class Conformance:
    """The tests; a subclass says which step. Not collected by itself: its name does not begin with Test."""

    name: ClassVar[str]

    @property
    def step(self) -> Linearization:
        return LINEARIZATIONS[self.name]

    @property
    def declared(self) -> Declared:
        return DECLARED[self.name]

    def solvers(self) -> list[str]:
        """The solvers that have what the step says it needs, and those that the tests may rely on first."""
        found = [name for name in available() if self.needs() <= having(name)]
        assert found, f"no solver here has {self.needs()}"
        return found

    def needs(self) -> set[str]:
        """What the step needs for the tiny model, whose leader is continuous."""
        return self.step.needs | {"quadratic_constraints", "nonconvex"} if self.step.own_products else self.step.needs

    def solve(self, model: Any, **options: Any) -> list[Any]:
        """Solve by every solver that takes the step."""
        return [
            bilevolt.solve(model, reformulation=self.name, solver=name, time_limit=60, **options)
            for name in self.solvers()
        ]

    def applied(self, model: Any) -> Any:
        single = kkt.apply(read_levels(model))
        self.step.apply(single)
        return single

    # What it makes ---------------------------------------------------------------------------------------

    def test_text_in_text_out(self):
        expected = [line.strip() for line in self.declared.rows.strip().splitlines()]
        single = self.applied(tiny())  # kept: blocks do not keep their model alive
        assert lines(single.component(self.name)) == expected

    def test_applying_twice_gives_the_same(self):
        model = with_two_followers()
        first, second = (reformulate(model, self.name) for _ in range(2))
        assert lines(first) == lines(second)

    def test_sizes(self):
        before, after = map_of(kkt.apply(read_levels(tiny()))).sizes, map_of(self.applied(tiny())).sizes
        rows = len(self.declared.rows.strip().splitlines()) - self.declared.sos
        grown = {name: after[name] - before[name] for name in after}
        assert grown == {
            "constraints": rows, "variables": self.declared.variables, "binaries": self.declared.binaries,
            "sos": self.declared.sos, "complementarities": 0,
        }  # fmt: skip

    def test_it_needs_what_it_says(self):
        assert self.step.needs <= set(needs_of(self.applied(tiny())).because) <= self.needs()
        for name in available():
            if name not in self.solvers():
                with pytest.raises(UnsupportedBySolverError):
                    bilevolt.solve(tiny(), reformulation=self.name, solver=name)

    def test_the_record_leads_from_pair_to_what_was_made(self):
        single = reformulate(with_two_followers(), self.name)
        level = map_of(single)
        assert [item.pair for item in level.linearized] == level.pairs
        assert level.pending() == []
        assert self.name in level.steps
        for item in level.linearized:
            assert item.step == self.name
            assert item.pair.complementarity is None  # never a component that would have to be deactivated

    def test_part_of_the_pairs(self):
        single = kkt.apply(read_levels(with_two_followers()))
        level = map_of(single)
        own = [pair for pair in level.pairs if pair.follower == "L"]
        rest = [pair for pair in level.pairs if pair.follower != "L"]
        if not self.declared.whole_blocks:
            own, rest = own[:1], own[1:] + rest
        made = self.step.apply(single, own)
        assert sorted(item.pair.name for item in made) == sorted(pair.name for pair in own)
        assert level.pending() == rest

    @pytest.mark.parametrize("after", [0, 1, 3, 4, 7, 10])
    def test_a_failure_leaves_the_model_as_it_was(self, after, structure):
        model = tiny()
        single = kkt.apply(read_levels(model))
        users, ours = structure(model), structure(single)
        try:
            self.step.apply(single, Interrupted(map_of(single).pairs, after))
        except RuntimeError:
            assert single.component(self.name) is None
            assert map_of(single).pending() == map_of(single).pairs
            assert structure(single) == ours
        else:
            assert after > 0 and map_of(single).pending() == []
        assert structure(model) == users

    def test_options_of_other_steps_are_refused(self):
        if "big_m" in self.step.options:
            assert map_of(reformulate(tiny(), self.name, big_m=50)).pending() == []
        else:
            with pytest.raises(ArgumentError, match=f"big_m is not used by reformulation '{self.name}'"):
                reformulate(tiny(), self.name, big_m=50)

    # What it is worth ------------------------------------------------------------------------------------

    @pytest.mark.parametrize("sense", [pyo.minimize, pyo.maximize])
    def test_the_way_back_and_twins(self, sense):
        for name in self.solvers():
            model = tiny(sense)
            single = reformulate(model, self.name)
            values = get_solver(name).solve(single).values
            point = map_of(single).point(values)
            assert (model.x.value, model.L.y.value) == (None, None)
            assert point.objective == pytest.approx(-8 * sense, abs=1e-3)
            assert point.lower_objectives == {"L": pytest.approx(5 * sense, abs=1e-3)}
            assert point.values[model.x] == pytest.approx(2, abs=1e-3)
            assert point.multipliers == {"L.row": pytest.approx(sense, abs=1e-3), "L.y": pytest.approx(0, abs=1e-3)}

    def test_the_users_model_is_as_it_was(self, structure):
        model = with_two_followers()
        before = structure(model)
        for solution in self.solve(model):
            assert (solution.status, solution.objective) == ("optimal", pytest.approx(-6))
            assert solution.certificate.globally_optimal is True
            assert structure(model) == before

    def test_a_clone_of_the_users_model_is_whole(self):
        """Nothing of ours hangs on the user's expressions, also when the single level is gone."""
        model = with_two_followers()
        arguments = [len(row.body._args_) for row in (model.L.row, model.M.row)]
        reformulate(model, self.name)
        assert [len(row.body._args_) for row in (model.L.row, model.M.row)] == arguments
        assert str(model.clone().L.row.expr) == str(model.L.row.expr)

    @pytest.mark.parametrize("name", SMALL)
    def test_listed_answer(self, name):
        data = textbook.problem(name)
        for solution in self.solve(textbook.build(name)):
            assert solution.status == data.status, solution.notes
            assert solution.objective == pytest.approx(data.objective, rel=1e-4, abs=1e-5)
            assert solution.certificate.globally_optimal is True, solution.certificate.report()
            assert solution.assumptions == []

    def test_mixed_with_another_step(self):
        solver = self.solvers()[0]
        other = next(n for n, s in LINEARIZATIONS.items() if n != self.name and s.needs <= having(solver))
        model = with_two_followers()
        solution = bilevolt.solve(model, reformulation={"L": self.name, "*": other}, solver=solver, time_limit=60)
        assert (solution.status, solution.reformulation, solution.objective) == ("optimal", "mixed", pytest.approx(-6))
        made = map_of(reformulate(model, {"L": self.name, "*": other})).linearized
        assert {(item.pair.follower, item.step) for item in made} == {("L", self.name), ("M", other)}

    # Starts ----------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("x", [0, 1, 2])
    def test_a_start_is_completed(self, x):
        model = with_two_followers()
        single = reformulate(model, self.name)
        model.x.value, model.L.y.value, model.M.y.value = x, 3 + x, 4 - x
        assert warm_start.complete(single, get_solver("highs").solve) is None
        for variable in single.component_data_objects(pyo.Var):
            assert variable.value is not None, variable.name
        solution = bilevolt.solve(model, reformulation=self.name, solver=self.solvers()[0], warm_start=True)
        assert any(note.startswith("started from a point") for note in solution.notes)

    def test_a_point_that_is_no_start_is_told(self):
        model = tiny()
        single = reformulate(model, self.name)
        model.x.value, model.L.y.value = 1, 5
        assert "not optimal" in warm_start.complete(single, get_solver("highs").solve)

    # Who can ask for it ----------------------------------------------------------------------------------

    def test_explained(self):
        text = bilevolt.explain(tiny(), self.name).step("linearize").to_text()
        assert f"{self.name}" in text and "3 pairs" in text and self.step.about[:30] in text
        assert all(side in text for side in ("row, lower", "y, lower", "y, upper")) != self.step.equal_objectives

    def test_offered_by_the_command_line(self):
        run = CliRunner().invoke
        listed = json.loads(run(app, ["list", "reformulations", "--json"]).stdout)["reformulations"]
        assert (self.name in listed) == (self.name in get_args(LinearizationName))  # a test holds these to the registry
        asked = ["solve", "bard511", "--reformulation", self.name.upper(), "--solver", self.solvers()[0], "--json"]
        answer = json.loads(run(app, asked).stdout)
        assert (answer["reformulation"], answer["status"]) == (self.name, "optimal")
