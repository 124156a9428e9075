"""Metrics that are right or wrong per example: Tango and Bonett–Price in points, Tang for ratios."""

from __future__ import annotations

from dataclasses import dataclass

from qspec.execute.contrasts import registry
from qspec.execute.contrasts.contrast import Asked, Contrast, Question, Sides, exact, point, searched
from qspec.stats.decision import Verdict, decide_flips
from qspec.stats.interval import Interval
from qspec.stats.paired import PairedCounts, tango
from qspec.stats.proportion import wilson
from qspec.stats.ratio import error_growth, recovery, relative_loss
from qspec.stats.strata import paired_counts


@dataclass(frozen=True)
class BinaryContrast:
    """Paired counts of right and wrong answers."""

    counts: PairedCounts

    @property
    def n(self) -> int:
        """Examples."""
        return self.counts.n

    @property
    def baseline(self) -> float:
        """Share the baseline has right."""
        return (self.counts.both + self.counts.harmful) / self.counts.n

    @property
    def quantized(self) -> float:
        """Share the quantized model has right."""
        return (self.counts.both + self.counts.helpful) / self.counts.n

    @property
    def loss(self) -> float:
        """Harmful minus helpful flips, over the examples."""
        return self.counts.loss

    def interval(self, asked: Asked, confidence: float) -> Interval:
        """Tango for the loss, Tang for what is relative, Wilson for the value alone."""
        match asked:
            case Asked.LOSS:
                return tango(self.counts, confidence)
            case Asked.RELATIVE:
                return relative_loss(self.counts, confidence)
            case Asked.ERROR_GROWTH:
                return error_growth(self.counts, confidence)
            case Asked.RATIO:
                return recovery(self.counts, confidence)
            case _:
                return wilson(self.counts.both + self.counts.helpful, self.n, confidence)

    def judge(self, question: Question) -> Verdict:
        """The verdict; in points it takes Tango to confirm and the outer limits to refute."""
        if question.fixed:
            return exact(point(self, question.asked), question)
        if question.asked is Asked.LOSS:
            return decide_flips(self.counts, question.relation, question.bound, question.confidence)
        return searched(lambda confidence: self.interval(question.asked, confidence), question, self.n)


@registry.register("binary")
def binary(sides: Sides) -> Contrast:
    """Count the flips: the first column is one where the answer is right."""
    return BinaryContrast(paired_counts(sides.baseline[:, 0] > 0.5, sides.quantized[:, 0] > 0.5))
