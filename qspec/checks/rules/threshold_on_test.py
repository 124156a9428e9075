"""The operating threshold was chosen on the data that are tested.

What it finds
-------------
A `threshold` from data that share examples with the test set, or a metric at an operating point with no `threshold`
that says where its threshold comes from.

Why it matters
--------------
A threshold that is found on the test set meets its specificity there by construction and misses it elsewhere; the
sensitivity at it is too good. For the quantized model it is found anew, which hides a shift of all scores.

Example:
-------
    qspec 1
    dataset mammo { source: "m.npz", version: "3", splits { tune: fold == "tune", test: fold == "test" } }
    claim small-loss {
      executor {
        task: image-classification, metrics: [sensitivity(at: specificity >= 95 %)], baseline: fp32
        threshold { from: mammo.test }
        test-set { data: mammo.test, composition: domain-matched }
      }
      loss(sensitivity) <= 0.5 pp
    }

Use instead
-----------
    qspec 1
    dataset mammo { source: "m.npz", version: "3", splits { tune: fold == "tune", test: fold == "test" } }
    claim small-loss {
      executor {
        task: image-classification, metrics: [sensitivity(at: specificity >= 95 %)], baseline: fp32
        threshold { from: mammo.tune }
        test-set { data: mammo.test, composition: domain-matched }
      }
      loss(sensitivity) <= 0.5 pp
    }

References:
----------
J. F. Cohen et al., STARD 2015 guidelines for reporting diagnostic accuracy studies, BMJ Open 6 (2016) e012799, item
12.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.overlap import tested_too
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import EvaluationView
from qspec.lang.diagnostic import Severity


@rule(
    "QS807",
    "threshold-on-test",
    severity=Severity.ERROR,
    visits=Visit.EVALUATION,
    axes=("test_set", "metric"),
)
def threshold_on_test(view: EvaluationView) -> Iterator[Finding]:
    """An operating point that the exam chose."""
    threshold = view.evaluation.threshold
    at_point = next((term for term in view.metrics if "at" in term.named), None)
    if threshold is None or (threshold.from_ is None and threshold.value is None):
        if at_point is not None:
            yield Finding(
                f"`{at_point}` needs a threshold, and nothing says on which data it is found.",
                view.where("metrics"),
                help="add `threshold { from: DATASET.SPLIT }` with a split other than the test set's",
                severity=Severity.WARNING,
            )
        return
    yield from tested_too(
        view,
        threshold.from_,
        "The threshold comes from",
        view.where("threshold"),
        help="choose the threshold on examples that no test set holds",
    )
