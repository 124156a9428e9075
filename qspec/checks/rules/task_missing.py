"""The claim does not say what the model is used for.

What it finds
-------------
A claim whose evaluation names no task, whose source does not state one, whose task is a phrase such as "general
capability", or whose task is named and its data are not.

Why it matters
--------------
A quantized model that still classifies may no longer detect or translate: a loss on one task says nothing about
another, and a task without its data is only a family of problems.

Example:
-------
    qspec 1
    claim small-loss {
      executor {
        metrics: [top1]
        baseline: fp32
      }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim small-loss {
      executor {
        task: image-classification
        metrics: [top1]
        baseline: fp32
        test-set { data: "ILSVRC 2012", split: val }
      }
      loss(top1) <= 1 pp
    }

References:
----------
The axis `task` in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.gaps import gap
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity


@rule("QS101", "task-missing", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("task",), gap=True)
def task_missing(claim: ClaimView) -> Iterator[Finding]:
    """A loss on no named task."""
    yield from gap(
        claim, "task", asks="which downstream task was scored?", template="task: image-classification"
    )
