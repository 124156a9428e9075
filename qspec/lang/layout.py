"""How items are laid out on lines: what shares a line, how values align, where comments stand."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

WIDTH = 120
"""A list or a block that would be longer than this stands on several lines."""

_WIDEST_KEY = 26
"""Longer keys do not push the values of their neighbours to the right."""
_WIDEST_CELL = 48


@dataclass
class Plain:
    """`head: text`; the text may be prose over several lines, whose lines are never moved."""

    text: str


@dataclass
class Bare:
    """An item that is its head and nothing else: `qspec 1`, `use "…"`."""


@dataclass
class Cells:
    """An assertion: what is bounded (the head), the bound, and the qualifiers."""

    bound: str
    qualifiers: str = ""


@dataclass
class Listed:
    """`head: [ … ]`; an element may carry comments."""

    elements: list[Item]


@dataclass
class Braces:
    """`head { … }`, or `head: term { … }`."""

    items: list[Item]
    term: str | None = None
    flat: bool = False
    """Whether it may share a line with its head."""
    opening: str | None = None
    """A comment behind the opening brace."""
    dangling: list[str] = field(default_factory=list)
    """Comments below the last item."""
    table: str | None = None
    """Rows of one table stand on a line each, however long, their heads and their values below each other."""


Body = Plain | Bare | Cells | Listed | Braces


@dataclass
class Item:
    """One item of a block with the comments above it, the one behind it, and a blank line before it."""

    head: str
    body: Body
    leading: list[str] = field(default_factory=list)
    trailing: str | None = None
    blank: bool = False


def render(
    items: list[Item], *, dangling: Iterable[str] = (), indent: str = "", unit: str = "  "
) -> list[str]:
    """The lines of a block's items at an indentation; `unit` is what each deeper block adds."""
    lines: list[str] = []
    widths = _Widths(items, indent)
    for item in items:
        if item.blank and lines:
            lines.append("")
        lines += [f"{indent}{comment}" if comment else "" for comment in item.leading]
        body = _item_lines(item, indent, unit, widths)
        if item.trailing is not None:
            body[-1] += f"  {item.trailing}"
        lines += body
    return lines + [f"{indent}{comment}" if comment else "" for comment in dangling]


def flat(item: Item) -> str | None:
    """The item on one line without padding, or None when it needs several."""
    if item.leading or item.trailing:
        return None
    body = item.body
    if isinstance(body, Bare):
        return item.head if "\n" not in item.head else None
    if isinstance(body, Plain):
        return f"{item.head}: {body.text}" if "\n" not in body.text else None
    if isinstance(body, Cells):
        return " ".join(part for part in (item.head, body.bound, body.qualifiers) if part)
    inner = _flat_all(body.elements if isinstance(body, Listed) else body.items)
    if inner is None or (isinstance(body, Braces) and not _may_be_flat(body)):
        return None
    if isinstance(body, Listed):
        return f"{item.head}: [{inner}]"
    opener = item.head if body.term is None else f"{item.head}: {body.term}"
    return f"{opener} {_braced(inner)}"


def _may_be_flat(body: Braces) -> bool:
    return (body.flat or not body.items) and not (body.opening or body.dangling)


def _flat_all(items: list[Item]) -> str | None:
    parts = [flat(item) for item in items]
    return None if None in parts else ", ".join(part for part in parts if part is not None)


def _braced(inner: str) -> str:
    return f"{{ {inner} }}" if inner else "{}"


