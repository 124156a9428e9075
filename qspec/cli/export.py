"""`qspec export`: what a spec declares, in somebody else's format."""

from __future__ import annotations

from pathlib import Path

import click

from qspec.cli import _files, command


@command("export", example="qspec export mlperf-system specs/quickstart.qspec --name digits-int8")
@click.argument("form", metavar="FORMAT")
@click.argument("path", metavar="PATH", type=click.Path(path_type=Path))
@click.option("--name", metavar="NAME", help="The declaration to write; needed where the spec has several.")
@_files.output
def export(form: str, path: Path, name: str | None, output: Path | None) -> int:
    """Write what a spec declares in an outside FORMAT.

    `mlperf-system` is the system description of an MLPerf Inference submission, for an executor or a `hardware`. What the
    format asks for and the spec does not say stays empty, and is named on standard error.
    """
    from qspec.api import export_as

    made = export_as(path, form, name)
    for note in made.notes:
        click.echo(f"note: {note}", err=True)
    _files.send(made.text, output)
    return 0
