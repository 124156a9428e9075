"""Comments that allow a finding, each with its reason: `# qspec: allow QS401 because "pilot only" until 2027-01-01`."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qspec.lang.diagnostic import Diagnostic, Severity
from qspec.lang.source import Span

if TYPE_CHECKING:
    from qspec.lang.load import Loaded
    from qspec.lang.tree import Block

_COMMENT = re.compile(
    r"#\s*qspec:\s*allow(?P<scope>-file|-block)?\s+(?P<codes>[\w-]+(?:\s*,\s*[\w-]+)*)"
    r'(?:\s+because\s+"(?P<reason>[^"]*)")?(?:\s+until\s+(?P<until>\d{4}-\d{2}-\d{2}))?(?:\s+owner\s+(?P<owner>\S+))?'
)
_ATTEMPT = re.compile(r"#\s*qspec:\s*(\S+)")


@dataclass(frozen=True)
class Suppression:
    """One comment: which codes or names it allows, over which stretch of the text, and why."""

    codes: tuple[str, ...]
    span: Span
    covers: Span
    reason: str | None
    until: datetime.date | None
    owner: str | None

    def allows(self, finding: Diagnostic) -> bool:
        """Whether the finding is of an allowed rule and within the scope."""
        named = any(finding.code.startswith(c) or finding.rule == c for c in self.codes)
        return named and self.covers.start <= finding.span.start < self.covers.end


def read_suppressions(
    loaded: Loaded, today: datetime.date | None = None
) -> tuple[list[Suppression], list[Diagnostic]]:
    """The suppressions of a file, and findings about those without a reason, expired, or unreadable."""
    found: list[Suppression] = []
    problems: list[Diagnostic] = []
    today = today or datetime.datetime.now(tz=datetime.UTC).date()

    def problem(code: str, rule: str, message: str, span: Span, hint: str) -> None:
        problems.append(Diagnostic(code, rule, Severity.WARNING, message, span, loaded.source, help=hint))

    for comment in loaded.tree.comments:
        if "qspec:" not in comment.text:
            continue
        match = _COMMENT.match(comment.text)
        if match is None:
            attempt = _ATTEMPT.match(comment.text)
            if attempt:
                problem(
                    "QS910", "suppression-without-reason", f"`{attempt[1]}` is no suppression this program reads.",
                    comment.span, 'write `# qspec: allow CODE because "reason"`',
                )  # fmt: skip
            continue
        codes = tuple(code.strip() for code in match["codes"].split(","))
        until = _date(match["until"])
        if match["until"] and until is None:
            problem(
                "QS910", "suppression-without-reason", f"The suppression ends on {match['until']}, which is no date.",
                comment.span, "write the date as YYYY-MM-DD",
            )  # fmt: skip
            continue
        covers = _scope(loaded, comment.span, match["scope"])
        if not match["reason"]:
            problem(
                "QS910", "suppression-without-reason", f"The suppression of {', '.join(codes)} gives no reason.",
                comment.span, 'add `because "…"`: a reader must be able to judge it',
            )  # fmt: skip
        if until is not None and until < today:
            problem(
                "QS911", "suppression-expired", f"The suppression of {', '.join(codes)} expired on {until}.",
                comment.span, "repair what it allows, or give it a new date",
            )  # fmt: skip
            continue
        found.append(Suppression(codes, comment.span, covers, match["reason"], until, match["owner"]))
    return found, problems


def _date(text: str | None) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _scope(loaded: Loaded, comment: Span, scope: str | None) -> Span:
    text, source = loaded.source.text, loaded.source
    if scope == "-file":
        return Span(0, len(text) + 1)
    line, column = source.position(comment.start)
    if scope == "-block":
        return _enclosing(loaded.tree.root, comment) or Span(0, len(text) + 1)
    alone = not source.line(line)[: column - 1].strip()
    target = line + 1 if alone else line
    starts = source.line_starts
    if target > len(starts):
        return Span(len(text), len(text) + 1)
    start = starts[target - 1]
    end = starts[target] if target < len(starts) else len(text) + 1
    return Span(start, end)


def _enclosing(block: Block, at: Span) -> Span | None:
    """The innermost section around a place."""
    from qspec.lang.tree import Block, Entry, Section  # here: reports are read from the cache without a tree

    for item in block.items:
        inner = item.block if isinstance(item, Section) else item.value if isinstance(item, Entry) else None
        if isinstance(inner, Block) and inner.start <= at.start < inner.end:
            return _enclosing(inner, at) or Span(item.start, item.end)
    return None


def apply_suppressions(
    loaded: Loaded,
    findings: list[Diagnostic],
    suppressions: Sequence[Suppression],
    allowing: Callable[[Diagnostic], Suppression | None],
    before: Sequence[tuple[Diagnostic, Suppression]] = (),
) -> tuple[list[Diagnostic], list[tuple[Diagnostic, Suppression]], list[Diagnostic]]:
    """Findings kept, findings allowed with what allows them, and a finding for each suppression that did nothing.

    `allowing` finds the suppression that allows a finding; `before` are findings that were allowed already, and join
    those allowed here.

    Errors of the language itself cannot be allowed: what is not read is not claimed.
    """
    kept: list[Diagnostic] = []
    allowed = list(before)
    for finding in findings:
        here = finding.source is loaded.source and not finding.code.startswith("QS0")
        match = allowing(finding) if here else None
        if match is None:
            kept.append(finding)
        else:
            allowed.append((finding, match))
    used = {match.span for _, match in allowed}
    unused = [
        Diagnostic(
            "QS912",
            "suppression-unused",
            Severity.WARNING,
            f"The suppression of {', '.join(suppression.codes)} allows nothing.",
            suppression.span,
            loaded.source,
            help="remove it",
        )
        for suppression in suppressions
        if suppression.span not in used
    ]
    return kept, allowed, unused
