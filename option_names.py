"""Names that the arguments of the public functions take, as types: editors complete them.

Each is a ``Literal`` or any text, so that case, ``pyomo:NAME`` and a step that is added to a registry stay allowed. The
registries are the truth about what exists: the tests hold these names against them.
"""

from typing import Literal

AutoName = Literal["auto"]
LinearizationName = Literal["sos1", "bigm", "indicator", "strong_duality", "product", "branch"]
HeuristicName = Literal[
    "nested", "neighbourhood", "alternating", "leader_alone", "scholtes", "elephant_herding", "immune_ga", "pso",
    "annealing", "exchange",
]  # fmt: skip
ExactName = Literal["exact", "column_and_constraint", "enumeration"]
InstalledSolverName = Literal["gurobi", "highs", "scip", "xpress", "cplex", "copt"]

Linearization = LinearizationName | str
"""How one row's complementarity becomes linear."""
Reformulation = AutoName | LinearizationName | str
SingleLevelForm = Literal["kkt"] | LinearizationName | str
"""As ``Reformulation``, of what is not solved: "kkt" is the MPCC itself, and nothing is chosen."""
Heuristic = HeuristicName | str
Method = ExactName | HeuristicName | str
SolverName = AutoName | InstalledSolverName | str
StanceName = Literal["optimistic", "pessimistic"] | str
RivalName = Literal["gdp", "fa", "reg", "discopt"] | str
Cuts = Literal["strong_duality", "auto"] | str
