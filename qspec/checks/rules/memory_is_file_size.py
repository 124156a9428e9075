"""The memory that is claimed is the size of the file.

What it finds
-------------
Reported `memory` and `size` with the same figures, or a quoted sentence that calls the size of the file memory.

Why it matters
--------------
A model at work needs its weights, its activations, its cache and the runtime's own buffers. Four-bit weights that are expanded
before they are multiplied save disk and nothing else.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp16 }
      reported {
        size { baseline: 14.5 GB, quantized: 4.1 GB }
        memory { baseline: 14.5 GB, quantized: 4.1 GB }
      }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp16 }
      reported {
        size { baseline: 14.5 GB, quantized: 4.1 GB }
        memory { baseline: 17.2 GB, quantized: 7.9 GB }
      }
      loss(top1) <= 1 pp
    }

References:
----------
Memory and size in the language reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qspec.checks.prose import prose
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView, FigureView
from qspec.lang.diagnostic import Severity
from qspec.model.measurand import MeasurandKind
from qspec.model.quantity import Quantity

_SENTENCE = re.compile(
    r"\bmemory\b[^.;]{0,40}\b(?:on disk|disk size|file size|size of the file|checkpoint size)"
    r"|\b(?:on disk|disk size|file size|checkpoint size)\b[^.;]{0,20}\bmemory\b",
    re.IGNORECASE,
)


@rule("QS605", "memory-is-file-size", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("pair",))
def memory_is_file_size(claim: ClaimView) -> Iterator[Finding]:
    """A file taken for a process."""
    files = [view for view in claim.figures if view.measurand.kind is MeasurandKind.SIZE]
    for view in claim.figures:
        if view.measurand.kind is MeasurandKind.MEMORY and any(_same(view, other) for other in files):
            yield Finding(
                f"The memory is reported as {_value(view)}, which is the size of the file to the digit.",
                view.origin,
                help="report the peak of the process at the declared batch and length, or drop `memory`",
            )
    for text, origin in prose(claim):
        match = _SENTENCE.search(text)
        if match:
            yield Finding(
                f"“{match[0]}” calls the size of a file memory.", origin, help="write `size` for the file"
            )


def _value(view: FigureView) -> object:
    return view.figure.quantized or view.figure.value


def _same(view: FigureView, other: FigureView) -> bool:
    pairs = [
        (getattr(view.figure, key), getattr(other.figure, key))
        for key in ("baseline", "quantized", "value")
        if isinstance(getattr(view.figure, key), Quantity)
    ]
    return bool(pairs) and all(
        isinstance(b, Quantity) and a.base == b.base and a.text == b.text for a, b in pairs
    )
