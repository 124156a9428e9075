"""`qspec explain`: the reference page of a rule, an axis, a metric, or any other word of the language."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qspec.cli import _inputs, command
from qspec.errors import QSpecError

if TYPE_CHECKING:
    from qspec.report.reference import Page

_WIDEST = 100


@command("explain", example="qspec explain percent-or-points")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--list", "listed", is_flag=True, help="Every name there is a page for, by kind.")
@click.option("--all", "everything", is_flag=True, help="Every page, with --output as files in a folder.")
@click.option(
    "--output", type=click.Path(file_okay=False, path_type=Path), help="With --all: the folder to write to."
)
@click.option(
    "--output-format",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    help="Laid out for the terminal, as Markdown, or as data.",
)
def explain(
    names: tuple[str, ...], listed: bool, everything: bool, output: Path | None, output_format: str
) -> int:
    """Say what a rule, an axis, a metric, or any other word of the language means.

    Rules go by code or name (QS220, percent-or-points); metrics, tasks, precisions, units and words as they are
    written; keys as block.key (load.batch). A word of several meanings gives several pages; KIND/NAME asks for one.
    """
    from qspec.report.reference import explain as pages_of
    from qspec.report.reference import pages

    if output is not None and not everything:
        raise QSpecError("`--output` names the folder of all pages.", hint="give --all with it")
    if listed:
        _list(output_format)
        return 0
    if everything and output is not None:
        from qspec.report.reference.folder import write_folder

        count = write_folder(output)
        click.echo(f"written: {count} pages below {output}")
        return 0
    if not names and not everything:
        raise QSpecError("No name is given.", hint="`qspec explain --list` shows every name")
    found = pages() if everything else (page for name in names for page in pages_of(name))
    _show(list(dict.fromkeys(found)), output_format)
    return 0


def _show(found: list[Page], output_format: str) -> None:
    if output_format == "json":
        click.echo(json.dumps({"pages": [asdict(page) for page in found]}, indent=2, ensure_ascii=False))
    elif output_format == "markdown":
        click.echo("\n".join(page.markdown for page in found), nl=False)
    else:
        from qspec.cli._markdown import layout

        colour = _inputs.colour()
        width = min(_WIDEST, shutil.get_terminal_size((_WIDEST, 24)).columns)
        click.echo(
            "\n".join(layout(page.markdown, width, colour=colour) for page in found), color=colour, nl=False
        )


def _list(output_format: str) -> None:
    from qspec.report.reference import registry

    if output_format == "json":
        data = {one.name: sorted(one.names()) for one in registry}
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return
    for one in registry:
        click.echo(f"{one.title}:")
        click.echo(click.wrap_text(", ".join(one.names()), _WIDEST, "  ", "  "))
