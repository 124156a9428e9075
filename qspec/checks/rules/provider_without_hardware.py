"""The provider cannot run on the declared hardware.

What it finds
-------------
The `cuda` or `tensorrt` provider on hardware that is a processor alone, or whose accelerator is another maker's.

Why it matters
--------------
The runtime falls back to the processor in silence, and the scores and speeds are those of another machine.

Example:
-------
    qspec 1
    claim fast {
      executor {
        hardware { device: cpu, cpu: "Intel Xeon Gold 6330" }, runtime { name: onnxruntime, provider: cuda }
        task: image-classification, metrics: [top1], baseline: fp16
      }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim fast {
      executor {
        hardware { device: gpu, accelerator: "NVIDIA T4" }, runtime { name: onnxruntime, provider: cuda }
        task: image-classification, metrics: [top1], baseline: fp16
      }
      loss(top1) <= 1 pp
    }

References:
----------
Providers and machines, in the execution reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity

_OTHERS = re.compile(
    r"\b(amd|radeon|instinct|mi\d{3}x?|intel|qualcomm|adreno|hexagon|apple|hailo|coral)\b", re.IGNORECASE
)


@rule("QS705", "provider-without-hardware", severity=Severity.ERROR, visits=Visit.CLAIM, axes=("executor",))
def provider_without_hardware(claim: ClaimView) -> Iterator[Finding]:
    """A provider that nothing there can carry."""
    executor = claim.executor
    if executor is None or executor.hardware is None or executor.runtime is None:
        return
    provider, hardware = executor.runtime.provider, executor.hardware
    if provider not in {"cuda", "tensorrt"} or "nvidia" in (hardware.accelerator or "").lower():
        return
    other = _OTHERS.search(hardware.accelerator or "")
    alone = (hardware.device or "").lower() == "cpu" and hardware.accelerator is None
    if other or alone:
        what = f"`{hardware.accelerator}`" if other else "a processor alone"
        yield Finding(
            f"The provider `{provider}` runs on NVIDIA accelerators, and the hardware is {what}.",
            executor.where("runtime"),
            help="declare the provider that ran, or the accelerator that it ran on",
        )
