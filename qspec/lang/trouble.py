"""A place where the parser could not go on, and the words for what it would have taken there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qspec.lang.engine import Token
from qspec.lang.source import Source

WORDS = {
    "NAME": "a name",
    "NUMBER": "a number",
    "STRING": "a string",
    "PROSE": "prose",
    "DATE": "a date",
    "LBRACE": "`{`",
    "RBRACE": "`}`",
    "LBRACKET": "`[`",
    "RBRACKET": "`]`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "COLON": "`:`",
    "COMMA": "a comma",
    "PIPE": "`|`",
    "PIN": "`@`",
    "PERCENT": "`%`",
    "PER_SECOND": "`/s`",
    "RANGE": "`..`",
    "PLUS_MINUS": "`+-`",
    "_NEWLINE": "a new line",
    "FROM": "`from`",
    "ON": "`on`",
    "FOR": "`for`",
    "EACH": "`each`",
    "AT": "`at`",
    "EXPECT": "`expect`",
    "OF": "`of`",
    "PER": "`per`",
    "TIMES": "`x`",
    "AND": "`and`",
    "OR": "`or`",
    "NOT": "`not`",
    "IN": "`in`",
    "$END": "the end of the file",
}
RELATIONS = frozenset({"LE", "LT", "GE", "GT", "EQ", "NE"})
_VALUE_STARTS = frozenset({"NAME", "NUMBER", "STRING", "LBRACKET"})


@dataclass(frozen=True)
class Trouble:
    """A place where the parser could not go on: what came, what it would have taken, what it holds."""

    source: Source
    start: int
    end: int
    kind: str
    accepts: frozenset[str]
    stack: list[Any]

    @property
    def found(self) -> str:
        """What came, as a person would name it."""
        if self.kind in {"_NEWLINE", "$END"}:
            return "the end of the line" if self.kind == "_NEWLINE" else "the end of the file"
        return f"`{self.source.text[self.start : self.end]}`"

    @property
    def behind(self) -> int:
        """Where the last thing ends that the parser took before it stopped, line ends aside."""
        return next((end for part in reversed(self.stack) if (end := _end(part))), 0)

    @property
    def previous(self) -> Any:
        """What the parser holds last, or None."""
        return self.stack[-1] if self.stack else None


def _end(part: Any) -> int:
    """The end of a token, of a node, or of a repetition that the parser has not reduced to a node yet."""
    if isinstance(part, Token):
        return int(part.end_pos or 0) if part.type != "_NEWLINE" else 0
    repeated = getattr(part, "children", part if isinstance(part, list) else None)
    if repeated is not None:
        return max(map(_end, repeated), default=0)
    return int(getattr(part, "end", 0))


def expected(trouble: Trouble) -> str:
    """What would have been taken, as a hint."""
    return "expected " + _choices(trouble.accepts)


def _choices(accepts: frozenset[str]) -> str:
    words: list[str] = []
    rest = set(accepts)
    if rest >= _VALUE_STARTS:
        words.append("a value")
        rest -= _VALUE_STARTS | {"PROSE", "DATE", "NOT", "LPAR", "LBRACE"} | RELATIONS
    if len(rest & RELATIONS) > 2:
        words.append("a relation (`<=`, `>=`, `==`, …)")
        rest -= RELATIONS
    if {"_NEWLINE", "COMMA"} <= rest:
        words.append("the end of the item")
        rest -= {"_NEWLINE", "COMMA", "RBRACE", "$END"}
    words += sorted(WORDS.get(kind, kind.lower()) for kind in rest)
    if len(words) > 6:
        words = [*words[:6], "…"]
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]
