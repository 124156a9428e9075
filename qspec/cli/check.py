"""`qspec check`: findings and grade of every claim."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qspec.cli import EXIT_ERROR, _inputs, command
from qspec.errors import QSpecError

if TYPE_CHECKING:
    from qspec.checks.report import Report
    from qspec.checks.runner import DocumentReport
    from qspec.checks.settings import Settings
    from qspec.lang.diagnostic import Diagnostic
    from qspec.lang.load import Workspace


@dataclass(frozen=True)
class Choices:
    """How documents are checked, and what is shown of it."""

    stdin_filename: str
    output_format: str
    profile: str | None
    select: str
    ignore: str
    fail_on: str | None
    fix: bool
    unsafe_fixes: str
    diff: bool
    statistics: bool
    deep: bool
    no_cache: bool
    jobs: int | None

    def settings(self, path: Path) -> Settings:
        """The settings that hold for a path."""
        from qspec.checks.config import settings_for

        return settings_for(
            path, profile=self.profile, select=self.select, ignore=self.ignore, fail_on=self.fail_on
        )

    @property
    def repairs(self) -> bool:
        """Whether fixes are to be applied, or shown."""
        return self.fix or bool(self.unsafe_fixes) or self.diff


@command("check", example="qspec check paper.qspec --output-format concise")
@_inputs.paths
@_inputs.stdin_filename
@click.option(
    "--output-format",
    default="full",
    metavar="FORMAT",
    help="full, concise, json, json-lines, sarif, github, gitlab or junit.",
)
@click.option(
    "--profile",
    default=None,
    metavar="NAME",
    help="draft, default, paper, vendor, decision-grade or safety-critical.",
)
@click.option(
    "--select",
    default="",
    metavar="CODES",
    help="Only these rules: codes, families (QS3) or names, by comma.",
)
@click.option("--ignore", default="", metavar="CODES", help="Not these rules.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "note", "never"]),
    default=None,
    help="Least severity that ends in exit 1.",
)
@click.option("--fix", is_flag=True, help="Apply the safe fixes, and show what is left.")
@click.option(
    "--unsafe-fixes", default="", metavar="CODES", help="Apply the unsafe fixes of these rules too, or ALL."
)
@click.option(
    "--diff",
    is_flag=True,
    help="Show what the fixes would change, write nothing, and exit 1 when they would change anything.",
)
@click.option(
    "--statistics",
    is_flag=True,
    help="Count findings by rule instead of showing them; as markdown, say what the claims state, axis by axis.",
)
@click.option(
    "--show-settings", is_flag=True, help="Show the settings that hold for each document, and stop."
)
@click.option(
    "--deep",
    is_flag=True,
    help="Open the models and data that lie beside a document, too, and hold them against it; nothing is run.",
)
@click.option("--no-cache", is_flag=True, help="Check everything anew, and keep nothing of it.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 512),
    metavar="N",
    help="Check many documents on so many processes, rather than on one a core.",
)
@click.option("--watch", is_flag=True, help="Check again whenever a document changes, until interrupted.")
def check(paths: tuple[str, ...], show_settings: bool, watch: bool, **how: Any) -> int:
    """Say what each claim leaves out, contradicts, or cannot resolve.

    Reads the documents and what they use, with --deep their models and data too; runs nothing, and opens no network.
    What was found is kept, so that a document is checked again only when it, what it uses, or the settings changed.
    Settings come from the qspec.toml, or the [tool.qspec] of the pyproject.toml, nearest above a document, under those
    given here. Exit 0 when no finding is at or above --fail-on (warning), 1 when one is, 2 when a document cannot be
    read; SARIF exits 0 whatever it found.
    """
    choices = Choices(**how)
    if show_settings:
        from qspec.cli._settings import settings_lines

        for path in _inputs.find_specs(paths):
            click.echo("\n".join(settings_lines(path, choices.settings(path))))
        return 0
    if watch:
        from qspec.cli._watch import run_on_change

        if "-" in paths:
            raise QSpecError("Standard input cannot be watched.", hint="name files or folders")
        run_on_change(lambda: list(_inputs.find_specs(paths)), lambda: _check(paths, choices))
    return _check(paths, choices)


def _check(paths: tuple[str, ...], choices: Choices) -> int:
    """Check once; returns the exit status."""
    asked = [(path, choices.settings(path)) for path in _inputs.find_specs(paths)]
    reports: list[Report] = []
    unreadable, failing, would_change = False, False, False
    for (_, settings), (outcome, changed) in zip(asked, _outcomes(asked, choices), strict=True):
        if isinstance(outcome, QSpecError):
            click.echo(f"error: {outcome}", err=True)
            unreadable = True
            continue
        reports.append(outcome)
        would_change |= changed
        failing |= _fails(outcome, settings)
    if reports and not choices.diff:
        # The fixed text of standard input goes to standard output, and must be alone there.
        _show(reports, asked[-1][1], choices, err=choices.repairs and "-" in paths)
    if unreadable:
        return EXIT_ERROR
    if choices.output_format == "sarif" and not choices.diff:
        return 0
    if any(report.has_syntax_errors for report in reports):
        return EXIT_ERROR
    return int(would_change if choices.diff else failing)


def _outcomes(
    asked: list[tuple[Path, Settings]], choices: Choices
) -> Iterator[tuple[Report | QSpecError, bool]]:
    """The report on each document, after its fixes, or why there is none; and whether --diff showed a change."""
    if not choices.repairs and not choices.deep and all(str(path) != "-" for path, _ in asked):
        from qspec.checks.batch import check_files
        from qspec.checks.cache import CheckCache

        cache = None if choices.no_cache else CheckCache()
        yield from ((one, False) for one in check_files(asked, cache=cache, processes=choices.jobs))
        return
    for path, settings in asked:
        try:
            yield _one(path, settings, choices)
        except QSpecError as error:
            yield error, False


def _one(path: Path, settings: Settings, choices: Choices) -> tuple[DocumentReport, bool]:
    """The report on one document, after its fixes; and whether --diff showed a change."""
    from qspec.checks.runner import check_workspace

    def checked(workspace: Workspace) -> DocumentReport:
        return check_workspace(workspace, settings, _open(workspace) if choices.deep else None)

    report = checked(_inputs.read_workspace(path, choices.stdin_filename))
    if not choices.repairs:
        return report, False
    from qspec.cli._repair import repair

    return repair(path, report, checked, choices.unsafe_fixes, show_only=choices.diff)


def _open(workspace: Workspace) -> list[Diagnostic]:
    """What opening the document's files finds; says on standard error which were not opened, and why."""
    from qspec.api import require_execution

    require_execution()
    from qspec.execute.preflight import preflight

    found = preflight(workspace)
    for sentence in found.unopened:
        click.echo(f"{workspace.main.source.path}: {sentence}", err=True)
    return found.findings


def _fails(report: Report, settings: Settings) -> bool:
    worst = report.worst()
    return settings.fail_on is not None and worst is not None and worst.order >= settings.fail_on.order


def _show(reports: Sequence[Report], settings: Settings, choices: Choices, *, err: bool) -> None:
    if choices.statistics:
        from qspec.cli._statistics import statistics

        click.echo(statistics(reports, choices.output_format), nl=False, err=err)
        return
    from qspec.checks.output import render

    colour = choices.output_format in {"full", "concise"} and _inputs.colour()
    text = render(reports, choices.output_format, settings, colour=colour)
    click.echo(text, color=colour, nl=False, err=err)
