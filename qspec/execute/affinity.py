"""Binds this process, and those it starts, to the processors that a runtime declares."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from qspec.errors import NotExecutableError, QSpecError

_LIST = re.compile(r"\d{1,5}(?:-\d{1,5})?(?:,\d{1,5}(?:-\d{1,5})?)*")


def processors(affinity: str) -> set[int]:
    """The processors of a list as the kernel writes it, such as `0-3,8`; raises `QSpecError` for anything else."""
    text = affinity.replace(" ", "")
    if not _LIST.fullmatch(text):
        raise QSpecError(
            f"The affinity {affinity!r} is no list of processors.", hint='write it as `affinity: "0-3,8"`'
        )
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    if not found:
        raise QSpecError(
            f"The affinity {affinity!r} names no processor.", hint="write the lower number first"
        )
    return found


@contextmanager
def bound(affinity: str | None) -> Iterator[None]:
    """Within it, threads that are started run on the declared processors; None leaves everything as it is.

    Raises `NotExecutableError` where the system binds no threads, or this process may not use one of the processors.
    """
    if affinity is None:
        yield
        return
    wanted = processors(affinity)
    if not hasattr(os, "sched_setaffinity"):
        raise NotExecutableError(
            "This system does not bind threads to processors.", hint="leave `affinity` out of the runtime"
        )
    before = os.sched_getaffinity(0)
    if missing := sorted(wanted - before):
        raise NotExecutableError(
            f"The affinity {affinity!r} names the processor {missing[0]}, and this process may use "
            f"{', '.join(map(str, sorted(before)))}.",
            hint="declare processors that are here, or leave `affinity` out of the runtime",
        )
    os.sched_setaffinity(0, wanted)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
