"""Nodes of the syntax tree as canonical text on one line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qspec.lang.alias import canonical
from qspec.lang.layout import Braces, Item, flat
from qspec.lang.read import MismatchError, read
from qspec.lang.shape import QUALIFIERS
from qspec.lang.source import Source
from qspec.lang.spell import led_in
from qspec.lang.tree import (
    Argument,
    AssertionNode,
    BoundNode,
    CombinationNode,
    ComparisonNode,
    Date,
    Detailed,
    ListNode,
    Number,
    Phrase,
    PinnedNode,
    Qualifier,
    RangeNode,
    SpreadNode,
    String,
    TermNode,
    Word,
)
from qspec.model.claim import Bound, bounded
from qspec.model.expression import Term
from qspec.model.spelling import inner_word, key_word, quote, value_word

_ORDER = list(QUALIFIERS)


class Reprinter:
    """Prints the values of one source; `items` lays out the items of a block that stands inside a value."""

    def __init__(self, source: Source, items: Callable[[Any], list[Item]]) -> None:
        self.source = source
        self._items = items

    def value(self, node: Any) -> str:
        """A value: strings stay strings and words stay words; prose is kept as its author broke its lines."""
        match node:
            case TermNode():
                return self.term(node)
            case String():
                return self._prose(node) if node.prose else quote(node.text)
            case Word() | Date():
                return node.text
            case Number():
                return self.number(node)
            case PinnedNode():
                return f"{value_word(node.name)} @ {quote(node.pin)}"
            case RangeNode():
                return f"{self.number(node.low)}..{self.number(node.high)}"
            case SpreadNode():
                return f"{self.number(node.value)} +- {self.number(node.plus_minus)}"
            case BoundNode():
                return f"{node.relation} {self.number(node.quantity)}"
            case Phrase():
                return " ".join(self.value(part) for part in node.parts)
            case ListNode():
                return f"[{', '.join(self.value(part) for part in node.items)}]"
            case Argument():
                value = self.value(node.value)
                return value if node.name is None else f"{key_word(node.name)}: {value}"
            case ComparisonNode():
                return f"{self.term(node.column)} {node.relation} {self.value(node.value)}"
            case CombinationNode():
                return self._combination(node)
            case Detailed():
                return f"{self.term(node.term)} {self._block(node.block)}"
            case _:
                return self._block(node)

    def term(self, node: TermNode) -> str:
        """A name with its arguments; quotes that a name does not need are dropped."""
        name = key_word(node.name.text) if node.quoted else node.name.text
        if not node.called:
            return name
        return f"{name}({', '.join(self.value(argument) for argument in node.arguments)})"

    def head(self, node: TermNode) -> str:
        """What an item is about, in the language's own word for a loss."""
        if node.called:
            try:
                written: Term = read(Term, node)
            except MismatchError:
                return self.term(node)
            said, _ = canonical(written, [])
            if said != written:
                return str(said)
        return self.term(node)

    def number(self, node: Number) -> str:
        """A number as it was written, one blank, and its unit."""
        return node.text if node.unit is None else f"{node.text} {node.unit}"

    def label(self, node: Word | String) -> str:
        """The name of a section, in quotes only where it needs them."""
        return inner_word(node.text)

    def qualifiers(self, nodes: list[Qualifier]) -> str:
        """What stands behind a head, in the language's order."""
        ordered = sorted(nodes, key=lambda node: _ORDER.index(node.kind))
        return " ".join(led_in(node.kind, self._qualified(node)) for node in ordered)

    def assertion(self, node: AssertionNode) -> tuple[str, str, str]:
        """What is bounded, its bound, and its qualifiers; both bounds of a two-sided one stand in the first."""
        quantity, bounds = self._measured(node)
        return *bounded(quantity, bounds, absolute=node.absolute), self.qualifiers(node.qualifiers)

    def _measured(self, node: AssertionNode) -> tuple[str, list[tuple[str, str]]]:
        as_written = [(bound.relation, self.number(bound.quantity)) for bound in node.bounds]
        try:
            term: Term = read(Term, node.term)
            bounds: list[Bound] = [read(Bound, bound) for bound in node.bounds]
        except MismatchError:
            return self.term(node.term), as_written
        said, meant = canonical(term, bounds)
        if said == term:
            return self.term(node.term), as_written
        return str(said), [(bound.relation, str(bound.quantity)) for bound in meant]

    def _qualified(self, node: Qualifier) -> str:
        return self.label(node.value) if isinstance(node.value, Word | String) else self.value(node.value)

    def _prose(self, node: String) -> str:
        return self.source.text[node.start : node.end].replace("\r\n", "\n")

    def _combination(self, node: CombinationNode) -> str:
        parts = [
            f"({self.value(part)})"
            if isinstance(part, CombinationNode) and part.operator != "not"
            else self.value(part)
            for part in node.operands
        ]
        return f"not {parts[0]}" if node.operator == "not" else f" {node.operator} ".join(parts)

    def _block(self, node: Any) -> str:
        line = flat(Item("", Braces(self._items(node), flat=True)))
        if line is None:
            raise MismatchError("A block inside a list stands on one line.", "give it a name of its own")
        return line.strip()
