"""Whether a record still says what happened: its form, the spec beside it, the files it names, its signature."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from qspec.data.paths import verify_digest
from qspec.errors import Place, QSpecError
from qspec.interop.dsse import open_envelope, read_json
from qspec.interop.intoto import statement
from qspec.lang.digests import content_digest, executor_digest
from qspec.lang.load import Workspace, load
from qspec.lang.resolve import Resolver
from qspec.model.artifact import Dataset, Model, ReferenceFile
from qspec.model.record import ClaimRecord, Record


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
        return Record.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise QSpecError(
            f"This is no record: at {where or 'its root'}, {first['msg'].lower()}.",
            place=Place(str(path)),
            hint="records are written by `qspec execute`; their form is schemas/record.schema.json",
        ) from None


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
        found += _against_spec(record, load(place))
    else:
        found.append(Checked("spec", None, f"{place.name} is not beside the record"))
    if attestation is not None:
        found.append(_attested(record, attestation, key))
    return found


def _against_spec(record: Record, workspace: Workspace) -> Iterator[Checked]:
    resolved = {one.name: one for one in Resolver(workspace).claims()}
    for claim in record.claims:
        one = resolved.get(claim.claim)
        if one is None:
            yield Checked(f"claim `{claim.claim}`", False, "the spec no longer makes it")
            continue
        same = executor_digest(one) == claim.measured.executor_digest
        yield Checked(
            f"executor of `{claim.claim}`", same, "as it was" if same else "the executor has changed since"
        )
        blocks = [block.content_digest for block in one.claim.measured]
        yield Checked(
            f"measured block of `{claim.claim}`",
            claim.measured.content_digest in blocks if blocks else None,
            "" if blocks else "the spec holds none",
        )
    yield from _files(record.claims, workspace)


def _files(claims: list[ClaimRecord], workspace: Workspace) -> Iterator[Checked]:
    """Files that the spec names, held against the digests that the record names."""
    known = {
        sha256
        for claim in claims
        for sha256 in (claim.measured.artifacts.members.values() if claim.measured.artifacts else ())
    } | {claim.baseline.base_sha256 or claim.baseline.sha256 for claim in claims}
    for loaded in workspace.files:
        models = loaded.document.models
        declared: list[tuple[str, Model | ReferenceFile | Dataset, str | None]] = [
            *((f"model {n}", m, m.file) for n, m in models.items()),
            *((f"reference of {n}", m.reference, m.reference.file) for n, m in models.items() if m.reference),
            *((f"data set {n}", d, d.source) for n, d in loaded.document.datasets.items()),
        ]
        for what, noun, name in declared:
            path = loaded.folder / name if name and "://" not in name else None
            if path is None or not path.resolve().is_relative_to(workspace.root.resolve()):
                continue
            if not (path.is_file() or path.is_dir()):
                yield Checked(what, None, f"{name} is not here")
                continue
            found = verify_digest(path, None)
            if noun.sha256 is None and found not in known:
                yield Checked(what, None, "neither the spec nor the record fixes its digest")
            else:
                wanted = (noun.sha256 or found).lower().removeprefix("sha256:")
                yield Checked(what, found == wanted, f"sha256 {found[:12]}…")


def _attested(record: Record, attestation: Path, key: Path | None) -> Checked:
    data = read_json(attestation)
    signed = "payload" in data
    if signed and key is None:
        return Checked("signature", None, "give the public key with --key")
    try:
        said: dict[str, Any] = open_envelope(data, key) if signed and key is not None else data
    except QSpecError as error:
        return Checked("signature", False, error.message)
    same = json.dumps(said, sort_keys=True) == json.dumps(statement(record), sort_keys=True)
    what = "signature" if signed else "attestation"
    return Checked(what, same, "it is about this record" if same else "it is about another record")
