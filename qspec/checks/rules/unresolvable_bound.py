"""So few examples cannot decide the bound, however few answers changed.

What it finds
-------------
A bound on the loss of a right-or-wrong metric, on recovery, or on flips, that lies inside the interval even if not one answer
had changed for the worse beyond the published difference; with no published scores, even if none had changed at all.

Why it matters
--------------
On 164 problems the upper limit of the loss is 2.3 points when both models answer all of them alike. A bound below that can
be printed and cannot be confirmed.

Example:
-------
    qspec 1
    claim brochure {
      executor {
        task: image-classification, metrics: [top1], baseline: fp32
        test-set { data: "holdout 2024", split: test, composition: clean, size: 200 }
      }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor {
        task: image-classification, metrics: [top1], baseline: fp32
        test-set { data: "holdout 2024", split: test, composition: clean, size: 2000 }
      }
      loss(top1) <= 1 pp
    }

References:
----------
T. Tango, Statistics in Medicine 17 (1998) 891–908; with no flips its upper limit is z²/(n + z²).
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.resolution import Question, examples, figures_for, points, questions, thousands, tried
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import AssertionView
from qspec.lang.diagnostic import Severity
from qspec.stats.interval import normal_quantile
from qspec.stats.static import zero_flip_limit


@rule("QS402", "unresolvable-bound", severity=Severity.WARNING, visits=Visit.ASSERTION, axes=("sample_size",))
def unresolvable_bound(view: AssertionView) -> Iterator[Finding]:
    """A bound that no outcome on these examples confirms."""
    if view.is_stratified:
        return
    for question in questions(view):
        found = [
            result
            for figure in figures_for(view)
            if (
                result := tried(
                    figure, question.limit, relative=question.relative, confidence=question.confidence
                )
            )
        ]
        if found:
            stuck = next((result for result in found if result.result.kind == "unresolvable"), None)
            if stuck is not None:
                before, after = stuck.pair.texts
                wanted = stuck.result.needed_n
                yield Finding(
                    f"From {before} to {after} on {thousands(stuck.n)} examples, `{view.assertion.quantity} {question.bound}`"
                    " can be neither confirmed nor refuted, however few answers changed.",
                    view.origin.at("bounds", question.index),
                    help=f"test {thousands(wanted)} examples or more"
                    if wanted
                    else "loosen the bound: the loss lies on it",
                )
        else:
            yield from _without_scores(view, question)


def _without_scores(view: AssertionView, question: Question) -> Iterator[Finding]:
    n = examples(view.evaluation)
    if n is None or question.limit * n < 1:  # tighter than one example is said elsewhere
        return
    limit = zero_flip_limit(n, question.confidence)
    if limit >= question.limit:
        z2 = normal_quantile(question.confidence) ** 2
        wanted = int(z2 * (1 - question.limit) / question.limit) + 1
        yield Finding(
            f"On {thousands(n)} examples `{view.assertion.quantity} {question.bound}` cannot be confirmed: if not one answer"
            f" changed, the upper limit would still be {points(limit)}.",
            view.origin.at("bounds", question.index),
            help=f"test more than {thousands(wanted)} examples, loosen the bound, or write `expect inconclusive`",
        )
