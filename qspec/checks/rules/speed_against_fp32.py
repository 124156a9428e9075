"""A speed-up is told against FP32 where nobody would run FP32.

What it finds
-------------
A speed as a multiple of an `fp32` baseline on a GPU or another accelerator, where sixteen bits are what is used in practice,
of a model of fewer bits than that.

Why it matters
--------------
On a T4 a segmentation model takes 983 ms in FP32, 106 in FP16 and 82 in INT8: the headline may be 12 times or 1.3 times. Who
decides about the quantized model compares it with the half-precision one.

Example:
-------
    qspec 1
    claim fast {
      executor {
        hardware { accelerator: "NVIDIA T4" }, runtime { name: tensorrt }
        task: segmentation, metrics: [miou], baseline: fp32
      }
      loss(miou) <= 1 pp
      throughput >= 10 x baseline
    }

Use instead
-----------
    qspec 1
    claim fast {
      executor {
        hardware { accelerator: "NVIDIA T4" }, runtime { name: tensorrt }
        task: segmentation, metrics: [miou], baseline: fp16
      }
      loss(miou) <= 1 pp
      throughput >= 1.2 x baseline
    }

References:
----------
Published claims, pattern 10.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.precisions import expanded, formats
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.speed import SPEED, is_ratio, on_accelerator, said
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity
from qspec.model.executor import Baseline
from qspec.model.number_format import find_format


@rule("QS602", "speed-against-fp32", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("baseline", "pair"))
def speed_against_fp32(claim: ClaimView) -> Iterator[Finding]:
    """A flattering denominator."""
    executor = claim.executor
    baseline = executor.executor.baseline if executor is not None else None
    if executor is None or not isinstance(baseline, Baseline) or baseline.kind != "precision":
        return
    form = find_format(baseline.name)
    if form is None or form.name not in {"fp32", "fp64"} or not on_accelerator(executor):
        return
    precision = expanded(executor.executor.precision)
    if precision is not None and all(one is None or one.bits >= 16 for one in formats(precision) or (None,)):
        return  # a model of sixteen bits has no other baseline
    for view in said(claim, *SPEED):
        if is_ratio(view):
            yield Finding(
                f"The speed is told against {baseline.name} on an accelerator, where sixteen bits are what is used.",
                view.origin,
                help="give the speed against fp16 or bf16, and the loss too where the two baselines differ",
            )
            return
