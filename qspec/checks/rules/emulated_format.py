"""A speed is claimed for a format that the declared provider emulates.

What it finds
-------------
On the `cpu` provider: a speed, energy or power for FP16 or BF16 arithmetic, for activations under eight bits, or for a
codebook or block format with quantized activations, where the precision does not say `simulated`.

Why it matters
--------------
There are no kernels for it: values are widened to FP32 before they are multiplied. Accuracy can be had so, and the speed is
that of FP32 with conversions on top.

Example:
-------
    qspec 1
    claim fast {
      executor {
        runtime { name: onnxruntime, provider: cpu }
        task: image-classification, metrics: [top1], baseline: fp32, precision: fp16
      }
      loss(top1) <= 1 pp
      throughput >= 1.5 x baseline
    }

Use instead
-----------
    qspec 1
    claim fast {
      executor {
        runtime { name: onnxruntime, provider: cuda }
        task: image-classification, metrics: [top1], baseline: fp32, precision: fp16
      }
      loss(top1) <= 1 pp
      throughput >= 1.5 x baseline  expect not-measured
    }

References:
----------
Census, in the execution reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.kernels import on_cpu
from qspec.checks.precisions import expanded, format_of
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.speed import SPEED, said
from qspec.checks.view import AssertionView, ClaimView
from qspec.lang.diagnostic import Severity
from qspec.model.measurand import MeasurandKind


@rule("QS704", "emulated-format", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("executor", "pair"))
def emulated_format(claim: ClaimView) -> Iterator[Finding]:
    """A speed without kernels."""
    executor = claim.executor
    precision = expanded(executor.executor.precision) if executor is not None else None
    if executor is None or precision is None or not on_cpu(executor):
        return
    if precision.emulated or precision.method == "weight-only":
        return
    form = format_of(precision.activations)
    if form is None or not (
        form.name in {"fp16", "bf16"} or form.bits < 8 or form.kind in {"codebook", "block"}
    ):
        return
    for view in said(claim, *SPEED, MeasurandKind.ENERGY, MeasurandKind.POWER):
        if isinstance(view, AssertionView) and view.assertion.expect not in (None, "confirmed"):
            continue
        yield Finding(
            f"The `cpu` provider has no kernels for {form.name}: it is emulated in FP32, and its {view.measurand.kind.value}"
            " is not that of the format.",
            view.origin,
            help="drop the speed and write `simulated: true`, or declare a provider that computes in the format",
        )
        return
