"""`qspec fmt`: the canonical layout, in place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from qspec.cli import EXIT_ERROR, _files, _inputs, command
from qspec.errors import Place, QSpecError
from qspec.lang.source import Source


@dataclass(frozen=True)
class Choices:
    """What is done to a document, and what with the result."""

    check: bool
    diff: bool
    expand: bool
    upgrade: bool


@command("fmt", example="qspec fmt specs --check")
@_inputs.paths
@_inputs.stdin_filename
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when a file would change.")
@click.option(
    "--diff", is_flag=True, help="Write nothing; show what would change, and exit 1 when anything would."
)
@click.option("--expand", is_flag=True, help="Spell shorthands for precisions out in full.")
@click.option("--upgrade", is_flag=True, help="Rewrite older versions of the language to this one.")
def fmt(
    paths: tuple[str, ...], stdin_filename: str, check: bool, diff: bool, expand: bool, upgrade: bool
) -> int:
    """Lay documents out canonically; meaning and comments stay.

    Files are replaced in one step, and left alone when a promise could not be kept. `-` reads standard input and
    writes standard output. Exit 0 when done, 1 under --check or --diff when a file would change, 2 when one cannot be
    read.
    """
    choices = Choices(check, diff, expand, upgrade)
    changed, failed, count = 0, 0, 0
    for path in _inputs.find_specs(paths, suffixes=(".qspec",)):
        count += 1
        try:
            changed += _one(path, stdin_filename, choices)
        except QSpecError as error:
            failed += 1
            click.echo(f"error: {error}", err=True)
    if paths != ("-",):
        verb = "would change" if check or diff else "changed"
        click.echo(f"{changed} of {count} file{'' if count == 1 else 's'} {verb}", err=True)
    return EXIT_ERROR if failed else int(changed > 0 and (check or diff))


def _one(path: Path, stdin_name: str, choices: Choices) -> bool:
    """Lay out one document; True when that changes it."""
    from qspec.lang.edit import rewrite
    from qspec.lang.source import read_source

    stdin = str(path) == "-"
    source = _inputs.read_stdin(stdin_name) if stdin else read_source(path)
    if source.path.endswith((".json", ".yaml", ".yml")):
        raise QSpecError(
            "A YAML or JSON twin has no layout of its own.",
            place=Place(source.path),
            hint="`qspec convert` writes it as a .qspec",
        )
    laid_out = _laid_out(source, choices)
    changes = laid_out.text != source.text
    if choices.diff and changes:
        _files.show_difference(source, laid_out)
    elif choices.check and changes:
        click.echo(f"would change: {source.path}")
    elif stdin and not (choices.check or choices.diff):
        click.echo(laid_out.text, nl=False)
    elif changes and not (choices.check or choices.diff):
        rewrite(path, source, laid_out)
        click.echo(f"changed: {source.path}")
    return changes


def _laid_out(source: Source, choices: Choices) -> Source:
    from qspec.lang.format import format_text

    changed = source
    if choices.upgrade:
        from qspec.lang.upgrade import UPGRADES

        changed = UPGRADES.apply(changed)
    if choices.expand:
        from qspec.lang.expand import expand_text

        changed = expand_text(changed)
    return Source(source.path, format_text(changed))
