"""From what the parser reduces to nodes of the syntax tree, as the parser goes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

from qspec.lang.engine import Token, Transformer
from qspec.lang.tree import (
    Argument,
    AssertionNode,
    Block,
    BoundNode,
    CombinationNode,
    ComparisonNode,
    Date,
    Detailed,
    Entry,
    ListNode,
    Number,
    Phrase,
    PinnedNode,
    PredicateNode,
    Qualifier,
    RangeNode,
    Section,
    SpreadNode,
    String,
    TermNode,
    Use,
    Version,
    Word,
)
from qspec.model.expression import FLIPPED

Part = Any  # a node or a token: both know their start and their end

_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|(.))", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_RELATIONS = {"≤": "<=", "≥": ">="}


def _start(part: Part) -> int:
    return int(part.start_pos or 0) if isinstance(part, Token) else int(part.start)


def _end(part: Part) -> int:
    return int(part.end_pos or 0) if isinstance(part, Token) else int(part.end)


def _ends(parts: Sequence[Part]) -> tuple[int, int]:
    return _start(parts[0]), _end(parts[-1])


def _word(token: Token) -> Word:
    return Word(_start(token), _end(token), str(token))


def _string(token: Token) -> String:
    prose = token.type == "PROSE"
    return String(_start(token), _end(token), unescaped(str(token)), prose)


def unescaped(written: str) -> str:
    """What a string or a piece of prose says, its quotes taken off and its escapes read."""
    raw = written[3:-3].replace("\r\n", "\n") if written.startswith('"""') else written[1:-1]
    return _ESCAPE.sub(_unescape, raw) if "\\" in raw else raw


def _unescape(match: re.Match[str]) -> str:
    if match[1]:
        code = int(match[1], 16)
        return chr(code) if code <= 0x10FFFF and not 0xD800 <= code < 0xE000 else "\ufffd"
    return _ESCAPES.get(match[2], match[2])


def _name_or_string(token: Token) -> Word | String:
    return _word(token) if token.type == "NAME" else _string(token)


def _without(parts: list[Part], *types: str) -> list[Part]:
    return [p for p in parts if not (isinstance(p, Token) and p.type in types)]


