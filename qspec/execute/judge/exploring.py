"""Which strata lose at all: explored and not claimed, under a control of the share of false discoveries."""

from __future__ import annotations

from collections.abc import Iterator

from qspec.execute.contrasts.contrast import Asked, Question
from qspec.execute.judge.sample import Sample
from qspec.execute.questions import confidence_of, is_fixed
from qspec.metrics.definition import Family
from qspec.stats.decision import Relation
from qspec.stats.interval import InsufficientDataError
from qspec.stats.multiplicity import benjamini_hochberg

MOST_TOLD = 12
"""Strata that one sentence lists."""


def exploratory(sample: Sample) -> Iterator[str]:
    """For every metric the strata whose loss is told from none, by Benjamini and Hochberg over all declared strata.

    Nothing is said where exactly these examples are meant: every loss is certain then, and stands in the results.
    """
    if is_fixed(sample.evaluation) or len(sample.rows) < 2:
        return
    confidence = confidence_of(None, sample.evaluation)
    for name, metric in list(sample.metrics.items()):
        if metric.family is Family.DISTANCE:
            continue
        adjusted = benjamini_hochberg([_level(sample, name, label, confidence) for label in sample.rows])
        lost = [
            (level, label)
            for label, level in zip(sample.rows, adjusted, strict=True)
            if level < 1 - confidence
        ]
        if lost:
            told = ", ".join(f"{label} (p {level:.2g})" for level, label in sorted(lost)[:MOST_TOLD])
            more = f" and {len(lost) - MOST_TOLD} more" if len(lost) > MOST_TOLD else ""
            yield (
                f"exploratory, by Benjamini and Hochberg over {len(sample.rows)} strata at {1 - confidence:.2g}: "
                f"{name} is lost in {told}{more}"
            )


def _level(sample: Sample, metric: str, label: str, confidence: float) -> float:
    try:
        return (
            sample.contrast(metric, label)
            .judge(Question(Asked.LOSS, Relation.AT_MOST, 0.0, confidence))
            .level
        )
    except InsufficientDataError:
        return 1.0
