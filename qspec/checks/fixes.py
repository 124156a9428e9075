"""Fixes of findings applied to the author's text: the safe ones, and unsafe ones only by name."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from qspec.checks.runner import DocumentReport
from qspec.errors import QSpecError
from qspec.lang.diagnostic import Diagnostic, Edit, Fix
from qspec.lang.edit import verified
from qspec.lang.source import Source


@dataclass(frozen=True)
class Fixed:
    """A document with fixes applied; its source is the old one, and `applied` empty, where there was nothing to do."""

    source: Source
    applied: tuple[tuple[Diagnostic, Fix], ...] = ()
    left: tuple[tuple[Diagnostic, Fix], ...] = ()
    """Fixes that were not applied: unsafe ones nobody asked for, alternatives, and those that would break the text."""


def apply_fixes(report: DocumentReport, unsafe: bool | Collection[str] = ()) -> Fixed:
    """Apply the fixes of a report's findings in the document that was asked for; nothing is written.

    `unsafe` says which unsafe fixes may be applied: none, all (`True`), or those of rules by code, family or name.
    Of alternatives, such as the two readings of a bare per cent, none is chosen. What stands outside the edits stays
    byte for byte as it was, and the edited text has no error that the old one had not.
    """
    source = report.workspace.main.source
    wanted: list[tuple[Diagnostic, Fix]] = []
    left: list[tuple[Diagnostic, Fix]] = []
    for finding in report.findings:
        if finding.source is not source:
            left += [(finding, fix) for fix in finding.fixes]
            continue
        for fix in finding.fixes:
            chosen = (fix.safe or _is_named(finding, unsafe)) and not _has_alternative(finding, fix)
            (wanted if chosen else left).append((finding, fix))
    applied, edited = _apply(source, wanted, left)
    return Fixed(edited, tuple(applied), tuple(left))


def _apply(
    source: Source, wanted: list[tuple[Diagnostic, Fix]], left: list[tuple[Diagnostic, Fix]]
) -> tuple[list[tuple[Diagnostic, Fix]], Source]:
    """Every wanted fix that neither touches one before it nor breaks the text."""
    applied: list[tuple[Diagnostic, Fix]] = []
    edits: list[Edit] = []
    for finding, fix in wanted:
        new = [edit for edit in fix.edits if edit not in edits]
        if any(_touch(edit, other) for edit in new for other in edits):
            left.append((finding, fix))
            continue
        applied.append((finding, fix))
        edits += new
    if not edits:
        return applied, source
    try:
        return applied, verified(source, edits)
    except QSpecError:
        return _one_by_one(source, applied, left)


def _one_by_one(
    source: Source, wanted: list[tuple[Diagnostic, Fix]], left: list[tuple[Diagnostic, Fix]]
) -> tuple[list[tuple[Diagnostic, Fix]], Source]:
    """The fixes that the text bears, added one after the other: something in all of them together broke it."""
    kept: list[tuple[Diagnostic, Fix]] = []
    edits: list[Edit] = []
    edited = source
    for finding, fix in wanted:
        tried = [*edits, *(edit for edit in fix.edits if edit not in edits)]
        try:
            edited = verified(source, tried)
        except QSpecError:
            left.append((finding, fix))
            continue
        kept.append((finding, fix))
        edits = tried
    return kept, edited


def _is_named(finding: Diagnostic, unsafe: bool | Collection[str]) -> bool:
    if isinstance(unsafe, bool):
        return unsafe
    return any(finding.code.startswith(name) or finding.rule == name for name in unsafe if name)


def _has_alternative(finding: Diagnostic, fix: Fix) -> bool:
    """Whether another fix of the same finding would change the same text otherwise."""
    others: Iterator[Edit] = (edit for other in finding.fixes if other is not fix for edit in other.edits)
    return any(_touch(edit, other) and edit != other for other in others for edit in fix.edits)


def _touch(first: Edit, second: Edit) -> bool:
    """Whether two edits change the same characters; insertions at one place stand beside each other."""
    return first.span.start < second.span.end and second.span.start < first.span.end
