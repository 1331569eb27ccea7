"""Compare answers about generated problems with enumeration: what the tests do with a few, for as many as one likes.

``python tests/decomposition/compare.py 12000 12150 --solver scip``; ``--continuous``: followers that see a continuous
variable. Prints those that differ, with what was said, and how far bounds and points are off at most.
"""

import argparse
import resource
import sys

from generated import generate, generate_continuous

import bilevolt as bv

FEW = 1e-4
"""How far an objective may be off, relative to 1 + |objective|."""


def main() -> int:
    """Return how many differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int, help="the first seed that is left out")
    parser.add_argument("--solver", default="highs")
    parser.add_argument("--continuous", action="store_true")
    asked = parser.parse_args()
    counts: dict[str, int] = {}
    off = loose = 0.0
    for seed in range(asked.first, asked.last):
        problem = (generate_continuous if asked.continuous else generate)(seed)
        expected = problem.enumerated()
        solution = bv.solve(problem.model(), solver=asked.solver)
        worse, below = _distances(problem, expected, solution)
        if asked.continuous and expected is not None:
            right = -FEW <= worse <= (FEW if solution.status == "optimal" else 1e-2) and below >= -FEW
        else:
            right = solution.status == ("infeasible" if expected is None else "optimal") and abs(worse) <= FEW
        off, loose = max(off, abs(worse)), max(loose, below)
        said = str(solution.status) if right else "differs"
        counts[said] = counts.get(said, 0) + 1
        if not right:
            print(f"seed {seed}: {expected}, but {solution.status} {solution.objective}, bound {solution.bound}")
            print(*solution.notes, sep="\n  ", flush=True)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(f"seeds {asked.first} to {asked.last - 1}, {asked.solver}: {counts}; objectives off by {off:.2g} at most,")
    print(f"bounds by {loose:.2g} (relative); {used.ru_utime + used.ru_stime:.0f} CPU s")
    return counts.get("differs", 0)


def _distances(problem, expected, solution):
    """Return by how much point and bound are worse than the optimum, relative to 1 + |optimum|; 0 without any."""
    if expected is None or solution.objective is None or solution.bound is None:
        return (0.0, 0.0) if expected is None else (float("inf"), 0.0)
    scale = problem.sense / (1 + abs(expected))
    return scale * (solution.objective - expected), scale * (expected - solution.bound)


if __name__ == "__main__":
    sys.exit(main())
