"""What a syntax error means, in words: from what the parser would have taken and what came instead."""

from __future__ import annotations

import re
from typing import Any

from qspec.lang.diagnostic import Diagnostic, Related, Severity
from qspec.lang.engine import Token
from qspec.lang.source import Source, Span
from qspec.lang.tree import Number, TermNode, Word
from qspec.lang.trouble import RELATIONS, WORDS, Trouble, expected
from qspec.model.document import LANGUAGE_VERSION

_FIGURE = re.compile(r"[+-]?\d[\w.]*")
_RUN_TOGETHER = re.compile(r"([+-]?\d+(?:\.\d+)?)([^\W\d][\w/]*)")
_BLANK_BEFORE_UNIT = "put a blank between a number and its unit: `1.2 x baseline`, `25 ms`"
_ENDS = frozenset({"_NEWLINE", "RBRACE", "$END", "COMMA"})


def describe(trouble: Trouble) -> Diagnostic | None:
    """The diagnostic for a place where the parser stopped."""
    for explain in (
        _character,
        _end_of_file,
        _closing,
        _no_value,
        _no_bound,
        _no_name,
        _no_colon,
        _separator,
        _lone_number,
        _unclosed,
        _list,
        _generic,
    ):
        answer = explain(trouble)
        if answer is not None:
            message, hint, *related = answer
            start, end = trouble.start, trouble.end
            if trouble.kind == "_NEWLINE":
                start = end = _end_of_text(trouble.source, start)
            elif explain is _unclosed:
                start = end = trouble.behind
            elif trouble.kind == "$END" and related:
                start, end = related[0].span
            elif trouble.kind == "CHARACTER":
                prose = _prose_start(trouble)
                start = start if prose is None else prose
            return Diagnostic(
                "QS001",
                "syntax-error",
                Severity.ERROR,
                message,
                Span(start, end),
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
    if _prose_start(trouble) is not None:
        return "This prose is never closed.", 'close it with """'
    if sign == '"':
        if '"' in text[at + 1 : _line_end(text, at)]:
            return "A string cannot stand here.", expected(trouble)
        return (
            "This string is not closed on its line.",
            'end it with ", or use """ for prose over several lines',
        )
    if sign in "'‘’“”«»":
        return "Strings stand in double quotes.", 'write "…"'
    if sign == "=":
        return "`=` is no sign of the language.", "write `name: value` for an item, and `==` to compare"
    figure = _FIGURE.match(text, at)
    if figure is not None:
        if figure[0].count(".") > 1:
            return f"`{figure[0]}` is no number.", f'a version stands in quotes: "{figure[0]}"'
        return f"`{figure[0]}` runs into what follows.", _BLANK_BEFORE_UNIT
    if sign in "{}[]():,@%|<>":
        return f"`{sign}` cannot stand here.", expected(trouble)
    if not sign.isprintable():
        return f"The character U+{ord(sign):04X} cannot stand here.", "remove it"
    return f"`{sign}` cannot stand here.", expected(trouble)


def _prose_start(trouble: Trouble) -> int | None:
    """Where the triple quote begins of which the lexer took two for an empty string."""
    found = trouble.source.text.find('"""', max(trouble.start - 2, 0), trouble.start + 3)
    return found if found >= 0 else None


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
        together = _RUN_TOGETHER.fullmatch(trouble.found.strip("`"))
        if together is not None:
            return f"{trouble.found} is a number and its unit in one.", f"write `{together[1]} {together[2]}`"
        after = f" after `{previous}`" if isinstance(previous, Token) else ""
        return (
            f"A number must stand{after}, and {trouble.found} came.",
            "write a bound with its unit, for example `1 pp`",
        )
    return None


def _no_name(trouble: Trouble) -> Answer:
    """A word that leads in a name, and none follows."""
    previous = trouble.previous
    if not isinstance(previous, Token) or previous.type not in {"ON", "FROM", "FOR", "EACH", "EXPECT"}:
        return None
    wanted = "A stratum, `each` or a condition" if previous.type == "FOR" else "A name"
    return f"{wanted} must stand after `{previous}`, and {trouble.found} came.", _AFTER[previous.type]


_AFTER = {
    "ON": "write the name of an executor, an evaluation or a load",
    "FROM": "write the name of the executor that this one extends",
    "FOR": "write `for NAME`, `for each NAME`, or `for column == value`",
    "EACH": "write the name of a stratification",
    "EXPECT": "write an outcome: `confirmed`, `refuted` or `inconclusive`",
}


def _no_colon(trouble: Trouble) -> Answer:
    """`key value` with nothing between them."""
    if trouble.kind in _ENDS:
        lone = _header(trouble)
        if lone is not None:
            return lone
    if "LBRACE" not in trouble.accepts or "COLON" in trouble.accepts:
        if "COLON" in trouble.accepts and trouble.kind in {"NUMBER", "STRING", "LBRACKET", "DATE", *_ENDS}:
            key = _key(trouble)
            if trouble.kind in _ENDS:
                return (
                    f"`{_written(trouble) or key}` stands alone.",
                    "an item is `name: value`, `name { … }`, or an assertion with a bound",
                )
            return f"A colon is missing after `{key}`.", f"write `{key}: …`"
        return None
    if trouble.accepts & RELATIONS:
        return None
    names = [str(p) if isinstance(p, Token) else getattr(p, "text", "") for p in trouble.stack[-2:]]
    if len(names) == 2 and all(names) and trouble.kind != "COLON":
        if trouble.kind in {"NAME", "STRING"}:
            return (
                f"{trouble.found} cannot follow `{names[0]} {names[1]}`.",
                "the executor of a claim is named by `on`, what an executor extends by `from`",
            )
        return (
            f"`{names[0]} {names[1]}` needs a colon or a block.",
            f"write `{names[0]}: {names[1]}`, or `{names[0]} {names[1]} {{ … }}`",
        )
    return None


def _header(trouble: Trouble) -> Answer:
    """`qspec` without its version, `use` without its path, or with one that is not in quotes."""
    words = [str(part) for part in trouble.stack[-2:] if isinstance(part, Token) and part.type == "NAME"]
    words += [part.text for part in trouble.stack[-1:] if isinstance(part, Word)]
    if words[:1] == ["qspec"]:
        return "The first line names the version of the language.", f"write `qspec {LANGUAGE_VERSION}`"
    if words[:1] == ["use"]:
        named = f'"{words[1]}"' if len(words) > 1 else '"file.qspec"'
        return "The path after `use` stands in quotes.", f"write `use {named}`"
    return None


def _written(trouble: Trouble) -> str | None:
    """The text of the last term that is whole."""
    previous = trouble.previous
    if isinstance(previous, TermNode):
        return trouble.source.text[previous.start : previous.end]
    if isinstance(previous, Token) and previous.type == "RPAR":
        start = next(
            (p.start_pos for p in reversed(trouble.stack) if isinstance(p, Token) and p.type == "NAME"), None
        )
        return trouble.source.text[start : previous.end_pos] if start is not None else None
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


def _lone_number(trouble: Trouble) -> Answer:
    """A number where an item should begin, most often what stands behind a comma between digits."""
    if (
        trouble.kind not in _ENDS
        or not isinstance(trouble.previous, Number)
        or not trouble.accepts <= RELATIONS | _UNITS
    ):
        return None
    return f"`{trouble.previous.text}` stands alone.", "digits are grouped by `_` and not by commas: `1_000`"


_UNITS = frozenset({"NAME", "PERCENT", "TIMES", "PER_SECOND", "OF", "PER"})


def _opened(trouble: Trouble, opening: str) -> int | None:
    """Where the innermost open bracket of a kind stands."""
    tokens = (t for t in reversed(trouble.stack) if isinstance(t, Token) and str(t) == opening)
    return next((int(t.start_pos or 0) for t in tokens), None)


def _unclosed(trouble: Trouble) -> Answer:
    """A list that is on one line so far, and whose end is missing there."""
    for sign, opening in (("RBRACKET", "["), ("RPAR", "(")):
        start = _opened(trouble, opening)
        if sign not in trouble.accepts or start is None:
            continue
        line = trouble.source.position(trouble.behind)[0]
        if trouble.source.position(start)[0] == line < trouble.source.position(trouble.start)[0]:
            related = Related(Span(start, start + 1), "opened here")
            return f"The `{opening}` is not closed on its line.", f"close it with {WORDS[sign]}", related
    return None


def _list(trouble: Trouble) -> Answer:
    for sign, opening in (("RBRACKET", "["), ("RPAR", "(")):
        if sign in trouble.accepts and "COMMA" in trouble.accepts:
            start = _opened(trouble, opening)
            related = (Related(Span(start, start + 1), "opened here"),) if start is not None else ()
            return (
                f"Expected a comma or {WORDS[sign]}, and found {trouble.found}.",
                f"separate what stands between {WORDS['LBRACKET' if opening == '[' else 'LPAR']} and {WORDS[sign]} by commas",
                *related,
            )
    return None


def _generic(trouble: Trouble) -> Answer:
    return f"{trouble.found[0].upper()}{trouble.found[1:]} cannot stand here.", expected(trouble)
