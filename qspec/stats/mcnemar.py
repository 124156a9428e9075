"""Is there any loss at all: McNemar's tests on the flips, which never count as evidence for no loss."""

from __future__ import annotations

import math

from qspec.stats.interval import two_sided_level


def _half_binomial(k: int, m: int) -> tuple[float, float]:
    """P(X <= k) and P(X = k) for X binomial(m, 1/2): the tail summed downwards from its largest term."""
    log_term = math.lgamma(m + 1) - math.lgamma(k + 1) - math.lgamma(m - k + 1) - m * math.log(2)
    ratio = total = 1.0
    for i in range(k, 0, -1):
        ratio *= i / (m - i + 1)
        total += ratio
        if ratio < 1e-18 * total:
            break
    point = math.exp(log_term)
    return min(1.0, point * total), point


def mcnemar_exact(harmful: int, helpful: int) -> float:
    """Two-sided exact p-value that harmful and helpful flips are equally likely; 1 where there are none."""
    if harmful + helpful == 0:
        return 1.0
    tail, _ = _half_binomial(min(harmful, helpful), harmful + helpful)
    return min(1.0, 2 * tail)


def mcnemar_midp(harmful: int, helpful: int) -> float:
    """Two-sided mid-p value (Fagerland, Lydersen and Laake 2013, BMC Med. Res. Methodol. 13:91)."""
    if harmful == helpful:  # Also no flips at all: p = 1.
        return 1.0
    tail, point = _half_binomial(min(harmful, helpful), harmful + helpful)
    return min(1.0, 2 * tail - point)


def mcnemar_chi2(harmful: int, helpful: int, *, correction: bool = False) -> tuple[float, float]:
    """McNemar's chi-squared statistic (one degree of freedom) and its p-value; (0, 1) without flips."""
    if harmful + helpful == 0:
        return 0.0, 1.0
    excess = max(abs(harmful - helpful) - (1 if correction else 0), 0)
    statistic = excess**2 / (harmful + helpful)
    return statistic, two_sided_level(math.sqrt(statistic))
