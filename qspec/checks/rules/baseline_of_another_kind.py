"""The baseline is another model, on other data, by another metric or in another runtime.

What it finds
-------------
A baseline `executor` whose model, runtime, test set or metrics differ from the executor's own, or a baseline `model` with
another base, each where both sides state it.

Why it matters
--------------
The difference between the two scores is then not the loss of quantization. Perplexities per token of two tokenizers
cannot be compared at all.

Example:
-------
    qspec 1
    executor full { model { base: "resnet50" @ "v1" }, task: image-classification, metrics: [top5] }
    executor small {
      model { base: "resnet50" @ "v1" }
      task: image-classification, metrics: [top1], baseline: executor full
    }
    claim small-loss on small { loss(top1) <= 1 pp }

Use instead
-----------
    qspec 1
    executor full { model { base: "resnet50" @ "v1" }, task: image-classification, metrics: [top1] }
    executor small {
      model { base: "resnet50" @ "v1" }
      task: image-classification, metrics: [top1], baseline: executor full
    }
    claim small-loss on small { loss(top1) <= 1 pp }

References:
----------
Published claims, pattern 10.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.baselines import base_name, compared, differences
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity
from qspec.model.executor import Baseline


@rule("QS316", "baseline-of-another-kind", severity=Severity.ERROR, visits=Visit.CLAIM, axes=("baseline",))
def baseline_of_another_kind(claim: ClaimView) -> Iterator[Finding]:
    """A difference that is not quantization's."""
    executor = claim.executor
    declared = executor.executor.baseline if executor is not None else None
    if executor is None or not isinstance(declared, Baseline):
        return
    apart: list[str] = []
    if declared.kind == "executor":
        other = compared(claim, declared.name)
        apart = differences(claim, other) if other is not None else []
    elif declared.kind == "model":
        found = claim.resolved.workspace.find("models", declared.name)
        mine = base_name(executor.model)
        theirs = base_name(found[0]) if found is not None else None
        if mine is not None and theirs is not None and mine != theirs:
            apart = [f"the model (`{theirs}`, not `{mine}`)"]
    if apart:
        per_token = any(
            term.name == "perplexity" and str(term.named.get("per", "token")) == "token"
            for view in claim.evaluations
            for term in view.metrics
        )
        models = any(text.startswith("the model") for text in apart)
        yield Finding(
            f"The baseline `{declared.name}` differs in more than precision: {', '.join(apart)}.",
            executor.where("baseline"),
            help="compare with the same model, data, metric and runtime at another precision",
            notes=("Perplexities per token of two tokenizers cannot be compared.",)
            if per_token and models
            else (),
        )
