"""Where a command's text goes: standard output, or a file that is never half there."""

from __future__ import annotations

from pathlib import Path

import click

output = click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file rather than to standard output.",
)


def send(text: str, path: Path | None, said: str = "written") -> None:
    """Write `text` to `path`, by one rename, and say so; or to standard output where `path` is None or `-`."""
    if path is None or str(path) == "-":
        click.echo(text, nl=False)
        return
    from qspec.lang.new_file import write_new

    write_new(path, text)
    click.echo(f"{said}: {path}", err=True)
