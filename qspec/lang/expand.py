"""Precision shorthands spelt out in the text: `W4A16 g128` becomes the block it stands for."""

from __future__ import annotations

from collections.abc import Iterator

from qspec.errors import QSpecError
from qspec.lang.diagnostic import Edit
from qspec.lang.edit import indentation, line_end, verified
from qspec.lang.load import Loaded, load_one
from qspec.lang.positions import Path
from qspec.lang.source import Source, Span
from qspec.lang.write import write_item
from qspec.model.executor import Executor
from qspec.model.precision import Precision
from qspec.model.shorthand import expand


def expand_text(source: Source) -> Source:
    """The source with every precision in full; raises `QSpecError` for a shorthand that nobody writes."""
    loaded = load_one(source)
    edits = [
        edit
        for path, executor in _executors(loaded)
        if (edit := expansion(loaded, path, executor)) is not None
    ]
    return verified(source, edits) if edits else source


def _executors(loaded: Loaded) -> Iterator[tuple[Path, Executor]]:
    for name, executor in loaded.document.executors.items():
        yield ("executors", name), executor
    for name, claim in loaded.document.claims.items():
        if claim.executor is not None:
            yield ("claims", name, "executor"), claim.executor


def expansion(loaded: Loaded, path: Path, executor: Executor) -> Edit | None:
    """The edit that spells out the precision of the executor at `path`; None where it is no shorthand."""
    precision, source = executor.precision, loaded.source
    if not isinstance(precision, Precision) or precision.shorthand is None:
        return None
    here = (*path, "precision")
    span = Span(loaded.positions.key(here).start, loaded.positions.of(here).end)
    try:
        full = expand(precision)
    except QSpecError as problem:
        raise QSpecError(problem.message, place=source.place(span.start), hint=problem.hint) from None
    if any(span.start <= comment.start < span.end for comment in loaded.tree.comments):
        raise QSpecError(
            "A comment stands inside this precision, and would be lost when it is spelt out.",
            place=source.place(span.start),
            hint="move the comment above the item",
        )
    line = source.line(source.position(span.start)[0])
    margin = line[: len(line) - len(line.lstrip())]
    written = write_item("precision", full, margin, unit=indentation(source, loaded.tree))
    return Edit(span, written[len(margin) :].replace("\n", line_end(source.text)))
