"""A safety-critical claim leaves out what such a claim must say.

What it finds
-------------
Under the profile `safety-critical`: an accuracy bound with no bound for strata of the same metric; calibration or
test data without a digest, revision or version; no stated `confidence`; and neither quantization-aware training nor
mixed precision anywhere in the spec, in use or as an alternative that was considered.

Why it matters
--------------
Where a wrong answer harms somebody the mean is not what counts. A reviewer must be able to fetch the very data, to
see how sure the verdict is, and to see that the scheme was chosen among others.

Example:
-------
    qspec 1
    claim reader-grade {
      profile: safety-critical
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
      loss(top1) <= 0.5 pp
      loss(top1) <= 1 pp for each site
      latency(p99) <= 50 ms
    }

Use instead
-----------
    qspec 1
    claim reader-grade {
      profile: safety-critical
      executor {
        model { base: "mammo-net" @ "4.1", quantized: "mammo-net-int8" @ "4.1.2" }
        hardware { cpu: "Intel Xeon Gold 6330" }
        runtime { name: onnxruntime, version: "1.31" }
        task: image-classification, metrics: [top1], baseline: fp32
        precision { method: qat, weights: int8, activations: uint8 }
        calibration: not-applicable "scales were learned in quantization-aware training"
        test-set { data: "site-data" @ "2024.1", split: test, composition: domain-matched, size: 12400 }
        strata { site: by site }
        statistics { confidence: 99 % }
        load { scenario: single-stream, batch: 1 }
      }
      loss(top1) <= 0.5 pp
      loss(top1) <= 1 pp for each site
      latency(p99) <= 50 ms
    }

References:
----------
FDA, Good machine learning practice for medical device development: guiding principles (2021), principles 3 to 5 and
8.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.overlap import Piece, piece
from qspec.checks.precisions import expanded
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity
from qspec.lang.resolve import Origin
from qspec.model.executor import Baseline
from qspec.model.expression import Pinned
from qspec.model.measurand import MeasurandKind


@rule(
    "QS810", "safety-critical-requirements", severity=Severity.ERROR, visits=Visit.CLAIM,
    axes=("strata", "calibration", "test_set"), profiles=("safety-critical",),
)  # fmt: skip
def safety_critical_requirements(claim: ClaimView) -> Iterator[Finding]:
    """What harm makes necessary."""
    yield from _strata(claim)
    yield from _provenance(claim)
    for view in claim.evaluations:
        statistics = view.evaluation.statistics
        if statistics is None or statistics.confidence is None:
            if not all(said.assertion.at is not None for said in claim.assertions):
                yield Finding(
                    "The confidence of the verdicts is left to the default.",
                    view.where("statistics"),
                    help="add `statistics { confidence: 99 % }`, or `at 99 %` to each assertion",
                )
            break
    if (
        claim.executor is not None
        and isinstance(claim.executor.executor.baseline, Baseline)
        and not _considered(claim)
    ):
        yield Finding(
            "Neither quantization-aware training nor mixed precision is used or was considered.",
            claim.executor.where("precision"),
            help="declare an executor `from` this one with `method: qat`, `layers` or `exclude`, and claim on it too",
        )


def _strata(claim: ClaimView) -> Iterator[Finding]:
    losses = [
        view for view in claim.assertions if view.measurand.kind in {MeasurandKind.LOSS, MeasurandKind.METRIC}
    ]
    bounded = {(str(view.measurand.metric), view.assertion.on) for view in losses if view.is_stratified}
    for view in losses:
        subject = str(view.measurand.metric), view.assertion.on
        if not view.is_stratified and subject not in bounded:
            bounded.add(subject)
            yield Finding(
                f"`{view.assertion}` bounds the whole, and no stratum of it is bounded.",
                view.origin,
                help=f"add a bound such as `{view.assertion.quantity} {view.assertion.bounds[0]} for each STRATIFICATION`",
            )


def _provenance(claim: ClaimView) -> Iterator[Finding]:
    named: list[tuple[str, Pinned, str | None, Origin]] = []
    if claim.calibration_data is not None:
        named.append(("calibration", claim.calibration_data, None, claim.where("calibration").at("data")))
    for view in claim.evaluations:
        if view.test_set is not None and view.test_data is not None:
            version = str(view.test_set.version) if view.test_set.version is not None else None
            named.append(("test", view.test_data, version, view.where("test-set").at("data")))
    for what, data, version, origin in named:
        found: Piece = piece(claim.resolved, data)
        pinned = found.dataset is not None and (found.dataset.sha256 or "@" in (found.dataset.source or ""))
        if not (pinned or data.pin or version):
            yield Finding(
                f"The {what} data `{data}` cannot be fetched again: they have no digest and no revision.",
                origin,
                help='pin them, `"NAME" @ "REVISION"`, or declare them with their `sha256`',
            )


def _considered(claim: ClaimView) -> bool:
    """Whether quantization-aware training or mixed precision stands anywhere in the documents read."""
    executors = [claim.executor.executor] if claim.executor is not None else []
    for loaded in claim.resolved.workspace.files:
        executors += loaded.document.executors.values()
    precisions = [expanded(executor.precision) for executor in executors]
    return any(p is not None and (p.method == "qat" or p.layers or p.exclude) for p in precisions)
