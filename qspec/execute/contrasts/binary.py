"""Metrics that are right or wrong per example: Tango and Bonett–Price in points, Tang for ratios."""

from __future__ import annotations

from dataclasses import dataclass

from qspec.execute.contrasts import registry
from qspec.execute.contrasts.contrast import Asked, Contrast, Question, Sides, exact, point, searched
from qspec.stats.decision import Verdict, decide_flips
from qspec.stats.interval import Interval
from qspec.stats.paired import PairedCounts, tango
from qspec.stats.proportion import wilson
from qspec.stats.relative import Reading, decide_relative, relative_interval
from qspec.stats.strata import paired_counts

_READINGS = {
    Asked.RATIO: Reading.RECOVERY,
    Asked.RELATIVE: Reading.RELATIVE_LOSS,
    Asked.ERROR_GROWTH: Reading.ERROR_GROWTH,
}


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
        if asked in _READINGS:
            return relative_interval(self.counts, _READINGS[asked], confidence)
        if asked is Asked.LOSS:
            return tango(self.counts, confidence)
        return wilson(self.counts.both + self.counts.helpful, self.n, confidence)

    def judge(self, question: Question) -> Verdict:
        """The verdict; each kind of comparison has one interval that confirms and a wider one that refutes."""
        relation, bound, confidence = question.relation, question.bound, question.confidence
        if question.fixed:
            return exact(point(self, question.asked), question)
        if question.asked in _READINGS:
            return decide_relative(self.counts, _READINGS[question.asked], relation, bound, confidence)
        if question.asked is Asked.LOSS:
            return decide_flips(self.counts, relation, bound, confidence)
        return searched(lambda level: self.interval(question.asked, level), question, self.n)


@registry.register("binary")
def binary(sides: Sides) -> Contrast:
    """Count the flips: the first column is one where the answer is right."""
    return BinaryContrast(paired_counts(sides.baseline[:, 0] > 0.5, sides.quantized[:, 0] > 0.5))
