"""Verdicts about accuracy, from the stored scores of one evaluation."""

from __future__ import annotations

import math
from dataclasses import replace

from qspec.execute.contrasts.contrast import Asked, Question
from qspec.execute.judge.sample import Sample
from qspec.execute.judge.verdict import Judged, Part, not_judged
from qspec.execute.questions import Asking, questions
from qspec.execute.refusals import refused
from qspec.execute.scores import Scores
from qspec.metrics import registry
from qspec.metrics.bind import unavailable
from qspec.model.claim import Assertion
from qspec.model.evaluation import Evaluated
from qspec.model.measurand import Measurand, MeasurandKind, metric_named
from qspec.stats.decision import Outcome, Relation, Verdict, combine_readings, combine_sides, combine_strata
from qspec.stats.interval import InsufficientDataError, Interval


class AccuracyJudge:
    """Judges one evaluation: the metrics declared, on the whole test set and on each of its strata."""

    def __init__(self, name: str, evaluation: Evaluated, scores: Scores, assertions: int = 1) -> None:
        self.name, self.evaluation = name, evaluation
        self.sample = Sample(evaluation, scores, assertions)

    def judge(self, assertion: Assertion, subject: Measurand) -> Judged:
        """The verdict on one assertion about accuracy."""
        metric = self._metric(subject)
        declared = metric
        if metric is not None and subject.kind is MeasurandKind.RECOVERED:
            metric = self.sample.recovered(metric, subject.source or "")
        if metric is None or declared is None:
            return not_judged(assertion, Outcome.NOT_EXECUTABLE, self._not_computed(assertion, subject))
        try:
            askings = questions(assertion, subject, self.sample.metrics[declared], self.evaluation)
            sides = [self._one_bound(metric, assertion, asking) for asking in askings]
        except InsufficientDataError as error:
            return not_judged(assertion, Outcome.INCONCLUSIVE, error.message)
        return sides[0] if len(sides) == 1 else _both_sides(assertion, sides)

    def _metric(self, subject: Measurand) -> str | None:
        """The name of the metric an assertion means, among those whose scores are here."""
        if subject.metric is None:
            return None
        if subject.kind is MeasurandKind.DISTANCE:
            return self.sample.distance(subject.metric)
        declared = metric_named(subject.metric, self.sample.declared)
        return str(declared) if declared is not None and str(declared) in self.sample.metrics else None

    def _not_computed(self, assertion: Assertion, subject: Measurand) -> str:
        """Why no score of what an assertion bounds is here."""
        if subject.metric is None:
            return f"{assertion.quantity} was not computed; it is not among the metrics that ran here"
        # As the evaluation declares it: an assertion may leave the parameters out.
        term = metric_named(subject.metric, self.sample.declared) or subject.metric
        if (reason := refused(self.sample.scores.facts).get(str(term))) is not None:
            return reason
        never = unavailable(term) if term.head in registry else None
        return never or f"{term} was not computed; it is not among the metrics that ran here"

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
        labels = list(self.sample.labels(assertion))
        if not labels:
            return not_judged(assertion, Outcome.INCONCLUSIVE, "no stratum holds an example")
        if assertion.for_each is None:
            found = self.sample.contrast(metric, labels[0])
            only = found.judge(question)
            told = Judged(
                assertion,
                only.outcome,
                only.level,
                only.interval,
                only.needed_n,
                because=found.note(question.asked),
            )
            compares = question.asked is not Asked.VALUE and found.counts is not None
            return replace(told, discordance=found.counts.discordance) if compares and found.counts else told
        parts = [self._part(metric, label, question) for label in labels]
        outcome, level = combine_strata([part.decided for part in parts], question.confidence)
        critical = _critical(parts, question.relation)
        undecided = [p for p in parts if p.decided.outcome is not Outcome.CONFIRMED]
        needs = max((p.decided.needed_n for p in undecided if p.decided.needed_n is not None), default=None)
        because = _strata_sentence(parts, critical)
        return Judged(assertion, outcome, level, critical.decided.interval, needs, because)

    def _part(self, metric: str, label: str | None, question: Question) -> Part:
        """The decision on one stratum; one that too few examples hold for decides nothing, and says why."""
        try:
            return Part(label, self.sample.contrast(metric, label).judge(question))
        except InsufficientDataError as error:
            nothing = Interval(math.nan, -math.inf, math.inf, question.confidence, "none")
            return Part(label, Verdict(Outcome.INCONCLUSIVE, nothing, nothing, 1.0), error.message)


def _critical(parts: list[Part], relation: Relation) -> Part:
    """The part whose limit lies nearest to, or farthest beyond, the bound."""
    if relation.is_upper:
        return max(parts, key=lambda part: part.decided.interval.high)
    return min(parts, key=lambda part: part.decided.interval.low)


def _strata_sentence(parts: list[Part], critical: Part) -> str:
    tally = {kind: sum(p.decided.outcome is kind for p in parts) for kind in Outcome}
    told = ", ".join(f"{n} {kind.value}" for kind, n in tally.items() if n)
    why = f" ({critical.because})" if critical.because else ""
    return f"of {len(parts)} strata {told}; the critical one is {critical.label}{why}"


def _both_sides(assertion: Assertion, sides: list[Judged]) -> Judged:
    outcome = combine_sides([side.outcome for side in sides])
    needs = max((side.needs for side in sides if side.needs is not None), default=None)
    return Judged(
        assertion, outcome, min(s.level for s in sides), sides[0].interval, needs, sides[-1].because
    )
