"""Intervals for a million examples, fifty strata, five metrics and both models, beside scipy's bootstrap."""

from __future__ import annotations

import time

import numpy as np
from scipy import stats

from qspec.stats.bootstrap import bootstrap, group_sums, group_units, group_weights, replicate_sums

EXAMPLES, STRATA, METRICS, REPLICATES = 1_000_000, 50, 5, 2000
BUDGET, SCIPY_THEN = 3.0, 9.0


def main() -> None:
    """Print wall seconds and the ratio to `scipy.stats.bootstrap` on one metric of 50,000 examples."""
    rng = np.random.default_rng(0)
    columns = (rng.random((EXAMPLES, 2 * METRICS)) < 0.8).astype(np.float64)
    strata = rng.integers(0, STRATA, EXAMPLES)
    start = time.perf_counter()
    groups, count = group_units(None, EXAMPLES, seed=0)
    statistics = np.hstack([columns, np.ones((EXAMPLES, 1))])
    sums = group_sums(statistics, groups, count, strata, STRATA)
    resampled = replicate_sums(sums, group_weights(count, REPLICATES, seed=0))
    for metric in range(METRICS):

        def loss(values: np.ndarray, metric: int = metric) -> np.ndarray:
            return (values[..., 2 * metric] - values[..., 2 * metric + 1]) / values[..., -1]

        for one in bootstrap(sums, resampled, loss, units=EXAMPLES):
            one.percentile()
    own = time.perf_counter() - start
    sample = columns[:50_000, 0]
    start = time.perf_counter()
    stats.bootstrap((sample,), np.mean, n_resamples=1000, batch=100, method="percentile", random_state=0)
    theirs = (time.perf_counter() - start) * 10
    print(
        f"intervals: {own:.2f} s (budget {BUDGET}); scipy.stats.bootstrap, one metric: {theirs:.1f} s, from a tenth"
    )
    print(f"ratio {own / theirs:.2f}, budget {BUDGET / SCIPY_THEN:.2f}")


if __name__ == "__main__":
    main()
