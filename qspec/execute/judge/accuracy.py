"""Verdicts and results about accuracy, from the stored scores of one evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qspec.errors import QSpecError
from qspec.execute.contrasts import contrast
from qspec.execute.contrasts.contrast import Asked, Contrast, Question, Sides
from qspec.execute.judge.figures import count, figure, span
from qspec.execute.judge.verdict import Judged, Part, not_judged
from qspec.execute.questions import Asking, confidence_of, is_fixed, questions
from qspec.execute.scores import Scores
from qspec.lang.read_back import stratum_scope
from qspec.metrics.bind import BoundMetric, bind
from qspec.model.claim import Assertion
from qspec.model.evaluation import Evaluated
from qspec.model.expression import Term
from qspec.model.measurand import Measurand, MeasurandKind, metric_named
from qspec.model.measured import Hidden, Result
from qspec.stats.decision import (
    Outcome,
    Relation,
    combine_readings,
    combine_strata,
    decide,
    deciding_n_by_width,
)
from qspec.stats.hidden import hidden_losses
from qspec.stats.interval import InsufficientDataError, Interval
from qspec.stats.proportion import wilson


class AccuracyJudge:
    """Judges one evaluation: the metrics declared, on the whole test set and on each of its strata."""

    def __init__(self, name: str, evaluation: Evaluated, scores: Scores) -> None:
        self.name, self.evaluation, self.scores = name, evaluation, scores
        self.metrics: dict[str, BoundMetric] = {}
        for term in evaluation.metrics if isinstance(evaluation.metrics, list) else []:
            if str(term) in scores.baseline:
                self.metrics[str(term)] = bind(term)
        self._contrasts: dict[tuple[str, str | None], Contrast] = {}

    # Contrasts -------------------------------------------------------------------------------

    @cached_property
    def strata(self) -> dict[str, dict[str, NDArray[np.bool_]]]:
        """The mask of every stratum, by stratification and label."""
        return {
            one.name: {label: one.codes == number for number, label in enumerate(one.labels)}
            for one in self.scores.strata
        }

    def _seed(self) -> int:
        statistics = self.evaluation.statistics
        return int(statistics.seed.value) if statistics is not None and statistics.seed is not None else 0

    def contrast(
        self, metric: str, label: str | None = None, mask: NDArray[np.bool_] | None = None
    ) -> Contrast:
        """The two models on a metric, over the whole or one stratum; made once."""
        key = (metric, label)
        if key not in self._contrasts:
            columns = self.scores.baseline[metric], self.scores.quantized[metric]
            sides = Sides(self.metrics[metric], *columns, self.scores.units, self._seed())
            self._contrasts[key] = contrast(sides if mask is None else sides.take(mask))
        return self._contrasts[key]

    def _parts(self, metric: str, assertion: Assertion) -> Iterator[tuple[str | None, Contrast]]:
        """The strata an assertion speaks of, or the whole."""
        if assertion.for_each is not None:
            found = self.strata.get(assertion.for_each)
            if found is None:
                raise QSpecError(
                    f"No stratification is called `{assertion.for_each}`.",
                    hint=f"the strata declared are {', '.join(self.strata) or 'none'}",
                )
            for label, mask in found.items():
                yield label, self.contrast(metric, label, mask)
        elif assertion.for_ is not None:
            label = str(assertion.for_)
            every = {name: mask for masks in self.strata.values() for name, mask in masks.items()}
            if label not in every:
                raise QSpecError(
                    f"No stratum is called `{label}`.",
                    hint=f"the strata are {', '.join(list(every)[:12]) or 'none'}",
                )
            yield label, self.contrast(metric, label, every[label])
        else:
            yield None, self.contrast(metric)

    # Verdicts --------------------------------------------------------------------------------

    def judge(self, assertion: Assertion, subject: Measurand) -> Judged:
        """The verdict on one assertion about accuracy."""
        if subject.kind is MeasurandKind.DISTANCE:
            return self._distance(assertion, subject)
        declared = metric_named(subject.metric, self._declared()) if subject.metric is not None else None
        if declared is None or str(declared) not in self.metrics:
            named = subject.metric or assertion.quantity
            return not_judged(
                assertion,
                Outcome.NOT_EXECUTABLE,
                f"{named} was not computed; it is not among the metrics that ran here",
            )
        metric = str(declared)
        try:
            askings = questions(assertion, subject, self.metrics[metric], self.evaluation)
            sides = [self._one_bound(metric, assertion, asking) for asking in askings]
        except InsufficientDataError as error:
            return not_judged(assertion, Outcome.INCONCLUSIVE, error.message)
        if len(sides) == 1:
            return sides[0]
        return _both_sides(assertion, sides)

    def _declared(self) -> list[Term]:
        return self.evaluation.metrics if isinstance(self.evaluation.metrics, list) else []

    def _one_bound(self, metric: str, assertion: Assertion, asking: Asking) -> Judged:
        readings = [self._reading(metric, assertion, question) for question in asking.readings]
        if len(readings) == 1:
            return readings[0]
        first, second = readings
        outcome = combine_readings(first.outcome, second.outcome)
        told = ", ".join(f"{name}: {r.outcome.value}" for name, r in zip(asking.names, readings, strict=True))
        level = max(first.level, second.level)
        because = f"the per cent may be read two ways ({told})"
        return Judged(assertion, outcome, level, first.interval, first.needs, because)

    def _reading(self, metric: str, assertion: Assertion, question: Question) -> Judged:
        parts = []
        for label, found in self._parts(metric, assertion):
            parts.append(Part(label, found.judge(question)))
        if not parts:
            return not_judged(assertion, Outcome.INCONCLUSIVE, "no stratum holds an example")
        if len(parts) == 1 and assertion.for_each is None:
            only = parts[0].decided
            return Judged(assertion, only.outcome, only.level, only.interval, only.needed_n)
        outcome = combine_strata([part.decided for part in parts], question.confidence)
        critical = _critical(parts, question.relation)
        undecided = [p for p in parts if p.decided.outcome is not Outcome.CONFIRMED]
        needs = max((p.decided.needed_n for p in undecided if p.decided.needed_n is not None), default=None)
        because = _strata_sentence(parts, outcome, critical)
        level = min(part.decided.level for part in parts)
        return Judged(assertion, outcome, level, critical.decided.interval, needs, because)

    def _distance(self, assertion: Assertion, subject: Measurand) -> Judged:
        """Flips and agreement: shares of examples, by Wilson."""
        name = subject.metric.name if subject.metric else ""
        changed = self.scores.changed()
        right = self._right()
        if name == "flips" and right is not None:
            hits, n = int(np.count_nonzero(right[0] != right[1])), self.scores.n
        elif name == "agreement" and changed is not None:
            hits, n = int(np.count_nonzero(~changed)), self.scores.n
        else:
            return not_judged(
                assertion, Outcome.NOT_EXECUTABLE, f"{name} cannot be had from the scores of this task"
            )
        bound = assertion.bounds[0]
        interval = wilson(hits, n, confidence_of(assertion, self.evaluation))
        if is_fixed(self.evaluation):
            interval = Interval.exact(hits / n, "census")
        limit = float(bound.quantity.base)
        outcome = decide(interval, Relation(bound.relation), limit)
        needs = deciding_n_by_width(interval, limit, n) if outcome is Outcome.INCONCLUSIVE else None
        return Judged(assertion, outcome, 1.0, interval, needs)

    def _right(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
        """Which examples either model has right, by the first 0/1 metric."""
        for name, metric in self.metrics.items():
            if metric.metric.family == "binary":
                return self.scores.baseline[name][:, 0] > 0.5, self.scores.quantized[name][:, 0] > 0.5
        return None

    # Results ---------------------------------------------------------------------------------

    def results(self) -> Iterator[Result]:
        """Every metric on the whole and on every stratum."""
        for term in self._declared():
            metric = str(term)
            if metric not in self.metrics:
                continue
            yield self._result(term, None, None)
            for masks in self.strata.values():
                for label, mask in masks.items():
                    yield self._result(term, label, mask)

    def _result(self, term: Term, label: str | None, mask: NDArray[np.bool_] | None) -> Result:
        found = self.contrast(str(term), label, mask)
        confidence = confidence_of(None, self.evaluation)
        try:
            interval = found.interval(Asked.LOSS, confidence)
        except InsufficientDataError:
            interval = None
        if is_fixed(self.evaluation):
            interval = Interval.exact(found.loss, "census")
        counts = getattr(found, "counts", None)
        changed = self.scores.changed()
        if changed is not None and mask is not None:
            changed = changed[mask]
        return Result(
            quantity=term,
            on=self.name or None,
            for_=stratum_scope(label) if label is not None else None,
            baseline=figure(found.baseline),
            quantized=figure(found.quantized),
            loss=figure(found.loss),
            interval=span(interval),
            method=interval.method if interval is not None else None,
            n=count(found.n),
            harmful=count(counts.harmful) if counts else None,
            helpful=count(counts.helpful) if counts else None,
            changed=count(int(np.count_nonzero(changed))) if changed is not None else None,
        )

    def hidden(self, judged: list[tuple[Judged, Measurand]]) -> dict[str, Hidden]:
        """Strata that lose more than a confirmed bound on the whole, Holm-adjusted over all declared strata."""
        found: dict[str, Hidden] = {}
        for verdict, subject in judged:
            assertion = verdict.assertion
            aggregate = assertion.for_each is None and assertion.for_ is None
            if subject.kind is not MeasurandKind.LOSS or not aggregate or len(assertion.bounds) != 1:
                continue
            declared = metric_named(subject.metric, self._declared()) if subject.metric else None
            if declared is None or str(declared) not in self.metrics:
                continue
            metric = str(declared)
            asking = questions(assertion, subject, self.metrics[metric], self.evaluation)[-1]
            question = asking.readings[0]
            parts = {
                label: self.contrast(metric, label, mask)
                for masks in self.strata.values()
                for label, mask in masks.items()
            }
            decided = {label: part.judge(question) for label, part in parts.items()}
            levels = {label: one.level for label, one in decided.items()}
            for hidden in hidden_losses(levels, verdict.outcome, question.confidence):
                loss = figure(parts[hidden.stratum].loss)
                if loss is not None and hidden.stratum not in found:
                    interval = span(decided[hidden.stratum].interval)
                    found[hidden.stratum] = Hidden(loss=loss, interval=interval, p=figure(hidden.level))
        return found


def _critical(parts: list[Part], relation: Relation) -> Part:
    """The part whose limit lies nearest to, or farthest beyond, the bound."""
    if relation.is_upper:
        return max(parts, key=lambda part: part.decided.interval.high)
    return min(parts, key=lambda part: part.decided.interval.low)


def _strata_sentence(parts: list[Part], outcome: Outcome, critical: Part) -> str:
    tally = {kind: sum(p.decided.outcome is kind for p in parts) for kind in Outcome}
    told = ", ".join(f"{n} {kind.value}" for kind, n in tally.items() if n)
    return f"of {len(parts)} strata {told}; the critical one is {critical.label}"


def _both_sides(assertion: Assertion, sides: list[Judged]) -> Judged:
    """Both bounds must hold; either may refute."""
    outcomes = [side.outcome for side in sides]
    if Outcome.REFUTED in outcomes:
        outcome = Outcome.REFUTED
    elif all(one is Outcome.CONFIRMED for one in outcomes):
        outcome = Outcome.CONFIRMED
    else:
        outcome = Outcome.INCONCLUSIVE
    needs = max((side.needs for side in sides if side.needs is not None), default=None)
    return Judged(
        assertion, outcome, min(s.level for s in sides), sides[0].interval, needs, sides[-1].because
    )
