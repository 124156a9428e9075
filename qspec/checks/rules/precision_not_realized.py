"""What ran was not the declared precision.

What it finds
-------------
A census in a measured block that counts declared layers which ran otherwise (`realized: false`), or a format that was
emulated where the precision does not say `simulated`.

Why it matters
--------------
A graph can be called int8 and compute in floats: unfused operators, missing kernels and quantizers that skip layers in silence
leave it faster or slower, and more accurate, than what was declared.

Example:
-------
    qspec 1
    executor small {
      task: image-classification, metrics: [top1], baseline: fp32
      precision { method: ptq-static, weights: int8, activations: uint8 }
    }
    claim small-loss on small {
      loss(top1) <= 1 pp
      measured {
        at: "2026-05-13T08:00:00Z", tool: "qspec 0.1", judge-version: 1
        executor { cpu: "Intel Xeon Gold 6330" }
        census quantized { declared: 12, stored: 12, computed: 4, realized: false, missing: ["/conv1/Conv", "/conv2/Conv"] }
        executor-digest: "bcb0d2f538722b7fc5f4fe918595a51dd0b0b549b4c8d68034aa4ae162775233"
        assertions-digest: "9b4deabd18297ac72dde964d972a2565839c9e5cbb7d86757d2f372a77e243e7"
        content-digest: "98b28a7dea11b76c7644ab83c93d02c605fc9579a08bb0d818797cb2a440159f"
      }
    }

Use instead
-----------
    qspec 1
    executor small {
      task: image-classification, metrics: [top1], baseline: fp32
      precision { method: ptq-static, weights: int8, activations: uint8, exclude: ["/conv*/*"] }
    }
    claim small-loss on small {
      loss(top1) <= 1 pp
      measured {
        at: "2026-05-13T08:00:00Z", tool: "qspec 0.1", judge-version: 1
        executor { cpu: "Intel Xeon Gold 6330" }
        census quantized { declared: 4, stored: 4, computed: 4, realized: true }
        executor-digest: "6850769fbd5bfc87d7a5eff16c46dee1e0f582905d94fa5a630ad962e45cbff1"
        assertions-digest: "9b4deabd18297ac72dde964d972a2565839c9e5cbb7d86757d2f372a77e243e7"
        content-digest: "e6ccbcfe29e30b38505e9707d706f10ce1b3d4b6333d85e5a20689c31b595962"
      }
    }

References:
----------
Census, in the execution reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.measured import is_current
from qspec.checks.precisions import expanded
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import MeasuredView
from qspec.lang.diagnostic import Severity

_SHOWN = 3


@rule(
    "QS925",
    "precision-not-realized",
    severity=Severity.WARNING,
    visits=Visit.MEASURED,
    axes=("model", "executor"),
)
def precision_not_realized(view: MeasuredView) -> Iterator[Finding]:
    """Another precision than the declared one."""
    executor = view.claim.executor
    if executor is None or not is_current(view):
        return
    expected = [said.assertion.expect for said in view.claim.assertions]
    if expected and all(outcome == "not-realized" for outcome in expected):
        return
    precision = expanded(executor.executor.precision)
    emulation_said = precision is not None and precision.emulated
    for name, census in view.measured.census.items():
        origin = view.origin.at("census", name)
        if not census.realized:
            names = ", ".join(f"`{layer}`" for layer in census.missing[:_SHOWN])
            more = f" and {len(census.missing) - _SHOWN} more" if len(census.missing) > _SHOWN else ""
            listed = f": {names}{more} ran otherwise" if names else ""
            yield Finding(
                f"Of {census.declared} layers declared for the {name} model {census.stored} are stored and"
                f" {census.computed} compute in the declared format{listed}.",
                origin,
                help="exclude these layers in `precision`, or choose a scheme that this runtime has kernels for",
            )
        elif census.simulated and not emulation_said:
            yield Finding(
                f"The {name} model was emulated in a wider format, and the precision does not say `simulated`.",
                origin,
                help="write `simulated: true` in `precision`; accuracy is real then, and speed is not judged",
            )
