"""Calibration data are the test set's own kind, from another split.

What it finds
-------------
For models of language: calibration on another split, by whatever name, of the data set that is tested.

Why it matters
--------------
The sister split has the test set's source, style and vocabulary, so that scales and roundings are fitted to the exam without
having seen it. On text of another kind the same model may lose more; perplexity on WikiText-2 after calibration on WikiText-2
says little about C4.

Example:
-------
    qspec 1
    claim small-loss {
      executor {
        task: language-modelling, metrics: [perplexity(per: token)], baseline: fp16
        precision: W4A16 g128
        calibration { data: "WikiText-2 train", method: gptq, size: 128 }
        test-set { data: "WikiText-2", split: test, composition: clean, size: 245569 tokens }
      }
      loss(perplexity) <= 0.2 ppl
    }

Use instead
-----------
    qspec 1
    claim small-loss {
      executor {
        task: language-modelling, metrics: [perplexity(per: token)], baseline: fp16
        precision: W4A16 g128
        calibration { data: "C4", method: gptq, size: 128 }
        test-set { data: "WikiText-2", split: test, composition: out-of-distribution, size: 245569 tokens }
      }
      loss(perplexity) <= 0.2 ppl
    }

References:
----------
Published claims, pattern 7. M. Williams and N. Aletras, On the impact of calibration data in post-training quantization and
pruning, ACL 2024.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks import words
from qspec.checks.overlap import overlap, piece, related
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import EvaluationView
from qspec.lang.diagnostic import Severity

_OF_LANGUAGE = frozenset(
    {
        "language-modelling",
        "multiple-choice",
        "reasoning",
        "question-answering",
        "summarization",
        "translation",
    }
)
"""Tasks whose models are used on text of every kind."""


@rule(
    "QS508", "calibration-in-test-domain", severity=Severity.NOTE, visits=Visit.EVALUATION, axes=("calibration", "test_set")
)  # fmt: skip
def calibration_in_test_domain(view: EvaluationView) -> Iterator[Finding]:
    """The sister of the exam."""
    learned, tested = view.claim.calibration_data, view.test_data
    if view.task not in _OF_LANGUAGE or learned is None or tested is None or words.is_vague(learned.name):
        return
    if view.claim.calibration is not None and view.claim.calibration.domain is not None:
        return
    if learned.name.lower() == tested.name.lower() and view.claim.resolved.dataset(learned) is None:
        return  # which rows were drawn is the question then
    first = piece(view.claim.resolved, learned)
    second = piece(view.claim.resolved, tested, view.test_split)
    if related(first.stem, second.stem) and overlap(first, second) is None:
        yield Finding(
            f"Calibration reads `{first}` and the test set is `{second}`: the scales are fitted to the kind of text that"
            " is tested.",
            view.claim.where("calibration"),
            help="test on text of another kind too, or say in `domain` for which kind the claim is made",
        )
