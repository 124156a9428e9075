"""A speed is compared with that of a baseline under other conditions.

What it finds
-------------
A speed-up against a baseline `executor` whose hardware, provider, threads, batch, concurrency or lengths are stated and differ
from the executor's own.

Why it matters
--------------
Another batch or another machine gives another speed by itself. The ratio is then not what quantization gains.

Example:
-------
    qspec 1
    executor full {
      baseline: fp32, task: image-classification, metrics: [top1], runtime { name: onnxruntime, threads: 1 }
      load { scenario: offline, batch: 1 }
    }
    executor small {
      baseline: executor full, task: image-classification, metrics: [top1], runtime { name: onnxruntime, threads: 1 }
      load { scenario: offline, batch: 32 }
    }
    claim fast on small {
      loss(top1) <= 1 pp
      throughput >= 2 x baseline
    }

Use instead
-----------
    qspec 1
    executor full {
      baseline: fp32, task: image-classification, metrics: [top1], runtime { name: onnxruntime, threads: 1 }
      load { scenario: offline, batch: 32 }
    }
    executor small {
      baseline: executor full, task: image-classification, metrics: [top1], runtime { name: onnxruntime, threads: 1 }
      load { scenario: offline, batch: 32 }
    }
    claim fast on small {
      loss(top1) <= 1 pp
      throughput >= 2 x baseline
    }

References:
----------
The pair, in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.baselines import compared
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.speed import SPEED, is_ratio, said
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity
from qspec.lang.resolve import ResolvedExecutor
from qspec.model.base import kebab
from qspec.model.executor import Baseline
from qspec.model.quantity import Quantity

_LOAD = ("batch", "concurrency", "rate", "lengths", "prompt_tokens", "new_tokens")


@rule(
    "QS601", "speed-under-other-conditions", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("pair", "executor")
)  # fmt: skip
def speed_under_other_conditions(claim: ClaimView) -> Iterator[Finding]:
    """A ratio of two workloads."""
    executor = claim.executor
    baseline = executor.executor.baseline if executor is not None else None
    if executor is None or not isinstance(baseline, Baseline) or baseline.kind != "executor":
        return
    ratio = next((view for view in said(claim, *SPEED) if is_ratio(view)), None)
    other = compared(claim, baseline.name) if ratio is not None else None
    if ratio is None or other is None:
        return
    found = [*_machines(executor, other), *_loads(executor, other)]
    if found:
        yield Finding(
            f"The speed is compared with that of `{baseline.name}` under other conditions: {', '.join(found)}.",
            ratio.origin,
            help="time both models on one machine, with the same batch, threads and lengths",
        )


def _machines(mine: ResolvedExecutor, other: ResolvedExecutor) -> Iterator[str]:
    for kind, names in (
        ("hardware", ("cpu", "accelerator", "device", "cores")),
        ("runtime", ("provider", "threads")),
    ):
        sides = getattr(mine, kind), getattr(other, kind)
        for name in names:
            yield from _differs(name, *(getattr(side, name, None) for side in sides))


def _loads(mine: ResolvedExecutor, other: ResolvedExecutor) -> Iterator[str]:
    theirs = dict(other.executor.each_load())
    for name, load in mine.executor.each_load():
        same = theirs.get(name) or (next(iter(theirs.values())) if len(theirs) == 1 else None)
        for field in _LOAD if same is not None else ():
            yield from _differs(kebab(field), getattr(load, field), getattr(same, field))


def _differs(name: str, mine: object, theirs: object) -> Iterator[str]:
    one, other = (value.base if isinstance(value, Quantity) else value for value in (mine, theirs))
    if mine is not None and theirs is not None and one != other:
        yield f"{name} {mine}, not {theirs}"
