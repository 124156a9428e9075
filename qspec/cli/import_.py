"""`qspec import`: somebody else's file as a spec."""

from __future__ import annotations

from pathlib import Path

import click

from qspec.cli import _files, command


@command("import", example="qspec import mlperf-system systems/xeon.json --output hardware.qspec")
@click.argument("form", metavar="FORMAT")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@_files.output
def import_(form: str, path: Path, output: Path | None) -> int:
    """Write a file of an outside FORMAT as a spec.

    `mlperf-system` is the system description of an MLPerf Inference submission; it gives a `hardware` and a `runtime`
    block. What has no word in the language is named on standard error.
    """
    from qspec.api import import_from
    from qspec.lang.write import write_document

    made = import_from(path, form)
    for note in made.notes:
        click.echo(f"note: {note}", err=True)
    _files.send(write_document(made.document), output)
    return 0
