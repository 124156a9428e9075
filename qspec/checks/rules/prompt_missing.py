"""A model that answers prompts is scored, and the prompt is not described.

What it finds
-------------
An evaluation of a reasoning or multiple-choice task without the number of worked examples or without the template of
the prompt.

Why it matters
--------------
Between no and five worked examples, or with and without a chat template, a language model's score moves by several
points: more than most losses that are claimed for quantization.

Example:
-------
    qspec 1
    claim near-lossless {
      executor {
        baseline: bf16
        task:     multiple-choice
        metrics:  [accuracy(normalization: none)]
        test-set  { data: "cais/mmlu" @ "c30699e", split: test, size: 14042 }
      }
      loss(accuracy) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim near-lossless {
      executor {
        baseline: bf16
        task:     multiple-choice
        metrics:  [accuracy(normalization: none)]
        test-set  { data: "cais/mmlu" @ "c30699e", split: test, size: 14042 }
        prompt    { shots: 5, template: "lm-eval 0.4.9", chat-template: false }
      }
      loss(accuracy) <= 1 pp
    }

References:
----------
`prompt` in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import EvaluationView
from qspec.lang.diagnostic import Severity

_PROMPTED = ("reasoning", "multiple-choice")


@rule("QS210", "prompt-missing", severity=Severity.WARNING, visits=Visit.EVALUATION, axes=("metric",))
def prompt_missing(view: EvaluationView) -> Iterator[Finding]:
    """A score of unknown questions."""
    if view.task not in _PROMPTED:
        return
    prompt = view.evaluation.prompt
    absent = []
    if prompt is None or prompt.shots is None:
        absent.append("how many worked examples it shows")
    if prompt is None or prompt.template is None:
        absent.append("which template it follows")
    if absent:
        on = f"Evaluation `{view.name}`" if view.name else "The evaluation"
        yield Finding(
            f"{on} scores answers to a prompt, and does not say {' and '.join(absent)}.",
            view.where("prompt" if prompt is not None else "task"),
            help='write `prompt { shots: 5, template: "NAME VERSION", chat-template: false }`',
        )
