"""One calibration sample, or one run of a sampler, stands for all.

What it finds
-------------
A method that reads calibration data, or decoding that draws at random, with fewer than five `seeds`.

Why it matters
--------------
Another calibration sample gives other scales and another model, and another draw gives other answers. A verdict on one of
them holds for that one; how far it would move with the sample is not known.

Example:
-------
    qspec 1
    claim small-loss {
      executor {
        task: image-classification, metrics: [top1], baseline: fp32
        precision { method: ptq-static, weights: int8, activations: uint8 }
        calibration { data: "imagenette" @ "v2", method: entropy, size: 128, seed: 0 }
      }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim small-loss {
      executor {
        task: image-classification, metrics: [top1], baseline: fp32
        precision { method: ptq-static, weights: int8, activations: uint8 }
        calibration { data: "imagenette" @ "v2", method: entropy, size: 128, seed: 0 }
        statistics { seeds: 5 }
      }
      loss(top1) <= 1 pp
    }

References:
----------
What is being estimated, in the statistics reference. M. Williams and N. Aletras, On the impact of calibration data in
post-training quantization and pruning, ACL 2024.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.scheme import greedy, reads_data
from qspec.checks.view import EvaluationView
from qspec.lang.diagnostic import Severity
from qspec.model.evaluation import Calibration

_ENOUGH = 5


@rule(
    "QS411", "single-seed", severity=Severity.NOTE, visits=Visit.EVALUATION, axes=("sample_size", "calibration"),
    profiles=("paper", "decision-grade", "safety-critical"),
)  # fmt: skip
def single_seed(view: EvaluationView) -> Iterator[Finding]:
    """A verdict on one draw."""
    statistics, executor = view.evaluation.statistics, view.claim.executor
    seeds = statistics.seeds if statistics is not None else None
    if executor is None or (seeds is not None and seeds.value >= _ENOUGH):
        return
    if any(
        figure.figure.runs is not None and figure.figure.runs.value >= _ENOUGH
        for figure in view.claim.figures
    ):
        return
    drawn = (
        f"{seeds} calibration samples" if seeds is not None and seeds.value > 1 else "one calibration sample"
    )
    if isinstance(executor.executor.calibration, Calibration) and reads_data(executor.executor) is not False:
        yield Finding(
            f"The verdict holds for {drawn}: how far it moves with the sample is not known.",
            executor.where("calibration"),
            help=f"`statistics {{ seeds: {_ENOUGH} }}` draws as many and resamples them",
        )
    prompt = view.evaluation.prompt
    if prompt is not None and prompt.decoding is not None and not greedy(prompt.decoding):
        yield Finding(
            f"`{prompt.decoding}` draws answers at random, and one draw is scored.",
            view.where("prompt").at("decoding"),
            help=f"`statistics {{ seeds: {_ENOUGH} }}`, or `decoding: greedy`",
        )
