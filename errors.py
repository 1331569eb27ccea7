"""What can be refused, and how it is said: what is wrong, where (component name), what to do next.

A problem without a solution is a status, never an exception. These exceptions are raised before any solver
runs, because the chosen method cannot treat the model correctly.
"""


class BilevoltError(Exception):
    """Base of every error that bilevolt raises on purpose."""


class ArgumentError(BilevoltError):
    """An argument is of the wrong kind, out of range, unknown, or of no use to the chosen method."""


class NotBilevelError(BilevoltError):
    """The model's levels cannot be read: no SubModel, a nested one, no single objective, a variable owned twice."""


class MissingNumberError(BilevoltError):
    """A model holds a number that is not given (an unset Param), or NaN; the message names row and Param."""


class IntegerFollowerError(BilevoltError):
    """A follower owns an integer variable, so that its KKT conditions do not describe its optima."""


class NonconvexFollowerError(BilevoltError):
    """A follower is neither an LP nor a convex QP in its own variables."""


class StanceError(BilevoltError):
    """A stance is not covered for this model; the message names what of it, and the next step."""


class UnprovenBigMError(BilevoltError):
    """A big-M is neither given nor derivable; the message names the multipliers and slacks that need one."""


class SolverUnavailableError(BilevoltError):
    """The solver is not installed, has no licence, or its licence is too small for the model."""


class UnsupportedBySolverError(BilevoltError):
    """The model needs a feature (SOS1, indicator, product, ...) that the chosen solver does not have."""


class InstanceError(BilevoltError):
    """An instance is incomplete or contradicts itself; the message names the field."""


class MalformedError(BilevoltError):
    """A file is not what it should be; the message names the field."""


class ProofError(BilevoltError):
    """No proof can be made of this model (a form that the checker does not cover), or a proof is rejected."""
