"""Metrics that are right or wrong per example: Tango and Bonett–Price in points, Tang for ratios."""

from __future__ import annotations

from dataclasses import dataclass

from qspec.execute.contrasts import registry
from qspec.execute.contrasts.contrast import Asked, Contrast, Question, Sides, exact, point, searched
from qspec.execute.contrasts.mean import mean_contrast
from qspec.execute.contrasts.share import Share, decide_share
from qspec.stats.clustered import EffectiveFlips, EffectiveShare, effective_flips, effective_share
from qspec.stats.decision import Outcome, Verdict, decide, decide_flips, deciding_n_by_width
from qspec.stats.estimate import FEW_CLUSTERS
from qspec.stats.interval import InsufficientDataError, Interval
from qspec.stats.paired import PairedCounts, tango
from qspec.stats.proportion import wilson
from qspec.stats.relative import Reading, decide_relative, relative_interval
from qspec.stats.sequential import sequential_flips
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

    def note(self, asked: Asked) -> str | None:
        """Nothing beside the figures."""
        return None

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
        return decide_share(Share(self.counts.both + self.counts.helpful, self.n), question, self.n)


@dataclass(frozen=True)
class ClusteredContrast(BinaryContrast):
    """The same where examples come in clusters: flips at their effective number, the rest as clustered means."""

    flips: EffectiveFlips
    right: EffectiveShare
    means: Contrast

    def note(self, asked: Asked) -> str | None:
        """What the means have to say where they decide."""
        return None if asked in (Asked.LOSS, Asked.VALUE) else self.means.note(asked)

    def interval(self, asked: Asked, confidence: float) -> Interval:
        """Tango at the effective number for the loss, Wilson there for the value alone, else cluster-robust t."""
        if asked is Asked.LOSS:
            return self.flips.interval(confidence)
        if asked is Asked.VALUE:
            return self.right.interval(confidence)
        return self.means.interval(asked, confidence)

    def judge(self, question: Question) -> Verdict:
        """The verdict; raises `InsufficientDataError` under 20 clusters."""
        if question.fixed:
            return exact(point(self, question.asked), question)
        if self.flips.few_units:
            raise InsufficientDataError(
                f"{self.flips.units} clusters are too few to say how much they vary; {FEW_CLUSTERS} are needed.",
                hint="declare a smaller unit if the examples within one really vary",
            )
        if question.asked is Asked.VALUE:
            return decide_share(self.right, question, self.n)
        if question.asked is not Asked.LOSS:
            return self.means.judge(question)
        confirming = self.flips.interval(question.confidence)
        refuting = self.flips.refuting(question.confidence)
        outcome = decide(confirming, question.relation, question.bound, refuting)
        level = self.flips.level(question.bound, above=question.relation.is_upper)
        undecided = outcome is Outcome.INCONCLUSIVE
        needed = deciding_n_by_width(confirming, question.bound, self.n) if undecided else None
        return Verdict(outcome, confirming, refuting, level, needed)


@dataclass(frozen=True)
class SequentialContrast(BinaryContrast):
    """The same where verdicts may be looked at while examples arrive.

    `means` decides all but the loss, and the loss too where examples come in clusters.
    """

    means: Contrast
    clustered: bool

    def interval(self, asked: Asked, confidence: float) -> Interval:
        """The asymptotic confidence sequence."""
        if asked is Asked.LOSS and not self.clustered:
            return sequential_flips(self.counts, self.n, confidence)
        return self.means.interval(asked, confidence)

    def judge(self, question: Question) -> Verdict:
        """The verdict by the sequence alone, which both confirms and refutes."""
        if question.fixed:
            return exact(point(self, question.asked), question)
        if question.asked is not Asked.LOSS or self.clustered:
            return self.means.judge(question)
        return searched(lambda level: self.interval(Asked.LOSS, level), question, self.n)


@registry.register("binary")
def binary(sides: Sides) -> Contrast:
    """Count the flips: the first column is one where the answer is right."""
    baseline, quantized = sides.baseline[:, 0] > 0.5, sides.quantized[:, 0] > 0.5
    counts = paired_counts(baseline, quantized)
    if sides.sequential:
        return SequentialContrast(counts, mean_contrast(sides), sides.units is not None)
    if sides.units is None:
        return BinaryContrast(counts)
    flips, right = effective_flips(baseline, quantized, sides.units), effective_share(quantized, sides.units)
    return ClusteredContrast(counts, flips, right, mean_contrast(sides))
