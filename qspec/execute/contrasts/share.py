"""Bounds on a proportion itself, of independent examples or of examples in clusters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qspec.execute.contrasts.contrast import Question, searched
from qspec.stats.clustered import EffectiveShare, effective_share
from qspec.stats.decision import Verdict
from qspec.stats.estimate import FEW_CLUSTERS
from qspec.stats.interval import InsufficientDataError, Interval
from qspec.stats.proportion import deciding_proportion


@dataclass(frozen=True, slots=True)
class Share:
    """Hits among independent examples."""

    hits: int
    n: int
    few_units: bool = False

    def interval(self, confidence: float) -> Interval:
        """The envelope of Wilson's and the exact interval."""
        return deciding_proportion(self.hits, self.n, confidence)


def share_of(hits: NDArray[np.bool_], units: NDArray[np.int64] | None) -> Share | EffectiveShare:
    """The share of hits, (examples,), whose units are (examples,) numbers, or the examples themselves."""
    if units is None:
        return Share(int(np.count_nonzero(hits)), len(hits))
    return effective_share(hits, units)


def decide_share(share: Share | EffectiveShare, question: Question, n: int) -> Verdict:
    """The verdict on a bound; raises `InsufficientDataError` under 20 clusters."""
    if share.few_units and isinstance(share, EffectiveShare):
        raise InsufficientDataError(
            f"{share.units} clusters are too few to say how much they vary; {FEW_CLUSTERS} are needed.",
            hint="declare a smaller unit if the examples within one really vary",
        )
    return searched(share.interval, question, n)
