"""Values without intervals: what is left where too few examples are there for the family's method."""

from __future__ import annotations

from dataclasses import dataclass

from qspec.execute.contrasts.contrast import Asked, OverSides, Question, Sides, exact, point
from qspec.stats.decision import Verdict
from qspec.stats.interval import InsufficientDataError, Interval


@dataclass(frozen=True)
class Undecided(OverSides):
    """Both values, and why nothing but a census can be decided on them."""

    sides: Sides
    baseline: float
    quantized: float
    reason: InsufficientDataError

    @classmethod
    def of(cls, sides: Sides, reason: InsufficientDataError) -> Undecided:
        """The metric of either model over the examples in `sides`."""
        score = sides.metric.score
        return cls(sides, score(sides.baseline), score(sides.quantized), reason)

    @property
    def loss(self) -> float:
        """What was lost, in the metric's own unit; positive is worse."""
        return self.sides.metric.loss(self.baseline, self.quantized)

    def interval(self, asked: Asked, confidence: float) -> Interval:
        """Always raises `InsufficientDataError`."""
        raise self.reason

    def judge(self, question: Question) -> Verdict:
        """The verdict over exactly these examples; raises `InsufficientDataError` for any others."""
        if question.fixed:
            return exact(point(self, question.asked), question)
        raise self.reason