def columns(text: str) -> int:
    """Columns a text takes in a fixed-width font: wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )


def _pad(text: str, width: int) -> str:
    return text + " " * max(width - columns(text), 0)


def _fits(item: Item, indent: str) -> bool:
    """Whether the item stands on one line; its own comments go above and behind that line."""
    line = flat(Item(item.head, item.body))
    return line is not None and (_table(item) is not None or columns(indent) + columns(line) <= WIDTH)


def _table(item: Item) -> str | None:
    """The table that the item is a row of."""
    return item.body.table if isinstance(item.body, Braces) else None


class _Widths:
    """How far to pad the keys, terms and cells of one block."""

    def __init__(self, items: list[Item], indent: str) -> None:
        self.key = self.labelled = self.term = 0
        self.cells: dict[int, tuple[int, int]] = {}
        keyed = [item for item in items if _has_key(item, indent)]
        colon = any(not _opens(item.body) for item in keyed)  # a block opener leaves the colon's column free
        for item in keyed:
            width = columns(item.head) + 1 + colon
            self.labelled = max(self.labelled, width)
            if " " not in item.head:  # a long label pushes other labels only
                self.key = max(self.key, width)
            if isinstance(item.body, Braces) and item.body.term is not None:
                self.term = max(self.term, columns(item.body.term) + 1)
        for run in _runs(items):
            heads = [columns(i.head) + 1 for i, _ in run if columns(i.head) <= _WIDEST_CELL]
            bounds = [
                columns(c.bound) + 1 for i, c in run if c.qualifiers and columns(i.head) <= _WIDEST_CELL
            ]
            for item, _ in run:
                self.cells[id(item)] = (max(heads, default=0), max(bounds, default=0))
        self.tables: dict[str, _Columns] = {}
        for item in items:
            table = _table(item)
            if table is not None and _fits(item, indent):
                self.tables.setdefault(table, _Columns()).add(item)

    def of(self, head: str) -> int:
        """How far to pad a key: names and labels align apart where a label is long."""
        if columns(head) > _WIDEST_KEY:
            return 0
        return self.labelled if " " in head else self.key


class _Columns:
    """How wide the heads and the values of a table are; values align while the keys before them are the same."""

    def __init__(self) -> None:
        self.head = 0
        self.values: dict[tuple[str, ...], int] = {}

    def add(self, item: Item) -> None:
        """Make room for a row; its last value, and what is very long, pushes nothing to the right."""
        if columns(item.head) <= _WIDEST_CELL:
            self.head = max(self.head, columns(item.head))
        for keys, text in list(self._cells(item))[:-1]:
            if columns(text) <= _WIDEST_CELL:
                self.values[keys] = max(self.values.get(keys, 0), columns(text) + 1)

    def line(self, item: Item) -> str:
        """The row, aligned."""
        cells = list(self._cells(item))
        inner = [_pad(f"{text},", self.values.get(keys, 0)) for keys, text in cells[:-1]]
        return (
            f"{_pad(item.head, self.head)} {_braced(' '.join([*inner, *(text for _, text in cells[-1:])]))}"
        )

    @staticmethod
    def _cells(item: Item) -> Iterator[tuple[tuple[str, ...], str]]:
        """Each value of a row as it is written, under its key and the keys before it."""
        keys: tuple[str, ...] = ()
        for part in item.body.items if isinstance(item.body, Braces) else []:
            keys = (*keys, part.head)
            yield keys, flat(part) or ""


def _has_key(item: Item, indent: str) -> bool:
    """Whether the item's value aligns with those of its neighbours."""
    if columns(item.head) > _WIDEST_KEY or _table(item) is not None:
        return False
    return isinstance(item.body, Plain) or (isinstance(item.body, Listed | Braces) and _fits(item, indent))


def _opens(body: Body) -> bool:
    return isinstance(body, Braces) and body.term is None


def _runs(items: list[Item]) -> Iterator[list[tuple[Item, Cells]]]:
    """Assertions that stand directly below each other."""
    run: list[tuple[Item, Cells]] = []
    for item in items:
        if run and (item.blank or not isinstance(item.body, Cells)):
            yield run
            run = []
        if isinstance(item.body, Cells) and item.body.bound:
            run.append((item, item.body))
    if run:
        yield run


def _item_lines(item: Item, indent: str, unit: str, widths: _Widths) -> list[str]:
    body = item.body
    if isinstance(body, Bare):
        return [indent + item.head]
    if isinstance(body, Cells):
        head, bound = widths.cells.get(id(item), (0, 0))
        text = f"{_pad(item.head, head - 1)} {_pad(body.bound, bound - 1 if body.qualifiers else 0)}"
        return [f"{indent}{text} {body.qualifiers}".rstrip()]
    if isinstance(body, Plain):
        width = widths.of(item.head)
        return f"{indent}{_pad(item.head + ':', width - 1)} {body.text}".split("\n")
    if _fits(item, indent):
        table = _table(item)
        line = _aligned(item, body, widths) if table is None else widths.tables[table].line(item)
        return [indent + line]
    if isinstance(body, Listed):
        return _list_lines(item, body, indent, unit)
    opener = item.head if body.term is None else f"{item.head}: {body.term}"
    inner = render(body.items, dangling=body.dangling, indent=indent + unit, unit=unit)
    behind = f"  {body.opening}" if body.opening else ""
    return [f"{indent}{opener} {{{behind}", *inner, f"{indent}}}"]


def _aligned(item: Item, body: Listed | Braces, widths: _Widths) -> str:
    inner = _flat_all(body.elements if isinstance(body, Listed) else body.items) or ""
    width = widths.of(item.head)
    if isinstance(body, Listed):
        return f"{_pad(item.head + ':', width - 1)} [{inner}]"
    if body.term is None:
        return f"{_pad(item.head, width - 1)} {_braced(inner)}"
    return f"{_pad(item.head + ':', width - 1)} {_pad(body.term, widths.term - 1)} {_braced(inner)}"


def _list_lines(item: Item, body: Listed, indent: str, unit: str) -> list[str]:
    lines = [f"{indent}{item.head}: ["]
    for element in body.elements:
        lines += [f"{indent}{unit}{comment}" for comment in element.leading]
        comma = "," if element.head else ""
        behind = f"  {element.trailing}" if element.trailing else ""
        if element.head or behind:
            lines.append(f"{indent}{unit}{element.head}{comma}{behind}")
    return [*lines, f"{indent}]"]


def spaced(items: list[Item]) -> list[Item]:
    """The items of a document with a blank line before every block on several lines and every change of kind."""
    before: str | None = None
    for item in items:
        kind = item.head.split(" ")[0]
        several = isinstance(item.body, Braces) and not _fits(item, "")
        item.blank = before is not None and (several or kind != before)
        before = kind
    return items
