"""A calibration error is smaller than what chance alone shows at this number of examples.

What it finds
-------------
A reported or bounded `ece` under the value that a perfectly calibrated model of the reported accuracy would show on so many
examples in so many bins.

Why it matters
--------------
The plain estimator adds up the absolute errors of its bins, so that chance always adds and never cancels. A bound under this
floor is decided by the number of examples, and two values under it differ by luck.

Example:
-------
    qspec 1
    claim brochure {
      executor {
        task: image-classification, metrics: [top1, ece(bins: 15)], baseline: fp32
        test-set { data: "holdout 2024", split: test, composition: clean, size: 500 }
      }
      reported { top1 { baseline: 76.4 %, quantized: 75.8 % } }
      ece(bins: 15) <= 1 %
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor {
        task: image-classification, metrics: [top1, brier], baseline: fp32
        test-set { data: "holdout 2024", split: test, composition: clean, size: 500 }
      }
      reported { top1 { baseline: 76.4 %, quantized: 75.8 % } }
      loss(brier) <= 0.01
    }

References:
----------
A. Kumar, P. Liang and T. Ma, Verified uncertainty calibration, NeurIPS 2019.
R. Roelofs et al., Mitigating bias in calibration error estimation, AISTATS 2022.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from qspec.checks.arithmetic import (
    central,
    metric_of,
    percent,
    score_factor,
)
from qspec.checks.resolution import counted_on, examples, thousands, whole_count
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView, EvaluationView
from qspec.lang.diagnostic import Severity
from qspec.lang.resolve import Origin
from qspec.model.expression import Term
from qspec.model.measurand import MeasurandKind
from qspec.model.quantity import Quantity
from qspec.stats.static import ece_bias_floor

_DEFAULT_BINS = 15


@rule(
    "QS407", "calibration-error-below-floor", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("sample_size", "metric")
)  # fmt: skip
def calibration_error_below_floor(claim: ClaimView) -> Iterator[Finding]:
    """An ECE under its own bias."""
    for said in claim.assertions:
        if (
            said.measurand.kind is MeasurandKind.METRIC
            and not said.is_stratified
            and _is_ece(said.measurand.metric)
        ):
            for index, bound in enumerate(said.assertion.bounds):
                if bound.is_upper:
                    value, where = bound.quantity, said.origin.at("bounds", index)
                    n = examples(said.evaluation)
                    yield from _under(said.evaluation, said.measurand.metric, value, n, where, claim)
    for view in claim.figures:
        if (
            view.measurand.kind is MeasurandKind.METRIC
            and view.figure.for_ is None
            and _is_ece(view.measurand.metric)
        ):
            printed = central(view.figure.quantized) or central(view.figure.value)
            if printed is not None:
                n = counted_on(view)
                yield from _under(view.evaluation, view.measurand.metric, printed, n, view.origin, claim)


def _is_ece(term: Term | None) -> bool:
    metric = metric_of(term)
    return metric is not None and metric.name == "ece"


def _under(
    evaluation: EvaluationView | None,
    term: Term | None,
    value: Quantity,
    n: int | None,
    where: Origin,
    claim: ClaimView,
) -> Iterator[Finding]:
    accuracy, bins = _accuracy(claim, evaluation), _bins(term)
    if n is None or accuracy is None or bins is None:
        return
    floor = ece_bias_floor(n, bins, accuracy)
    if 0 <= float(value.base) < floor:
        yield Finding(
            f"A calibration error of {value} lies under what chance shows: on {thousands(n)} examples in {bins} bins a"
            f" perfectly calibrated model of this accuracy may have up to {percent(Decimal(floor), 1)} %.",
            where,
            help="bound `loss(brier)` or `loss(nll)`, which have no such bias, or the debiased `calibration-error`",
        )


def _bins(term: Term | None) -> int | None:
    declared = term.named.get("bins") if term is not None else None
    declared = declared if declared is not None or term is None or not term.positional else term.positional[0]
    if declared is None:
        return _DEFAULT_BINS
    return whole_count(declared) if isinstance(declared, Quantity) else None


def _accuracy(claim: ClaimView, evaluation: EvaluationView | None) -> float | None:
    """The accuracy reported on the same evaluation."""
    for view in claim.figures:
        metric = metric_of(view.measurand.metric)
        if metric is None or metric.name not in {"top1", "accuracy"} or view.figure.for_ is not None:
            continue
        printed = central(view.figure.quantized) or central(view.figure.baseline)
        if view.evaluation is evaluation and printed is not None:
            factor = score_factor(printed, metric, printed.value > 1)
            share = float(printed.value * factor)
            return share if 0 < share < 1 else None
    return None
