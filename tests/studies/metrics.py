"""Prints the peak memory of every metric at a hundred thousand and a million examples, judged and not only summed.

Each metric runs in a process of its own: predictions of both models come in blocks, as an evaluation gives them, the columns
are joined, and the loss is given its interval. Beside the peak stands what the columns of both models take, which is all
that may grow with the examples. Texts and boxes, which cost seconds and not memory, are counted by tens of thousands.
`python tests/studies/metrics.py [METRIC…]`, or `make memory-study`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np

from qspec.execute.contrasts import contrast
from qspec.execute.contrasts.contrast import Asked, Sides
from qspec.execute.memory import peak_memory
from qspec.lang.read_back import metric_term
from qspec.metrics import registry
from qspec.metrics.bind import BoundMetric, bind
from qspec.metrics.collected import Collected
from qspec.metrics.definition import Availability, Family
from qspec.metrics.predictions import Predictions

BLOCK, SLOW_BLOCK, CLASSES, PLACES = 10_000, 500, 10, 20
COUNTS, SLOW_COUNTS = (100_000, 1_000_000), (2_000, 20_000)
MOST_TIMES, SLACK = 5, 100e6
"""How often the columns of both models may be held at once, in the arithmetic of an interval; and bytes beside them that
do not grow on: sacrebleu keeps the last 65,536 sentences that it cut into tokens."""

TERMS = {
    "bits-per-byte": "bits-per-byte",
    "calibration-error": "calibration-error(bins: 15)",
    "cer": "cer(normalization: none)",
    "composite": "composite(top1: 0.7, top5: 0.3)",
    "ece": "ece(bins: 15)",
    "f1": "f1(macro)",
    "map": "map(iou: 0.5)",
    "match-rate": "match-rate(threshold: 0.5)",
    "npv": "npv(threshold: 0.5)",
    "pass@k": "pass@1",
    "perplexity": "perplexity(per: token)",
    "ppv": "ppv(threshold: 0.5)",
    "psnr": "psnr(peak: 1)",
    "rouge": "rouge(variant: L)",
    "sensitivity": "sensitivity(threshold: 0.5)",
    "specificity": "specificity(threshold: 0.5)",
    "token-f1": "token-f1(normalization: squad)",
    "wer": "wer(normalization: none)",
}
"""Metrics with parameters that must be said; others go by their names, and those at a cut-off by `@10`."""

WORDS = np.array(
    [
        "the",
        "a",
        "of",
        "to",
        "in",
        "model",
        "weights",
        "bits",
        "loss",
        "small",
        "large",
        "float",
        "scale",
        "range",
        "layer",
    ]
)
Rng = np.random.Generator
Arrays = dict[str, object]


def classes(rng: Rng, n: int) -> tuple[Arrays, Arrays, Arrays]:
    """What is true, and what either model answers, of classes."""
    label = rng.integers(0, CLASSES, n)
    first = rng.normal(size=(n, CLASSES)).astype(np.float32)
    first[np.arange(n), label] += 2
    second = first + rng.normal(0, 0.2, first.shape).astype(np.float32)
    return {"label": label}, {"logits": first}, {"logits": second}


def scores(rng: Rng, n: int) -> tuple[Arrays, Arrays, Arrays]:
    """Of two classes, by a score."""
    label = rng.integers(0, 2, n)
    first = np.clip(rng.normal(0.35 + 0.3 * label, 0.2), 0, 1)
    return {"label": label}, {"score": first}, {"score": np.clip(first + rng.normal(0, 0.02, n), 0, 1)}


def rankings(rng: Rng, n: int) -> tuple[Arrays, Arrays, Arrays]:
    """Of the relevance of retrieved items."""
    first = (rng.random((n, PLACES)) < 0.05).astype(float)
    second = np.where(rng.random(first.shape) < 0.98, first, 0.0)
    ideal = np.tile([1.0, 1.0, 0.0], (n, 1))
    return {"ideal": ideal, "relevant": np.full(n, 2.0)}, {"gains": first}, {"gains": second}


def values(rng: Rng, n: int) -> tuple[Arrays, Arrays, Arrays]:
    """Of numbers: one an example for ranks, some for errors."""
    target = rng.random((n, 4))
    first = target + rng.normal(0, 0.1, target.shape)
    return {"target": target}, {"output": first}, {"output": first + rng.normal(0, 0.01, target.shape)}


def numbers(rng: Rng, n: int) -> tuple[Arrays, Arrays, Arrays]:
    """Of one number an example."""
    target = rng.random(n)
    first = target + rng.normal(0, 0.1, n)
    return {"target": target}, {"output": first}, {"output": first + rng.normal(0, 0.01, n)}


def documents(rng: Rng, n: int) -> tuple[Arrays, Arrays, Arrays]:
    """Of likelihoods of documents."""
    tokens = rng.integers(50, 150, n).astype(float)
    first = tokens * rng.gamma(20, 0.1, n)
    shared = {"tokens": tokens, "words": tokens * 0.75, "bytes": tokens * 4, "characters": tokens * 4}
    return shared, {"loss": first}, {"loss": first * rng.normal(1.01, 0.01, n)}


def programs(rng: Rng, n: int) -> tuple[Arrays, Arrays, Arrays]:
    """Of samples of a program that pass."""
    first = rng.integers(0, 6, n).astype(float)
    return {"samples": np.full(n, 5.0)}, {"passed": first}, {"passed": np.maximum(first - 1, 0)}


def maps(rng: Rng, n: int) -> tuple[Arrays, Arrays, Arrays]:
    """Of maps of classes."""
    label = rng.integers(0, 5, (n, 4, 4))
    first = np.where(rng.random(label.shape) < 0.9, label, 0)
    return (
        {"label": label},
        {"prediction": first},
        {"prediction": np.where(rng.random(label.shape) < 0.98, first, 1)},
    )


def vectors(rng: Rng, n: int) -> tuple[Arrays, Arrays, Arrays]:
    """Of embeddings."""
    first = rng.normal(size=(n, 64)).astype(np.float32)
    return {}, {"embedding": first}, {"embedding": first + 0.01}


def texts(rng: Rng, n: int) -> tuple[Arrays, Arrays, Arrays]:
    """Of sentences."""
    true = WORDS[rng.integers(0, len(WORDS), (n, 12))]
    first = np.where(rng.random(true.shape) < 0.9, true, "the")
    second = np.where(rng.random(true.shape) < 0.98, first, "a")
    reference, one, other = ([" ".join(row) for row in table] for table in (true, first, second))
    return {"reference": reference}, {"text": one}, {"text": other}


def boxes(rng: Rng, n: int) -> tuple[Arrays, Arrays, Arrays]:
    """Of objects in images."""
    corner = rng.random((n, 3, 2)) * 50
    objects = np.concatenate(
        [corner, corner + 20, rng.integers(0, 3, (n, 3, 1)), np.zeros((n, 3, 1))], axis=2
    )

    def found(spread: float) -> list[np.ndarray]:
        moved = objects[..., :4] + rng.normal(0, spread, (n, 3, 4))
        return list(np.concatenate([moved, rng.random((n, 3, 1)), objects[..., 4:5]], axis=2))

    return {"objects": list(objects)}, {"detections": found(1)}, {"detections": found(2)}


KINDS: dict[str, Callable[[Rng, int], tuple[Arrays, Arrays, Arrays]]] = {
    "gains": rankings,
    "output": values,
    "loss": documents,
    "passed": programs,
    "text": texts,
    "detections": boxes,
    "embedding": vectors,
    "score": scores,
}
BY_NAME = {
    "miou": maps,
    "spearman": numbers,
    "nll": classes,
    "brier": classes,
    "agreement": classes,
    "flips": classes,
}
SLOW = (texts, boxes)


def kind_of(bound: BoundMetric) -> Callable[[Rng, int], tuple[Arrays, Arrays, Arrays]]:
    """What the metric is computed from."""
    needs = [name for need in bound.metric.needs for name in need.split("|")]
    return BY_NAME.get(bound.name) or next((KINDS[name] for name in needs if name in KINDS), classes)


def term_of(name: str) -> str:
    """The metric as the language writes it, with what it must be told."""
    return TERMS.get(name, name.replace("@k", "@10"))


def blocks(bound: BoundMetric, count: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Columns of both models of so many examples, a block at a time."""
    make = kind_of(bound)
    step = SLOW_BLOCK if make in SLOW else BLOCK
    for start in range(0, count, step):
        truth, first, second = make(np.random.default_rng([1, start]), min(step, count - start))
        baseline = Predictions({**truth, **first})
        quantized = Predictions({**truth, **second}, baseline=baseline)
        if bound.family is Family.DISTANCE:
            columns = bound.columns(quantized)
            yield columns, columns
        else:
            yield bound.columns(baseline), bound.columns(quantized)


