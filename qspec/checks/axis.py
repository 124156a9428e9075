"""What an axis of a claim is: its name, its state, and what a claim of each grade must state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from qspec.lang.resolve import Origin

State = Literal["missing", "unstated", "vague", "stated", "not-applicable"]

AXES = (
    "task", "model", "metric", "baseline", "calibration", "strata",
    "test_set", "sample_size", "executor", "pair", "evidence",
)  # fmt: skip
DECISION_GRADE = ("task", "model", "metric", "baseline", "calibration", "strata")
INTERPRETABLE = ("test_set", "sample_size", "metric", "baseline", "strata", "calibration")


@dataclass(frozen=True)
class Axis:
    """The state of one axis; `why` says in a clause what is wrong when it is not stated."""

    state: State
    parts: dict[str, State] = field(default_factory=dict)
    why: str | None = None
    origin: Origin | None = None

    @property
    def is_stated(self) -> bool:
        """Whether the axis counts as stated."""
        return self.state in {"stated", "not-applicable"}
