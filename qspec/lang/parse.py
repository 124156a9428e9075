"""Text to syntax tree, with every syntax error of the file reported once, each where it is."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from qspec.errors import LimitError, cap
from qspec.lang import grammar
from qspec.lang.diagnostic import Diagnostic, Edit, Fix, Severity
from qspec.lang.engine import Token, UnexpectedInput
from qspec.lang.source import Source, Span
from qspec.lang.tree import Block, Comment, SyntaxTree

MAX_DEPTH = 64
MAX_TOKENS = 50_000
"""Words, signs and lines that a document may have: some 300 KB of what people write, read in about a second."""

MAX_TOKEN_LENGTH = 100_000
"""Characters of one word, string, prose or comment."""
MAX_BAD = 200

_KNOWN_ESCAPE = (
    r"\\(?:[\\\"nrt]|u\{(?!0*[dD][89a-fA-F][0-9a-fA-F]{2}\})0*(?:10|[0-9a-fA-F])?[0-9a-fA-F]{1,4}\})"
)
_BAD_ESCAPE = re.compile(rf"(?:[^\\]|{_KNOWN_ESCAPE})*+(\\(?:u\{{[^}}\"\r\n]*\}}?|.))", re.DOTALL)
_HIDDEN = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Signs that a terminal obeys, or that show a line in another order than it is read in."""
# Strings end with their line at the latest, and nothing backtracks, so that the survey is linear in the text.
_TOKENS = re.compile(
    r'"""(?:[^"\\]|\\[\s\S]|"(?!""))*+(?:""")?|"(?:[^"\\\r\n]|\\[^\r\n])*+"?|#[^\n]*+|\n|[\w.+-]++|[^\w\s.+-]'
)


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
    depth = 0
    errors: list[Diagnostic] = []
    most, longest = cap("tokens", MAX_TOKENS), cap("token-length", MAX_TOKEN_LENGTH)
    for number, match in enumerate(_TOKENS.finditer(source.text)):
        if number >= most:
            what = "The document has more words, signs and lines than a spec may have"
            raise LimitError.over("tokens", most, what, place=source.place(match.start()))
        if match.end() - match.start() > longest:
            what = "A word, a string or a comment is longer than any in a spec"
            raise LimitError.over("token-length", longest, what, place=source.place(match.start()))
        sign = match[0][0]
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
        elif sign in '"#' and not match[0].isprintable():
            hidden = islice(_HIDDEN.finditer(source.text, *match.span()), max(MAX_BAD - len(errors), 0))
            errors += [_hidden(source, found) for found in hidden]
        if sign == '"' and "\\" in match[0]:
            for escape in islice(_bad_escapes(match[0]), max(MAX_BAD - len(errors), 0)):
                errors.append(_bad_escape(source, match.start() + escape.start(1), escape[1]))
    return errors


def _hidden(source: Source, sign: re.Match[str]) -> Diagnostic:
    span, number = Span(sign.start(), sign.end()), ord(sign[0])
    return Diagnostic(
        "QS001",
        "syntax-error",
        Severity.ERROR,
        f"The character U+{number:04X} cannot be seen, and may make a line look like another.",
        span,
        source,
        help=f"remove it, or write `\\u{{{number:x}}}` in a string",
        fixes=(Fix("Write it as an escape", (Edit(span, f"\\u{{{number:x}}}"),)),),
    )


def _bad_escapes(text: str) -> Iterator[re.Match[str]]:
    """The escapes that mean nothing; each search begins where the last ended, and so never amid an escape."""
    found = _BAD_ESCAPE.match(text)
    while found:
        yield found
        found = _BAD_ESCAPE.match(text, found.end())


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
