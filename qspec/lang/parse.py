"""Text to syntax tree, with every syntax error of the file reported once, each where it is."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lark import Token
from lark.exceptions import UnexpectedInput

from qspec.errors import LimitError
from qspec.lang import grammar
from qspec.lang.diagnostic import Diagnostic, Edit, Fix, Severity
from qspec.lang.source import Source, Span
from qspec.lang.tree import Block, Comment, SyntaxTree

MAX_DEPTH = 64

_ESCAPE = re.compile(r"\\(?:u\{[^}\"\r\n]*\}?|.)", re.DOTALL)
_KNOWN_ESCAPE = re.compile(
    r"\\(?:[\\\"nrt]|u\{(?!0*[dD][89a-fA-F][0-9a-fA-F]{2}\})0*(?:10|[0-9a-fA-F])?[0-9a-fA-F]{1,4}\})"
)
_BRACKETS = re.compile(r'[\[({]|[\])}]|"""[\s\S]*?"""|"(?:[^"\\\r\n]|\\.)*"|#[^\n]*')


@dataclass(frozen=True)
class Parsed:
    """A tree of what could be read, and a diagnostic for each thing that could not."""

    source: Source
    tree: SyntaxTree
    errors: list[Diagnostic]


def parse(source: Source) -> Parsed:
    """Parse a document; never raises for what stands in the text but for its caps (`LimitError`)."""
    misspelled = _survey(source)
    with grammar.lock, _no_garbage_collection():
        grammar.comments.clear()
        grammar.builder.measures.clear()
        errors: list[Diagnostic] = []
        try:
            root: Block = grammar.parser().parse(source.text)  # type: ignore[assignment]
        except UnexpectedInput:
            from qspec.lang.recover import parse_with_recovery

            grammar.comments.clear()
            grammar.builder.measures.clear()
            root, errors = parse_with_recovery(source)
        comments = _comments(grammar.comments)
        measures = list({number.start: number for number in grammar.builder.measures}.values())
    errors = sorted([*errors, *misspelled], key=lambda error: error.span)
    return Parsed(source, SyntaxTree(root, comments, measures), errors)


def _comments(tokens: list[Token]) -> list[Comment]:
    found = {int(t.start_pos or 0): str(t) for t in tokens}  # recovery may lex a stretch twice
    return [Comment(start, start + len(text), text) for start, text in sorted(found.items())]


def _survey(source: Source) -> list[Diagnostic]:
    """Refuse nesting that no person writes, before it costs time or stack; find escapes that mean nothing."""
    depth, errors = 0, []
    for match in _BRACKETS.finditer(source.text):
        sign = source.text[match.start()]
        if sign in "[({":
            depth += 1
            if depth > MAX_DEPTH:
                raise LimitError(
                    f"Brackets are nested more than {MAX_DEPTH} deep.",
                    place=source.place(match.start()),
                    hint="a spec of that depth says nothing that a flatter one cannot; name the inner parts",
                )
        elif sign in "])}":
            depth -= 1 if depth else 0
        elif sign == '"' and "\\" in match[0]:
            errors += [
                _bad_escape(source, match.start() + escape.start(), escape[0])
                for escape in _ESCAPE.finditer(match[0])
                if not _KNOWN_ESCAPE.fullmatch(escape[0])
            ]
    return errors


def _bad_escape(source: Source, start: int, escape: str) -> Diagnostic:
    span = Span(start, start + len(escape))
    return Diagnostic(
        "QS001",
        "syntax-error",
        Severity.ERROR,
        f"`{escape}` is no escape.",
        span,
        source,
        help='write `\\\\` for a backslash; the escapes are `\\\\`, `\\"`, `\\n`, `\\r`, `\\t` and `\\u{1F600}`',
        fixes=(Fix("Write a backslash", (Edit(Span(start, start + 1), "\\\\"),), safe=True),),
    )


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """A parse makes many objects and no cycles; collecting meanwhile costs a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
