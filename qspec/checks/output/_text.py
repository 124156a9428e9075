"""What the formats for people share: harmless text, colours, excerpts of a source, and the closing count."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from qspec.checks.report import Report, count_by_severity
from qspec.checks.suppress import Suppression
from qspec.lang.diagnostic import Diagnostic
from qspec.lang.layout import columns
from qspec.lang.source import Source, Span

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_CODES = {"error": "1;31", "warning": "1;33", "note": "1;36", "frame": "1;34", "help": "1;32", "strong": "1"}
_WIDTH = 120
"""Columns of a source line that are shown; longer lines are cut around the place."""


def visible(text: str) -> str:
    """`text` with whatever a terminal would obey or hide written as its number in hexadecimal."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        f"\\u{{{ord(sign):x}}}" if unicodedata.category(sign) in _UNSEEN else sign for sign in text
    )


@dataclass(frozen=True, slots=True)
class Paint:
    """Colours by role, or none at all."""

    on: bool

    def __call__(self, role: str, text: str) -> str:
        """`text` in the colour of `role`."""
        return f"\x1b[{_CODES[role]}m{text}\x1b[0m" if self.on else text


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One line of a source, ready to be shown, and where the marks under it begin and how far they go."""

    number: int
    text: str
    offset: int
    length: int


def excerpt(source: Source, span: Span) -> Excerpt:
    """The first line of a place, shortened around it when it is long."""
    number, column = source.position(min(span.start, len(source.text)))
    line = source.line(number)
    first = column - 1
    last = max(first + 1, min(first + span.end - span.start, len(line)))
    start = max(0, first - _WIDTH // 3) if len(line) > _WIDTH else 0
    end = min(len(line), start + _WIDTH)
    lead, tail = ("…" if start else ""), ("…" if end < len(line) else "")
    before, inside = _plain(line[start:first]), _plain(line[first : min(last, end)])
    after = _plain(line[min(last, end) : end])
    return Excerpt(
        number,
        f"{lead}{before}{inside}{after}{tail}".rstrip(),
        columns(lead + before),
        max(1, columns(inside.rstrip() or inside)),
    )


def _plain(text: str) -> str:
    return visible(text.replace("\t", "    "))


def with_help(finding: Diagnostic) -> str:
    """The message and what to do about it, as sentences."""
    if finding.help is None:
        return finding.message
    end = "" if finding.help.endswith(("?", ".", "…")) else "."
    return f"{finding.message} Help: {finding.help}{end}"


def allowance(by: Suppression) -> str:
    """What a suppression says: `allowed because "…" until DATE (OWNER)`."""
    until = f" until {by.until}" if by.until else ""
    owner = f" ({visible(by.owner)})" if by.owner else ""
    reason = f'because "{visible(by.reason)}"' if by.reason else "without a reason"
    return f"allowed {reason}{until}{owner}"


def allowed_line(finding: Diagnostic, by: Suppression) -> str:
    """A finding that a comment allows, on one line."""
    place = f"{visible(finding.source.path)}:{finding.line}:{finding.column}"
    return f"{place}: {finding.code} {finding.rule} is {allowance(by)}"


def plural(count: int, noun: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def closing(reports: Sequence[Report]) -> str:
    """The last line: how many findings of each severity in how many documents."""
    counts = count_by_severity(finding for report in reports for finding in report.findings)
    allowed = sum(len(report.suppressed) for report in reports)
    found = [plural(count, severity) for severity, count in counts.items() if count]
    text = f"{', '.join(found) or 'No findings'} in {plural(len(reports), 'document')}"
    return f"{text}; {allowed} allowed by comments." if allowed else f"{text}."
