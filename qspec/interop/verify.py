"""Whether a record still says what happened: its form, the spec beside it, the files it names, its signature."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from qspec.canonical import file_digest
from qspec.data import hub
from qspec.data.paths import inside, verify_digest
from qspec.errors import Place, QSpecError
from qspec.interop.dsse import open_envelope, read_json
from qspec.interop.intoto import differences, statement
from qspec.lang.digests import assertions_digest, content_digest, document_digest, executor_digest
from qspec.lang.load import Workspace, load
from qspec.lang.resolve import Resolver
from qspec.model.record import RECORD_VERSION, Record


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that was held against the record; `holds` is None when there was nothing to hold it against."""

    what: str
    holds: bool | None
    detail: str = ""


def read_record(path: Path) -> Record:
    """A record from its file; raises `QSpecError` when it is not in the published form."""
    data = read_json(path)
    try:
        record = Record.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise QSpecError(
            f"This is no record: at {where or 'its root'}, {first['msg'].lower().rstrip('.')}.",
            place=Place(str(path)),
            hint="records are written by `qspec execute`; their form is schemas/record.schema.json",
        ) from None
    if record.version != RECORD_VERSION:
        raise QSpecError(
            f"The record has version {record.version}, and this program reads version {RECORD_VERSION}.",
            place=Place(str(path)),
            hint="verify it with the program that wrote it, or execute the spec again",
        )
    if record.spec in {"", ".."} or Path(record.spec).name != record.spec or "\x00" in record.spec:
        raise QSpecError(
            f"The record says that it is about {record.spec!r}, which is not the name of a file.",
            place=Place(str(path)),
            hint="records are written by `qspec execute`, and name the spec without its folder",
        )
    return record


def verify(
    path: Path, *, spec: Path | None = None, attestation: Path | None = None, key: Path | None = None
) -> list[Checked]:
    """Everything that can be held against a record: each with whether it holds.

    The spec is looked for beside the record unless it is named. A signature is checked where an attestation and the
    public key are given.
    """
    record = read_record(path)
    found = [Checked("form of the record", True, f"version {record.version}")]
    for claim in record.claims:
        own = content_digest(claim.measured)
        found.append(
            Checked(
                f"content of `{claim.claim}`",
                own == claim.measured.content_digest,
                "the measured block and its digest",
            )
        )
    place = spec or path.with_name(record.spec)
    if place.is_file():
        workspace = load(place)
        found.append(_spec(record, workspace))
        found += _claims(record, workspace)
    else:
        found.append(Checked("spec", None, f"{place.name} is not beside the record"))
    found += _files(record, place.parent)
    if attestation is not None:
        found.append(_attested(record, file_digest(path), attestation, key))
    return found


def _spec(record: Record, workspace: Workspace) -> Checked:
    text = workspace.main.source.text
    if hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() == record.spec_sha256:
        return Checked("spec", True, "byte for byte as it was executed")
    if record.spec_digest is None:
        return Checked("spec", None, "its text has changed, and the record has no digest of what it says")
    if document_digest(workspace) == record.spec_digest:
        return Checked("spec", True, "it says what it said; measured blocks, layout and comments left out")
    return Checked("spec", False, "it says something else than what was executed")


def _claims(record: Record, workspace: Workspace) -> Iterator[Checked]:
    resolved = {one.name: one for one in Resolver(workspace).claims()}
    for claim in record.claims:
        one = resolved.get(claim.claim)
        if one is None:
            yield Checked(f"claim `{claim.claim}`", False, "the spec no longer makes it")
            continue
        for what, own, its in (
            ("executor", executor_digest(one), claim.measured.executor_digest),
            ("assertions", assertions_digest(one), claim.measured.assertions_digest),
        ):
            same = own == its
            change = "as before" if same else "changed since"
            yield Checked(f"{what} of `{claim.claim}`", same if its is not None else None, change)
        blocks = [block.content_digest for block in one.claim.measured]
        yield Checked(
            f"measured block of `{claim.claim}`",
            claim.measured.content_digest in blocks if blocks else None,
            "" if blocks else "the spec holds none",
        )


def _files(record: Record, folder: Path) -> Iterator[Checked]:
    """The models and data that were read, each as it is now held against its digest."""
    wanted: dict[str, set[str]] = {}
    for claim in record.claims:
        for name, sha256 in claim.files.items():
            wanted.setdefault(name, set()).add(sha256)
    if not wanted:
        yield Checked("files", None, "the record names none")
    for name, digests in sorted(wanted.items()):
        path = _place(folder, name)
        if path is None:
            yield Checked(f"file {name}", None, "it is not here")
            continue
        found = verify_digest(path, None)
        detail = (
            f"sha256 {found[:12]}…"
            if digests == {found}
            else f"sha256 {found[:12]}…, and was {min(digests)[:12]}…"
        )
        yield Checked(f"file {name}", digests == {found}, detail)


def _place(folder: Path, name: str) -> Path | None:
    """Where a file of the record lies; None where it is not here. A record leads no further than a spec does."""
    if name.startswith(hub.SCHEME):
        path = hub.place(name)
        return path if path.is_file() else None
    top = folder.resolve()
    if "\x00" not in name and (top / name).resolve().is_relative_to(top) and not (top / name).exists():
        return None
    return inside(folder, name, what="file that the record names,", folders=True)


def _attested(record: Record, sha256: str, attestation: Path, key: Path | None) -> Checked:
    data = read_json(attestation)
    signed = "payload" in data
    if signed and key is None:
        return Checked("signature", None, "give the public key with --key")
    what = "signature" if signed else "attestation"
    if key is not None and not signed:
        return Checked("signature", False, "the attestation is not signed")
    try:
        said: dict[str, Any] = open_envelope(data, key) if key is not None else data
    except QSpecError as error:
        return Checked(what, False, error.message)
    other = differences(said, statement(record, sha256))
    if other:
        return Checked(what, False, f"it is about another record: {' and '.join(other)} differ")
    return Checked(what, True, "it is about this record")
