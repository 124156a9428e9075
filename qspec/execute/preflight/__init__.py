"""Rules that must open a model or an array, run before anything is computed: for `plan`, `execute` and `check --deep`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qspec.errors import QSpecError
from qspec.execute.options import Options
from qspec.execute.preflight.collector import Collector
from qspec.execute.preflight.files import check_files
from qspec.execute.preflight.pair import check_pair
from qspec.execute.preflight.readers import Shelf, check_readers
from qspec.lang.diagnostic import Diagnostic, Severity
from qspec.lang.load import Workspace
from qspec.lang.resolve import Resolver

if TYPE_CHECKING:
    from qspec.execute.plan import Plan


def preflight(workspace: Workspace, options: Options | None = None) -> Collector:
    """What is wrong with the files of a document and with what its claims make of them; nothing is computed.

    Every file that the document declares is opened, whether a claim uses it or not, and every claim that names files
    is held against them: layers, inputs, columns, sizes, labels, splits. `unopened` says which claims name none.
    """
    found = Collector()
    for loaded in workspace.files:
        check_files(loaded, workspace.root, found)
    for claim in Resolver(workspace).claims():
        plan = found.plan(claim, options or Options())
        if plan is not None:
            _check_plan(plan, found)
    return found


def unfit(plan: Plan) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """The errors for which a plan cannot be run, and the warnings of what a run would leave out; nothing is computed."""
    found = Collector()
    _check_plan(plan, found)
    errors, warnings = (
        [one for one in found.findings if one.severity is severity]
        for severity in (Severity.ERROR, Severity.WARNING)
    )
    return errors, warnings


def refuse(plan: Plan) -> None:
    """Raise `PreflightError` when the files of a plan do not fit it, with all of them at once."""
    errors, _ = unfit(plan)
    if errors:
        raise PreflightError(errors)


class PreflightError(QSpecError):
    """Files that do not fit what a spec says of them; `diagnostics` holds everything that was found."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = list(diagnostics)
        first = self.diagnostics[0]
        place = first.source.place(first.span.start)
        super().__init__(first.message, place=place, hint=first.help, rule=first.code)

    def __str__(self) -> str:
        rest = (
            QSpecError(one.message, place=one.source.place(one.span.start), hint=one.help, rule=one.code)
            for one in self.diagnostics[1:]
        )
        return "\n".join([super().__str__(), *(f"error: {one}" for one in rest)])


def _check_plan(plan: Plan, found: Collector) -> None:
    shelf = Shelf(plan, found)
    check_readers(plan, shelf, found)
    check_pair(plan, shelf, found)
