"""A metric is declared that the task cannot have.

What it finds
-------------
A metric of another kind of output than the task's: a word error rate of a classifier, top-1 of a translation, a box
precision of a language model. With the model at hand, also one of two classes where the graph tells more apart, and one of
probabilities where only the class is left; such a metric is left out of a run, and the others are judged.

Why it matters
--------------
Either the task or the metric is another than the one named, so the claim is about something else.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [wer(normalization: none)], baseline: fp32 }
      loss(wer) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      loss(top1) <= 1 pp
    }

References:
----------
Tasks and metrics in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.arithmetic import metric_of
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import EvaluationView
from qspec.lang.diagnostic import Severity
from qspec.metrics.definition import Metric
from qspec.metrics.tasks import TASKS, Task

# Metrics that only one kind of output has; the others travel between tasks under their names.
_PECULIAR = frozenset(
    ["top1", "top5", "top@k", "map", "miou", "wer", "cer", "perplexity", "psnr", "rouge", "bleu", "chrf",
     "ndcg@k", "recall@k", "precision@k", "mrr", "mrr@k", "hit-rate@k", "token-f1"]
)  # fmt: skip
_TEXT = frozenset(["bleu", "chrf", "rouge", "token-f1", "perplexity"])


def scores_other_answers(metric: Metric, task: Task) -> bool:
    """Whether a metric is one of another kind of output than the task's, as far as their names tell."""
    if metric.name not in _PECULIAR or task.name in metric.tasks:
        return False
    return not (task.generates and metric.name in _TEXT)


@rule("QS314", "metric-of-another-task", severity=Severity.WARNING, visits=Visit.EVALUATION, axes=("metric",))
def metric_of_another_task(view: EvaluationView) -> Iterator[Finding]:
    """A score of other answers."""
    task = TASKS.get(view.task) if view.task is not None else None
    if task is None:
        return
    for index, term in enumerate(view.metrics):
        metric = metric_of(term)
        if metric is None or not scores_other_answers(metric, task):
            continue
        yield Finding(
            f"`{term}` scores {' and '.join(sorted(metric.tasks))}, and the task is {task.name}.",
            view.where("metrics").at(index),
            help=f"{task.name} is usually scored by {', '.join(f'`{m}`' for m in task.default_metrics)}",
        )
