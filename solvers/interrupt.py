"""Ctrl-C and SIGTERM as a request to stop: long runs ask for it, and return the best point that they have.

A signal that raises in the middle of a native solver, or of a heuristic's bookkeeping, loses what was found. So while
:func:`stoppable` lasts, the first SIGINT or SIGTERM only sets a mark, which solvers' callbacks and heuristics' loops
look at; the second acts as it would without us.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, TypeVar

_Result = TypeVar("_Result")

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_PATIENCE = 0.05  # seconds between two looks at whether a stop was requested


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


def listening(work: Callable[[], _Result], stop: Callable[[], None]) -> _Result:
    """Run native code in a thread of its own, so that this one can handle signals meanwhile.

    :param work: what to run; it must let other threads run (release Python's lock).
    :param stop: tells it to end, and to keep its best point; called when a stop is requested.
    :returns: what ``work`` returns.
    """
    with ThreadPoolExecutor(max_workers=1) as threads:
        running = threads.submit(work)
        try:
            while not wait([running], timeout=_PATIENCE).done:
                if stop_requested():
                    stop()
        except BaseException:  # a second Ctrl-C
            stop()
            raise
        return running.result()


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
