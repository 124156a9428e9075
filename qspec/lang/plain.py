"""Plain data with places: what a JSON or YAML text holds, before it means anything."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined]  # the scanner that `json` itself uses
from typing import Any

from qspec.errors import LimitError, QSpecError, cap
from qspec.lang.parse import MAX_DEPTH
from qspec.lang.source import Source, Span

MAX_VALUES = 100_000
"""Values that a twin may hold, keys not counted."""

Scalar = str | bool | int | Decimal | None


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a mapping and its place."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Plain:
    """A value and its place: a scalar, a list of values, or pairs of keys and values (a key may occur twice)."""

    value: Scalar | list[Plain] | list[tuple[Key, Plain]]
    span: Span
    mapping: bool = False

    @property
    def pairs(self) -> list[tuple[Key, Plain]]:
        """The pairs of a mapping; none of anything else."""
        return self.value if self.mapping else []  # type: ignore[return-value]


class PlainSyntaxError(QSpecError):
    """A text that is no JSON or no YAML; `span` is where reading stopped."""

    def __init__(self, message: str, span: Span, hint: str | None = None) -> None:
        self.span = span
        super().__init__(message, hint=hint)


_BLANK = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORDS: dict[str, Scalar] = {"true": True, "false": False, "null": None}


def number(text: str, whole: bool, span: Span) -> int | Decimal:
    """A number of plain data; raises `PlainSyntaxError` for one that is too long to compute with."""
    if len(text) > 64:
        raise PlainSyntaxError("This number is longer than 64 characters.", span)
    return int(text) if whole else Decimal(text)


def check_count(values: int, source: Source, offset: int) -> None:
    """Raise `LimitError` for more values than the cap."""
    most = cap("values", MAX_VALUES)
    if values > most:
        what = "The document holds more values than a spec may have"
        raise LimitError.over("values", most, what, place=source.place(offset))


def too_deep(source: Source, offset: int) -> LimitError:
    """The error for nesting that no person writes."""
    return LimitError(
        f"Values are nested more than {MAX_DEPTH} deep.",
        place=source.place(offset),
        hint="no document of the language is that deep",
    )


def read_json(source: Source) -> Plain:
    """The value of a JSON text (RFC 8259); raises `PlainSyntaxError` where it is none."""
    reader = _JSON(source)
    value = reader.value(0)
    reader.blank()
    if reader.at < len(source.text):
        raise reader.error("The document ends here, and more follows.")
    return value


class _JSON:
    def __init__(self, source: Source) -> None:
        self.source, self.text, self.at, self.values = source, source.text, 0, 0

    def error(self, message: str, hint: str | None = None) -> PlainSyntaxError:
        return PlainSyntaxError(message, Span(self.at, min(self.at + 1, len(self.text))), hint)

    def blank(self) -> str:
        """Skip white space; the sign that follows."""
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.text[self.at : self.at + 1]

    def value(self, depth: int) -> Plain:
        sign, start = self.blank(), self.at
        if depth > MAX_DEPTH:
            raise too_deep(self.source, start)
        self.values += 1
        check_count(self.values, self.source, start)
        if sign == "{":
            return self._object(depth)
        if sign == "[":
            return self._array(depth)
        if sign == '"':
            return self._string()
        found = _NUMBER.match(self.text, start)
        if found:
            self.at = found.end()
            span = Span(start, self.at)
            return Plain(number(found[0], not (found[1] or found[2]), span), span)
        for word, meaning in _WORDS.items():
            if self.text.startswith(word, start):
                self.at = start + len(word)
                return Plain(meaning, Span(start, self.at))
        came = f"`{sign}`" if sign else "the end of the file"
        raise self.error(f"A value is missing: {came} cannot begin one.", "strings stand in double quotes")

    def _string(self) -> Plain:
        start = self.at
        try:
            text, self.at = scanstring(self.text, start + 1, True)
        except JSONDecodeError as problem:
            self.at = problem.pos
            raise self.error("This string is not closed, or holds what a string cannot.") from None
        return Plain(text, Span(start, self.at))

    def _array(self, depth: int) -> Plain:
        start, items = self.at, []
        self.at += 1
        if self.blank() != "]":
            items.append(self.value(depth + 1))
            while self.blank() == ",":
                self.at += 1
                items.append(self.value(depth + 1))
        self._close("]", start)
        return Plain(items, Span(start, self.at))

    def _object(self, depth: int) -> Plain:
        start, pairs = self.at, []
        self.at += 1
        if self.blank() != "}":
            pairs.append(self._pair(depth))
            while self.blank() == ",":
                self.at += 1
                pairs.append(self._pair(depth))
        self._close("}", start)
        return Plain(pairs, Span(start, self.at), mapping=True)

    def _pair(self, depth: int) -> tuple[Key, Plain]:
        if self.blank() != '"':
            raise self.error("A key in double quotes must stand here.")
        key = self._string()
        if self.blank() != ":":
            raise self.error("A colon must stand between a key and its value.")
        self.at += 1
        return Key(str(key.value), key.span), self.value(depth + 1)

    def _close(self, sign: str, opened: int) -> None:
        if self.blank() != sign:
            line, _ = self.source.position(opened)
            raise self.error(f"A comma or `{sign}` must stand here, for what opens on line {line}.")
        self.at += 1


def to_data(plain: Plain) -> Any:
    """The data alone."""
    if plain.mapping:
        return {key.text: to_data(value) for key, value in plain.pairs}
    if isinstance(plain.value, list):
        return [to_data(part) for part in plain.value if isinstance(part, Plain)]
    return plain.value
