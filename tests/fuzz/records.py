"""Records, statements and envelopes with accidents, through `verify` and `attest`; filled specs, through `judge`."""

from __future__ import annotations

import base64
import json
import os
import random
import tempfile
from functools import cache
from pathlib import Path

import data
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from harness import Act, Case
from mutate import mutated

from qspec import api
from qspec.canonical import file_digest
from qspec.execute.options import Options
from qspec.interop.dsse import PAYLOAD_TYPE, encoding, sign
from qspec.interop.intoto import statement
from qspec.interop.verify import read_record
from specs import SPEC, columns, linear_model


@cache
def executed() -> dict[str, bytes]:
    """The files of a run: the spec with its measured block, record, statement, envelope and keys."""
    with tempfile.TemporaryDirectory(prefix="qspec-fuzz-run-") as place:
        folder = Path(place)
        for name, content in {"s.qspec": SPEC.encode(), "d.npz": columns(), "m.onnx": linear_model()}.items():
            (folder / name).write_bytes(content)
        api.run(folder / "s.qspec", options=Options(store=folder / "store"))
        private = Ed25519PrivateKey.generate()
        key, public = private, private.public_key()
        (folder / "key.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        (folder / "key.pub").write_bytes(
            public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
        said = statement(read_record(folder / "s.record.json"), file_digest(folder / "s.record.json"))
        (folder / "statement.json").write_text(json.dumps(said))
        (folder / "signed.json").write_text(json.dumps(sign(said, folder / "key.pem")))
        return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def spoiled(content: bytes, rng: random.Random) -> bytes:
    """JSON with accidents in its data or in its text."""
    if rng.random() < 0.15:
        return data.encoded(mutated(content.decode(), rng))
    return data.encoded(data.text(data.mutate(json.loads(content), rng), rng))


def envelope(rng: random.Random, files: dict[str, bytes]) -> bytes:
    """An envelope whose signature is good and whose payload is not what it should be."""
    private = serialization.load_pem_private_key(files["key.pem"], password=None)
    assert isinstance(private, Ed25519PrivateKey)
    body = rng.choice(
        [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b"9" * 5000, spoiled(files["statement.json"], rng)]
    )
    kind = rng.choice([PAYLOAD_TYPE, PAYLOAD_TYPE, "text/plain", "\ud800", "", "é"])
    signature = private.sign(encoding(body, kind.encode("utf-8", "replace").decode()))
    made = {
        "payloadType": kind,
        "payload": base64.b64encode(body).decode(),
        "signatures": [{"keyid": "", "sig": base64.b64encode(signature).decode()}],
    }
    return data.encoded(data.text(data.mutate(made, rng) if rng.random() < 0.5 else made, rng))


def records(rng: random.Random) -> Case:
    """The files of a run with one of them spoiled."""
    files = dict(executed())
    against: Act = ("verify", "s.record.json", "--attestation", "signed.json", "--key", "key.pub")
    kind = rng.randrange(7)
    acts: list[Act] = [against]
    if kind < 3:
        files["s.record.json"] = spoiled(files["s.record.json"], rng)
        acts.append(("attest", "s.record.json", "--key", "key.pem"))
    elif kind == 3:
        files["signed.json"] = (
            envelope(rng, files) if rng.random() < 0.5 else spoiled(files["signed.json"], rng)
        )
    elif kind == 4:
        files["statement.json"] = spoiled(files["statement.json"], rng)
        acts = [("verify", "s.record.json", "--attestation", "statement.json", "--output-format", "json")]
    elif kind == 5:
        name = rng.choice(("key.pub", "key.pem"))
        files[name] = (
            data.encoded(mutated(files[name].decode(), rng)) if rng.random() < 0.5 else rng.randbytes(60)
        )
        acts.append(("attest", "s.record.json", "--key", name))
    else:
        files["s.qspec"] = data.encoded(mutated(files["s.qspec"].decode(), rng))
        acts += [
            ("judge", "s.qspec", "--no-write"),
            ("report", "s.qspec", "--format", rng.choice(["html", "markdown", "latex", "badge"])),
        ]
    acts.append(("check", "s.qspec"))
    return Case(files, acts)


def prepare() -> None:
    """Make the run once, before children are forked."""
    os.environ.setdefault("QSPEC_CACHE", tempfile.gettempdir() + "/qspec-fuzz-cache")
    executed()
