"""Fast charging, solved and verified, against the bare LPs of the operator at every decision of the investor."""

from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import Any

import numpy as np

import bilevolt as bv
from bilevolt.levels.follower_problem import follower_at
from bilevolt.models import fast_charging
from bilevolt.solvers.highs import native
from bilevolt.solvers.program import Program, program_of
from bilevolt.solvers.reading import read

from .row import Row, in_turns

AIM = 2.0
BOUND_BY = "reading, writing and checking Pyomo's objects, once each; the LPs themselves are the peer's"
MANY_BOUND_BY = "a million decisions are too many to list, and without proven price bounds pairs are branched on"
LISTED = 12
"""Candidates up to which all decisions are looked at one by one."""
LIMIT = 60.0  # seconds for more of them, and the aim


def rows(repeats: int, instance: str, counts: tuple[int, ...], candidates: tuple[int, ...]) -> Iterator[Row]:
    """Yield a row for each number of scenarios, and one for each number of candidates with one scenario."""
    for count in counts:
        loaded = fast_charging.with_scenarios(bv.load_instance(instance), count)
        answers: dict[str, Any] = {}
        lps = Enumeration(fast_charging.build(loaded))
        ours, peer = in_turns(repeats, partial(_ours, fast_charging.build(loaded), answers), lps.solve)
        yield Row(f"fast-charging-{count}", f"{2**lps.candidates} bare LPs", AIM, ours, peer, BOUND_BY, detail=answers)
    for count in candidates:
        model = fast_charging.build(fast_charging.with_candidates(bv.load_instance(instance), count))
        name, answers = f"fast-charging-{count}-candidates", {}
        if count <= LISTED:
            lps = Enumeration(model)
            ours, peer = in_turns(repeats, partial(_ours, model, answers), lps.solve)
            yield Row(name, f"{2**count} bare LPs", AIM, ours, peer, BOUND_BY, detail=answers)
        else:
            (ours,) = in_turns(1, partial(_ours, model, answers, LIMIT))
            yield Row(name, "", LIMIT, ours, None, MANY_BOUND_BY, detail=answers)


def _ours(model: Any, answers: dict[str, Any], limit: float | None = None) -> None:
    found = bv.solve(model, solver="highs", time_limit=limit)
    answers |= {"status": str(found.status), "objective": found.objective, "bound": found.bound}
    answers |= {"method": found.method, "seconds": dict(found.seconds)}


class Enumeration:
    """The operator's LP with all hours and scenarios: sides of rows are linear in the stations that are open."""

    def __init__(self, model: Any) -> None:
        (follower,) = bv.reformulations.read_levels(model).followers
        stations = list(model.U.values())
        self.candidates = len(stations)

        def at(opened: Any) -> Program:
            for station in stations:
                station.set_value(int(station is opened))
            return program_of(read(follower_at(follower)))

        self.base = at(None)
        self.change = np.array([at(station).row_lower - self.base.row_lower for station in stations])
        self.change = np.nan_to_num(self.change)

    def solve(self) -> list[float]:
        """Return the operator's cost at every decision."""
        solver = native.new({"threads": 1})
        native.hand_over(solver, native.lp_of(self.base))
        rows = np.flatnonzero(np.abs(self.change).max(axis=0)).astype(np.int32)
        costs = []
        for opened in product((0, 1), repeat=self.candidates):
            shift = np.array(opened) @ self.change[:, rows]
            solver.changeRowsBounds(
                len(rows), rows, self.base.row_lower[rows] + shift, self.base.row_upper[rows] + shift
            )
            native.run(solver)
            costs.append(solver.getInfo().objective_function_value)
        return costs
