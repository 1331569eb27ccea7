"""What is said where a commercial solver's licence is too small for a model."""

from .program import Program


def too_small(solver: str, error: object, program: Program, takes: str) -> str:
    """Return the refusal, with the model's size and what to do next.

    :param solver: as people write it.
    :param error: what the solver said.
    :param takes: the licence that comes with the package, and what it takes.
    """
    rows, columns = program.matrix.shape
    return (
        f"{solver}'s licence does not allow this model: {error}. It has {columns} variables and {rows} rows; the "
        f"{takes}. Use solver='highs' or 'scip', or install a full licence."
    )
