"""What a measured block reports of an evaluation: every metric, everywhere, and losses that the whole hides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from qspec.execute.contrasts.contrast import Asked, Contrast, Question
from qspec.execute.judge.figures import count, figure, span
from qspec.execute.judge.sample import Sample
from qspec.execute.judge.verdict import Judged
from qspec.execute.questions import confidence_of, is_fixed, questions
from qspec.lang.read_back import stratum_scope
from qspec.metrics.definition import Direction, Family
from qspec.model.expression import Term
from qspec.model.measurand import Measurand, MeasurandKind, metric_named
from qspec.model.measured import Hidden, Result
from qspec.stats.hidden import hidden_losses
from qspec.stats.interval import InsufficientDataError, Interval
from qspec.stats.mcnemar import mcnemar_exact, mcnemar_midp
from qspec.stats.proportion import wilson


def results(name: str, sample: Sample) -> Iterator[Result]:
    """Every metric on the whole and on every stratum; strata in which nothing counts are left out."""
    for metric, bound in list(sample.metrics.items()):
        for label in (None, *sample.masks):
            try:
                found = sample.contrast(metric, label)
            except InsufficientDataError:
                continue
            yield _result(name, sample, bound.term, label, found)


def _result(name: str, sample: Sample, term: Term, label: str | None, found: Contrast) -> Result:
    of_pair = sample.metrics[str(term)].family is Family.DISTANCE
    asked = Asked.VALUE if of_pair else Asked.LOSS
    interval: Interval | None
    confidence = confidence_of(None, sample.evaluation)
    try:
        interval = found.interval(asked, confidence)
    except InsufficientDataError:
        interval = None
    if is_fixed(sample.evaluation):
        interval = Interval.exact(found.quantized if of_pair else found.loss, "census")
    counts = found.counts
    flips = wilson(counts.harmful + counts.helpful, counts.n, confidence) if counts else None
    whole = counts is not None and label is None and sample.scores.units is None
    tests = (mcnemar_exact, mcnemar_midp) if whole and not is_fixed(sample.evaluation) else ()
    p_exact, p_mid = (
        [figure(test(counts.harmful, counts.helpful)) for test in tests] if counts and tests else (None, None)
    )
    changed = sample.scores.changed()
    if changed is not None and label is not None:
        changed = changed[sample.masks[label]]
    return Result(
        quantity=term,
        on=name or None,
        for_=stratum_scope(label) if label is not None else None,
        baseline=figure(found.baseline),
        quantized=figure(found.quantized),
        loss=figure(found.loss),
        interval=span(interval),
        method=interval.method if interval is not None else None,
        n=count(found.n),
        **_export(sample, str(term), label),
        harmful=count(counts.harmful) if counts else None,
        helpful=count(counts.helpful) if counts else None,
        changed=count(int(np.count_nonzero(changed))) if changed is not None else None,
        flips=span(flips) if label is None and sample.scores.units is None else None,
        p_exact=p_exact,
        p_mid=p_mid,
    )


def _export(sample: Sample, metric: str, label: str | None) -> dict[str, Any]:
    """What the export cost, beside the loss of the pair: nothing where the spec names no reference."""
    try:
        found = sample.export(metric, label)
        if found is None:
            return {}
        interval = found.interval(Asked.LOSS, confidence_of(None, sample.evaluation))
    except InsufficientDataError:
        return {}
    if is_fixed(sample.evaluation):
        interval = Interval.exact(found.loss, "census")
    return {
        "reference": figure(found.baseline),
        "export_loss": figure(found.loss),
        "export_interval": span(interval),
    }


def hidden(name: str, sample: Sample, judged: Sequence[tuple[Judged, Measurand]]) -> dict[str, Hidden]:
    """Strata that lose more than a confirmed bound on the whole, Holm-adjusted over all declared strata.

    By metric, evaluation and stratum, as a reported figure of them would be headed.
    """
    found: dict[str, Hidden] = {}
    for verdict, subject in judged:
        assertion = verdict.assertion
        kind_of_loss = subject.kind in (MeasurandKind.LOSS, MeasurandKind.METRIC)
        if not kind_of_loss or assertion.is_stratified or len(assertion.bounds) != 1:
            continue
        declared = metric_named(subject.metric, sample.declared) if subject.metric else None
        if declared is None or str(declared) not in sample.metrics:
            continue
        asking = questions(assertion, subject, sample.metrics[str(declared)], sample.evaluation)[-1]
        question = asking.readings[0]
        if not _bounds_loss(question, sample.metrics[str(declared)].direction):
            continue
        on = f" on {name}" if name else ""
        for label, one in _hidden_of(sample, str(declared), question, verdict).items():
            told = one.model_copy(update={"quantity": declared, "on": name or None, "stratum": label})
            found.setdefault(f"{declared}{on} for {label}", told)
    return found


def _bounds_loss(question: Question, direction: Direction) -> bool:
    """Whether the bound is one that a loss must not pass, which recovery (`top1 >= 99 % of baseline`) says too."""
    if question.asked is Asked.RATIO:
        return question.relation.is_upper == (direction is Direction.LOWER)
    return question.asked is not Asked.VALUE and question.relation.is_upper


def _hidden_of(sample: Sample, metric: str, question: Question, verdict: Judged) -> dict[str, Hidden]:
    levels, parts = {}, {}
    for label in sample.masks:
        levels[label] = 1.0
        try:
            part = sample.contrast(metric, label)
            decided = part.judge(question)
        except InsufficientDataError:
            continue
        levels[label], parts[label] = decided.level, part
    found = {}
    for one in hidden_losses(levels, verdict.outcome, question.confidence):
        part = parts[one.stratum]
        loss = figure(part.loss)
        if loss is not None:
            interval = span(_of_loss(part, question))
            found[one.stratum] = Hidden(loss=loss, interval=interval, p=figure(one.level))
    return found


def _of_loss(part: Contrast, question: Question) -> Interval | None:
    """The interval of the loss itself, whatever the bound is a share of."""
    if question.fixed:
        return Interval.exact(part.loss, "census")
    try:
        return part.interval(Asked.LOSS, question.confidence)
    except InsufficientDataError:
        return None
