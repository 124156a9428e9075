"""A name for a finding that survives edits elsewhere in the file, and a move of the file, for tools that compare two runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256

from qspec.lang.diagnostic import Diagnostic


def fingerprints(findings: Iterable[Diagnostic]) -> Iterator[tuple[Diagnostic, str]]:
    """Each finding with a digest of its rule, claim and the text it points at, but not of where any of that stands.

    Findings of one file that are alike in all of these are told apart by their order. Two files may hold findings of
    one name, since the file's path, which a move changes, is no part of it.
    """
    seen: Counter[tuple[str, str]] = Counter()
    for finding in findings:
        text = " ".join(finding.source.text[finding.span.start : finding.span.end].split())
        key = "\0".join([finding.code, finding.claim or "", text])
        here = finding.source.path, key
        yield finding, sha256(f"{key}\0{seen[here]}".encode("utf-8", "replace")).hexdigest()
        seen[here] += 1
