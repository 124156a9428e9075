"""The bound is tighter than one example.

What it finds
-------------
A bound on the loss of a right-or-wrong metric, on recovery or on flips, that is smaller than one example of the test set.

Why it matters
--------------
A score moves in steps of one example. On 164 problems the least loss there can be is 0.61 points, so that a bound of half a
point asks for no loss at all, on these problems and no others.

Example:
-------
    qspec 1
    claim brochure {
      executor {
        task: image-classification, metrics: [top1], baseline: fp32
        test-set { data: "holdout 2024", split: test, composition: clean, size: 164 }
      }
      loss(top1) <= 0.5 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor {
        task: image-classification, metrics: [top1], baseline: fp32
        test-set { data: "holdout 2024", split: test, composition: clean, size: 1640 }
      }
      loss(top1) <= 0.5 pp
    }

References:
----------
N. Brown and J. Heathers, The GRIM test, Social Psychological and Personality Science 8 (2017) 363–369: means of whole
numbers move in steps.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from qspec.checks.resolution import examples, figures_for, points, questions, thousands, tried
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import AssertionView
from qspec.lang.diagnostic import Severity
from qspec.stats.interval import MOST_EXAMPLES


@rule(
    "QS404",
    "bound-below-one-example",
    severity=Severity.WARNING,
    visits=Visit.ASSERTION,
    axes=("sample_size",),
)
def bound_below_one_example(view: AssertionView) -> Iterator[Finding]:
    """A bound under the least step of the score."""
    n = examples(view.evaluation)
    if n is None or view.is_stratified:
        return
    for question in questions(view):
        scored = any(
            tried(figure, question.limit, relative=question.relative, confidence=question.confidence)
            for figure in figures_for(view)
        )
        if question.limit * n < 1 and not scored:
            yield Finding(
                f"One of {thousands(n)} examples is {points(1 / n)}, and `{view.assertion.quantity} {question.bound}` is"
                " tighter than that.",
                view.origin.at("bounds", question.index),
                help=_help(question.limit),
            )


def _help(limit: float) -> str:
    if limit * MOST_EXAMPLES < 1:
        return "loosen the bound: no number of examples confirms it"
    return f"loosen the bound, or test {thousands(math.ceil(1 / limit))} examples at the very least"
