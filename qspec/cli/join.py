"""`qspec join`: an encoder and a decoder in files of their own as one graph."""

from __future__ import annotations

from pathlib import Path

import click

from qspec.cli import command

_FILE = click.Path(dir_okay=False, path_type=Path)


@command("join", example="qspec join encoder_model.onnx decoder_model.onnx --output model.onnx")
@click.argument("encoder", type=_FILE)
@click.argument("decoder", type=_FILE)
@click.option("--output", type=_FILE, required=True, help="The ONNX file to write.")
def join(encoder: Path, decoder: Path, output: Path) -> int:
    """Make one ONNX model of an encoder and its decoder, as translation, summaries and speech are executed from.

    Inputs of the decoder that the encoder feeds are connected to it; its others are named `decoder_…`, so that the joined
    model takes what the encoder reads and `decoder_input_ids`. External data are taken in. The digest that is printed pins
    the model in a spec. Exit 0 when written, 2 when the two do not fit.
    """
    from qspec.api import require_execution

    require_execution()
    from qspec.quantize.join import join_files

    model = join_files(encoder, decoder, output)
    click.echo(f"written: {output}", err=True)
    for sign, ports in (("takes", model.inputs), ("gives", model.outputs)):
        for port in ports:
            click.echo(f"{sign}  {port}")
    click.echo(f"sha256 {model.sha256}")
    return 0
