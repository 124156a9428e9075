"""Perplexity is the only witness for a model that writes.

What it finds
-------------
A claim whose evaluations all score perplexity, or another likelihood of text, and nothing that the model answers.

Why it matters
--------------
Perplexity depends on tokens and domain, improves with any further training, and can look calm while reasoning breaks.
It says little of what the model will answer.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: language-modelling, metrics: [perplexity(per: token)], baseline: fp16 }
      loss(perplexity) <= 0.1 ppl
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor {
        baseline: fp16
        evaluation text { task: language-modelling, metrics: [perplexity(per: token)] }
        evaluation mmlu { task: multiple-choice, metrics: [accuracy(normalization: none)] }
      }
      loss(perplexity) <= 0.1 ppl  on text
      loss(accuracy) <= 1 pp  on mmlu
    }

References:
----------
Published claims, pattern 6. A. Dutta et al., Accuracy is not all you need, NeurIPS 2024.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.likelihood import only_likelihoods
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity


@rule("QS804", "perplexity-alone", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("task", "metric"))
def perplexity_alone(claim: ClaimView) -> Iterator[Finding]:
    """A likelihood in place of answers."""
    if only_likelihoods(claim):
        yield Finding(
            "Perplexity is all that is scored: nothing says what the model still answers.",
            claim.evaluations[0].where("metrics"),
            help="add an `evaluation` of a task that the model is used for, or `flips` and `kl` against the baseline",
        )