class TreeBuilder(Transformer[Token, Block]):
    """Callbacks of the grammar's rules; each takes the parts of a rule and returns a node."""

    def __init__(self) -> None:
        super().__init__()
        self.measures: list[Number] = []
        """Numbers with units, in the order they were met; a recovering parser may meet one twice."""

    def document(self, parts: list[Part]) -> Block:
        """The whole file."""
        items = _without(parts, "COMMA")
        return Block(*(_ends(items) if items else (0, 0)), items)

    def block(self, parts: list[Part]) -> Block:
        """`{ … }`."""
        return Block(*_ends(parts), _without(parts[1:-1], "COMMA"))

    def version(self, parts: list[Part]) -> Version:
        """`qspec 1`."""
        number = Number(*_ends(parts[1:]), str(parts[1]))
        return Version(*_ends(parts), str(parts[0]), number)

    def use(self, parts: list[Part]) -> Use:
        """`use "path"`."""
        return Use(*_ends(parts), str(parts[0]), _string(parts[1]))

    def section(self, parts: list[Part]) -> Section:
        """`head { … }`."""
        return Section(*_ends(parts), parts[0], None, parts[1:-1], parts[-1])

    def labelled_section(self, parts: list[Part]) -> Section:
        """`head label { … }`."""
        word = _word(parts[0])
        head = TermNode(word.start, word.end, word, [])
        return Section(*_ends(parts), head, parts[1], parts[2:-1], parts[-1])

    def entry(self, parts: list[Part]) -> Entry:
        """`head: value`."""
        return Entry(*_ends(parts), parts[0], parts[1:-2], parts[-1])

    def assertion(self, parts: list[Part]) -> AssertionNode:
        """`quantity relation bound`."""
        (term, absolute), relation, quantity, *qualifiers = parts
        bound = BoundNode(_start(relation), quantity.end, _relation(relation), quantity)
        start = term.start - absolute
        return AssertionNode(start, _end(parts[-1]), term, absolute, [bound], qualifiers)

    def two_sided(self, parts: list[Part]) -> AssertionNode:
        """`bound relation quantity relation bound`."""
        low, low_relation, (term, absolute), relation, high, *qualifiers = parts
        bounds = [
            BoundNode(low.start, _end(low_relation), FLIPPED[_relation(low_relation)], low),
            BoundNode(_start(relation), high.end, _relation(relation), high),
        ]
        return AssertionNode(*_ends(parts), term, absolute, bounds, qualifiers)

    def measurand(self, parts: list[Part]) -> tuple[TermNode, bool]:
        """The quantity of an assertion."""
        return parts[0], False

    def absolute(self, parts: list[Part]) -> tuple[TermNode, bool]:
        """`|quantity|`."""
        return parts[1], True

    def head(self, parts: list[Part]) -> TermNode:
        """What an item is about."""
        term: TermNode = parts[0]
        return term

    def quoted(self, parts: list[Token]) -> TermNode:
        """A name in quotes, where only a name can stand."""
        text = _string(parts[0])
        return TermNode(text.start, text.end, Word(text.start, text.end, text.text), [], False, True)

    def label(self, parts: list[Part]) -> Word | String:
        """The name of a section."""
        return _name_or_string(parts[0])

    def relation(self, parts: list[Token]) -> Token:
        """A relation sign."""
        return parts[0]

    def _qualifier(
        self, kind: Literal["from", "on", "for-each", "for", "at", "expect"], parts: list[Part]
    ) -> Qualifier:
        return Qualifier(*_ends(parts), kind, parts[-1])

    def extends(self, parts: list[Part]) -> Qualifier:
        """`from NAME`."""
        return self._qualifier("from", parts)

    def on(self, parts: list[Part]) -> Qualifier:
        """`on NAME`."""
        return self._qualifier("on", parts)

    def for_each(self, parts: list[Part]) -> Qualifier:
        """`for each NAME`."""
        return self._qualifier("for-each", parts)

    def for_name(self, parts: list[Part]) -> Qualifier:
        """`for NAME`."""
        return self._qualifier("for", parts)

    for_where = for_name

    def at(self, parts: list[Part]) -> Qualifier:
        """`at CONFIDENCE`."""
        return self._qualifier("at", parts)

    def expect(self, parts: list[Part]) -> Qualifier:
        """`expect OUTCOME`."""
        return self._qualifier("expect", parts)

    def detailed(self, parts: list[Part]) -> Detailed:
        """`term { … }`."""
        return Detailed(*_ends(parts), parts[0], parts[1])

    def phrase(self, parts: list[Part]) -> Phrase:
        """Words in a row."""
        nodes = [_name_or_string(p) if isinstance(p, Token) else p for p in parts]
        return Phrase(*_ends(parts), nodes)

    def string(self, parts: list[Token]) -> String:
        """A quoted text."""
        return _string(parts[0])

    def pinned(self, parts: list[Token]) -> PinnedNode:
        """`name @ pin`."""
        name, pin = (_string(p).text if p.type == "STRING" else str(p) for p in (parts[0], parts[2]))
        return PinnedNode(*_ends(parts), name, pin)

    def range(self, parts: list[Part]) -> RangeNode:
        """`low..high`."""
        return RangeNode(*_ends(parts), parts[0], parts[2])

    def spread(self, parts: list[Part]) -> SpreadNode:
        """`value +- half-width`."""
        return SpreadNode(*_ends(parts), parts[0], parts[2])

    def bound(self, parts: list[Part]) -> BoundNode:
        """`relation quantity`."""
        return BoundNode(*_ends(parts), _relation(parts[0]), parts[1])

    def date(self, parts: list[Token]) -> Date:
        """A calendar date."""
        return Date(*_ends(parts), str(parts[0]))

    def term(self, parts: list[Part]) -> TermNode:
        """A name with or without arguments."""
        named = _name_or_string(parts[0])
        word = Word(named.start, named.end, named.text)
        if len(parts) == 1:
            return TermNode(word.start, word.end, word, [])
        quoted = isinstance(named, String)
        return TermNode(*_ends(parts), word, _without(parts[2:-1], "COMMA"), True, quoted)

    def argument(self, parts: list[Part]) -> Argument:
        """A positional argument."""
        return Argument(*_ends(parts), None, parts[0])

    def named_argument(self, parts: list[Part]) -> Argument:
        """`name: value`."""
        return Argument(*_ends(parts), _name_or_string(parts[0]).text, parts[2])

    def array(self, parts: list[Part]) -> ListNode:
        """`[ … ]`."""
        return ListNode(*_ends(parts), _without(parts[1:-1], "COMMA"))

    def quantity(self, parts: list[Part]) -> Number:
        """A number with its unit."""
        unit = parts[1] if len(parts) > 1 else None
        end = _end(parts[0]) if unit is None else unit[1]
        number = Number(_start(parts[0]), end, str(parts[0]), None if unit is None else unit[0])
        if unit is not None:
            self.measures.append(number)
        return number

    def unit(self, parts: list[Token]) -> tuple[str, int]:
        """A unit, its words joined by single blanks."""
        text = parts[0] + parts[1] if len(parts) == 2 and parts[1].type == "PER_SECOND" else " ".join(parts)
        return str(text), _end(parts[-1])

    def disjunction(self, parts: list[Part]) -> CombinationNode:
        """`a or b`."""
        return CombinationNode(*_ends(parts), "or", _without(parts, "OR"))

    def conjunction(self, parts: list[Part]) -> CombinationNode:
        """`a and b`."""
        return CombinationNode(*_ends(parts), "and", _without(parts, "AND"))

    def negation(self, parts: list[Part]) -> CombinationNode:
        """`not a`."""
        return CombinationNode(*_ends(parts), "not", [parts[1]])

    def group(self, parts: list[Part]) -> PredicateNode:
        """`( a )`."""
        inner: PredicateNode = parts[1]
        inner.start, inner.end = _ends(parts)
        return inner

    def comparison(self, parts: list[Part]) -> ComparisonNode:
        """`column relation value`."""
        return ComparisonNode(*_ends(parts), parts[0], _relation(parts[1]), parts[2])

    def membership(self, parts: list[Part]) -> ComparisonNode:
        """`column in [ … ]`."""
        return ComparisonNode(*_ends(parts), parts[0], "in", parts[2])


def _relation(token: Token) -> str:
    return _RELATIONS.get(str(token), str(token))
