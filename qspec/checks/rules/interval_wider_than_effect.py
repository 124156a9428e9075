"""The published scores alone do not decide the bound: how many answers changed would, and nobody says.

What it finds
-------------
Two scores of a right-or-wrong metric on a known number of examples, so near to the bound (or, where a figure stands without
an assertion, to each other) that the interval of their difference holds it unless the two models differ on few examples.

Why it matters
--------------
Both models answered the same examples. From 76.1 % to 75.9 % on 50,000 the difference is settled only if fewer than about
5 % of the answers changed. Without that share, or an interval of the paired difference, the claim rests on trust.

Example:
-------
    qspec 1
    claim brochure {
      executor {
        task: multiple-choice, metrics: [accuracy(normalization: none)], baseline: bf16
        test-set { data: "cais/mmlu" @ "c30699e", split: test, size: 14042 }
      }
      reported { accuracy { baseline: 68.4 %, quantized: 67.9 % } }
      loss(accuracy) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor {
        task: multiple-choice, metrics: [accuracy(normalization: none)], baseline: bf16
        test-set { data: "cais/mmlu" @ "c30699e", split: test, size: 14042 }
      }
      reported { accuracy { baseline: 68.4 %, quantized: 67.9 %, loss: 0.5 pp, interval: 0.2 pp..0.8 pp } }
      loss(accuracy) <= 1 pp
    }

References:
----------
T. Tango, Equivalence test and confidence interval for the difference in proportions for the paired-sample design,
Statistics in Medicine 17 (1998) 891–908. What can be said from published numbers alone, in the statistics reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from qspec.checks.arithmetic import (
    percent,
)
from qspec.checks.resolution import (
    DEFAULT_CONFIDENCE,
    Tried,
    figures_for,
    questions,
    samples,
    thousands,
    tried,
)
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView, FigureView
from qspec.lang.diagnostic import Severity
from qspec.lang.resolve import Origin


@rule(
    "QS401", "interval-wider-than-effect", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("sample_size",)
)  # fmt: skip
def interval_wider_than_effect(claim: ClaimView) -> Iterator[Finding]:
    """Scores that need their pairs."""
    for view in claim.assertions:
        for question in questions(view):
            for figure in figures_for(view):
                found = tried(
                    figure, question.limit, relative=question.relative, confidence=question.confidence
                )
                if found is not None and found.result.kind == "needs-pairing":
                    said = f"whether `{view.assertion.quantity} {question.bound}` holds"
                    yield _finding(found, said, view.origin.at("bounds", question.index))
                    break
    for figure in claim.figures:
        if _is_bare(claim, figure):
            found = tried(figure, 0.0, relative=False, confidence=DEFAULT_CONFIDENCE)
            if found is not None and found.result.kind != "resolved" and _is_effect(found):
                yield _finding(found, "whether anything was lost or gained", figure.origin)


def _is_bare(claim: ClaimView, figure: FigureView) -> bool:
    """Whether a figure for the whole stands without an assertion about it."""
    if claim.claim.measured or figure.figure.for_ is not None or figure.evaluation is None:
        return False
    metric = figure.measurand.metric
    bounded = any(
        view.measurand.metric is not None and metric is not None and view.measurand.metric.name == metric.name
        for view in claim.assertions
    )
    return not bounded and samples(figure.evaluation)


def _is_effect(found: Tried) -> bool:
    return found.pair.loss.low > 0 or found.pair.loss.high < 0


def _finding(found: Tried, said: str, origin: Origin) -> Finding:
    result, (before, after) = found.result, found.pair.texts
    wanted = f", or test {thousands(result.sufficient_n)} examples" if result.sufficient_n else ""
    return Finding(
        f"From {before} to {after} on {thousands(found.n)} examples, {said} depends on how many answers changed: it is"
        f" decided only if fewer than {percent(Decimal(max(result.deciding_discordance, 0.0)), 1)} % did.",
        origin,
        help=f"report the harmful and helpful flips, or an interval of the paired difference{wanted}",
        notes=(
            f"two models right {before} and {after} of the time differ on {percent(Decimal(result.discordance.least))} %"
            f" of the answers at least, and on {percent(Decimal(result.discordance.independent), 1)} % if independent",
        ),
    )
