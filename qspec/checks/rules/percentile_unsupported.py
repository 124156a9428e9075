"""A latency percentile rests on fewer calls than it needs.

What it finds
-------------
A reported `latency(p90)`, `latency(p95)`, `latency(p99)` or the like with its number of runs, calls or requests, where so many
cannot support that percentile.

Why it matters
--------------
The 99th percentile of a hundred calls is its slowest call but one. With fewer than 662 calls one cannot say, at 99 %, that
the second slowest is an upper limit for it.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32, load { scenario: single-stream, batch: 1 } }
      reported { latency(p99) { quantized: 4.1 ms, runs: 100 } }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32, load { scenario: single-stream, batch: 1 } }
      reported { latency(p99) { quantized: 4.1 ms, runs: 1000 } }
      loss(top1) <= 1 pp
    }

References:
----------
V. J. Reddi et al., MLPerf inference benchmark, ISCA 2020; early stopping in the MLPerf inference rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qspec.checks.resolution import thousands
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import FigureView
from qspec.lang.diagnostic import Severity
from qspec.model.measurand import MeasurandKind
from qspec.stats.static import calls_for_percentile

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?)$")


@rule(
    "QS410", "percentile-unsupported", severity=Severity.WARNING, visits=Visit.FIGURE, axes=("sample_size",)
)
def percentile_unsupported(view: FigureView) -> Iterator[Finding]:
    """A percentile of too few calls."""
    match = _PERCENTILE.match(view.measurand.statistic or "")
    if view.measurand.kind is not MeasurandKind.LATENCY or match is None:
        return
    percentile = float(match[1])
    for key in ("runs", "n"):
        calls = view.figure.runs if key == "runs" else view.figure.n
        if (
            calls is None
            or not 50 < percentile < 100
            or calls.unit not in {None, "runs", "calls", "requests"}
        ):
            continue
        needed = calls_for_percentile(percentile)
        if calls.value < needed:
            yield Finding(
                f"{calls} do not support p{match[1]}, which needs {thousands(needed)} calls.",
                view.origin.at(key),
                help="time more calls, or report a lower percentile",
            )
        return
