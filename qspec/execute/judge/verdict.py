"""The verdict on one assertion, on the way to the measured block."""

from __future__ import annotations

from dataclasses import dataclass

from qspec.execute.judge.figures import count, figure, span
from qspec.model.claim import Assertion
from qspec.model.measured import Verdict as VerdictNoun
from qspec.stats.decision import Outcome
from qspec.stats.decision import Verdict as Decided
from qspec.stats.interval import Interval

NEVER_REFUTED = 1.0


@dataclass(frozen=True)
class Judged:
    """An assertion with its outcome; `level` is the smallest 1 - confidence at which it would be refuted."""

    assertion: Assertion
    outcome: Outcome
    level: float = NEVER_REFUTED
    interval: Interval | None = None
    needs: int | None = None
    because: str | None = None
    unit: str | None = None
    discordance: float | None = None
    """Share of examples that exactly one of the models has right, where that is what was bounded."""

    @property
    def expected(self) -> Outcome:
        """The outcome that counts as success."""
        return Outcome(self.assertion.expect) if self.assertion.expect else Outcome.CONFIRMED

    @property
    def as_expected(self) -> bool:
        """Whether the outcome is the one that counts as success."""
        return self.outcome is self.expected

    def noun(self) -> VerdictNoun:
        """The verdict as the measured block writes it."""
        return VerdictNoun(
            outcome=self.outcome.value,
            expected=self.assertion.expect,
            interval=span(self.interval, self.unit),
            method=self.interval.method if self.interval else None,
            discordance=figure(self.discordance)
            if self.discordance is not None and self.outcome is Outcome.INCONCLUSIVE
            else None,
            needs=count(self.needs, "examples") if self.needs is not None else None,
            because=self.because,
        )


@dataclass(frozen=True)
class Part:
    """One stratum's decision: what it is called, how it came out, and why it could not be decided."""

    label: str | None
    decided: Decided
    because: str | None = None


def not_judged(assertion: Assertion, outcome: Outcome, because: str) -> Judged:
    """An assertion that no figure decides, and why."""
    return Judged(assertion, outcome, because=because)
