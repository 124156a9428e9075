"""The model was calibrated on the data that it is tested on.

What it finds
-------------
Calibration and test data that share examples: the same split of one data set, a data set and a split of it, row ranges that
overlap, or two data sets that are one file by path or digest.

Why it matters
--------------
Scales that were chosen on the exam fit the exam. The loss measured on it is smaller than on any other data.

Example:
-------
    qspec 1
    dataset digits { source: "digits.npz", version: "1", splits { train: 0..898, test: 800..1797 } }
    claim small-loss {
      executor {
        task: image-classification, metrics: [top1], baseline: fp32
        calibration { data: digits.train, method: entropy, size: 128 }
        test-set { data: digits.test, composition: clean }
      }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    dataset digits { source: "digits.npz", version: "1", splits { train: 0..800, test: 800..1797 } }
    claim small-loss {
      executor {
        task: image-classification, metrics: [top1], baseline: fp32
        calibration { data: digits.train, method: entropy, size: 128 }
        test-set { data: digits.test, composition: clean }
      }
      loss(top1) <= 1 pp
    }

References:
----------
Published claims, pattern 7.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.overlap import tested_too
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import EvaluationView
from qspec.lang.diagnostic import Severity


@rule(
    "QS501", "calibration-on-test", severity=Severity.ERROR, visits=Visit.EVALUATION, axes=("calibration", "test_set")
)  # fmt: skip
def calibration_on_test(view: EvaluationView) -> Iterator[Finding]:
    """The exam was known."""
    yield from tested_too(
        view,
        view.claim.calibration_data,
        "Calibration reads",
        view.claim.where("calibration"),
        help="calibrate on examples that no test set holds",
    )
