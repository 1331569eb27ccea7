"""SCIP's separator: rows that a cutter writes at the linear relaxations of the tree."""

from math import isfinite
from typing import Any

from pyscipopt import SCIP_RESULT, Sepa

from ..cutting import Asking, Cut


class Separator(Sepa):
    """Asks the cutter at each relaxation's point; its rows hold everywhere."""

    def __init__(self, asking: Asking, columns: list[Any]) -> None:
        self.asking, self.columns = asking, columns

    def sepaexeclp(self) -> dict[str, Any]:
        """Add what the cutter says."""
        model = self.model
        if model.inProbing():
            return {"result": SCIP_RESULT.DIDNOTRUN}
        cuts = self.asking.at(model.getSolVal(None, x) for x in self.columns)
        if self.asking.raised is not None:
            model.interruptSolve()
        for cut in cuts:
            if self._add(cut):
                return {"result": SCIP_RESULT.CUTOFF}
        return {"result": SCIP_RESULT.SEPARATED if cuts else SCIP_RESULT.DIDNOTFIND}

    def _add(self, cut: Cut) -> bool:
        """Add a row; return whether the node's bounds leave it no point."""
        model = self.model
        row = model.createEmptyRowSepa(self, "separated", lhs=_side(cut.lower), rhs=_side(cut.upper), local=False)
        model.cacheRowExtensions(row)
        for k, weight in zip(cut.columns.tolist(), cut.weights.tolist(), strict=True):
            model.addVarToRow(row, self.columns[k], weight)
        model.flushRowExtensions(row)
        infeasible = model.addCut(row, forcecut=True)
        model.addPoolCut(row)
        model.releaseRow(row)
        return bool(infeasible)


def _side(limit: float) -> float | None:
    return limit if isfinite(limit) else None


def include(model: Any, asking: Asking, columns: list[Any]) -> None:
    """Add the separator to a PySCIPOpt model; it is asked at every node, before SCIP's own."""
    model.includeSepa(
        Separator(asking, columns), "offered", "valid inequalities that the model offers", priority=1_000_000, freq=1
    )
