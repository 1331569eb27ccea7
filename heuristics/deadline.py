"""When a heuristic has to end: its time is over, or a stop was asked for (Ctrl-C, SIGTERM)."""

import math
import time

from ..solvers.interrupt import stop_requested


class Deadline:
    """What every loop of a heuristic looks at before it starts on anything long.

    :param seconds: from now; None for no limit.
    """

    def __init__(self, seconds: float | None) -> None:
        self._end = math.inf if seconds is None else time.monotonic() + seconds

    @property
    def over(self) -> bool:
        """Whether to end now, with the best point so far."""
        return stop_requested() or time.monotonic() >= self._end

    @property
    def why(self) -> str:
        """Why to end now, for the result's message; empty while there is no reason."""
        if stop_requested():
            return "interrupted"
        return "stopped by the time limit" if self.over else ""

    def said(self, otherwise: str) -> str:
        """Return a message of a run that ended for a reason of its own, which a stop may be behind."""
        why = self.why
        return f"{why}: {otherwise}" if why else otherwise

    def seconds(self, most: float | None = None) -> float | None:
        """Return what a solver may take of the time left, and no more than ``most``; None for no limit."""
        left = min(math.inf if most is None else most, self._end - time.monotonic())
        return None if left == math.inf else max(0.0, left)
