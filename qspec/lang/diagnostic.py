"""One finding about a document: what is wrong, where, how bad, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from qspec.lang.source import Source, Span


class Severity(StrEnum):
    """How bad a finding is; `order` compares them."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def order(self) -> int:
        """Two for an error, one for a warning, nought for a note."""
        return {"error": 2, "warning": 1, "note": 0}[self.value]


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the characters of `span` by `text`."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that answer a finding; only a safe one keeps the meaning and may be applied unasked."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that a finding speaks of."""

    span: Span
    message: str
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A finding: code and rule name, severity, a whole sentence, its place, and help."""

    code: str
    rule: str
    severity: Severity
    message: str
    span: Span
    source: Source
    claim: str | None = None
    help: str | None = None
    notes: tuple[str, ...] = ()
    related: tuple[Related, ...] = ()
    fixes: tuple[Fix, ...] = field(default=())

    @property
    def line(self) -> int:
        """Line of the place, from one."""
        return self.source.position(self.span.start)[0]

    @property
    def column(self) -> int:
        """Column of the place in characters, from one."""
        return self.source.position(self.span.start)[1]
