"""What processes of their own give: the peaks of memory of both models, and rounds of their call times."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qspec.execute.timings import HELD, Seconds

PEAKS = 5
"""Processes a model whose peaks of memory are compared."""


@dataclass(frozen=True, slots=True)
class Peaks:
    """Peak memory in bytes, above what a process held before it loaded the model; shape (processes,) for each model."""

    baseline: Seconds
    quantized: Seconds


@dataclass(frozen=True, slots=True)
class Rounds:
    """Call times in seconds, shape (processes, calls) for each model; the models alternate.

    `stretch` is the most wall over CPU time of any process on one thread (None with more threads, or on a device).
    """

    baseline: Seconds
    quantized: Seconds
    stretch: float | None = None

    @property
    def reason(self) -> str | None:
        """A sentence that says why the times cannot be trusted, or None when they can."""
        if self.stretch is None or self.stretch <= HELD:
            return None
        return (
            f"A call on one thread took {self.stretch:.2f} times its CPU time by the wall, more than the factor "
            f"{HELD:g} allowed: other work held the processor."
        )

    def quantiles(self, percentile: float) -> tuple[Seconds, Seconds]:
        """The percentile of each process, of both models, in seconds."""
        share = percentile / 100
        return (
            np.quantile(self.baseline, share, axis=1, method="higher"),
            np.quantile(self.quantized, share, axis=1, method="higher"),
        )


@dataclass(frozen=True)
class Apart:
    """Everything measured in processes of their own, where a claim asserts it; rounds by load."""

    peaks: Peaks | None = None
    rounds: dict[str, Rounds] = field(default_factory=dict)

    def arrays(self) -> dict[str, Seconds]:
        """Everything as columns for the store."""
        pairs: dict[str, Peaks | Rounds] = {
            f"rounds{place}": one for place, one in enumerate(self.rounds.values())
        }
        if self.peaks is not None:
            pairs["peaks"] = self.peaks
        return {
            f"{key}.{side}": getattr(pair, side)
            for key, pair in pairs.items()
            for side in ("baseline", "quantized")
        }

    def facts(self) -> dict[str, Any]:
        """What the columns are, as plain data."""
        return {
            "peaks": self.peaks is not None,
            "rounds": [{"load": name, "stretch": one.stretch} for name, one in self.rounds.items()],
        }

    @classmethod
    def of(cls, arrays: dict[str, Seconds], facts: dict[str, Any]) -> Apart:
        """What `arrays` and `facts` were taken from."""

        def pair(key: str) -> tuple[Seconds, Seconds]:
            return arrays[f"{key}.baseline"], arrays[f"{key}.quantized"]

        return cls(
            Peaks(*pair("peaks")) if facts["peaks"] else None,
            {
                one["load"]: Rounds(*pair(f"rounds{place}"), one["stretch"])
                for place, one in enumerate(facts["rounds"])
            },
        )
