"""Splices into YAML and JSON twins: one value put at its path, every other character kept."""

from __future__ import annotations

import json
from pathlib import Path as FilePath
from typing import Any

from qspec.lang.diagnostic import Edit
from qspec.lang.edit import line_end
from qspec.lang.load import TWINS, Loaded
from qspec.lang.positions import Path
from qspec.lang.source import Source, Span


def is_twin(source: Source) -> bool:
    """Whether a text is a YAML or JSON twin, by the ending of its path."""
    return FilePath(source.path).suffix.lower() in TWINS


def put(loaded: Loaded, path: Path, value: Any) -> Edit:
    """The edit that makes `value`, plain data, what stands at `path`: in place of what is there, or behind its siblings.

    Mappings on the way that are not there are made. The whole is to be read again by `verified`, as every edit is.
    """
    values = loaded.positions.values
    if path in values:
        return _replaced(loaded.source, values[path], value)
    at = path
    while at not in values:
        at, value = at[:-1], {at[-1]: value}
    ((key, inner),) = value.items()
    return _appended(loaded, at, str(key), inner)


def _replaced(source: Source, span: Span, value: Any) -> Edit:
    if _is_flow(source, span):
        return Edit(span, _flow(source, value, _column(source, span.start)))
    margin = " " * _column(source, span.start)
    return Edit(span, _block(source, value, margin).strip())


def _appended(loaded: Loaded, at: Path, key: str, value: Any) -> Edit:
    """A pair at the end of the mapping at a path."""
    source, span = loaded.source, loaded.positions.values[at]
    first = min((s.start for p, s in loaded.positions.keys.items() if p[:-1] == at), default=None)
    if _is_flow(source, span):
        closing = span.end - 1
        written = _flow(source, {key: value}, _column(source, span.start))[1:-1]
        if first is None:
            return Edit(Span(closing, closing), written)
        last = len(source.text[:closing].rstrip())
        return Edit(Span(last, closing), f",{written}")
    newline = line_end(source.text)
    margin = " " * _column(source, first if first is not None else span.start)
    end = source.text.find("\n", max(span.end - 1, 0)) + 1
    gap = "" if end else newline
    end = end or len(source.text)
    return Edit(Span(end, end), f"{gap}{margin}{_block(source, {key: value}, margin).strip()}{newline}")


def _is_flow(source: Source, span: Span) -> bool:
    return source.text[span.start : span.start + 1] in {"{", "["}


def _column(source: Source, offset: int) -> int:
    """How far the line of an offset is indented, or in a block how far the offset is from its beginning."""
    line = source.text[source.text.rfind("\n", 0, offset) + 1 :]
    if source.text[offset : offset + 1] in {"{", "["}:
        return len(line) - len(line.lstrip(" "))
    return source.position(offset)[1] - 1


def _flow(source: Source, value: Any, indent: int) -> str:
    """JSON, which YAML reads too: on one line where the whole text is."""
    if "\n" not in source.text.strip():
        return json.dumps(value, ensure_ascii=False)
    lines = json.dumps(value, indent=2, ensure_ascii=False).split("\n")
    return f"{line_end(source.text)}{' ' * indent}".join(lines)


def _block(source: Source, value: Any, margin: str) -> str:
    """Lines of YAML behind a margin."""
    from qspec.lang.plain_yaml import dump

    return line_end(source.text).join(margin + line if line else line for line in dump(value).splitlines())
