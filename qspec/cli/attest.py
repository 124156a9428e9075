"""`qspec attest`: a record as an in-toto statement, signed on request."""

from __future__ import annotations

import json
from pathlib import Path

import click

from qspec.cli import _files, command

_FILE = click.Path(dir_okay=False, path_type=Path)


@command(
    "attest", example="qspec attest quickstart.record.json --key key.pem --output quickstart.intoto.json"
)
@click.argument("record", type=_FILE)
@click.option("--key", type=_FILE, help="A private ed25519 key in PEM form; the statement is signed with it.")
@_files.output
def attest(record: Path, key: Path | None, output: Path | None) -> int:
    """Turn a record into an in-toto test-result statement, in a signed envelope where a key is given.

    The statement names the digests of the record, the models, the data and the spec, and which assertions passed.
    """
    from qspec.canonical import file_digest
    from qspec.interop.dsse import sign
    from qspec.interop.intoto import statement
    from qspec.interop.verify import read_record

    said = statement(read_record(record), file_digest(record))
    text = json.dumps(sign(said, key) if key is not None else said, indent=2) + "\n"
    _files.send(text, output)
    return 0
