"""The syntax tree: what was written, with the place of everything, before it means anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from qspec.lang.source import Span


@dataclass(slots=True, eq=False)
class Node:
    """A piece of the text: `start` and `end` are character offsets, half-open."""

    start: int
    end: int

    @property
    def span(self) -> Span:
        """The place as one value."""
        return Span(self.start, self.end)


@dataclass(slots=True, eq=False)
class Word(Node):
    """A bare name or word."""

    text: str


@dataclass(slots=True, eq=False)
class String(Node):
    """A quoted text, unescaped; prose stands in triple quotes and may span lines."""

    text: str
    prose: bool = False


@dataclass(slots=True, eq=False)
class Number(Node):
    """A number with its unit, both as written (the unit with single blanks)."""

    text: str
    unit: str | None = None


@dataclass(slots=True, eq=False)
class Date(Node):
    """A calendar date, YYYY-MM-DD."""

    text: str


@dataclass(slots=True, eq=False)
class Argument(Node):
    """An argument of a term; `name` is None for a positional one."""

    name: str | None
    value: Value


@dataclass(slots=True, eq=False)
class TermNode(Node):
    """A name with arguments; a plain name is a term without any."""

    name: Word
    arguments: list[Argument]
    called: bool = False
    quoted: bool = False


@dataclass(slots=True, eq=False)
class Phrase(Node):
    """Several words in a row: `W4A16 g128`, `by label`, `not-applicable "why"`."""

    parts: list[TermNode | Word | String]


@dataclass(slots=True, eq=False)
class PinnedNode(Node):
    """A name and what it is pinned to."""

    name: str
    pin: str


@dataclass(slots=True, eq=False)
class RangeNode(Node):
    """`low..high`."""

    low: Number
    high: Number


@dataclass(slots=True, eq=False)
class SpreadNode(Node):
    """`value +- half-width`."""

    value: Number
    plus_minus: Number


@dataclass(slots=True, eq=False)
class BoundNode(Node):
    """A relation and a number: `< 1 %`."""

    relation: str
    quantity: Number


@dataclass(slots=True, eq=False)
class ListNode(Node):
    """`[a, b, c]`."""

    items: list[Value]


@dataclass(slots=True, eq=False)
class Detailed(Node):
    """A term with a block of detail: `int8 { granularity: per-channel }`."""

    term: TermNode
    block: Block


@dataclass(slots=True, eq=False)
class ComparisonNode(Node):
    """`column relation value`, or `column in [ … ]`."""

    column: TermNode
    relation: str
    value: TermNode | String | Number | Date | ListNode


@dataclass(slots=True, eq=False)
class CombinationNode(Node):
    """Predicates under `and`, `or` or `not`."""

    operator: Literal["and", "or", "not"]
    operands: list[PredicateNode]


PredicateNode = ComparisonNode | CombinationNode


@dataclass(slots=True, eq=False)
class Qualifier(Node):
    """`from NAME`, `on NAME`, `for each NAME`, `for …`, `at …`, `expect NAME`."""

    kind: Literal["from", "on", "for-each", "for", "at", "expect"]
    value: Word | String | Number | PredicateNode


@dataclass(slots=True, eq=False)
class Section(Node):
    """`term [label] qualifiers { … }`."""

    head: TermNode
    label: Word | String | None
    qualifiers: list[Qualifier]
    block: Block


@dataclass(slots=True, eq=False)
class Entry(Node):
    """`term qualifiers: value`."""

    head: TermNode
    qualifiers: list[Qualifier]
    value: Value


@dataclass(slots=True, eq=False)
class AssertionNode(Node):
    """A bounded quantity; `bounds` in reading order, a lower one mirrored to stand after the quantity."""

    term: TermNode
    absolute: bool
    bounds: list[BoundNode]
    qualifiers: list[Qualifier]


@dataclass(slots=True, eq=False)
class Use(Node):
    """`use "path"`."""

    keyword: str
    path: String


@dataclass(slots=True, eq=False)
class Version(Node):
    """`qspec 1`."""

    keyword: str
    number: Number


Item = Section | Entry | AssertionNode | Use | Version


@dataclass(slots=True, eq=False)
class Block(Node):
    """`{ items }`, or the whole document."""

    items: list[Item]


@dataclass(slots=True, eq=False)
class Comment(Node):
    """A comment with its `#`."""

    text: str


Value = (
    TermNode
    | String
    | PinnedNode
    | Number
    | RangeNode
    | SpreadNode
    | Date
    | Detailed
    | Phrase
    | BoundNode
    | ListNode
    | Block
    | ComparisonNode
    | CombinationNode
)


@dataclass(slots=True, eq=False)
class SyntaxTree:
    """A parsed document: its items, its comments in order, and every number that has a unit."""

    root: Block
    comments: list[Comment] = field(default_factory=list)
    measures: list[Number] = field(default_factory=list)

    @property
    def version(self) -> int | None:
        """The version of the language that the document names, or None where it names none that is a number."""
        line = next((item for item in self.root.items if isinstance(item, Version)), None)
        if line is None or line.keyword != "qspec":
            return None
        text = line.number.text
        return int(text) if text.isdigit() and len(text) < 10 else None
