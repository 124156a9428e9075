"""A source reports a speed, and not under which load.

What it finds
-------------
Somebody else's speed, energy or power without warm-up, duration or concurrency of its load, without the arrival rate of a
`server` load, and without the power limit where energy or power is claimed.

Why it matters
--------------
The first calls compile and fill caches; short runs measure the turbo clock; concurrent calls raise throughput and latency at
once. A speed that does not say which was timed cannot be repeated.

Example:
-------
    qspec 1
    claim brochure {
      source { vendor: "ACME" }
      executor { task: image-classification, metrics: [top1], baseline: fp16, load { scenario: offline, batch: 8 } }
      reported { throughput { baseline: 220 images/s, quantized: 309 images/s } }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      source { vendor: "ACME" }
      executor {
        task: image-classification, metrics: [top1], baseline: fp16
        load { scenario: offline, batch: 8, concurrency: 1, warm-up: 50 calls, duration: 60 s }
      }
      reported { throughput { baseline: 220 images/s, quantized: 309 images/s } }
      loss(top1) <= 1 pp
    }

References:
----------
MLPerf inference rules, sections on run duration and scenarios.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.speed import SPEED, said
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity
from qspec.model.evaluation import Load
from qspec.model.measurand import MeasurandKind

_ELECTRIC = (MeasurandKind.ENERGY, MeasurandKind.POWER)


@rule("QS604", "load-unsaid", severity=Severity.NOTE, visits=Visit.CLAIM, axes=("executor", "pair"))
def load_unsaid(claim: ClaimView) -> Iterator[Finding]:
    """A speed under nobody knows which load."""
    executor = claim.executor
    views = list(said(claim, *SPEED, *_ELECTRIC))
    if executor is None or claim.claim.source is None or not views:
        return
    silent: list[str] = []
    for name, load in [*executor.executor.each_load()] or [("", Load())]:
        missing = [key for key, value in _asked(load) if value is None]
        if missing:
            silent.append(f"{', '.join(missing)}{f' of `{name}`' if name else ''}")
    electric = any(view.measurand.kind in _ELECTRIC for view in views)
    if electric and (executor.hardware is None or executor.hardware.power is None):
        silent.append("the power limit")
    if silent:
        yield Finding(
            f"The source reports {views[0].measurand.kind.value}, and does not say {'; '.join(silent)}.",
            views[0].origin,
            help="`load { warm-up: …, duration: …, concurrency: … }`, and `power` in `hardware`",
        )


def _asked(load: Load) -> Iterator[tuple[str, object]]:
    if load.profile is None:
        yield "warm-up", load.warm_up
        yield "duration", load.duration
    if load.scenario != "single-stream":
        yield "concurrency", load.concurrency if load.scenario != "server" else load.rate
