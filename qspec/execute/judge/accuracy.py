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
from qspec.metrics.bind import bind, unavailable
from qspec.metrics.deciding import decisions
from qspec.metrics.parameters import spoken
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
        declared, asked = self.sample.declared, subject.metric
        named = metric_named(asked, declared)
        term = named or asked  # as the evaluation declares it: an assertion may leave the parameters out
        if (reason := refused(self.sample.scores.facts).get(str(term))) is not None:
            return reason
        if term.head in registry:
            if (never := unavailable(term)) is not None:
                return never
            decision = decisions([bind(one) for one in declared], self.evaluation.threshold).get(str(term))
            if decision is not None and decision.because is not None:
                return decision.because
            bare = asked.model_copy(update={"positional": [], "named": {}})
            same = [str(one) for one in declared if (one.name, one.at) == (bare.name, bare.at)]
            if named is None and asked == bare and len(same) > 1:
                return f"{asked} may be {spoken(same, 'or')}, and nothing says which of them"
        return f"{term} was not computed; it is not among the metrics that ran here"

    def _one_bound(self, metric: str, assertion: Assertion, asking: Asking) -> Judged:
        readings = [self._reading(metric, assertion, question) for question in asking.readings]
        if len(readings) == 1:
            return readings[0]
        first, second = readings
        outcome = combine_readings(first.outcome, second.outcome)
        told = ", ".join(f"{name}: {r.outcome.value}" for name, r in zip(asking.names, readings, strict=True))
        level = max(first.level, second.level)
        because = f"the per cent may be read two ways ({told})"
        if first.because:
            because += f"; read as {asking.names[0]}, {first.because}"
        return replace(first, outcome=outcome, level=level, because=because)

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
                because=only.because or found.note(question.asked),
            )
            compares = question.asked is not Asked.VALUE and found.counts is not None
            return replace(told, discordance=found.counts.discordance) if compares and found.counts else told
        parts = [self._part(metric, label, question) for label in labels]
        outcome, level = combine_strata([part.decided for part in parts], question.confidence)
        critical = _critical(parts, outcome, question.relation)
        because = _strata_sentence(parts, critical, outcome)
        return Judged(
            assertion, outcome, level, critical.decided.interval, critical.decided.needed_n, because
        )

    def _part(self, metric: str, label: str | None, question: Question) -> Part:
        """The decision on one stratum; one that too few examples hold for decides nothing, and says why."""
        try:
            decided = self.sample.contrast(metric, label).judge(question)
            return Part(label, decided, decided.because)
        except InsufficientDataError as error:
            nothing = Interval(math.nan, -math.inf, math.inf, question.confidence, "none")
            return Part(label, Verdict(Outcome.INCONCLUSIVE, nothing, nothing, 1.0), error.message)


def _critical(parts: list[Part], outcome: Outcome, relation: Relation) -> Part:
    """The part that the outcome over all of them hangs on.

    The surest refutation of a refuted assertion; of any other the part whose limit lies nearest to, or farthest beyond,
    the bound, among those left open where there are any.
    """
    if outcome is Outcome.REFUTED:
        beyond = [part for part in parts if part.decided.outcome is Outcome.REFUTED]
        return min(beyond, key=lambda part: part.decided.level)
    undecided = [part for part in parts if part.decided.outcome is Outcome.INCONCLUSIVE]
    if relation.is_upper:
        return max(undecided or parts, key=lambda part: part.decided.interval.high)
    return min(undecided or parts, key=lambda part: part.decided.interval.low)


def _strata_sentence(parts: list[Part], critical: Part, outcome: Outcome) -> str:
    tally = {kind: sum(p.decided.outcome is kind for p in parts) for kind in Outcome}
    told = ", ".join(f"{n} {kind.value}" for kind, n in tally.items() if n)
    why = f" ({critical.because})" if critical.because else ""
    adjusted = ""
    if tally[Outcome.REFUTED] and outcome is not Outcome.REFUTED:
        adjusted = f"; what refutes a stratum alone does not after Holm's adjustment for all {len(parts)}"
    return f"of {len(parts)} strata {told}{adjusted}; the critical one is {critical.label}{why}"


def _both_sides(assertion: Assertion, sides: list[Judged]) -> Judged:
    """Two bounds on one quantity, with the figures and reasons of the side that the outcome hangs on."""
    outcome = combine_sides([side.outcome for side in sides])
    level = min(side.level for side in sides)
    if outcome is Outcome.REFUTED:
        deciding = min((s for s in sides if s.outcome is outcome), key=lambda side: side.level)
    else:
        undecided = [side for side in sides if side.outcome is not Outcome.CONFIRMED]
        deciding = max(undecided or sides, key=_examples_wanted)
    return replace(deciding, assertion=assertion, outcome=outcome, level=level)


def _examples_wanted(side: Judged) -> float:
    return math.inf if side.needs is None else side.needs
