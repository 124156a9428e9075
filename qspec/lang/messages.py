"""What a syntax error means, in words: from what the parser would have taken and what came instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lark import Token

from qspec.lang.diagnostic import Diagnostic, Related, Severity
from qspec.lang.source import Source, Span
from qspec.lang.tree import TermNode, Word

_WORDS = {
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
_RELATIONS = frozenset({"LE", "LT", "GE", "GT", "EQ", "NE"})
_VALUE_STARTS = frozenset({"NAME", "NUMBER", "STRING", "LBRACKET"})
_ENDS = frozenset({"_NEWLINE", "RBRACE", "$END", "COMMA"})


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
    def previous(self) -> Any:
        """What the parser holds last, or None."""
        return self.stack[-1] if self.stack else None


def describe(trouble: Trouble) -> Diagnostic | None:
    """The diagnostic for a place where the parser stopped."""
    for explain in (
        _character,
        _end_of_file,
        _closing,
        _no_value,
        _no_bound,
        _no_colon,
        _separator,
        _list,
        _generic,
    ):
        answer = explain(trouble)
        if answer is not None:
            message, hint, *related = answer
            start = trouble.start
            if trouble.kind == "_NEWLINE":
                start = _end_of_text(trouble.source, start)
            span = Span(start, max(trouble.end if trouble.kind != "_NEWLINE" else start, start))
            return Diagnostic(
                "QS001",
                "syntax-error",
                Severity.ERROR,
                message,
                span,
                trouble.source,
                help=hint,
                related=tuple(related),
            )
    return None


def _end_of_text(source: Source, start: int) -> int:
    """Just behind the last character that is neither blank nor comment on the line of `start`."""
    line, column = source.position(start)
    written = source.line(line)[: column - 1].rstrip()
    return start - (column - 1) + len(written)


Answer = tuple[Any, ...] | None


def _character(trouble: Trouble) -> Answer:
    """A sign that no token begins with here."""
    if trouble.kind != "CHARACTER":
        return None
    text, at = trouble.source.text, trouble.start
    sign = text[at]
    if text.startswith('"""', at):
        return "This prose is never closed.", 'close it with """'
    if sign == '"':
        if '"' in text[at + 1 : _line_end(text, at)]:
            return "A string cannot stand here.", _expected(trouble)
        return (
            "This string is not closed on its line.",
            'end it with ", or use """ for prose over several lines',
        )
    if sign == "'":
        return "Strings stand in double quotes.", 'write "…"'
    if sign == "=":
        return "`=` is no sign of the language.", "write `name: value` for an item, and `==` to compare"
    if sign.isdigit():
        return (
            "This number runs into what follows.",
            "put a blank between a number and its unit: `1.2 x baseline`, `25 ms`",
        )
    if sign in "{}[]():,@%|<>":
        return f"`{sign}` cannot stand here.", _expected(trouble)
    if not sign.isprintable():
        return f"The character U+{ord(sign):04X} cannot stand here.", "remove it"
    return f"`{sign}` cannot stand here.", _expected(trouble)


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _end_of_file(trouble: Trouble) -> Answer:
    if trouble.kind != "$END":
        return None
    opened = [t for t in trouble.stack if isinstance(t, Token) and t.type in {"LBRACE", "LBRACKET", "LPAR"}]
    if not opened:
        return None
    source = trouble.source
    guilty, hint = opened[-1], "close it with a matching bracket"
    for token in opened:
        outside = _first_line_outside(source, int(token.start_pos or 0))
        if outside is not None:
            guilty, hint = (
                token,
                f"line {outside} is indented as if it stood outside; close the block before it",
            )
            break
    start = int(guilty.start_pos or 0)
    line, _ = source.position(start)
    closing = {"{": "}", "[": "]", "(": ")"}[str(guilty)]
    return (
        f"The `{guilty}` opened on line {line} is never closed.",
        f"{hint}: `{closing}`" if outside_is_plain(hint) else hint,
        Related(Span(start, start + 1), "opened here"),
    )


def outside_is_plain(hint: str) -> bool:
    """Whether the hint names no line, so that the bracket itself should be named."""
    return not hint.startswith("line ")


def _first_line_outside(source: Source, opened: int) -> int | None:
    """The first later line indented no deeper than the line that opens the block."""
    line, _ = source.position(opened)
    text = source.line(line)
    indent = len(text) - len(text.lstrip())
    for number in range(line + 1, len(source.line_starts) + 1):
        text = source.line(number)
        written = text.strip()
        if written and not written.startswith("#") and len(text) - len(text.lstrip()) <= indent:
            return None if written.startswith("}") else number
    return None


