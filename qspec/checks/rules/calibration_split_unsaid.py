"""Calibration and test come from one data set, and nothing tells their examples apart.

What it finds
-------------
Calibration data of the same name as the test set's, not declared in the spec, of which no split is named.

Why it matters
--------------
Calibrating on the evaluation split, or on its sister split, is common and rarely said. Where only the name of the data set is
given the reader has to assume that another split was drawn from.

Example:
-------
    qspec 1
    claim brochure {
      executor {
        task: language-modelling, metrics: [perplexity(per: token)], baseline: fp16
        calibration { data: "wikitext-2-raw-v1", method: gptq, size: 128 }
        test-set { data: "wikitext-2-raw-v1", split: test, composition: clean }
      }
      loss(perplexity) <= 0.1 ppl
    }

Use instead
-----------
    qspec 1
    dataset wikitext {
      source: "data", version: "2"
      splits { train: "train.txt", test: "test.txt" }
    }
    claim brochure {
      executor {
        task: language-modelling, metrics: [perplexity(per: token)], baseline: fp16
        calibration { data: wikitext.train, method: gptq, size: 128 }
        test-set { data: wikitext.test, composition: clean }
      }
      loss(perplexity) <= 0.1 ppl
    }

References:
----------
Published claims, pattern 7.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import EvaluationView
from qspec.lang.diagnostic import Severity


@rule(
    "QS502", "calibration-split-unsaid", severity=Severity.WARNING, visits=Visit.EVALUATION,
    axes=("calibration", "test_set"),
)  # fmt: skip
def calibration_split_unsaid(view: EvaluationView) -> Iterator[Finding]:
    """One name for what should be apart."""
    learned, tested = view.claim.calibration_data, view.test_data
    if learned is None or tested is None or learned.name.lower() != tested.name.lower():
        return
    if view.claim.resolved.dataset(learned) is None:
        yield Finding(
            f"Calibration and test set are both `{tested.name}`, and which examples calibration drew is not said.",
            view.claim.where("calibration").at("data"),
            help=f"declare `{tested.name}` with its splits and name one of them",
        )
