"""A record as an in-toto statement: which files were tested, by which spec, with which outcome.

Statement v1 and the test-result predicate v0.1 of https://github.com/in-toto/attestation.
"""

from __future__ import annotations

from typing import Any

from qspec.errors import QSpecError
from qspec.model.record import Record

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"


def statement(record: Record, sha256: str) -> dict[str, Any]:
    """The statement about a record whose file has the digest `sha256`.

    Subjects are the models that ran, tests are the assertions, and the record itself, the spec and the files that were
    read are the configuration, so that a signature covers every figure. An assertion that comes out as it expects has
    passed, a refuted one has failed, any other warns.
    """
    if not record.claims:
        raise QSpecError("The record holds no claim, so there is nothing to attest.")
    passed: list[str] = []
    warned: list[str] = []
    failed: list[str] = []
    for claim in record.claims:
        for assertion, verdict in claim.measured.verdicts.items():
            name = f"{claim.claim}: {assertion}"
            if verdict.outcome == (verdict.expected or "confirmed"):
                passed.append(name)
            else:
                (failed if verdict.outcome == "refuted" else warned).append(name)
    return {
        "_type": STATEMENT,
        "subject": subjects(record),
        "predicateType": PREDICATE,
        "predicate": {
            "result": "FAILED" if failed else "WARNED" if warned else "PASSED",
            "configuration": [
                {"name": "record", "mediaType": "application/json", "digest": {"sha256": sha256}},
                {"name": record.spec, "digest": {"sha256": record.spec_sha256}},
                *_files(record),
            ],
            "passedTests": passed,
            "warnedTests": warned,
            "failedTests": failed,
        },
    }


def subjects(record: Record) -> list[dict[str, Any]]:
    """The models that ran, each once, by digest."""
    found: dict[str, str] = {}
    for claim in record.claims:
        found.setdefault(claim.quantized.sha256, f"{claim.claim}/quantized")
        found.setdefault(claim.baseline.sha256, f"{claim.claim}/baseline")
    return [{"name": name, "digest": {"sha256": sha256}} for sha256, name in found.items()]


def differences(said: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """The parts in which two statements differ, in the words of the format."""
    parts = [key for key in expected if key != "predicate" and said.get(key) != expected[key]]
    inner, wanted = said.get("predicate"), expected["predicate"]
    if not isinstance(inner, dict):
        return [*parts, "predicate"]
    parts += [key for key in wanted if inner.get(key) != wanted[key]]
    more = said.keys() != expected.keys() or inner.keys() != wanted.keys()
    return parts or (["its fields"] if more else [])


def _files(record: Record) -> list[dict[str, Any]]:
    """The files that were read, each once."""
    found = {name: sha256 for claim in record.claims for name, sha256 in claim.files.items()}
    return [{"name": name, "digest": {"sha256": sha256}} for name, sha256 in sorted(found.items())]
