"""`qspec report`: claims with what was measured, as a web page, Markdown, a LaTeX table or a badge."""

from __future__ import annotations

from pathlib import Path

import click

from qspec.cli import _files, _inputs, command

_SUFFIXES = {".html": "html", ".htm": "html", ".md": "markdown", ".tex": "latex", ".svg": "badge"}


@command("report", example="qspec report specs/quickstart.qspec --output report.html")
@_inputs.paths
@_inputs.stdin_filename
@click.option(
    "--format",
    "--output-format",
    "form",
    metavar="FORMAT",
    help="html, markdown, latex or badge; by default what the ending of --output says, else markdown.",
)
@click.option("--profile", default=None, metavar="NAME", help="The profile the claims are checked under.")
@_files.output
def report(
    paths: tuple[str, ...], stdin_filename: str, form: str | None, profile: str | None, output: Path | None
) -> int:
    """Put claims, their grades and what was measured on one page.

    The page holds all documents named and needs no network. Exit 2 when a document cannot be read, else 0: what the
    claims came to is on the page.
    """
    from qspec.checks.config import settings_for
    from qspec.checks.runner import check_workspace
    from qspec.report import render

    reports = []
    for path in _inputs.find_specs(paths):
        workspace = _inputs.readable_workspace(path, stdin_filename)
        reports.append(check_workspace(workspace, settings_for(path, profile=profile)))
    by_suffix = _SUFFIXES.get(output.suffix.lower()) if output is not None else None
    _files.send(render(reports, form or by_suffix or "markdown"), output)
    return 0
