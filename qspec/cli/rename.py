"""`qspec rename`: another name for what a spec declares, wherever it is used."""

from __future__ import annotations

from pathlib import Path

import click

from qspec.cli import _files, _inputs, command
from qspec.errors import Place, QSpecError


@command("rename", example="qspec rename claim.qspec digits-int8/strata/class digit")
@click.argument("path", metavar="PATH")
@click.argument("name", metavar="NAME")
@click.argument("new", metavar="NEW")
@_inputs.stdin_filename
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
def rename(path: str, name: str, new: str, stdin_filename: str, diff: bool) -> int:
    """Give a declaration another name, in the document at PATH and in the files it uses.

    NAME is a model, dataset, hardware, runtime, executor, claim, deployment or suite, a split of a dataset, or an
    evaluation, load or stratification of an executor; where several bear it, KIND/NAME or OWNER/KIND/NAME says which.
    Nothing but the name changes, and measured blocks stay as they were written. `-` reads standard input and writes
    standard output. Exit 0 when done, 2 when the name is unknown or the new one is taken.
    """
    from qspec.lang.edit import rewrite
    from qspec.lang.rename import rename as renamed

    workspace = _inputs.read_workspace(Path(path), stdin_filename)
    changed = renamed(workspace, name, new)
    places = sum(len(one.edits) for one in changed)
    elsewhere = [one for one in changed if path == "-" and one.before is not workspace.main.source]
    if elsewhere and not diff:
        raise QSpecError(
            f"The name stands in {elsewhere[0].before.path} too, which is not on standard input.",
            place=Place(stdin_filename),
            hint="name the file, so that both are written",
        )
    for one in changed:
        if diff:
            _files.show_difference(one.before, one.after)
        elif path != "-":
            rewrite(Path(one.before.path), one.before, one.after)
            click.echo(f"changed: {one.before.path}")
        else:
            click.echo(one.after.text, nl=False)
    files = f"{len(changed)} file{'' if len(changed) == 1 else 's'}"
    click.echo(f"{places} place{'' if places == 1 else 's'} in {files}", err=True)
    return 0
