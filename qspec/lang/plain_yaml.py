"""Plain data out of a YAML text, by the core schema of YAML 1.2; neither anchors nor tags of its own."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from qspec.errors import LimitError, cap
from qspec.lang.parse import MAX_DEPTH
from qspec.lang.plain import Key, Plain, PlainSyntaxError, Scalar, check_count, number, too_deep
from qspec.lang.source import Source, Span

MAX_CHARACTERS = 1 << 20

_CORE = "tag:yaml.org,2002:"
_KNOWN_TAGS = frozenset({f"{_CORE}{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")})
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def read_yaml(source: Source) -> Plain:
    """The value of a YAML text; raises `PlainSyntaxError` where it is none, or uses what a twin may not."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    most = cap("yaml-characters", MAX_CHARACTERS)
    if len(source.text) > most:
        what = "The file has more characters than a YAML twin may have"
        raise LimitError.over("yaml-characters", most, what, place=source.place(0))
    try:
        return _YAML(source, YAML(typ="rt", pure=True).parse(source.text)).document()
    except MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        offset = min(int(mark.index), len(source.text)) if mark is not None else 0
        said = problem.problem or problem.context or "this is no YAML"
        raise PlainSyntaxError(f"This is no YAML: {said}.", Span(offset, offset)) from None
    except (YAMLError, ValueError, RecursionError) as problem:
        offset = int(getattr(problem, "position", 0) or 0)
        raise PlainSyntaxError(
            "This is no YAML: it holds a character that no YAML may hold.", Span(offset, offset)
        ) from None


def dump(data: dict[str, Any]) -> str:
    """Plain data as a YAML text; a text with signs that cannot be seen is written with escapes."""
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.sort_base_mapping_type_on_output = False
    yaml.width = 120
    yaml.representer.add_representer(str, _text)
    stream = io.StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()


def _text(representer: Any, text: str) -> Any:
    plain = all(sign.isprintable() or sign == "\n" for sign in text) and not text.isspace()
    return representer.represent_scalar(f"{_CORE}str", text, style=None if plain else '"')


class _YAML:
    """Builds values from the events of the parser, so that nothing is expanded or constructed."""

    def __init__(self, source: Source, events: Iterator[Any]) -> None:
        self.source, self.events, self.nodes = source, events, 0
        self.ended = Span(0, 0)
        """Where the collection that was read last ends."""

    def next(self) -> tuple[str, Any, Span]:
        event = next(self.events)
        return type(event).__name__, event, Span(event.start_mark.index, event.end_mark.index)

    def document(self) -> Plain:
        """The one document of the stream."""
        kind, event, span = self.next()
        while kind in {"StreamStartEvent", "DocumentStartEvent"}:
            kind, event, span = self.next()
        if kind == "StreamEndEvent":
            return Plain([], span, mapping=True)
        value = self.value(kind, event, span, 0)
        kind, event, span = self.next()
        while kind == "DocumentEndEvent":
            kind, event, span = self.next()
        if kind == "DocumentStartEvent":
            raise PlainSyntaxError("A second document begins here, and a twin holds one.", span)
        return value

    def value(self, kind: str, event: Any, span: Span, depth: int) -> Plain:
        self.nodes += 1
        if depth > MAX_DEPTH:
            raise too_deep(self.source, span.start)
        check_count(self.nodes, self.source, span.start)
        if kind == "AliasEvent" or getattr(event, "anchor", None):
            raise PlainSyntaxError(
                "Anchors and aliases are not read.", span, "write the value out, or use `from` in an executor"
            )
        tag = str(event.ctag) if getattr(event, "ctag", None) is not None else None
        if tag is not None and tag not in _KNOWN_TAGS:
            raise PlainSyntaxError(f"The tag `{tag}` is not read.", span, "remove it")
        if kind == "ScalarEvent":
            return Plain(self.scalar(event, tag, span), span)
        if kind == "SequenceStartEvent":
            items = [self.value(*part, depth + 1) for part in self.until("SequenceEndEvent")]
            return Plain(items, self.around(event, span, items[-1] if items else None))
        pairs: list[tuple[Key, Plain]] = []
        for key in self.until("MappingEndEvent"):
            name = self.value(*key, depth + 1)
            if isinstance(name.value, list):
                raise PlainSyntaxError("A key is a word or a string.", name.span)
            text = str(key[1].value)
            pairs.append((Key(text, name.span), self.value(*self.next(), depth + 1)))
        return Plain(pairs, self.around(event, span, pairs[-1][1] if pairs else None), mapping=True)

    def around(self, event: Any, span: Span, last: Plain | None) -> Span:
        """From the beginning of a collection to its bracket, or in a block to the end of its last value."""
        if event.flow_style:
            return Span(span.start, self.ended.end)
        return Span(span.start, last.span.end if last is not None else span.end)

    def until(self, end: str) -> Iterator[tuple[str, Any, Span]]:
        """The events up to the end of a collection; nested ones are taken by whoever reads their start."""
        while True:
            part = self.next()
            if part[0] == end:
                self.ended = part[2]
                return
            yield part

    def scalar(self, event: Any, tag: str | None, span: Span) -> Scalar:
        """A quoted or block scalar is a text; a plain one is what the core schema makes of it."""
        text = str(event.value)
        if event.style in {"'", '"', "|", ">"} or tag == f"{_CORE}str":
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return number(text, True, span)
        return number(text, False, span) if _FLOAT.fullmatch(text) else text
