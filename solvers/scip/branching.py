"""SCIP's branching order where a model has integers and special ordered sets."""

from typing import Any

from pyscipopt import SCIP_RESULT, Conshdlr


class IntegersFirst(Conshdlr):
    """Branches on fractional integers before SCIP branches on special ordered sets.

    SCIP enforces SOS1 before integrality. Where a leader's integers decide which of multiplier and slack may be
    nonzero, as in bilevel models, that order wastes most of the tree: on an instance with 222 binaries and 69 sets,
    SCIP 10 was open at 2.7 % after 250 s, and done after 76 s with this one. The variable is the one with the best
    pseudocost score, as in SCIP's own ``pscost`` rule.
    """

    PRIORITY = 200
    """Above that of SOS1 and SOS2, 100."""

    def consenfolp(self, constraints: Any, n_useful: int, infeasible: bool) -> dict[str, Any]:
        """Branch on a fractional integer, if there is one."""
        candidates, values, _, count, n_preferred, _ = self.model.getLPBranchCands()
        if count == 0:
            return {"result": SCIP_RESULT.FEASIBLE}
        score = self.model.getVarPseudocostScore
        best = max(range(n_preferred), key=lambda k: score(candidates[k], values[k]))
        self.model.branchVar(candidates[best])
        return {"result": SCIP_RESULT.BRANCHED}

    def consenfops(self, constraints: Any, n_useful: int, infeasible: bool, objinfeasible: bool) -> dict[str, Any]:
        """Leave pseudo solutions to SCIP."""
        return {"result": SCIP_RESULT.FEASIBLE}

    def conscheck(self, *arguments: Any) -> dict[str, Any]:
        """Accept every point: SCIP's own integrality handler checks."""
        return {"result": SCIP_RESULT.FEASIBLE}

    def conslock(self, *arguments: Any) -> None:
        """Lock nothing: there are no constraints of this kind."""


def integers_first(native: Any) -> None:
    """Add the rule to a PySCIPOpt model."""
    native.includeConshdlr(
        IntegersFirst(),
        "integers_first",
        "branch on integers before special ordered sets",
        enfopriority=IntegersFirst.PRIORITY,
        chckpriority=-1,
        needscons=False,
    )
