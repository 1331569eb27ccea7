"""The options of column-and-constraint generation, ``solve(method_options=...)``, and their ranges."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from numbers import Integral
from typing import Any

from ..errors import ArgumentError
from ..quantities import number

NAME = "column_and_constraint"


@dataclass(frozen=True)
class Options:
    """What may be asked.

    :param max_iterations: master problems that are solved at most.
    :param margin: by how much, relative to 1 + |limit|, a response is out of reach where the optimum is not attained:
        points are as near to the infimum as that allows.
    """

    max_iterations: int = 1000
    margin: float = 1e-4

    @classmethod
    def checked(cls, given: Mapping[str, Any] | None) -> "Options":
        """Return options that are in range.

        :raises ArgumentError: one is not.
        """
        options = cls(**given or {})
        most = options.max_iterations
        if isinstance(most, bool) or not isinstance(most, Integral) or most < 1:
            raise ArgumentError(f"max_iterations={most!r} is out of range. Give a whole number, 1 or more.")
        margin = number("margin", options.margin, positive=True)
        if not 1e-5 <= margin <= 0.1:
            raise ArgumentError(f"margin={margin:g} is out of range: solvers' tolerances need 1e-5 to 0.1.")
        return options


OPTIONS = {field.name for field in fields(Options)}
