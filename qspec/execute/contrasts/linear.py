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
        changed, units = self.changed
        if asked is Asked.VALUE or not self.slack(self.sides.confidence):
            return None
        return (
            f"only {changed} of {units:,} units differ between the models: the interval of a loss leaves room for others "
            f"that are not among them, each as bad as {self.sides.metric} can be"
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

    def slack(self, confidence: float) -> float:
        """What rare changes that happen not to be among the examples may add to either limit.

        With few changed units the spread says next to nothing of how many there may be, as with few flips:
        their share is taken at its upper Wilson limit, each as bad as the metric's range allows.
        """
        metric, (changed, units) = self.sides.metric.metric, self.changed
        span = metric.high - metric.low
        if changed >= FEW_CHANGES or not span < float("inf"):
            return 0.0
        return (wilson(changed, units, confidence).high - changed / units) * span

    def widened(self, form: Linear, interval: Interval) -> Interval:
        """The interval of a comparison with the slack added on either side; a value alone changes with no model."""
        if not form.base:
            return interval
        slack = self.slack(interval.confidence)
        return replace(interval, low=interval.low - slack, high=interval.high + slack) if slack else interval

    def interval(self, asked: Asked, confidence: float) -> Interval:
        """The interval of a comparison."""
        if asked in (Asked.LOSS, Asked.VALUE):
            form = Linear.of(asked, 0.0, higher=self.higher)
            return self.widened(form, self.combined(form, confidence))
        self._require_positive(asked)
        sign = 1.0 if self.higher else -1.0
        errors = asked is Asked.ERROR_GROWTH
        ratio = self.share(confidence, errors=errors)
        slack = self.slack(confidence) / (1 - self.baseline if errors else self.baseline)
        ratio = replace(ratio, low=ratio.low - slack, high=ratio.high + slack)
        if asked is Asked.RATIO:
            return ratio
        return ratio.affine(1.0, -1.0) if errors else ratio.affine(-sign, sign)

    def judge(self, question: Question) -> Verdict:
        """The verdict, decided on the weighted sum; raises `InsufficientDataError` with too few units."""
        if question.fixed:
            return exact(point(self, question.asked), question)
        self.require_units()
        shown = self.interval(question.asked, question.confidence)
        if math.isinf(shown.low) and math.isinf(shown.high):  # a share of what is not told from zero
            return Verdict(Outcome.INCONCLUSIVE, shown, shown, 1.0)
        form = Linear.of(question.asked, question.bound, higher=self.higher)
        held = self.widened(form, self.combined(form, question.confidence))
        outcome = decide(held, question.relation, form.threshold)
        undecided = outcome is Outcome.INCONCLUSIVE
        needed = deciding_n_by_width(held, form.threshold, self.n) if undecided else None
        level = self.level(form, question.relation)
        if form.base and self.slack(question.confidence):  # which grows with confidence, as the limits do
            level = level_by_search(
                lambda confidence: self.widened(form, self.combined(form, confidence)),
                question.relation,
                form.threshold,
            )
        return Verdict(outcome, shown, shown, level, needed)

    def require_units(self) -> None:
        """Raise `InsufficientDataError` where too few units vary for the interval to be relied on."""
        if self.units < FEW_CLUSTERS:
            raise InsufficientDataError(
                f"{self.sides.metric} rests on {self.units} independent units here, and its interval needs "
                f"{FEW_CLUSTERS}."
            )

    def _require_positive(self, asked: Asked) -> None:
        whole = 1 - self.baseline if asked is Asked.ERROR_GROWTH else self.baseline
        if not whole > 0:
            raise InsufficientDataError(
                f"The baseline's {self.sides.metric} is {self.baseline:.6g}, and a share of nothing decides nothing.",
                hint="bound the loss in the metric's own unit",
            )
