"""Where a command's text goes: standard output, or a file that is never half there."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qspec.cli import _inputs

if TYPE_CHECKING:
    from qspec.lang.source import Source

_LINE_COLOURS = {"+": "green", "-": "red", "@": "cyan"}

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


def show_difference(before: Source, after: Source) -> None:
    """A unified diff on standard output, coloured by what each line does."""
    click.echo("\n".join(_difference(before, after)), color=_inputs.colour())


def _difference(before: Source, after: Source) -> Iterator[str]:
    lines = difflib.unified_diff(
        before.text.splitlines(), after.text.splitlines(), before.path, after.path, lineterm=""
    )
    for line in lines:
        yield click.style(line, fg=_LINE_COLOURS[line[0]]) if line[:1] in _LINE_COLOURS else line
