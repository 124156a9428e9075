"""Results depend on the batch, and the batch is not declared.

What it finds
-------------
Dynamic quantization with one activation scale for a whole tensor, and no load that declares its batch.

Why it matters
--------------
The scale of an activation is computed over everything in the batch, padding included. Sixteen of 96 nearest neighbours changed
between batch 1 and batch 32 of one model: batch, order and padding belong to the result.

Example:
-------
    qspec 1
    claim small-loss {
      executor {
        task: retrieval, metrics: [recall@10], baseline: fp32
        precision { method: ptq-dynamic, weights: int8, activations: uint8 }
      }
      loss(recall@10) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim small-loss {
      executor {
        task: retrieval, metrics: [recall@10], baseline: fp32
        precision { method: ptq-dynamic, weights: int8, activations: uint8 }
        load { scenario: single-stream, batch: 1 }
      }
      loss(recall@10) <= 1 pp
    }

References:
----------
Evaluate, in the execution reference; what is being estimated, in the statistics reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.precisions import expanded
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView, EvaluationView
from qspec.lang.diagnostic import Severity


@rule("QS703", "dynamic-batch-unsaid", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("executor",))
def dynamic_batch_unsaid(claim: ClaimView) -> Iterator[Finding]:
    """Scales over nobody knows which examples."""
    executor = claim.executor
    precision = expanded(executor.executor.precision) if executor is not None else None
    if executor is None or precision is None or precision.method != "ptq-dynamic" or claim.claim.measured:
        return
    granularity = precision.activations.granularity if precision.activations is not None else None
    if granularity is not None and granularity.name != "per-tensor":
        return
    if any(load.batch is not None for _, load in executor.executor.each_load()):
        return
    if any(_by_batch(view) for view in claim.evaluations):
        return
    yield Finding(
        "Dynamic quantization computes one scale over a whole batch, and no load declares its batch.",
        executor.where("precision"),
        help="add `load { batch: 1 }`, or the batch at which accuracy was measured, with its order and padding",
    )


def _by_batch(view: EvaluationView) -> bool:
    return view.evaluation.statistics is not None and view.evaluation.statistics.unit == "batch"
