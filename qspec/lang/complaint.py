"""The errors that lowering reports: each kind with its code, its sentence and, where there is one, its fix."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from qspec.lang.diagnostic import Diagnostic, Edit, Fix, Related, Severity
from qspec.lang.positions import Path, Positions
from qspec.lang.refusal import refusal, refusals
from qspec.lang.source import Source, Span
from qspec.lang.tree import Node, Number
from qspec.model.document import LANGUAGE_VERSION
from qspec.model.unit import COUNT_NOUNS, PER_NOUNS, UNITS, find_unit, respelled

if TYPE_CHECKING:
    from pydantic import ValidationError

_RULES = {
    "QS001": "syntax-error",
    "QS002": "unknown-key",
    "QS003": "wrong-type",
    "QS004": "unknown-unit",
    "QS005": "duplicate-name",
    "QS009": "language-version",
    "QS011": "missing-item",
}


class Complaints:
    """The errors found in one source so far."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.errors: list[Diagnostic] = []

    def add(
        self,
        code: str,
        message: str,
        node: Node,
        hint: str | None = None,
        *,
        related: tuple[Related, ...] = (),
        fixes: tuple[Fix, ...] = (),
    ) -> None:
        """Add an error at a node."""
        self.errors.append(
            Diagnostic(
                code,
                _RULES[code],
                Severity.ERROR,
                message,
                node.span,
                self.source,
                help=hint,
                related=related,
                fixes=fixes,
            )
        )

    def wrong(self, message: str, node: Node, hint: str | None = None) -> None:
        """A value that the item cannot take."""
        self.add("QS003", message, node, hint)

    def refused(
        self, error: ValidationError, path: Path, positions: Positions, node: Node, head: Node
    ) -> None:
        """What the limits of the noun at `path` refuse: each field at its place, and at `head` what is missing."""
        for name, problem in refusals(error):
            if problem["type"] != "missing":
                where = Node(*positions.of((*path, name))) if name else node
                self.wrong(refusal(problem), where)
            elif (*path, name) not in positions.keys:  # else it is there, and what is wrong with it was said
                self.add("QS011", f"`{name}` is missing from this block.", head)

    def twice(self, name: str, node: Node, before: Node) -> None:
        """Something said a second time."""
        line, _ = self.source.position(before.start)
        related = (Related(before.span, "first said here"),)
        self.add(
            "QS005", f"`{name}` was said on line {line} already.", node, "keep one of them", related=related
        )

    def no_colon(self, key: str, item: Node) -> None:
        """`key value` where only `key: value` makes sense."""
        behind = item.start + len(key)
        fix = Fix(f"Put a colon after `{key}`", (Edit(Span(behind, behind), ":"),), True)
        self.add("QS001", f"A colon is missing after `{key}`.", item, f"write `{key}: …`", fixes=(fix,))

    def unknown(self, written: str, node: Node, words: list[str]) -> None:
        """A key that the block does not have."""
        message = f"There is no `{written}` here."
        near = difflib.get_close_matches(written, words, n=1, cutoff=0.6)
        if near:
            fix = Fix(f"Write `{near[0]}`", (Edit(node.span, near[0]),), True)
            self.add("QS002", message, node, f"did you mean `{near[0]}`?", fixes=(fix,))
            return
        known = ", ".join(f"`{word}`" for word in words[:12])
        hint = f"this block takes {known}" if known else "this block takes no such items"
        self.add("QS002", message, node, hint)

    def version(self, text: str, node: Node) -> None:
        """A version of the language that this program does not read."""
        newer = text.isdigit() and text.strip("0") != "" and (len(text) > 9 or int(text) > LANGUAGE_VERSION)
        self.add(
            "QS009",
            f"This program reads version {LANGUAGE_VERSION} of the language, and the file says {text}.",
            node,
            "install a newer qspec" if newer else f"write `qspec {LANGUAGE_VERSION}`",
        )

    def units(self, measures: Iterable[Number]) -> None:
        """The units among these numbers that nobody knows."""
        for number in measures:
            if number.unit is not None and not known_unit(number.unit):
                self.unit(number.unit, Span(number.end - len(number.unit), number.end))

    def unit(self, unit: str, span: Span) -> None:
        """A unit that nobody knows; a fix is offered where the unit stands as it is spelled, bare or quoted.

        It is safe where the word is another spelling of one unit, and a guess where it only looks like one.
        """
        meant = respelled(unit)
        near = meant or nearest_unit(unit)
        written = self.source.text[span.start : span.end]
        text = f'"{near}"' if written.startswith('"') else near
        whole = written.strip("\"'") == unit
        fixes = (
            (Fix(f"Write `{near}`", (Edit(span, text or ""),), safe=meant is not None),)
            if near and whole
            else ()
        )
        hint = f"did you mean `{near}`?" if near else "units are listed by `qspec explain unit`"
        self.add("QS004", f"There is no unit `{unit}`.", Node(*span), hint, fixes=fixes)


def known_unit(unit: str) -> bool:
    """Whether a unit is one of the language's, or a metric's own."""
    if find_unit(unit) is not None:
        return True
    from qspec.metrics import registry

    return unit in registry


def nearest_unit(unit: str) -> str | None:
    """The unit that was probably meant."""
    head, per, noun = unit.partition(" per ")
    if per and find_unit(head) is not None:
        near = difflib.get_close_matches(noun, sorted(PER_NOUNS), n=1)
        return f"{head} per {near[0]}" if near else None
    known = [*UNITS, *sorted(COUNT_NOUNS)]
    folded = {name.lower(): name for name in reversed(known)}
    if unit.lower() in folded:
        return folded[unit.lower()]
    near = difflib.get_close_matches(unit, known, n=1, cutoff=0.6)
    return near[0] if near else None
