"""`qspec check`: findings and grade of every claim."""

from __future__ import annotations

import click

from qspec.cli import EXIT_ERROR, _inputs, command


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
def check(
    paths: tuple[str, ...],
    stdin_filename: str,
    output_format: str,
    profile: str | None,
    select: str,
    ignore: str,
    fail_on: str | None,
) -> int:
    """Say what each claim leaves out, contradicts, or cannot resolve.

    Reads the documents and what they use, runs nothing, and opens no network. Exit 0 when no finding is at or above
    --fail-on (warning), 1 when one is, 2 when a document cannot be read.
    """
    from qspec.checks.config import settings_for
    from qspec.checks.output import render
    from qspec.checks.runner import check_workspace
    from qspec.checks.settings import Settings

    reports = []
    settings = Settings()
    for path in _inputs.find_specs(paths):
        settings = settings_for(path, profile=profile, select=select, ignore=ignore, fail_on=fail_on)
        reports.append(check_workspace(_inputs.read_workspace(path, stdin_filename), settings))
    colour = output_format in {"full", "concise"} and _inputs.colour()
    click.echo(render(reports, output_format, settings, colour=colour), color=colour, nl=False)
    if any(report.has_syntax_errors for report in reports):
        return EXIT_ERROR
    if output_format == "sarif" or settings.fail_on is None:
        return 0
    worst = max((s.order for report in reports if (s := report.worst())), default=-1)
    return 1 if worst >= settings.fail_on.order else 0
