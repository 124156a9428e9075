"""A stratum has too few examples for the bound that is put on it.

What it finds
-------------
A bound for a stratum, or for each of a stratification, where some stratum cannot confirm it whatever happens: its number of
examples is reported, or follows from the number of classes or quantiles, since the smallest is no larger than the average.

Why it matters
--------------
Degradation concentrates in strata, and strata are small. A bound of 3 points on 135 examples is nearly as wide as what no
change at all leaves open.

Example:
-------
    qspec 1
    claim brochure {
      executor {
        task: multiple-choice, metrics: [accuracy(normalization: none)], baseline: bf16
        strata { subject: by subject }
      }
      reported { accuracy for subject == "anatomy" { baseline: 64.4 %, quantized: 62.2 %, n: 135 } }
      loss(accuracy) <= 3 pp for each subject
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor {
        task: multiple-choice, metrics: [accuracy(normalization: none)], baseline: bf16
        strata { subject: by subject }
      }
      reported { accuracy for subject == "law" { baseline: 50.0 %, quantized: 49.8 %, n: 15340 } }
      loss(accuracy) <= 3 pp for each subject
    }

References:
----------
T. Tango, Statistics in Medicine 17 (1998) 891–908. Strata and many comparisons, in the statistics reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.resolution import Question, examples, points, questions, thousands, tried, whole_count
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.strata import is_of, number_of_strata, stratification
from qspec.checks.view import AssertionView
from qspec.lang.diagnostic import Severity
from qspec.model.expression import Stratification
from qspec.stats.static import zero_flip_limit


@rule(
    "QS403",
    "stratum-too-small",
    severity=Severity.WARNING,
    visits=Visit.ASSERTION,
    axes=("sample_size", "strata"),
)
def stratum_too_small(view: AssertionView) -> Iterator[Finding]:
    """A bound on strata of too few examples."""
    if not view.is_stratified:
        return
    how = stratification(view)
    for question in questions(view):
        small = list(_small(view, question, how))
        origin = view.origin.at("bounds", question.index)
        said = f"`{view.assertion.quantity} {question.bound}`"
        if small:
            n, name, scored = min(small)
            more = f", nor can those of {len(small) - 1} other strata" if len(small) > 1 else ""
            limit = points(zero_flip_limit(n, question.confidence))
            why = (
                "however few answers changed"
                if scored
                else f"since with no change the upper limit would be {limit}"
            )
            yield Finding(
                f"The {thousands(n)} examples of `{name}` cannot decide {said}{more}, {why}.",
                origin,
                help="loosen the bound, test more examples of that stratum, or write `expect inconclusive`",
            )
            continue
        count, whole = number_of_strata(view, how), examples(view.evaluation)
        if count and whole and zero_flip_limit(max(whole // count, 1), question.confidence) >= question.limit:
            least = max(whole // count, 1)
            yield Finding(
                f"{thousands(whole)} examples in {count} strata leave the smallest no more than {thousands(least)}, which"
                f" cannot confirm {said}: with no change at all the upper limit would be"
                f" {points(zero_flip_limit(least, question.confidence))}.",
                origin,
                help="loosen the bound, test more examples, or write `expect inconclusive`",
            )


def _small(
    view: AssertionView, question: Question, how: Stratification | None
) -> Iterator[tuple[int, str, bool]]:
    """Reported strata that cannot decide the bound: number of examples, name, and whether scores are given."""
    for figure in view.claim.figures:
        n, metric = whole_count(figure.figure.n), figure.measurand.metric
        if n is None or metric is None or figure.evaluation is not view.evaluation:
            continue
        if (
            view.measurand.metric is None
            or metric.name != view.measurand.metric.name
            or not is_of(view, figure.figure.for_, how)
        ):
            continue
        found = tried(figure, question.limit, relative=question.relative, confidence=question.confidence)
        if found is not None:
            if found.result.kind == "unresolvable":
                yield n, str(figure.figure.for_), True
        elif figure.figure.interval is None and zero_flip_limit(n, question.confidence) >= question.limit:
            yield n, str(figure.figure.for_), False
