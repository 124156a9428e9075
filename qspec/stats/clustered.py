"""A 0/1 metric whose examples come in clusters: flips, and right answers, counted at their effective number."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, stdtr, stdtrit

from qspec.errors import QSpecError
from qspec.stats.estimate import FEW_CLUSTERS, FloatArray, clustered_error, codes, unit_sums
from qspec.stats.interval import Interval, check_confidence
from qspec.stats.paired import refuting_z, tango_limits, wald_limits
from qspec.stats.proportion import clopper_pearson_limits, wilson_limits


@dataclass(frozen=True, slots=True)
class EffectiveFlips:
    """Harmful flips, helpful flips and examples, divided by the design effect; `units` clusters carry them."""

    harmful: float
    helpful: float
    n: float
    units: int

    @property
    def loss(self) -> float:
        """Share of right answers lost: the same as over the examples."""
        return (self.harmful - self.helpful) / self.n

    @property
    def few_units(self) -> bool:
        """Whether there are fewer than 20 clusters, where the interval cannot be relied on."""
        return self.units < FEW_CLUSTERS

    def _quantile(self, confidence: float) -> float:
        check_confidence(confidence)
        return float(stdtrit(self.units - 1, (1 + confidence) / 2))

    def interval(self, confidence: float = 0.95) -> Interval:
        """Tango's interval at the effective number, with Student's quantile: the one that confirms."""
        low, high = tango_limits(self.harmful, self.helpful, self.n, self._quantile(confidence))
        return Interval(self.loss, low, high, confidence, "clustered-tango")

    def refuting(self, confidence: float = 0.95) -> Interval:
        """The envelope with Bonett and Price's interval at the effective number: the one that refutes."""
        low, high = wald_limits(self.harmful, self.helpful, self.n, self._quantile(confidence), added=1.0)
        other = Interval(self.loss, low, high, confidence, "clustered-bonett-price")
        return self.interval(confidence).envelope(other, "clustered-tango+bonett-price")

    def level(self, bound: float, *, above: bool = True) -> float:
        """Smallest 1 - confidence at which the refuting interval lies above (or else below) the bound."""
        if not above:
            return EffectiveFlips(self.helpful, self.harmful, self.n, self.units).level(-bound)
        z = refuting_z(self.harmful, self.helpful, self.n, bound)
        return 2 * float(stdtr(self.units - 1, -z)) if z > 0 else 1.0


def effective_flips(
    baseline_right: ArrayLike, quantized_right: ArrayLike, clusters: ArrayLike
) -> EffectiveFlips:
    """Divide the table by its design effect, as Rao and Scott do for proportions (1992, Biometrics 48:577).

    The design effect is the cluster-robust variance of the loss over that of independent examples, at least 1;
    without any flips, which say nothing of it, whole clusters count as one example each. Arrays have shape
    (examples,). Raises InsufficientDataError under two clusters.
    """
    baseline, quantized = np.asarray(baseline_right, dtype=bool), np.asarray(quantized_right, dtype=bool)
    if baseline.shape != quantized.shape or baseline.ndim != 1:
        raise QSpecError(
            "The baseline and the quantized model were not scored on the same number of examples."
        )
    n = baseline.size
    harmful, helpful = int((baseline & ~quantized).sum()), int((quantized & ~baseline).sum())
    flips = baseline.astype(np.float64) - quantized
    effect, units = design_effect(flips, clusters)
    return EffectiveFlips(harmful / effect, helpful / effect, n / effect, units)


def design_effect(values: FloatArray, clusters: ArrayLike) -> tuple[float, int]:
    """The cluster-robust variance of a mean (examples,) over that of independent examples, at least 1; and the clusters.

    Values that never vary say nothing of it: whole clusters count as one example each then.
    """
    n = values.size
    centred = (values - values.mean()) / n if n else values
    index, _ = codes(clusters, n, "cluster labels")
    sums = unit_sums(centred, index)
    error, units, independent = clustered_error(sums), len(sums), clustered_error(centred)
    return max(1.0, (error / independent) ** 2) if independent > 0 else n / units, units


@dataclass(frozen=True, slots=True)
class EffectiveShare:
    """Hits and examples, divided by the design effect; `units` clusters carry them."""

    hits: float
    n: float
    units: int

    @property
    def few_units(self) -> bool:
        """Whether there are fewer than 20 clusters, where the interval cannot be relied on."""
        return self.units < FEW_CLUSTERS

    def interval(self, confidence: float = 0.95) -> Interval:
        """The envelope of Wilson's and the exact interval at the effective number, with Student's quantile."""
        check_confidence(confidence)
        quantile = float(stdtrit(self.units - 1, (1 + confidence) / 2))
        low, high = wilson_limits(self.hits, self.n, quantile)
        share = Interval(self.hits / self.n, low, high, confidence, "clustered-wilson")
        # By the tail itself: a confidence so near to one, as Student's quantile asks for at high ones, is one.
        exact = clopper_pearson_limits(self.hits, self.n, float(ndtr(-quantile)))
        return share.envelope(replace(share, low=exact[0], high=exact[1]), "clustered-wilson+clopper-pearson")


def effective_share(hits: ArrayLike, clusters: ArrayLike) -> EffectiveShare:
    """The share of hits (examples,), true or false; raises InsufficientDataError under two clusters."""
    hit = np.asarray(hits, dtype=bool)
    effect, units = design_effect(hit.astype(np.float64), clusters)
    return EffectiveShare(int(hit.sum()) / effect, hit.size / effect, units)
