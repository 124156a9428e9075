"""The grade of a claim: decision-grade, interpretable or partial, from the states of its axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qspec.checks.axis import AXES, DECISION_GRADE, INTERPRETABLE, Axis

Grade = Literal["decision-grade", "interpretable", "partial"]


@dataclass(frozen=True)
class Graded:
    """What a claim states and what its grade is; a claim may be both decision-grade and interpretable."""

    axes: dict[str, Axis]
    decision_grade: bool
    interpretable: bool

    @property
    def grade(self) -> Grade:
        """The one word for it: the higher of the two that apply."""
        if self.decision_grade:
            return "decision-grade"
        return "interpretable" if self.interpretable else "partial"

    @property
    def stated(self) -> list[str]:
        """The axes that count as stated, in the order of the language's table."""
        return [name for name in AXES if self.axes[name].is_stated]

    @property
    def gaps(self) -> list[str]:
        """The axes that a reader has to fill in."""
        return [name for name in AXES if not self.axes[name].is_stated]


def grade(axes: dict[str, Axis]) -> Graded:
    """Grade a claim from its axes."""
    return Graded(
        axes,
        decision_grade=all(axes[name].is_stated for name in DECISION_GRADE),
        interpretable=all(axes[name].is_stated for name in INTERPRETABLE),
    )
