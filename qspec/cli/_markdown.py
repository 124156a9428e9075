"""Markdown of our own making, laid out for a terminal: wrapped to its width, and coloured where that is asked for."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

import click

_CODE = re.compile(r"`([^`]+)`")
_STRONG = re.compile(r"\*\*([^*]+)\*\*")
_SLANTED = re.compile(r"(?<![*\w])\*([^*]+)\*(?!\w)")
_LEAST_CELL = 8
_BLOCKS = ("- ", "#", "|", "```")


def layout(markdown: str, width: int, *, colour: bool) -> str:
    """The lines of a text in Markdown: headings, paragraphs, lists, tables and code."""
    return "\n".join(line.rstrip() for line in _lines(markdown.strip().split("\n"), width, colour)) + "\n"


def _lines(lines: list[str], width: int, colour: bool) -> Iterator[str]:
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("```"):
            at += 1
            while at < len(lines) and not lines[at].startswith("```"):
                yield f"    {_styled(lines[at], colour, fg='cyan')}"
                at += 1
        elif line.startswith("|"):
            end = at
            while end < len(lines) and lines[end].startswith("|"):
                end += 1
            yield from _table(
                [_cells(row) for row in lines[at:end] if not row.startswith("| ---")], width, colour
            )
            at = end - 1
        elif line.startswith("#"):
            yield _styled(line.lstrip("# "), colour, bold=True, underline=line.startswith("# "))
        elif not line:
            yield ""
        else:
            end = at + 1
            while end < len(lines) and lines[end] and not lines[end].startswith(_BLOCKS):
                end += 1
            text, (first, then) = " ".join(lines[at:end]), ("- ", "  ") if line.startswith("- ") else ("", "")
            yield from _wrapped(text.removeprefix(first), width, colour, first, then)
            at = end - 1
        at += 1


def _wrapped(text: str, width: int, colour: bool, first: str = "", then: str = "") -> Iterator[str]:
    """Lines of a paragraph; marks are taken out before wrapping and colours put in after it."""
    wrapped = textwrap.wrap(
        _glued(text, width - len(then)),
        width,
        initial_indent=first,
        subsequent_indent=then,
        break_on_hyphens=False,
    )
    return (_inline(line.replace("\0", " "), colour) for line in wrapped)


def _glued(text: str, width: int) -> str:
    """The text with the blanks inside code and emphasis made unbreakable, where that fits into a line."""

    def glue(match: re.Match[str]) -> str:
        return match[0].replace(" ", "\0") if len(match[0]) <= width else match[0]

    for pattern in (_CODE, _STRONG, _SLANTED):
        text = pattern.sub(glue, text)
    return text


def _inline(text: str, colour: bool) -> str:
    if not colour:
        return _SLANTED.sub(r"\1", _STRONG.sub(r"\1", _CODE.sub(r"`\1`", text)))
    text = _STRONG.sub(lambda match: click.style(match[1], bold=True), text)
    text = _SLANTED.sub(lambda match: click.style(match[1], italic=True), text)
    return _CODE.sub(lambda match: click.style(match[1], fg="cyan"), text)


def _styled(text: str, colour: bool, **style: object) -> str:
    return click.style(text, **style) if colour else text  # type: ignore[arg-type]


def _cells(row: str) -> list[str]:
    inner = row.strip().removeprefix("|").removesuffix("|")
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", inner)]


def _table(rows: list[list[str]], width: int, colour: bool) -> Iterator[str]:
    """A table whose last column takes what room is left; one that does not fit becomes a list of its rows."""
    plain = [[_inline(cell, False) for cell in row] for row in rows]
    sizes = [max(len(row[column]) for row in plain) for column in range(len(rows[0]))]
    room = width - 2 * (len(sizes) - 1)
    while sum(sizes) > room and max(sizes) > _LEAST_CELL:
        sizes[sizes.index(max(sizes))] -= 1
    for number, row in enumerate(rows):
        parts = [list(_wrapped(cell, size, False)) or [""] for cell, size in zip(row, sizes, strict=True)]
        for index in range(max(map(len, parts))):
            cells = [part[index] if index < len(part) else "" for part in parts]
            padded = "  ".join(f"{cell:<{size}}" for cell, size in zip(cells, sizes, strict=True)).rstrip()
            yield _styled(padded, colour, bold=True) if number == 0 else _inline(padded, colour)
