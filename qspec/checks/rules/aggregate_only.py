"""Only the aggregate is bounded, and the profile asks for strata.

What it finds
-------------
Under the profile `decision-grade`, a claim whose evaluation has strata and whose assertions bound the whole alone.

Why it matters
--------------
A bound on the mean lets one stratum lose many times as much. Whoever decides for the users in that stratum has no
bound at all.

Example:
-------
    qspec 1
    claim small-loss {
      profile: decision-grade
      executor {
        hardware { cpu: "Intel Xeon Gold 6330" }
        runtime { name: onnxruntime, version: "1.31" }
        model { base: "mammo-net" @ "4.1", quantized: "mammo-net-int8" @ "4.1.2" }
        task: image-classification, metrics: [top1], baseline: fp32
        precision { method: ptq-static, weights: int8, activations: uint8 }
        calibration { data: "site-data" @ "2023.2", method: entropy, size: 512 }
        test-set { data: "site-data" @ "2024.1", split: test, composition: domain-matched, size: 12400 }
        strata { site: by site }
        load { scenario: single-stream, batch: 1 }
      }
      reported { top1 for site == "north" { baseline: 91.0 %, quantized: 90.8 %, n: 3100 } }
      loss(top1) <= 1 pp
      latency(p99) <= 50 ms
    }

Use instead
-----------
    qspec 1
    claim small-loss {
      profile: decision-grade
      executor {
        hardware { cpu: "Intel Xeon Gold 6330" }
        runtime { name: onnxruntime, version: "1.31" }
        model { base: "mammo-net" @ "4.1", quantized: "mammo-net-int8" @ "4.1.2" }
        task: image-classification, metrics: [top1], baseline: fp32
        precision { method: ptq-static, weights: int8, activations: uint8 }
        calibration { data: "site-data" @ "2023.2", method: entropy, size: 512 }
        test-set { data: "site-data" @ "2024.1", split: test, composition: domain-matched, size: 12400 }
        strata { site: by site }
        load { scenario: single-stream, batch: 1 }
      }
      reported { top1 for site == "north" { baseline: 91.0 %, quantized: 90.8 %, n: 3100 } }
      loss(top1) <= 1 pp
      loss(top1) <= 5 pp for each site
      latency(p99) <= 50 ms
    }

References:
----------
L. Oakden-Rayner et al., Hidden stratification causes clinically meaningful failures in machine learning for medical
imaging, CHIL 2020.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import EvaluationView
from qspec.lang.diagnostic import Severity


@rule(
    "QS805", "aggregate-only", severity=Severity.WARNING, visits=Visit.EVALUATION, axes=("strata",),
    profiles=("decision-grade",),
)  # fmt: skip
def aggregate_only(view: EvaluationView) -> Iterator[Finding]:
    """A bound for the mean and none for its parts."""
    bounds = [
        said for said in view.claim.assertions if said.evaluation is view and said.measurand.kind.is_accuracy
    ]
    if view.strata and bounds and not any(said.is_stratified for said in bounds):
        name = next(iter(view.strata))
        yield Finding(
            f"The aggregate is bounded and no stratum is, of {', '.join(f'`{one}`' for one in view.strata)}.",
            view.where("strata"),
            help=f"add a bound such as `{bounds[0].assertion.quantity} {bounds[0].assertion.bounds[0]} for each {name}`",
        )
