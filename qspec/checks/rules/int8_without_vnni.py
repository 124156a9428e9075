"""Eight-bit integers on a processor whose instructions saturate.

What it finds
-------------
Signed weights with unsigned activations on the `cpu` provider, on hardware whose declared `instruction-sets` hold AVX and no
VNNI, AMX, dot-product or i8mm, where the weights do not say `range: reduced`.

Why it matters
--------------
Without VNNI two 8-bit products are added in sixteen bits, which overflow: accuracy falls on that processor and not on the next.
The speed-up is smaller there too. The same file then has several results, and the text quotes one.

Example:
-------
    qspec 1
    claim fast {
      executor {
        hardware { cpu: "Intel Core i7-6700K", instruction-sets: [avx2] }
        runtime { name: onnxruntime, provider: cpu }
        precision { method: ptq-static, weights: int8, activations: uint8 }
        task: image-classification, metrics: [top1], baseline: fp32
      }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim fast {
      executor {
        hardware { cpu: "Intel Core i7-6700K", instruction-sets: [avx2] }
        runtime { name: onnxruntime, provider: cpu }
        precision { method: ptq-static, weights: int8 { range: reduced }, activations: uint8 }
        task: image-classification, metrics: [top1], baseline: fp32
      }
      loss(top1) <= 1 pp
    }

References:
----------
Quantize ONNX models, the documentation of ONNX Runtime, on VPMADDUBSW and `reduce_range`. Published claims, pattern 11.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.kernels import on_cpu, sums_overflow
from qspec.checks.precisions import expanded, formats
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity


@rule("QS702", "int8-without-vnni", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("executor",))
def int8_without_vnni(claim: ClaimView) -> Iterator[Finding]:
    """Products that overflow."""
    executor = claim.executor
    precision = expanded(executor.executor.precision) if executor is not None else None
    if executor is None or precision is None or executor.hardware is None or not on_cpu(executor):
        return
    if not sums_overflow(executor.hardware.instruction_sets):
        return
    both = formats(precision)
    names = tuple(form.name if form is not None else None for form in both) if both is not None else ()
    reduced = precision.weights is not None and precision.weights.range == "reduced"
    if names == ("int8", "uint8") and not reduced and precision.method in {"ptq-static", "qat"}:
        yield Finding(
            f"The hardware has {', '.join(executor.hardware.instruction_sets)} and no VNNI: sums of 8-bit products overflow"
            " their sixteen bits there.",
            executor.where("hardware"),
            help="write `weights: int8 { range: reduced }`, or declare the instruction sets that the processor has",
        )