def _closing(trouble: Trouble) -> Answer:
    if trouble.kind != "RBRACE" or any(isinstance(t, Token) and t.type == "LBRACE" for t in trouble.stack):
        return None
    return "This `}` closes nothing.", "remove it, or open the block it should close"


def _key(trouble: Trouble) -> str | None:
    """The name of the item that is being read, if it is a plain one."""
    for part in reversed(trouble.stack):
        if isinstance(part, TermNode):
            return part.name.text
        if isinstance(part, Word):
            return part.text
        if isinstance(part, Token) and part.type == "NAME":
            return str(part)
    return None


def _no_value(trouble: Trouble) -> Answer:
    previous = trouble.previous
    if not (isinstance(previous, Token) and previous.type == "COLON") or trouble.kind not in _ENDS:
        return None
    key = _key(trouble)
    return (
        f"`{key}:` has no value." if key else "A value is missing after `:`.",
        "write the value, or `unstated` if the source does not say",
    )


def _no_bound(trouble: Trouble) -> Answer:
    previous = trouble.previous
    if trouble.accepts == {"NUMBER"}:
        after = f" after `{previous}`" if isinstance(previous, Token) else ""
        return (
            f"A number must stand{after}, and {trouble.found} came.",
            "write a bound with its unit, for example `1 pp`",
        )
    return None


def _no_colon(trouble: Trouble) -> Answer:
    """`key value` with nothing between them."""
    if "LBRACE" not in trouble.accepts or "COLON" in trouble.accepts:
        if "COLON" in trouble.accepts and trouble.kind in {"NUMBER", "STRING", "LBRACKET", "DATE", *_ENDS}:
            key = _key(trouble)
            if trouble.kind in _ENDS:
                return (
                    f"`{key}` stands alone.",
                    "an item is `name: value`, `name { … }`, or an assertion with a bound",
                )
            return f"A colon is missing after `{key}`.", f"write `{key}: …`"
        return None
    if trouble.accepts & _RELATIONS:
        return None
    names = [str(p) if isinstance(p, Token) else getattr(p, "text", "") for p in trouble.stack[-2:]]
    if len(names) == 2 and all(names) and trouble.kind != "COLON":
        return (
            f"`{names[0]} {names[1]}` needs a colon or a block.",
            f"write `{names[0]}: {names[1]}`, or `{names[0]} {names[1]} {{ … }}`",
        )
    return None


def _separator(trouble: Trouble) -> Answer:
    """A new item on the line of the last one."""
    if (
        "_NEWLINE" in trouble.accepts
        and "RBRACKET" not in trouble.accepts
        and trouble.kind in {"NAME", "COLON", "NUMBER"}
    ):
        if trouble.kind == "COLON":
            return "This `:` begins a second item in one.", "put a comma or a new line between two items"
        return f"{trouble.found} cannot follow here.", "put a comma or a new line between two items"
    return None


def _list(trouble: Trouble) -> Answer:
    for sign, opening in (("RBRACKET", "["), ("RPAR", "(")):
        if sign in trouble.accepts and "COMMA" in trouble.accepts:
            start = next(
                (
                    int(t.start_pos or 0)
                    for t in reversed(trouble.stack)
                    if isinstance(t, Token) and str(t) == opening
                ),
                None,
            )
            related = (Related(Span(start, start + 1), "opened here"),) if start is not None else ()
            return (
                f"Expected a comma or {_WORDS[sign]}, and found {trouble.found}.",
                f"separate what stands between {_WORDS['LBRACKET' if opening == '[' else 'LPAR']} and {_WORDS[sign]} by commas",
                *related,
            )
    return None


def _expected(trouble: Trouble) -> str:
    return "expected " + _choices(trouble.accepts)


def _choices(accepts: frozenset[str]) -> str:
    words: list[str] = []
    rest = set(accepts)
    if rest >= _VALUE_STARTS:
        words.append("a value")
        rest -= _VALUE_STARTS | {"PROSE", "DATE", "NOT", "LPAR", "LBRACE"} | _RELATIONS
    if len(rest & _RELATIONS) > 2:
        words.append("a relation (`<=`, `>=`, `==`, …)")
        rest -= _RELATIONS
    if {"_NEWLINE", "COMMA"} <= rest:
        words.append("the end of the item")
        rest -= {"_NEWLINE", "COMMA", "RBRACE", "$END"}
    words += sorted(_WORDS.get(kind, kind.lower()) for kind in rest)
    if len(words) > 6:
        words = [*words[:6], "…"]
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]


def _generic(trouble: Trouble) -> Answer:
    return f"{trouble.found[0].upper()}{trouble.found[1:]} cannot stand here.", _expected(trouble)
