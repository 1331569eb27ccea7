"""The ways to linearise complementarity, by name; a new one is a file and a line here."""

from . import bigm, branch, indicator, product, sos1, strong_duality
from .linearization import Linearization

LINEARIZATIONS: dict[str, Linearization] = {
    step.name: step
    for step in (
        sos1.STEP,
        bigm.STEP,
        indicator.STEP,
        strong_duality.STEP,
        product.STEP,
        branch.STEP,
    )
}

#: What "auto" tries, in this order, and what is said of one that is taken at once.
AUTO = (
    (bigm.STEP, "every M is proven or given"),
    (sos1.STEP, "exact without any M"),
    (branch.STEP, "exact without any M, by LPs alone"),
)


def after(name: str) -> list[Linearization]:
    """Return what "auto" tries after a step."""
    steps: list[Linearization] = [step for step, _ in AUTO]
    return steps[[step.name for step in steps].index(name) + 1 :]


def with_option(option: str) -> list[str]:
    """Return the names of the ways that have an option."""
    return [name for name, step in LINEARIZATIONS.items() if option in step.options]
