"""A mean latency is given, and no percentile.

What it finds
-------------
A mean or average latency, bounded or reported, in a claim with no percentile of it.

Why it matters
--------------
Latencies are skewed. Users meet the slow calls, and a quantized model whose mean improved can have a worse tail.

Example:
-------
    qspec 1
    claim fast {
      executor { task: image-classification, metrics: [top1], baseline: fp32, load { scenario: single-stream, batch: 1 } }
      loss(top1) <= 1 pp
      latency(mean) <= 5 ms
    }

Use instead
-----------
    qspec 1
    claim fast {
      executor { task: image-classification, metrics: [top1], baseline: fp32, load { scenario: single-stream, batch: 1 } }
      loss(top1) <= 1 pp
      latency(p99) <= 9 ms
    }

References:
----------
V. J. Reddi et al., MLPerf inference benchmark, ISCA 2020: single-stream latency is a percentile.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.speed import said
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity
from qspec.model.measurand import MeasurandKind

_MEAN = {"mean", "average", "avg"}


@rule("QS603", "mean-latency-alone", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("pair",))
def mean_latency_alone(claim: ClaimView) -> Iterator[Finding]:
    """A mean without its tail."""
    views = list(said(claim, MeasurandKind.LATENCY))
    means = [view for view in views if (view.measurand.statistic or "").lower() in _MEAN]
    if means and not any(re.match(r"p\d|max", (view.measurand.statistic or "").lower()) for view in views):
        yield Finding(
            "The latency is a mean, and no percentile tells how slow the slow calls are.",
            means[0].origin,
            help="bound or report `latency(p99)` beside it, or `latency(p90)` where calls are few",
        )
