"""The same comparison over several draws of the calibration sample, so that a verdict holds for more than one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qspec.execute.contrasts.contrast import Asked, Contrast, Question
from qspec.stats.decision import Verdict
from qspec.stats.draws import decide_over_draws
from qspec.stats.interval import Interval
from qspec.stats.paired import PairedCounts


@dataclass(frozen=True)
class DrawnContrast:
    """One contrast a draw; the first is the declared one, whose values are shown, and all of them decide."""

    draws: Sequence[Contrast]

    @property
    def n(self) -> int:
        """Examples that count."""
        return self.draws[0].n

    def note(self, asked: Asked) -> str | None:
        """What a reader must know beside the figures."""
        return self.draws[0].note(asked)

    @property
    def counts(self) -> PairedCounts | None:
        """Flips of the declared draw."""
        return self.draws[0].counts

    @property
    def baseline(self) -> float:
        """The baseline's value."""
        return self.draws[0].baseline

    @property
    def quantized(self) -> float:
        """The quantized model's value, of the declared draw."""
        return self.draws[0].quantized

    @property
    def loss(self) -> float:
        """What was lost in the declared draw."""
        return self.draws[0].loss

    def interval(self, asked: Asked, confidence: float) -> Interval:
        """The interval of a comparison in the declared draw."""
        return self.draws[0].interval(asked, confidence)

    def judge(self, question: Question) -> Verdict:
        """The verdict on the mean over the draws, whose own spread widens what the examples leave open."""

        def judged(confidence: float) -> list[Verdict]:
            return [one.judge(_at(question, confidence)) for one in self.draws]

        return decide_over_draws(judged, question.relation, question.bound, question.confidence, self.n)


def _at(question: Question, confidence: float) -> Question:
    return Question(question.asked, question.relation, question.bound, confidence, question.fixed)
