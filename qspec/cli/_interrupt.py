"""Remembers that the user interrupted, whatever a library made of it."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_came = threading.Event()


def raise_pending() -> None:
    """Raise an interruption that a library swallowed: one inside a callback of compiled code is ignored there."""
    if _came.is_set():
        raise KeyboardInterrupt


@contextmanager
def watch_interrupts() -> Iterator[Callable[[], bool]]:
    """Within it, SIGINT raises KeyboardInterrupt as always, and the function yielded says whether it came.

    Where another handler than Python's own is set, or in another thread, nothing is changed.
    """
    _came.clear()

    def handle(number: int, frame: FrameType | None) -> None:
        _came.set()
        signal.default_int_handler(number, frame)

    ours = threading.current_thread() is threading.main_thread()
    ours = ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    told = sys.unraisablehook

    def tell(unraisable: sys.UnraisableHookArgs) -> None:
        if unraisable.exc_type is not KeyboardInterrupt:  # those are raised again where they can be
            told(unraisable)

    if ours:
        signal.signal(signal.SIGINT, handle)
        sys.unraisablehook = tell
    try:
        yield _came.is_set
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            sys.unraisablehook = told
