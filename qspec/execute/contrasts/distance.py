"""Distances between the answers of both models: one column for the pair, whose mean is bounded."""

from __future__ import annotations

from qspec.errors import QSpecError
from qspec.execute.contrasts import registry
from qspec.execute.contrasts.contrast import Asked, Contrast, OverSides, Question, Sides, exact
from qspec.execute.contrasts.mean import mean_contrast
from qspec.execute.contrasts.share import Share, decide_share, share_of
from qspec.stats.clustered import EffectiveShare
from qspec.stats.decision import Verdict
from qspec.stats.interval import Interval


class DistanceContrast(OverSides):
    """The mean of the pair's column: a proportion where it is 0 or 1 an example, else by t."""

    def __init__(self, sides: Sides) -> None:
        self.sides = sides
        column = sides.quantized[:, 0]
        self.quantized = float(column.mean())
        self._share: Share | EffectiveShare | None = None
        """The share of the examples that differ, where an example differs or does not."""
        if not sides.sequential and bool(((column == 0) | (column == 1)).all()):
            self._share = share_of(column == 1, sides.units)

    @property
    def baseline(self) -> float:
        """The baseline's distance from itself, which is no measurement."""
        return float("nan")

    @property
    def loss(self) -> float:
        """Not defined: a distance is of the pair."""
        return float("nan")

    def interval(self, asked: Asked, confidence: float) -> Interval:
        """The interval of the distance."""
        if asked not in (Asked.VALUE, Asked.LOSS):
            raise QSpecError(
                f"The {asked.value} of {self.sides.metric} means nothing: a distance has no baseline.",
                hint="bound the distance itself",
            )
        if self._share is not None:
            return self._share.interval(confidence)
        return mean_contrast(self.sides).interval(Asked.VALUE, confidence)

    def judge(self, question: Question) -> Verdict:
        """The verdict on the distance."""
        if question.fixed:
            return exact(self.quantized, question)
        if self._share is not None:
            return decide_share(self._share, question, self.n)
        return mean_contrast(self.sides).judge(question)


@registry.register("distance")
def distance(sides: Sides) -> Contrast:
    """The distance of the pair."""
    return DistanceContrast(sides)
