"""Doing something again whenever one of some files changes."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NoReturn

import click

from qspec.errors import QSpecError

_SECONDS = 0.5
_CLEAR = "\x1b[2J\x1b[H"


def run_on_change(files: Callable[[], Iterable[Path]], action: Callable[[], object]) -> NoReturn:
    """Call `action` now, and again whenever a file that lies beside `files` appears, goes or changes.

    Ends when it is interrupted, by KeyboardInterrupt. An error is told and waited out.
    """
    seen: object = None
    while True:
        state = _state(files)
        if state != seen:
            seen = state
            if sys.stdout.isatty():
                click.echo(_CLEAR, nl=False)
            try:
                action()
            except QSpecError as error:
                click.echo(f"error: {error}", err=True)
            click.echo("watching; interrupt to end", err=True)
        time.sleep(_SECONDS)


def _state(files: Callable[[], Iterable[Path]]) -> frozenset[tuple[str, int, int]]:
    """Name, time and size of every spec beside those watched, since any of them may be used by one."""
    found = set()
    with contextlib.suppress(QSpecError, OSError):
        for folder in {path.parent for path in files()}:
            for path in folder.glob("*.qspec*"):
                with contextlib.suppress(OSError):
                    facts = path.stat()
                    found.add((str(path), facts.st_mtime_ns, facts.st_size))
    return frozenset(found)
