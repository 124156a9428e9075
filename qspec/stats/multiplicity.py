"""Adjusted p-values where several comparisons are made at once."""

from __future__ import annotations

from collections.abc import Sequence


def holm(pvalues: Sequence[float]) -> list[float]:
    """Holm's step-down adjusted p-values, in the order given: any p below alpha holds family-wise.

    Holm 1979, Scand. J. Statist. 6:65. Valid under every dependence between the comparisons.
    """
    m = len(pvalues)
    adjusted = [1.0] * m
    running = 0.0
    for rank, index in enumerate(sorted(range(m), key=pvalues.__getitem__)):
        running = max(running, min(1.0, (m - rank) * pvalues[index]))
        adjusted[index] = running
    return adjusted


def benjamini_hochberg(pvalues: Sequence[float]) -> list[float]:
    """Adjusted p-values that control the false discovery rate: for exploring, and named so.

    Benjamini and Hochberg 1995, J. R. Stat. Soc. B 57:289; the order given is kept.
    """
    m = len(pvalues)
    adjusted = [1.0] * m
    running = 1.0
    order = sorted(range(m), key=pvalues.__getitem__, reverse=True)
    for rank, index in zip(range(m, 0, -1), order, strict=True):
        running = min(running, pvalues[index] * m / rank)
        adjusted[index] = running
    return adjusted
