"""Questions about two values as one weighted sum of them, so that no noisy denominator decides a verdict."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import cached_property

from qspec.execute.contrasts.contrast import Asked, OverSides, Question, Sides, exact, point
from qspec.metrics.definition import Direction
from qspec.stats.decision import Outcome, Relation, Verdict, decide, deciding_n_by_width, level_by_search
from qspec.stats.estimate import FEW_CLUSTERS
from qspec.stats.interval import InsufficientDataError, Interval
from qspec.stats.proportion import wilson

FEW_CHANGES = 20
"""Units that differ between the models, below which what was seen of change says little of what there is."""


@dataclass(frozen=True, slots=True)
class Linear:
    """`base` times the baseline's value plus `quantized` times the other's, to be held against `threshold`."""

    base: float
    quantized: float
    threshold: float = 0.0

    @classmethod
    def of(cls, asked: Asked, bound: float, *, higher: bool) -> Linear:
        """The sum that exceeds its threshold exactly where the comparison exceeds `bound`.

        Shares assume what they are a share of to be positive.
        """
        sign = 1.0 if higher else -1.0
        match asked:
            case Asked.LOSS:
                return cls(sign, -sign, bound)
            case Asked.VALUE:
                return cls(0.0, 1.0, bound)
            case Asked.RATIO:
                return cls(-bound, 1.0)
            case Asked.RELATIVE:
                return cls(sign - bound, -sign)
            case _:
                return cls(sign + bound, -sign, bound)


class LinearContrast(OverSides, ABC):
    """A contrast whose two values and their weighted sums have intervals."""

    def __init__(self, sides: Sides, baseline: float, quantized: float) -> None:
        self.sides = sides
        self._values = baseline, quantized

    @property
    def baseline(self) -> float:
        """The baseline's value."""
        return self._values[0]

    @property
    def quantized(self) -> float:
        """The quantized model's value."""
        return self._values[1]

    @property
    def loss(self) -> float:
        """What was lost, in the metric's own unit; positive is worse."""
        return self.sides.metric.loss(self.baseline, self.quantized)

    @property
    def higher(self) -> bool:
        """Whether a higher value is better."""
        return self.sides.metric.direction is Direction.HIGHER

    @property
    @abstractmethod
    def units(self) -> int:
        """Independent units behind it."""

    def note(self, asked: Asked) -> str | None:
        """Why the interval of a loss is wide where next to nothing changed; nothing elsewhere."""
        if asked is Asked.VALUE or not self.slack(self.sides.confidence):
            return None
        metric, (changed, units) = self.sides.metric, self.changed
        told = (
            f"{changed or 'none'} of {units:,} units differ{'s' if changed == 1 else ''} between the models"
        )
        if math.isinf(self.span):
            return (
                f"{told}: that bounds no loss, since {metric} has no worst value and no unit shows a bad one"
            )
        worst = f"each as bad as {metric} can be"
        if math.isinf(metric.metric.high - metric.metric.low):
            worst = f"each as bad as the worst that was seen, since {metric} has no worst value"
        return (
            f"{'only ' if changed else ''}{told}: the interval of a loss leaves room for changes that are not among them, "
            f"{worst}"
        )

    @abstractmethod
    def combined(self, form: Linear, confidence: float) -> Interval:
        """The interval of a weighted sum of the two values."""

    @abstractmethod
    def level(self, form: Linear, relation: Relation) -> float:
        """Smallest 1 - confidence at which the sum lies on the wrong side of its threshold."""

    @abstractmethod
    def share(self, confidence: float, *, errors: bool = False) -> Interval:
        """The interval of the quantized value over the baseline's; of one minus either, for `errors`."""

    @cached_property
    def changed(self) -> tuple[int, int]:
        """Units that differ between the models, and units."""
        return self.sides.changed_units()

    @cached_property
    def span(self) -> float:
        """How far a unit may move: over the metric's range, of which an open end is put at the worst value of any unit.

        No sample bounds the mean of what has no range (Bahadur and Savage 1956, Ann. Math. Stat. 27:1115), so an open
        end is a guess, and infinite where the units show nothing to guess it by.
        """
        low, high = self.sides.metric.metric.low, self.sides.metric.metric.high
        if math.isinf(high - low):
            least, most = self.sides.extremes()
            low, high = (low if math.isfinite(low) else least), (high if math.isfinite(high) else most)
        return high - low if high > low else math.inf

    def slack(self, confidence: float) -> float:
        """What rare changes that happen not to be among the examples may add to either limit.

        With few changed units the spread says next to nothing of how many there may be, as with few flips:
        their share is taken at its upper Wilson limit, each as far apart as the span.
        """
        changed, units = self.changed
        if changed >= FEW_CHANGES or changed == units:
            return 0.0
        return (wilson(changed, units, confidence).high - changed / units) * self.span

    def widened(self, interval: Interval) -> Interval:
        """The interval of a weighted sum in which the models are compared, with the slack added on either side."""
        slack = self.slack(interval.confidence)
        return replace(interval, low=interval.low - slack, high=interval.high + slack) if slack else interval

    def held(self, asked: Asked, form: Linear, confidence: float) -> Interval:
        """The interval of the sum that answers a question; a value alone changes with no model."""
        found = self.combined(form, confidence)
        return found if asked is Asked.VALUE else self.widened(found)

    def interval(self, asked: Asked, confidence: float) -> Interval:
        """The interval of a comparison."""
        if asked in (Asked.LOSS, Asked.VALUE):
            return self.held(asked, Linear.of(asked, 0.0, higher=self.higher), confidence)
        self._require_positive(asked)
        sign = 1.0 if self.higher else -1.0
        errors = asked is Asked.ERROR_GROWTH
        ratio = self.share(confidence, errors=errors)
        if asked is Asked.RATIO:
            return ratio
        return ratio.affine(1.0, -1.0) if errors else ratio.affine(-sign, sign)

    def judge(self, question: Question) -> Verdict:
        """The verdict, as the interval says; raises `InsufficientDataError` with too few units.

        How surely it is refuted, and how many examples would decide it, is told by the weighted sum.
        """
        if question.fixed:
            return exact(point(self, question.asked), question)
        self.require_units()
        asked, relation = question.asked, question.relation
        shown = self.interval(asked, question.confidence)
        because = self._unbounded(asked) if math.isinf(shown.half_width) else None
        if math.isinf(shown.low) and math.isinf(shown.high):
            return Verdict(Outcome.INCONCLUSIVE, shown, shown, 1.0, because=because)
        form = Linear.of(asked, question.bound, higher=self.higher)
        outcome = decide(shown, relation, question.bound)
        needed = None
        if outcome is Outcome.INCONCLUSIVE:
            needed = deciding_n_by_width(self.held(asked, form, question.confidence), form.threshold, self.n)
        level = self.level(form, relation)
        if asked is not Asked.VALUE and self.slack(question.confidence):  # which grows as the limits do
            level = level_by_search(
                lambda confidence: self.held(asked, form, confidence), relation, form.threshold
            )
        return Verdict(outcome, shown, shown, level, needed, because)

    def _unbounded(self, asked: Asked) -> str:
        """Why a comparison has no limit on some side."""
        metric = self.sides.metric
        if self._undefined:
            return f"{metric} has no value here: what it counts does not occur among the examples"
        if asked is not Asked.VALUE and math.isinf(self.slack(self.sides.confidence)):
            return self.note(asked) or ""
        if asked in (Asked.LOSS, Asked.VALUE):
            return f"{metric} rests on so few examples that it has no value on resamples without them"
        told = "one, and a share of its error" if asked is Asked.ERROR_GROWTH else "zero, and a share of it"
        return f"{self._whole} is not told from {told} has no bounds"

    @property
    def _undefined(self) -> bool:
        return math.isnan(self.baseline) or math.isnan(self.quantized)

    @property
    def _whole(self) -> str:
        return self.sides.whole or f"The baseline's {self.sides.metric}"

    def require_units(self) -> None:
        """Raise `InsufficientDataError` where too few units vary for the interval to be relied on."""
        if self.units < FEW_CLUSTERS:
            raise InsufficientDataError(
                f"{self.sides.metric} rests on {self.units} independent units here, and its interval needs "
                f"{FEW_CLUSTERS}."
            )

    def _require_positive(self, asked: Asked) -> None:
        whole = 1 - self.baseline if asked is Asked.ERROR_GROWTH else self.baseline
        if self._undefined:
            raise InsufficientDataError(f"{self._unbounded(asked)}.")
        if not whole > 0:
            raise InsufficientDataError(
                f"{self._whole} is {self.baseline:.6g}, and a share of nothing decides nothing.",
                hint="bound the loss in the metric's own unit",
            )