def child(name: str, count: int) -> None:
    """One metric at one count."""
    term = metric_term(term_of(name))
    assert term is not None, name
    bound = bind(term)
    before = peak_memory() or 0
    sides = [Collected.of(part) for part in zip(*blocks(bound, count), strict=True)]
    started = time.perf_counter()
    found = contrast(Sides(bound, sides[0], sides[1]))
    asked = Asked.VALUE if bound.family is Family.DISTANCE else Asked.LOSS
    interval = found.interval(asked, 0.95)
    held = sum(side.nbytes for side in sides)
    print(
        json.dumps(
            {
                "before": before,
                "peak": peak_memory(),
                "columns": held,
                "seconds": time.perf_counter() - started,
                "low": interval.low,
                "high": interval.high,
            }
        )
    )


def main() -> int:
    """Two lines' worth of figures for each metric; exit with 1 where memory grows with more than the columns."""
    over = 0
    for metric in registry:
        if metric.availability is Availability.REFUSED or (sys.argv[1:] and metric.name not in sys.argv[1:]):
            continue
        term = metric_term(term_of(metric.name))
        assert term is not None, metric.name
        counts = SLOW_COUNTS if kind_of(bind(term)) in SLOW else COUNTS
        runs = []
        for count in counts:
            command = [sys.executable, __file__, "--child", metric.name, str(count)]
            run = subprocess.run(command, capture_output=True, text=True, check=False)
            if run.returncode:
                sys.exit(f"{metric.name}: {run.stderr}")
            runs.append(json.loads(run.stdout))
        small, large = runs
        more, held = large["peak"] - small["peak"], large["columns"] - small["columns"]
        good = more <= MOST_TIMES * held + SLACK
        over += not good
        print(
            f"{term!s:36} {counts[1]:>9,} examples: peak {large['peak'] / 1e6:5.0f} MB ({small['peak'] / 1e6:.0f} at "
            f"{counts[0]:,}), columns {large['columns'] / 1e6:6.1f} MB, grown by {more / held:4.1f} times them; "
            f"judged in {large['seconds']:.2f} s{'' if good else '  OVER'}",
            flush=True,
        )
    return 1 if over else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], int(sys.argv[3]))
    else:
        sys.exit(main())
