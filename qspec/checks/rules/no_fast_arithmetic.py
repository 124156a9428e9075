"""The declared processor has no fast arithmetic for the declared number formats.

What it finds
-------------
On the `cpu` provider: FP8 weights and activations, 16-bit integer activations, and on x86 processors static quantization with
signed 8-bit activations; as a note, unsigned weights with unsigned activations.

Why it matters
--------------
Such a graph runs, and computes in floats or by slow detours. With signed activations, the default of the runtime's own
quantizer, convolutions run in floats and slower than FP32; unsigned activations with signed weights run 2.5 to 6.5 times
faster, as measured for this project on a processor with VNNI.

Example:
-------
    qspec 1
    claim fast {
      executor {
        runtime { name: onnxruntime, provider: cpu }
        precision { method: ptq-static, weights: fp8-e4m3, activations: fp8-e4m3 }
        task: image-classification, metrics: [top1], baseline: fp32
      }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim fast {
      executor {
        runtime { name: onnxruntime, provider: cpu }
        precision { method: ptq-static, weights: int8, activations: uint8 }
        task: image-classification, metrics: [top1], baseline: fp32
      }
      loss(top1) <= 1 pp
    }

References:
----------
Quantize ONNX models, the documentation of ONNX Runtime, on data types. Census, in the execution reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.kernels import is_arm, on_cpu
from qspec.checks.precisions import expanded, formats
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity


@rule(
    "QS701", "no-fast-arithmetic", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("executor", "model")
)
def no_fast_arithmetic(claim: ClaimView) -> Iterator[Finding]:
    """Formats that the processor must work around."""
    executor = claim.executor
    precision = expanded(executor.executor.precision) if executor is not None else None
    if executor is None or precision is None or precision.emulated or not on_cpu(executor):
        return
    both = formats(precision)
    if both is None or precision.method in {"weight-only", "simulated"} or both[0] is None or both[1] is None:
        return
    weights, activations = both[0].name, both[1].name
    severity = None
    if both[0].kind == both[1].kind == "float" and both[0].bits == both[1].bits == 8:
        said = "No processor computes in FP8 here: the values are widened and multiplied as FP32."
        advice = "use `int8` weights with `uint8` activations, or a provider with FP8 kernels"
    elif activations in {"int16", "uint16"}:
        said = "The `cpu` provider has no 16-bit integer kernels: such activations are computed in floats."
        advice = "use `uint8` activations, or a provider with such kernels"
    elif (
        precision.method == "ptq-static"
        and (weights, activations) == ("int8", "int8")
        and not is_arm(executor)
    ):
        said = (
            "With signed activations the `cpu` provider runs convolutions in floats on x86, slower than FP32."
        )
        advice = "use `activations: uint8`"
    elif (
        precision.method == "ptq-static"
        and (weights, activations) == ("uint8", "uint8")
        and not is_arm(executor)
    ):
        said = "Unsigned weights with unsigned activations have slower kernels on x86 than signed weights."
        advice, severity = (
            "use `weights: int8`, with `range: reduced` where the processor has no VNNI",
            Severity.NOTE,
        )
    else:
        return
    yield Finding(said, executor.where("precision"), help=advice, severity=severity)
