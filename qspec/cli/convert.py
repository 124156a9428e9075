"""`qspec convert`: a document as .qspec, YAML or JSON."""

from __future__ import annotations

from pathlib import Path

import click

from qspec.cli import _files, _inputs, command
from qspec.errors import QSpecError

_FORMS = {".qspec": "qspec", ".yaml": "yaml", ".yml": "yaml", ".json": "json"}


@command("convert", example="qspec convert claim.qspec --to json")
@click.argument("path", metavar="PATH")
@_inputs.stdin_filename
@click.option(
    "--to",
    "form",
    type=click.Choice(["qspec", "yaml", "json"]),
    help="The form to write; by default what the ending of --output says.",
)
@_files.output
def convert(path: str, stdin_filename: str, form: str | None, output: Path | None) -> int:
    """Write a document in another of the language's three forms.

    .qspec, YAML and JSON say the same; comments and layout stay behind. `-` reads standard input, whose form is that
    of the ending of --stdin-filename (.qspec unless given). What is used from other files stays a `use`.
    """
    from qspec.lang.claims import refuse_errors
    from qspec.lang.load import load_one
    from qspec.lang.source import read_source
    from qspec.lang.twin import write_twin
    from qspec.lang.write import write_document

    if form is None and output is not None:
        form = _FORMS.get(output.suffix.lower())
    if form is None:
        raise QSpecError(
            "No form is given to convert to.", hint="add `--to yaml`, `--to json` or `--to qspec`"
        )
    loaded = load_one(_inputs.read_stdin(stdin_filename) if path == "-" else read_source(Path(path)))
    refuse_errors(loaded.errors)
    if loaded.tree.comments:
        number = len(loaded.tree.comments)
        click.echo(f"note: {number} comment{'' if number == 1 else 's'} stayed behind", err=True)
    document = loaded.document
    _files.send(
        write_document(document)
        if form == "qspec"
        else write_twin(document, "yaml" if form == "yaml" else "json"),
        output,
    )
    return 0
