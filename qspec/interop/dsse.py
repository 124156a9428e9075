"""Signed envelopes (DSSE 1.0.2, https://github.com/secure-systems-lab/dsse) with ed25519 keys."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from qspec.canonical import parse_json
from qspec.errors import LimitError, NotExecutableError, Place, QSpecError, cap

PAYLOAD_TYPE = "application/vnd.in-toto+json"
_CAP, _MOST_BYTES = "record-bytes", 64 << 20


def _library() -> Any:
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        raise NotExecutableError(
            "Signatures need the package cryptography, which is not installed.",
            hint='pip install "qspec[sign]"',
        ) from None
    return serialization, ed25519


def encoding(payload: bytes, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """The bytes that are signed: DSSE's pre-authentication encoding of type and payload."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign(payload: dict[str, Any], key: Path) -> dict[str, Any]:
    """An envelope around a statement, signed with the private key in a PEM file."""
    serialization, ed25519 = _library()
    try:
        private = serialization.load_pem_private_key(key.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise QSpecError(
            f"The private key cannot be read: {error}.", place=Place(str(key)), hint=_HOW
        ) from None
    if not isinstance(private, ed25519.Ed25519PrivateKey):
        raise QSpecError("The key is not an ed25519 key.", place=Place(str(key)), hint=_HOW)
    body = json.dumps(payload, sort_keys=True, separators=(",", ":")).encode("utf-8")
    signature = private.sign(encoding(body))
    return {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(body).decode("ascii"),
        "signatures": [
            {"keyid": _key_id(private.public_key()), "sig": base64.b64encode(signature).decode("ascii")}
        ],
    }


def open_envelope(envelope: dict[str, Any], key: Path) -> dict[str, Any]:
    """The statement in an envelope; raises `QSpecError` unless a signature of it was made with this public key."""
    serialization, ed25519 = _library()
    try:
        public = serialization.load_pem_public_key(key.read_bytes())
    except (OSError, ValueError) as error:
        raise QSpecError(
            f"The public key cannot be read: {error}.", place=Place(str(key)), hint=_HOW
        ) from None
    if not isinstance(public, ed25519.Ed25519PublicKey):
        raise QSpecError("The key is not an ed25519 key.", place=Place(str(key)), hint=_HOW)
    from cryptography.exceptions import InvalidSignature

    try:
        payload_type = str(envelope["payloadType"])
        body = base64.b64decode(envelope["payload"], validate=True)
        signatures = [base64.b64decode(one["sig"], validate=True) for one in envelope["signatures"]]
    except (KeyError, TypeError, ValueError):  # among values, what is no base64 and no ASCII
        raise QSpecError("This is no signed envelope.", hint="`qspec attest --key` makes one") from None
    if payload_type != PAYLOAD_TYPE:
        raise QSpecError(
            f"The envelope holds {payload_type!r} and no in-toto statement.",
            hint=f"`qspec attest --key` makes envelopes of the type {PAYLOAD_TYPE}",
        )
    for signature in signatures:
        try:
            public.verify(signature, encoding(body))
        except InvalidSignature:
            continue
        return _statement(body)
    raise QSpecError(
        "No signature of the attestation was made with this key.",
        hint="it was signed by another key, or has been changed",
    )


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a regular file of bounded size; raises `QSpecError` for anything else."""
    place = Place(str(path))
    try:
        if path.exists() and not path.is_file():
            raise QSpecError("This is not a regular file.", place=place, hint="name a JSON file")
        most, size = cap(_CAP, _MOST_BYTES), path.stat().st_size
        if size > most:
            raise LimitError.over(
                _CAP, most, f"The size of the file, in bytes, comes to {size:,}", place=place
            )
        data = parse_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise QSpecError(f"The file cannot be read: {error.strerror}.", place=place) from None
    except (ValueError, RecursionError):
        raise QSpecError("The file is not JSON.", place=place) from None
    if not isinstance(data, dict):
        raise QSpecError("The file holds no JSON object.", place=place)
    return data


def _statement(body: bytes) -> dict[str, Any]:
    """What was signed, which a good signature alone does not make a statement."""
    try:
        statement = parse_json(body)
    except (ValueError, RecursionError):
        statement = None
    if not isinstance(statement, dict):
        raise QSpecError("What was signed is no in-toto statement.", hint="`qspec attest --key` makes one")
    return statement


def _key_id(public: Any) -> str:
    serialization, _ = _library()
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()


_HOW = "openssl genpkey -algorithm ed25519 -out key.pem; openssl pkey -in key.pem -pubout -out key.pub"
