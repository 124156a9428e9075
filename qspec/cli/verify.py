"""`qspec verify`: does a record still match its spec, its files and its signature?"""

from __future__ import annotations

import json
from pathlib import Path

import click

from qspec.cli import _inputs, command

_FILE = click.Path(dir_okay=False, path_type=Path)
_SIGNS = {True: ("✔", "green"), False: ("✘", "red"), None: ("–", "yellow")}


@command(
    "verify", example="qspec verify quickstart.record.json --attestation quickstart.intoto.json --key key.pub"
)
@click.argument("record", type=_FILE)
@click.option("--spec", type=_FILE, help="The spec, where it does not lie beside the record.")
@click.option("--attestation", type=_FILE, help="An in-toto statement, or a signed envelope around one.")
@click.option("--key", type=_FILE, help="The public ed25519 key the envelope must be signed with.")
@click.option(
    "--output-format", type=click.Choice(["text", "json"]), default="text", help="For people, or plain data."
)
def verify(
    record: Path, spec: Path | None, attestation: Path | None, key: Path | None, output_format: str
) -> int:
    """Hold a record against the spec, the models and the data it names, and its signature.

    Exit 0 when everything that can be checked holds, 1 when something does not match, 3 when something is not there.
    """
    from qspec.interop.verify import verify as run

    found = run(record, spec=spec, attestation=attestation, key=key)
    if output_format == "json":
        click.echo(
            json.dumps([{"what": c.what, "holds": c.holds, "detail": c.detail} for c in found], indent=2)
        )
    else:
        for one in found:
            sign, colour = _SIGNS[one.holds]
            detail = f": {one.detail}" if one.detail else ""
            click.echo(f"{click.style(sign, fg=colour)} {one.what}{detail}", color=_inputs.colour())
    if any(one.holds is False for one in found):
        return 1
    return 3 if any(one.holds is None for one in found) else 0
