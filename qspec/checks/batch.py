"""Checks files in their order: what is known from the cache, and the rest on as many processes as are worth it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qspec.checks.cache import CheckCache
from qspec.checks.report import Report
from qspec.checks.settings import Settings
from qspec.errors import QSpecError
from qspec.lang.source import Source, read_source

if TYPE_CHECKING:
    from qspec.checks.runner import DocumentReport

PARALLEL_FROM = 17
"""Files to be checked, from which on starting processes is worth its time."""
_MOST_AT_ONCE = 16

Asked = tuple[Path, Settings]
Outcome = Report | QSpecError
"""What was found in a file, or why it cannot be checked."""


def check_files(
    asked: Sequence[Asked], *, cache: CheckCache | None = None, processes: int | None = None
) -> list[Outcome]:
    """The outcome of each file, in their order and the same however many processes work on them.

    `processes` is the number of cores that this process may use unless given; an interruption ends them all.
    """
    found: list[Outcome | None] = [_known(one, cache) for one in asked]
    rest = [number for number, outcome in enumerate(found) if outcome is None]
    for number, outcome in zip(rest, _check([asked[n] for n in rest], cache, processes), strict=True):
        found[number] = outcome
    return [outcome for outcome in found if outcome is not None]


def check_file(path: Path, source: Source, settings: Settings) -> DocumentReport:
    """Check a file whose text was read; raises `QSpecError` where a cap is exceeded."""
    from qspec.checks.runner import check_workspace
    from qspec.lang.load import load_source

    return check_workspace(load_source(source, root=path.parent), settings)


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _known(asked: Asked, cache: CheckCache | None) -> Outcome | None:
    """What the cache knows of a file; None where it has to be checked."""
    if cache is None:
        return None
    path, settings = asked
    try:
        return cache.find(path, read_source(path), settings)
    except QSpecError as error:
        return error


def _one(asked: Asked, *, cache: CheckCache | None) -> Outcome:
    path, settings = asked
    try:
        source = read_source(path)
        report = check_file(path, source, settings)
    except QSpecError as error:
        return error
    if cache is not None:
        cache.keep(path, source, settings, report)
    return _apart(report)


def _apart(report: Report) -> Report:
    """The report without what was read for it: it crosses to another process, and a thousand are held at once."""
    claims = []
    for claim in report.claims:
        axes = {name: replace(axis, origin=None) for name, axis in claim.graded.axes.items()}
        claims.append(replace(claim, graded=replace(claim.graded, axes=axes)))
    return Report(report.path, claims, report.findings, report.suppressed, report.has_syntax_errors)


def _check(asked: Sequence[Asked], cache: CheckCache | None, processes: int | None) -> Iterator[Outcome]:
    work = partial(_one, cache=cache)
    count = min(processes or cores(), len(asked))
    if len(asked) < PARALLEL_FROM or count < 2:
        yield from map(work, asked)
        return
    # The first is checked here, so that the processes, where they are forks, begin with everything imported.
    yield work(asked[0])
    yield from _on_processes(work, asked[1:], count)


def _on_processes(work: Callable[[Asked], Outcome], asked: Sequence[Asked], count: int) -> Iterator[Outcome]:
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    at_once = max(1, min(_MOST_AT_ONCE, len(asked) // (4 * count)))
    pool = ProcessPoolExecutor(count, initializer=_leave_interrupts)
    try:
        yield from pool.map(work, asked, chunksize=at_once)
    except BrokenProcessPool:
        raise QSpecError(
            "A process that checked files was ended from outside, perhaps for want of memory.",
            hint="check with --jobs 1",
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_interrupts() -> None:
    """An interruption reaches every process of a terminal; only the first one answers it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
