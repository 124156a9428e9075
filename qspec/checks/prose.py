"""The sentences that a claim quotes or is called by, with their places."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qspec.checks.view import ClaimView
from qspec.lang.resolve import Origin

UP_TO = re.compile(
    r"\bup to (?:an? )?\d[\d.,]*\s*(?:x|×|times|-?fold|%|per cent|percent)[\w\s-]{0,30}?"
    r"(?:fast|speed|throughput|small|less|reduc|better|higher|lower|more)\w*",
    re.IGNORECASE,
)
"""A best case of speed or size; `up to 1 % loss` is a bound and no best case."""


def prose(claim: ClaimView) -> Iterator[tuple[str, Origin]]:
    """Title, sentence of the source, and the words printed beside figures."""
    declared = claim.claim
    if declared.title:
        yield declared.title, claim.origin.at("title")
    if declared.reported is not None and declared.reported.as_printed:
        yield declared.reported.as_printed, claim.origin.at("reported", "as-printed")
    for view in claim.figures:
        if view.figure.as_printed:
            yield view.figure.as_printed, view.origin.at("as-printed")
