"""The record of an execution: what a measured block says, and everything it was made from, for machines to read."""

from typing import Any

from pydantic import Field

from qspec.model.base import Digest, Noun, Text, Word
from qspec.model.measured import Measured

RECORD_VERSION = 1


class LayerRecord(Noun):
    """One declared layer as it was stored and as it computed."""

    name: Text
    """Name in the base model."""
    op: Word
    """Operator that ran."""
    storage: Word
    """Format of the stored weight."""
    arithmetic: Word
    """Format of the products."""


class ModelRecord(Noun):
    """One model of the pair."""

    label: Text
    """Precision, or the name of the file."""
    sha256: Digest
    """SHA-256 of the file that ran."""
    base_sha256: Digest | None = None
    """SHA-256 of the file it was made from."""
    size: int
    """Bytes of the file and its external data."""
    coded_size: int | None = None
    """Bytes it would take with its weights stored sparse and entropy-coded, where the scheme does that."""
    quantizer: Text | None = None
    """Package and version that quantized."""
    arguments: dict[str, Any] = Field(default_factory=dict)
    """Arguments of the quantizer."""
    layers: list[LayerRecord] = Field(default_factory=list)
    """The census, layer by layer."""
    notes: list[Text] = Field(default_factory=list)
    """What the quantizer had to say."""


class FieldRecord(Noun):
    """One field of the executor, declared beside found."""

    field: Word
    """Name of the field."""
    declared: Text
    """What the spec says."""
    found: Text | None = None
    """What was found."""
    match: Word
    """`match`, `drift` or `unknown`."""


class ClaimRecord(Noun):
    """One claim, executed."""

    claim: Word
    """Name of the claim."""
    exit: int
    """0 as expected, 1 refuted, 3 undecided."""
    plan: dict[str, Any]
    """What was fixed before anything ran."""
    baseline: ModelRecord
    """The baseline that ran."""
    quantized: ModelRecord
    """The quantized model that ran."""
    comparison: list[FieldRecord] = Field(default_factory=list)
    """The executor declared beside the executor found."""
    files: dict[str, Digest] = Field(default_factory=dict)
    """SHA-256 of every file that was read, models, external data and data, by its path from the spec's folder or its
    address in a hub; of a folder, that of the RFC 8785 JSON of its files' digests by path."""
    evaluations: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Batch, padding and probes of each evaluation."""
    timings: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """How each load was timed, and how the host behaved meanwhile."""
    measured: Measured
    """What was written into the spec."""


class RefusalRecord(Noun):
    """One claim that cannot be executed on this machine."""

    claim: Word
    """Name of the claim."""
    because: Text
    """What stands in the way."""
    help: Text | None = None
    """What to do about it."""


class Record(Noun):
    """Everything one run of `qspec execute` did with one spec."""

    version: int = RECORD_VERSION
    """Version of this record's form."""
    tool: Text
    """The program and its version."""
    at: Text
    """When, in UTC, ISO 8601."""
    spec: Text
    """Name of the spec's file."""
    spec_sha256: Digest
    """SHA-256 of the spec as it was read."""
    spec_digest: Digest | None = None
    """SHA-256 of the RFC 8785 JSON of what the spec, and each spec it uses, says, measured blocks left out: it stays the
    same when a run fills them in, or when layout and comments change."""
    machine: dict[str, Any] = Field(default_factory=dict)
    """The machine, as found."""
    claims: list[ClaimRecord] = Field(default_factory=list)
    """The claims that were executed, in the order of the spec."""
    not_executed: list[RefusalRecord] = Field(default_factory=list)
    """The claims that cannot be executed on this machine."""
