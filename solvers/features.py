"""What a solver has, and what a model needs: the two sides of every refusal."""

from dataclasses import dataclass, field, fields
from types import MappingProxyType


@dataclass(frozen=True)
class Size:
    """What licences count. Variables are those in rows, objective and SOS that are not fixed."""

    variables: int = 0
    integers: int = 0
    linear_rows: int = 0
    range_rows: int = 0
    """Linear rows with two different finite sides; they are counted in `linear_rows` too."""
    quadratic_rows: int = 0
    sos: int = 0
    indicators: int = 0
    """Indicator rows; one with two different finite sides counts twice."""
    complementarities: int = 0

    def __str__(self) -> str:
        """The sizes that matter in a message."""
        return (
            f"{self.variables} variables ({self.integers} integer), {self.linear_rows} linear and "
            f"{self.quadratic_rows} quadratic rows, {self.sos} SOS"
            + f", {self.indicators} indicator rows" * bool(self.indicators)
            + f", {self.complementarities} complementary pairs" * bool(self.complementarities)
        )


@dataclass(frozen=True)
class Needs:
    """What a model asks of its solver: for every needed feature, one component that needs it."""

    because: MappingProxyType[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Name of a field of `Features` -> where the need comes from (component and variables)."""
    size: Size = field(default_factory=Size)

    @property
    def convex_continuous(self) -> bool:
        """LP or convex QP/QCP without integers, SOS, indicator rows and pairs: the problems that have duals."""
        return not {"milp", "miqp", "sos1", "indicator", "nonconvex", "complementarity"} & set(self.because)

    @property
    def linear_program(self) -> bool:
        """Neither integers, nor SOS, nor anything quadratic."""
        return not self.because


_BRANCHED_ON = ("miqp", "quadratic_constraints", "nonconvex", "quadratic_ranges")
"""What a search that branches on complementary pairs takes beside them."""


@dataclass(frozen=True)
class Features:
    """What a solver treats correctly, as it is called here."""

    lp: bool = True
    milp: bool = True
    qp: bool = False
    """Convex quadratic objective, continuous variables."""
    miqp: bool = False
    """Convex quadratic objective, integer variables."""
    quadratic_constraints: bool = False
    """Convex quadratic rows."""
    nonconvex: bool = False
    """Products of continuous variables, in objective or rows."""
    quadratic_ranges: bool = False
    """Quadratic rows with two different finite sides."""
    sos1: bool = False
    """Special ordered sets (type 1, and type 2)."""
    indicator: bool = False
    """Linear rows that hold only while a binary has a given value."""
    duals: bool = False
    """Duals of LPs and convex QPs."""
    complementarity: bool = False
    """Pairs of variables of which one is zero, by branching on them; beside them products of two variables, too."""

    def missing(self, needs: Needs) -> tuple[str, ...]:
        """Names of the features that a model needs and the solver lacks; empty when it may be solved."""
        covered = _BRANCHED_ON if self.complementarity and "complementarity" in needs.because else ()
        return tuple(name for name in needs.because if not (getattr(self, name) or name in covered))

    def as_dict(self) -> dict[str, bool]:
        """Feature -> supported, in the order of declaration."""
        return {f.name: getattr(self, f.name) for f in fields(self)}
