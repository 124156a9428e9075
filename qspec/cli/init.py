"""`qspec init`: a new spec, from a template."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from qspec.cli import command
from qspec.errors import Place, QSpecError

if TYPE_CHECKING:
    from qspec.lang.template import Facts


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

    With --model and --data their paths and digests are filled in, and where both are given and the execute extra is
    installed, the model's inputs, the label, the splits and the strata too, so that the spec runs. Bounds and scheme
    are examples to be written over, and what only you can know is `unstated`.
    """
    from qspec.lang.new_file import write_new
    from qspec.lang.template import TEMPLATES, new_spec

    if template not in TEMPLATES:
        raise QSpecError(f"There is no template `{template}`.", hint=f"templates are {', '.join(TEMPLATES)}")
    if path.exists() and not force:
        raise QSpecError(
            "The file is there already.", place=Place(str(path)), hint="give another name, or --force"
        )
    write_new(path, new_spec(template, path.parent, model, data, _look(model, data, path.parent)))
    click.echo(f"written: {path}\nnext: fill in what is unstated, then `qspec check {path}`")
    return 0


def _look(model: Path | None, data: Path | None, folder: Path) -> Facts | None:
    """What the files themselves say; None where one is not given, or nothing here can open them."""
    from qspec.api import missing_packages

    if model is None or data is None or missing_packages():
        return None
    from qspec.execute.acquaint import acquaint

    return acquaint(model, data, folder)
