"""Fixes of findings applied to a document: written in place, put out, or shown as a difference."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from qspec.checks.fixes import apply_fixes
from qspec.checks.runner import DocumentReport
from qspec.cli import _files
from qspec.lang.edit import rewrite
from qspec.lang.load import load_source

if TYPE_CHECKING:
    from collections.abc import Callable

    from qspec.lang.load import Workspace

_PASSES = 8
"""A fix may bring another finding to light; more rounds than this would be a circle."""


def repair(
    path: Path,
    report: DocumentReport,
    check: Callable[[Workspace], DocumentReport],
    unsafe: str,
    *,
    show_only: bool,
) -> tuple[DocumentReport, bool]:
    """Apply the fixes of a report; returns the report on what came of it, and whether a difference was shown.

    `check` checks what came of it, as the document was checked.

    `unsafe` names the rules whose unsafe fixes are wanted too, by comma, or all of them with `ALL`. Standard input
    goes to standard output. With `show_only` nothing is written, and the report is the one on the old text.
    """
    wanted = (
        True
        if unsafe.strip().upper() == "ALL"
        else [code.strip() for code in unsafe.split(",") if code.strip()]
    )
    before, after, count = report.workspace.main.source, report, 0
    for _ in range(_PASSES):
        done = apply_fixes(after, wanted)
        if not done.applied:
            break
        count += len(done.applied)
        wanted = []  # an unsafe fix may leave its finding standing, and would be applied again
        after = check(load_source(done.source, root=report.workspace.root))
    source = after.workspace.main.source
    if show_only:
        if count:
            _files.show_difference(before, source)
        return report, count > 0
    if str(path) == "-":
        click.echo(source.text, nl=False)
    elif count:
        rewrite(path, before, source)
    if count:
        click.echo(f"{count} fix{'' if count == 1 else 'es'} applied: {before.path}", err=True)
    return after, False
