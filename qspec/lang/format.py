"""The canonical layout of a document, from its syntax tree and its comments."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from qspec.errors import Place, QSpecError, SpecSyntaxError
from qspec.lang.edit import line_end
from qspec.lang.layout import Bare, Body, Braces, Cells, Item, Listed, Plain, render
from qspec.lang.lower import lower
from qspec.lang.parse import Parsed, parse
from qspec.lang.read import MismatchError, key_of
from qspec.lang.reprint import Reprinter
from qspec.lang.shape import shape_of
from qspec.lang.source import Source
from qspec.lang.tree import (
    AssertionNode,
    Block,
    Comment,
    Detailed,
    Entry,
    ListNode,
    Node,
    Section,
    Use,
    Version,
)
from qspec.lang.tree import Item as ItemNode
from qspec.model.measured import Measured
from qspec.model.spelling import quote


def format_text(source: Source, *, expand: bool = False, upgrade: bool = False) -> str:
    """The document in canonical layout: same meaning, same comments, and the same text when formatted again.

    `expand` spells precision shorthands out first; `upgrade` brings an older version of the language to this one.
    Raises `SpecSyntaxError` for a document that does not parse, and `QSpecError`, changing nothing, when one
    of the three promises could not be kept.
    """
    if upgrade:
        from qspec.lang.upgrade import UPGRADES

        source = UPGRADES.apply(source)
    if expand:
        from qspec.lang.expand import expand_text

        source = expand_text(source)
    parsed = parse(source)
    if parsed.errors:
        first = parsed.errors[0]
        raise SpecSyntaxError(parsed.errors, place=source.place(first.span.start))
    written = _layout(parsed)
    _keep_promises(parsed, written)
    return written


def _layout(parsed: Parsed) -> str:
    newline = line_end(parsed.source.text)
    try:
        lines = _Formatter(parsed).lines()
    except MismatchError as mismatch:
        raise QSpecError(
            mismatch.message or "This cannot be laid out.",
            place=Place(parsed.source.path),
            hint=mismatch.hint,
        ) from None
    return newline.join("\n".join(lines).split("\n")) + newline if lines else ""


def _keep_promises(parsed: Parsed, written: str) -> None:
    before = lower(parsed.tree, parsed.source)
    again = parse(Source(parsed.source.path, written))
    after = lower(again.tree, again.source)
    broken = None
    if again.errors or after.document != before.document or len(after.errors) != len(before.errors):
        broken = "would change what the file says"
    elif sorted(map(_comment_text, again.tree.comments)) != sorted(map(_comment_text, parsed.tree.comments)):
        broken = "would lose a comment"
    elif _layout(again) != written:
        broken = "would not settle"
    if broken is not None:
        raise QSpecError(
            f"Formatting {broken}, so the file is left as it is.",
            place=Place(parsed.source.path),
            hint="please report the file; `# …` comments inside a value are the usual cause",
        )


def _comment_text(comment: Comment) -> str:
    return comment.text.rstrip()


class _Formatter:
    """Lays out one parsed document; every comment is given to exactly one place."""

    def __init__(self, parsed: Parsed) -> None:
        self.source, self.tree = parsed.source, parsed.tree
        self.comments = parsed.tree.comments
        self.starts = [comment.start for comment in self.comments]
        self.printer = Reprinter(parsed.source, lambda block: self.items(block)[0])

    def lines(self) -> list[str]:
        """The lines of the document."""
        whole = Block(0, len(self.source.text), self.tree.root.items)
        items, dangling = self.items(whole)
        return render(items, dangling=dangling)

    def within(self, start: int, end: int) -> list[Comment]:
        """The comments between two offsets."""
        return self.comments[bisect_left(self.starts, start) : bisect_right(self.starts, end - 1)]

    def line(self, offset: int) -> int:
        """The line of an offset."""
        return self.source.position(offset)[0]

    def items(self, block: Block) -> tuple[list[Item], list[str]]:
        """The items of a block with their comments, and the comments below the last item."""
        opened = block.start if self.source.text[block.start : block.start + 1] == "{" else None
        return self.children(
            [(node, partial(self.item, node)) for node in block.items],
            block,
            skip_line=self.line(opened) if opened is not None and block.end - block.start > 1 else 0,
        )

    def children(
        self, nodes: Sequence[tuple[Node, Callable[[], Item]]], parent: Node, *, skip_line: int = 0
    ) -> tuple[list[Item], list[str]]:
        """Items made of nodes, comments between them attached; those on `skip_line` belong to the opener."""
        items: list[Item] = []
        at, last_line = parent.start, self.line(parent.start) if skip_line else 0
        for node, make in nodes:
            item = make()
            above, last_line = self.between(at, node.start, last_line, items, skip_line)
            gap = last_line > 0 and self.line(node.start) - last_line > 1
            item.blank = bool(above and above[0] == "") or (not above and gap)
            above = above[1:] if above and above[0] == "" else above
            item.leading = [*above, *([""] if above and gap else []), *item.leading]
            items.append(item)
            at, last_line = node.end, self.line(node.end)
        dangling, _ = self.between(at, parent.end, last_line, items, skip_line)
        return items, dangling[1:] if dangling and dangling[0] == "" and not items else dangling

    def between(
        self, start: int, end: int, last_line: int, items: list[Item], skip_line: int
    ) -> tuple[list[str], int]:
        """Comments between two items: one on the line of the item before is that item's own."""
        found: list[str] = []
        for comment in self.within(start, end):
            line, text = self.line(comment.start), comment.text.rstrip()
            if line == skip_line and not items:
                continue
            if items and line == last_line and not found and items[-1].trailing is None:
                items[-1].trailing = text
                continue
            if last_line and line - last_line > 1:
                found.append("")
            found.append(text)
            last_line = line
        return found, last_line

    def item(self, node: ItemNode) -> Item:
        """One item, laid out, with the comments that stand inside it but in no block or list of its own."""
        match node:
            case Version():
                item = Item(f"{node.keyword} {node.number.text}", Bare())
            case Use():
                item = Item(f"{node.keyword} {quote(node.path.text)}", Bare())
            case AssertionNode():
                quantity, bound, behind = self.printer.assertion(node)
                item = Item(quantity, Cells(bound, behind))
            case Section():
                label = f" {self.printer.label(node.label)}" if node.label is not None else ""
                item = Item(self._head(node, label), self.braces(node.block))
            case Entry():
                item = Item(self._head(node, ""), self.body(node.value))
        block = _block(node)
        if item.head == "measured" and block is not None and isinstance(item.body, Braces):
            _in_rows(block, item.body)
        item.leading = [comment.text.rstrip() for comment in self._stray(node)]
        return item

    def _head(self, node: Section | Entry, label: str) -> str:
        behind = self.printer.qualifiers(node.qualifiers)
        return f"{self.printer.head(node.head)}{label}{' ' if behind else ''}{behind}"

    def _stray(self, node: Node) -> list[Comment]:
        inside = self.within(node.start, node.end)
        if not inside:
            return []
        value = node.block if isinstance(node, Section) else node.value if isinstance(node, Entry) else None
        home = value.block if isinstance(value, Detailed) else value
        if not isinstance(home, Block | ListNode):
            return inside
        return [comment for comment in inside if not home.start <= comment.start < home.end]

    def body(self, value: Any) -> Body:
        """What stands behind the colon of an entry."""
        if isinstance(value, Block):
            return self.braces(value)
        if isinstance(value, Detailed):
            return self.braces(value.block, self.printer.term(value.term))
        if isinstance(value, ListNode):
            return Listed(self.elements(value))
        return Plain(self.printer.value(value))

    def braces(self, block: Block, term: str | None = None) -> Braces:
        """A block, on one line if its author wrote it on one."""
        items, dangling = self.items(block)
        first = self.line(block.start)
        until = block.items[0].start if block.items else block.end
        opening = [c.text.rstrip() for c in self.within(block.start, until) if self.line(c.start) == first]
        flat = not block.items or "\n" not in self.source.text[block.start : block.end]
        return Braces(items, term, flat, opening[0] if opening else None, dangling)

    def elements(self, node: ListNode) -> list[Item]:
        """The elements of a list with their comments."""

        def element(part: Any) -> Item:
            inside = [comment.text.rstrip() for comment in self.within(part.start, part.end)]
            return Item(self.printer.value(part), Bare(), leading=inside)

        elements, dangling = self.children([(part, partial(element, part)) for part in node.items], node)
        for item in elements:
            item.leading = [comment for comment in item.leading if comment]
        dangling = [comment for comment in dangling if comment]
        return [*elements, Item("", Bare(), leading=dangling)] if dangling else elements


def _block(node: ItemNode) -> Block | None:
    """The block of an item, with a colon before it or without."""
    if isinstance(node, Section):
        return node.block
    return node.value if isinstance(node, Entry) and isinstance(node.value, Block) else None


def _in_rows(measured: Block, body: Braces) -> None:
    """What a measured block holds many of stands on a line each, as `qspec execute` writes it."""
    shape = shape_of(Measured)
    for node, item in zip(measured.items, body.items, strict=True):
        if _block(node) is None or not isinstance(item.body, Braces) or not isinstance(node, Section | Entry):
            continue
        key = key_of(node.head) or ""
        labelled = shape.labelled.get(key) if isinstance(node, Section) and node.label else None
        field = labelled or (shape.quantities if key not in shape.values else None)
        if field is not None:
            item.body = replace(item.body, flat=True, table=field.name)
