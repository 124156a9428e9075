"""A name for a finding that survives edits elsewhere in the file, for tools that compare two runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256

from qspec.lang.diagnostic import Diagnostic


def fingerprints(findings: Iterable[Diagnostic]) -> Iterator[tuple[Diagnostic, str]]:
    """Each finding with a digest of its rule, file, claim and the text it points at, but not of where that stands.

    Findings that are alike in all of these are told apart by their order.
    """
    seen: Counter[str] = Counter()
    for finding in findings:
        text = " ".join(finding.source.text[finding.span.start : finding.span.end].split())
        key = "\0".join([finding.code, finding.source.path, finding.claim or "", text])
        yield finding, sha256(f"{key}\0{seen[key]}".encode("utf-8", "replace")).hexdigest()
        seen[key] += 1
