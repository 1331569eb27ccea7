"""Ctrl-C and SIGTERM as a request to stop: long runs ask for it, and return the best point that they have.

A signal that raises in the middle of a native solver, or of a heuristic's bookkeeping, loses what was found. So while
:func:`stoppable` lasts, the first SIGINT or SIGTERM only sets a mark, which solvers' callbacks and heuristics' loops
look at; the second acts as it would without us.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _Request:
    """Whether a stop was asked for; one for the process, as signals are."""

    def __init__(self) -> None:
        self.made = False
        self.former: dict[int, Any] = {}  # not empty while somebody is stoppable

    def take(self, number: int, _frame: Any) -> None:
        """Handle a signal: note it, and give the next one back to whoever handled it before."""
        self.made = True
        signal.signal(number, self.former[number])


_request = _Request()


def stop_requested() -> bool:
    """Whether Ctrl-C or SIGTERM came since the outermost :func:`stoppable` began."""
    return _request.made


@contextmanager
def stoppable() -> Iterator[None]:
    """Turn SIGINT and SIGTERM into a request to stop, see :func:`stop_requested`.

    Nested uses share the outermost one's request, which ends with it. Does nothing outside of the main thread, the only
    one that Python lets handle signals.
    """
    if _request.former or threading.current_thread() is not threading.main_thread():
        yield
        return
    _request.made = False
    try:
        for number in _SIGNALS:
            former = signal.getsignal(number)
            _request.former[number] = signal.SIG_DFL if former is None else former
            signal.signal(number, _request.take)
        yield
    finally:
        for handled, handler in _request.former.items():
            signal.signal(handled, handler)
        _request.former, _request.made = {}, False
