"""Errors raised while a spec is carried out point at the line of the spec that asked for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from qspec.errors import QSpecError
from qspec.lang.resolve import Origin


@contextmanager
def located(origin: Origin) -> Iterator[None]:
    """Give errors that name no line the place of `origin`."""
    try:
        yield
    except QSpecError as error:
        if error.place is None or error.place.line == 0:
            error.place = origin.loaded.source.place(origin.span.start)
            error.spot = origin.loaded.source, origin.span
        raise
