"""The operating threshold was chosen on the data that are tested, or nothing says what it is.

What it finds
-------------
A `threshold` from data that share examples with the test set; a metric at an operating point with no `threshold` that
says where its threshold comes from; and a metric at the evaluation's threshold (`threshold: frozen`, or nothing beside a
declared `threshold`) where neither a value nor an operating point says what that is, or several points do.

Why it matters
--------------
A threshold that is found on the test set meets its specificity there by construction and misses it elsewhere; the
sensitivity at it is too good. For the quantized model it is found anew, which hides a shift of all scores. Where nothing
says what the threshold is, every reader decides at another one, and nothing is run.

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

from collections.abc import Iterable, Iterator
from contextlib import suppress

from qspec.checks.overlap import tested_too
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import EvaluationView
from qspec.errors import QSpecError
from qspec.lang.diagnostic import Severity
from qspec.metrics.bind import BoundMetric, bind
from qspec.metrics.deciding import decisions
from qspec.model.expression import Term


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
    for decision in decisions(_bound(view.metrics), threshold).values():
        if decision.because is not None:
            where = view.where("metrics")
            yield Finding(decision.because, where, help=decision.hint, severity=Severity.WARNING)
    if threshold is None:
        return
    yield from tested_too(
        view,
        threshold.from_,
        "The threshold comes from",
        view.where("threshold"),
        help="choose the threshold on examples that no test set holds",
    )


def _bound(terms: Iterable[Term]) -> list[BoundMetric]:
    """The metrics that there are and whose parameters are right; other rules speak of the rest."""
    found = []
    for term in terms:
        with suppress(QSpecError):
            found.append(bind(term))
    return found
