"""A metric is named twice in one evaluation.

What it finds
-------------
Two metrics of an evaluation that are one: the same name, or two names of one metric, with the same parameters.

Why it matters
--------------
It is computed once. Where another cut-off or another averaging was meant, that one is not computed at all.

Example:
-------
    qspec 1
    executor small {
      task: image-classification, metrics: [top1, top-1], baseline: fp32
    }
    claim small-loss on small { loss(top1) <= 1 pp }

Use instead
-----------
    qspec 1
    executor small {
      task: image-classification, metrics: [top1, top5], baseline: fp32
    }
    claim small-loss on small { loss(top1) <= 1 pp }

References:
----------
Tasks and metrics in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.arithmetic import same_metric
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import EvaluationView
from qspec.lang.diagnostic import Severity


@rule("QS013", "metric-repeated", severity=Severity.WARNING, visits=Visit.EVALUATION, axes=("metric",))
def metric_repeated(evaluation: EvaluationView) -> Iterator[Finding]:
    """One metric twice."""
    for number, term in enumerate(evaluation.metrics):
        earlier = next((m for m in evaluation.metrics[:number] if m == term or same_metric(m, term)), None)
        if earlier is not None:
            other = "" if earlier == term else f", which is `{earlier}`"
            yield Finding(
                f"The metric `{term}` is named twice{other}.",
                evaluation.where("metrics").at(number),
                help="leave one of them out, or write the one that was meant",
            )
