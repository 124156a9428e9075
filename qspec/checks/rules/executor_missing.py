"""The claim does not say on what it was measured.

What it finds
-------------
A claim whose executor names neither hardware nor runtime, whose source does not state them, or which leaves out the
processor, the runtime's version, or batch and concurrency. With `hardware: local` this is a note until the claim has
been executed, since the machine is then written down.

Why it matters
--------------
The same quantized file gives other answers on other kernels: saturating 8-bit arithmetic on a processor without VNNI
costs accuracy, and a batch of one costs speed. A number without its machine cannot be repeated.

Example:
-------
    qspec 1
    claim small-loss {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim small-loss {
      executor {
        hardware { cpu: "Xeon Gold 6338", instruction-sets: [avx512_vnni] }
        runtime  { name: onnxruntime, version: "1.20", provider: cpu, threads: 1 }
        task: image-classification, metrics: [top1], baseline: fp32
        load     { scenario: offline, batch: 32 }
      }
      loss(top1) <= 1 pp
    }

References:
----------
The axis `executor` in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.gaps import gap
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity


@rule(
    "QS110", "executor-missing", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("executor",), gap=True
)
def executor_missing(claim: ClaimView) -> Iterator[Finding]:
    """A number from no machine."""
    executor = claim.executor
    local = executor is not None and executor.hardware is not None and executor.hardware.local
    yield from gap(
        claim,
        "executor",
        asks="which hardware, runtime, threads and batch?",
        template='hardware { cpu: "NAME" }',
        severity=Severity.NOTE if local else None,
    )
