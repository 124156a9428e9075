"""Layout while somebody types: the one item around the cursor, by splices, and nothing beside it."""

from __future__ import annotations

import difflib

from qspec.errors import SpecSyntaxError
from qspec.lang.diagnostic import Edit
from qspec.lang.edit import verified
from qspec.lang.format import format_text
from qspec.lang.load import load_one
from qspec.lang.parse import parse
from qspec.lang.source import Source, Span


def format_around(source: Source, offset: int) -> list[Edit]:
    """The edits that lay out the item of the document in which character `offset` stands, or which ends there.

    An editor asks for them behind a `}` or a new line. Nothing is to be done, and nothing returned, outside every item
    and in a document that does not parse, as most do while they are typed. What the edits leave untouched stays byte
    for byte, and the edited document says what it said. Raises `QSpecError` where `format_text` does.
    """
    items = parse(source).tree.root.items
    index = next((i for i, item in enumerate(items) if item.start <= offset <= item.end), None)
    if index is None:
        return []
    try:
        written = Source(source.path, format_text(source))
    except SpecSyntaxError:
        return []
    start, end = items[index].start, items[index].end
    laid_out = parse(written).tree.root.items[index]
    edits = _differences(source.text[start:end], written.text[laid_out.start : laid_out.end], start)
    verified(source, edits, load_one(source).document)
    return edits


def _differences(old: str, new: str, start: int) -> list[Edit]:
    """The edits, line by line, that make `old`, which begins at character `start`, into `new`."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    at = [start]
    for line in before:
        at.append(at[-1] + len(line))
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    return [
        Edit(Span(at[low], at[high]), "".join(after[first:last]))
        for kind, low, high, first, last in matcher.get_opcodes()
        if kind != "equal"
    ]
