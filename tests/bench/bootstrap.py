"""Verdicts over a million examples, fifty strata, five metrics and both models, beside scipy's bootstrap.

What is timed is the judge itself, from stored scores to verdicts with their intervals, on the whole and on every stratum:
five 0/1 metrics, five means, and five that are smooth functions of sums, as many as the budget names each time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import stats

from qspec.data.strata import Stratified
from qspec.execute.judge.judge import Evidence, judge
from qspec.execute.scores import Scores
from qspec.lang.claims import resolve_claims
from qspec.lang.load import load_source
from qspec.lang.source import Source

EXAMPLES, STRATA = 1_000_000, 50
BUDGET, SCIPY_THEN = 3.0, 9.0
SCIPY_RESAMPLES, SCIPY_RUN = 10_000, 1000

SPEC = """qspec 1

executor e {{
  model     {{ base: "m" @ "1" }}
  precision: int8
  baseline:  fp32
  task:      {task}
  metrics:   [{metrics}]
  test-set   {{ data: "d" @ "1", split: test, composition: clean }}
  strata     {{ group: by group }}
}}

claim c on e {{
{assertions}
}}
"""
Columns = Callable[[np.random.Generator], tuple[np.ndarray, np.ndarray]]


def right_or_wrong(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Zeros and ones of both models, one example in fifty of which flips."""
    first = rng.random(EXAMPLES) < 0.8
    return first[:, None].astype(float), (first ^ (rng.random(EXAMPLES) < 0.02))[:, None].astype(float)


def numbers(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A number an example, a little larger for the quantized model."""
    first = rng.random((EXAMPLES, 1))
    return first, first * 0.99


def counts(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """True and predicted class of three, of either model."""
    truth, first = (rng.integers(0, 3, EXAMPLES) for _ in range(2))
    first = np.where(rng.random(EXAMPLES) < 0.8, truth, first)
    second = np.where(rng.random(EXAMPLES) < 0.02, truth, first)
    return tuple(np.stack([truth, one], axis=1).astype(float) for one in (first, second))  # type: ignore[return-value]


FAMILIES: dict[str, tuple[str, list[str], str, Columns]] = {
    "0/1 metrics": ("retrieval", [f"recall@{k}" for k in (1, 5, 10, 20, 50)], " pp", right_or_wrong),
    "means": ("retrieval", ["mrr", *(f"ndcg@{k}" for k in (1, 5, 10, 20))], " pp", numbers),
    "smooth": (
        "image-classification",
        ["f1(macro)", "f1(micro)", "f1(weighted)", "balanced-accuracy", "mcc"],
        "",
        counts,
    ),
}


def seconds(family: str) -> float:
    """Wall time of the verdicts on five metrics of a family, on every stratum."""
    task, metrics, unit, columns = FAMILIES[family]
    rng = np.random.default_rng(0)
    made = {metric: columns(rng) for metric in metrics}
    lines = "\n".join(
        f"  loss({metric}) <= {'1' if unit else '0.01'}{unit} for each group" for metric in metrics
    )
    text = SPEC.format(task=task, metrics=", ".join(metrics), assertions=lines)
    (claim,) = resolve_claims(load_source(Source("bench.qspec", text), root=Path.cwd()))
    groups = Stratified(
        "group",
        rng.integers(0, STRATA, EXAMPLES).astype(np.int32),
        tuple(f"group == {number}" for number in range(STRATA)),
    )
    sides = ({name: pair[side] for name, pair in made.items()} for side in (0, 1))
    scores = Scores(EXAMPLES, *sides, strata=[groups])
    start = time.perf_counter()
    verdicts = judge(claim, Evidence({"": scores}, {}, None))
    took = time.perf_counter() - start
    assert len(verdicts.results) == len(metrics) * (STRATA + 1)
    return took


def main() -> None:
    """Print wall seconds of each family, and the ratio to `scipy.stats.bootstrap` on one metric of 50,000 examples."""
    sample = (np.random.default_rng(0).random(50_000) < 0.8).astype(float)
    start = time.perf_counter()
    stats.bootstrap((sample,), np.mean, n_resamples=SCIPY_RUN, batch=100, method="percentile", random_state=0)
    theirs = (time.perf_counter() - start) * SCIPY_RESAMPLES / SCIPY_RUN
    print(
        f"scipy.stats.bootstrap, one metric, 50,000 examples: {theirs:.1f} s, from a tenth of its resamples"
    )
    for family in FAMILIES:
        own = seconds(family)
        allowed = BUDGET / SCIPY_THEN
        verdict = "within" if own / theirs <= allowed else "over"
        print(f"verdicts on five {family}: {own:.2f} s (budget {BUDGET}); ", end="")
        print(f"ratio {own / theirs:.2f}, budget {allowed:.2f} ({verdict})")


if __name__ == "__main__":
    main()
