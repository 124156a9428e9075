"""Edits by splices over the author's own text: what stands outside them stays as it is, byte for byte."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from qspec.errors import Place, QSpecError
from qspec.lang.diagnostic import Edit
from qspec.lang.shape import Block as BlockNoun
from qspec.lang.source import Source, Span, read_source
from qspec.lang.tree import Block, Section, SyntaxTree
from qspec.lang.write import write_section
from qspec.model.document import Document

_BOM = b"\xef\xbb\xbf"


def apply(text: str, edits: Iterable[Edit]) -> str:
    """`text` with every edit made; raises `QSpecError` when two overlap or one lies outside the text.

    Insertions at one place are made in the order they are given.
    """
    parts: list[str] = []
    done = 0
    for edit in sorted(edits, key=lambda edit: edit.span):
        start, end = edit.span
        if not 0 <= start <= end <= len(text):
            raise QSpecError(f"An edit of characters {start} to {end} lies outside the text of {len(text)}.")
        if start < done:
            raise QSpecError(
                f"Two edits overlap at character {start}.",
                hint="make them one after the other, or one of them",
            )
        parts += [text[done:start], edit.text]
        done = end
    return "".join([*parts, text[done:]])


def verified(source: Source, edits: Iterable[Edit], expected: Document | None = None) -> Source:
    """The edited source, read again: raises `QSpecError` when it has new errors or is not the `expected` document."""
    from qspec.lang.load import load_one

    edited = Source(source.path, apply(source.text, edits))
    before, after = load_one(source), load_one(edited)
    if len(after.errors) > len(before.errors):
        known = {(error.code, error.message) for error in before.errors}
        new = next((e for e in after.errors if (e.code, e.message) not in known), after.errors[0])
        raise QSpecError(
            f"The edit would break the file: {new.message}",
            place=edited.place(new.span.start),
            hint="nothing was written",
        )
    if expected is not None and after.document != expected:
        raise QSpecError(
            "The edited file would not say what it should.",
            place=Place(source.path),
            hint="nothing was written",
        )
    return edited


def rewrite(path: Path, source: Source, edited: Source) -> None:
    """Write an edited source over its file in one step, unless the file has changed since it was read.

    A byte-order mark and the file's permissions are kept.
    """
    if read_source(path).text != source.text:
        raise QSpecError(
            "The file has changed since it was read.", place=Place(str(path)), hint="run the command again"
        )
    target = path.resolve()
    with target.open("rb") as stream:
        head = stream.read(3)
    data = (_BOM if head == _BOM else b"") + edited.text.encode("utf-8")
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            Path(name).chmod(target.stat().st_mode & 0o7777)
            Path(name).replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise QSpecError(f"The file cannot be written: {error.strerror}.", place=Place(str(path))) from None


# Sections ----------------------------------------------------------------------------------------


def find_section(block: Block, keyword: str, label: str | None = None) -> Section | None:
    """The first section `keyword [label]` that stands directly in a block."""
    for item in block.items:
        if isinstance(item, Section) and item.head.name.text == keyword:
            named = item.label.text if item.label is not None else None
            if named == label:
                return item
    return None


def append_section(source: Source, tree: SyntaxTree, block: Block, keyword: str, noun: BlockNoun) -> Edit:
    """The edit that adds `keyword { … }` at the end of a block, as its author indents and ends lines."""
    newline, unit = line_end(source.text), indentation(source, tree)
    if block is tree.root:
        written = write_section(keyword, noun, unit=unit).replace("\n", newline)
        end = len(source.text)
        gap = "" if not source.text.strip() else newline if source.text.endswith("\n") else newline * 2
        return Edit(Span(end, end), f"{gap}{written}{newline}")
    outer = _margin(source, block.start)
    inner = next(
        (m for m in (_own_margin(source, i.start) for i in block.items) if m is not None), outer + unit
    )
    written = write_section(keyword, noun, inner, unit=unit).replace("\n", newline)
    gap = newline if block.items else ""
    closing = block.end - 1
    line_start = source.text.rfind("\n", 0, closing) + 1
    if not source.text[line_start:closing].strip() and line_start > block.start:
        return Edit(Span(line_start, line_start), f"{gap}{written}{newline}")
    last = max((item.end for item in block.items), default=block.start + 1)
    between = source.text[last:closing]
    if between.strip():  # a comma stands there
        last = closing
    return Edit(Span(last, closing), f"{newline}{gap}{written}{newline}{outer}")


def replace_section(
    source: Source, tree: SyntaxTree, section: Section, keyword: str, noun: BlockNoun
) -> Edit:
    """The edit that puts `keyword { … }` in the place of a section, as its author indents and ends lines."""
    margin = _margin(source, section.start)
    written = write_section(keyword, noun, margin, unit=indentation(source, tree))
    return Edit(section.span, written[len(margin) :].replace("\n", line_end(source.text)))


def line_end(text: str) -> str:
    """The line end that most lines of a text have."""
    crlf = text.count("\r\n")
    return "\r\n" if crlf * 2 > text.count("\n") else "\n"


def indentation(source: Source, tree: SyntaxTree) -> str:
    """What each deeper block adds to the indentation, by the first indented item; two blanks where there is none."""
    for item in tree.root.items:
        if isinstance(item, Section):
            outer = _margin(source, item.start)
            for part in item.block.items:
                inner = _own_margin(source, part.start)
                if inner is not None and inner.startswith(outer) and len(inner) > len(outer):
                    return inner[len(outer) :]
    return "  "


def _margin(source: Source, offset: int) -> str:
    """The white space that begins the line of an offset."""
    line = source.line(source.position(offset)[0])
    return line[: len(line) - len(line.lstrip())]


def _own_margin(source: Source, offset: int) -> str | None:
    """The same, where nothing but white space stands before the offset."""
    margin = _margin(source, offset)
    return margin if source.position(offset)[1] == len(margin) + 1 else None
