"""Corrects Student's t for the skewness of what is averaged (Hall 1992, J. R. Stat. Soc. B 54:221, section 2).

With a few large losses among many small ones a mean and its standard error are small together, so that t falls
below its lower limit far more often than it should. The cubic transformation undoes that, and can be undone itself.
"""

from __future__ import annotations

import math


def corrected(t: float, skewness: float) -> float:
    """What is nearly distributed as Student's t, from t and the standardized third moment of the mean."""
    s = skewness
    return t + s / 6 + s * t**2 / 3 + s**2 * t**3 / 27


def uncorrected(quantile: float, skewness: float) -> float:
    """The t whose corrected value is `quantile`: the inverse of `corrected`, in its first argument."""
    inner = skewness * (quantile - skewness / 6)
    if abs(skewness) < 1e-12:  # nothing to correct, and the division would lose what there is
        return quantile
    root = math.expm1(math.log1p(inner) / 3) if inner > -0.5 else math.cbrt(1 + inner) - 1
    return 3 * root / skewness
