"""`qspec init`: a new spec, from a template."""

from __future__ import annotations

from pathlib import Path

import click

from qspec.cli import command
from qspec.errors import Place, QSpecError


@command("init", example="qspec init claim.qspec --model model.onnx --data test.npz")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path), default=Path("claim.qspec"))
@click.option("--template", default="claim", metavar="NAME", help="claim, paper, vendor or language-model.")
@click.option(
    "--model",
    type=click.Path(dir_okay=False, path_type=Path),
    help="An ONNX file to fill in, with its digest.",
)
@click.option(
    "--data", type=click.Path(dir_okay=False, path_type=Path), help="A data file to fill in, with its digest."
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def init(path: Path, template: str, model: Path | None, data: Path | None, force: bool) -> int:
    """Write a new spec whose every axis is there to be filled in.

    With --model and --data their paths and digests are filled in; the rest is marked `unstated`, which `qspec check`
    names until it is said.
    """
    from qspec.lang.template import TEMPLATES, new_spec

    if template not in TEMPLATES:
        raise QSpecError(f"There is no template `{template}`.", hint=f"templates are {', '.join(TEMPLATES)}")
    if path.exists() and not force:
        raise QSpecError(
            "The file is there already.", place=Place(str(path)), hint="give another name, or --force"
        )
    text = new_spec(template, path.parent, model, data)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise QSpecError(f"The file cannot be written: {error.strerror}.", place=Place(str(path))) from None
    click.echo(f"written: {path}\nnext: fill in what is unstated, then `qspec check {path}`")
    return 0
