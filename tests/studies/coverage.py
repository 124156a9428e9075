"""How often the default rule errs, by exact enumeration at the boundary: `python tests/studies/coverage.py`.

For a true loss that equals the bound, every table of flips is enumerated with its trinomial probability. A
confirmation there is false, and so is a refutation; the table printed holds the largest rate over a grid of
discordances. Coverage of the simulated intervals follows, with a fixed seed. Takes some minutes.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator

import numpy as np
from scipy.stats import binom

from qspec.stats.bootstrap import bootstrap, group_sums, group_units, group_weights, replicate_sums
from qspec.stats.calibration import calibration_loss, debiased_squared_error
from qspec.stats.decision import Outcome, Relation, decide
from qspec.stats.interval import normal_quantile
from qspec.stats.means import mean
from qspec.stats.paired import PairedCounts, refuting_z, tango_z, wald
from qspec.stats.ratio import contrast_z, tang_z
from qspec.stats.sequential import sequential_mean

Z = normal_quantile(0.95)


def flips_within(n: int, discordance: float) -> int:
    """A number of flips of one kind that is passed with a probability under about 1e-9."""
    mean_flips = n * discordance
    return min(n, math.ceil(mean_flips + 6.5 * math.sqrt(mean_flips + 1) + 8))


def log_table(n: int, most: int) -> np.ndarray:
    """Logarithm of n!/(b! c! (n - b - c)!) for b, c in 0..most; minus infinity outside the simplex."""
    factorial = np.array([math.lgamma(i + 1) for i in range(n + 1)])
    b, c = np.meshgrid(np.arange(most + 1), np.arange(most + 1), indexing="ij")
    rest = n - b - c
    table = factorial[n] - factorial[b] - factorial[c] - factorial[np.maximum(rest, 0)]
    return np.where(rest >= 0, table, -np.inf)


def probabilities(n: int, harmful: float, helpful: float, table: np.ndarray) -> np.ndarray:
    """Trinomial probability of every (b, c) of the table."""
    index = np.arange(table.shape[0])
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = (
            table
            + index[:, None] * np.log(harmful)
            + (n - index[:, None] - index) * np.log1p(-harmful - helpful)
        )
        logs = logs + (index * np.log(helpful) if helpful > 0 else np.where(index == 0, 0.0, -np.inf))
    return np.exp(np.where(np.isnan(logs), -np.inf, logs))


def tables(n: int, most: int) -> Iterator[tuple[int, int]]:
    """Every (b, c) that fits n examples."""
    return ((b, c) for b in range(most + 1) for c in range(min(most, n - b) + 1))


def error_rates(n: int, bound: float, discordances: list[float]) -> dict[str, float]:
    """Largest chance of a false confirmation and a false refutation of `loss <= bound`, at loss = bound.

    Also that of a false confirmation by Wald's interval, which the rule never uses, for comparison.
    """
    most = flips_within(n, max(discordances))
    table = log_table(n, most)
    shape = table.shape
    confirmed, refuted, by_wald = (np.zeros(shape, dtype=bool) for _ in range(3))
    for b, c in tables(n, most):
        counts = PairedCounts(both=n - b - c, harmful=b, helpful=c, neither=0)
        score = tango_z(b, c, n, bound)
        confirmed[b, c] = score < -Z
        refuted[b, c] = refuting_z(b, c, n, bound) > Z
        by_wald[b, c] = decide(wald(counts), Relation.AT_MOST, bound) is Outcome.CONFIRMED
    worst = {"confirmed": 0.0, "refuted": 0.0, "wald-confirmed": 0.0}
    for discordance in discordances:
        p = probabilities(n, (discordance + bound) / 2, (discordance - bound) / 2, table)
        for name, region in zip(worst, (confirmed, refuted, by_wald), strict=True):
            worst[name] = max(worst[name], float(p[region].sum()))
    return worst


def ratio_errors(n: int, rate: float, share: float, discordances: list[float]) -> tuple[float, float]:
    """Largest chances of falsely confirming and refuting `rate >= share of baseline`, at equality.

    Summed over the flips and over the number of examples both models get right; what has a probability under
    1e-9 is left out.
    """
    confirmed = refuted = 0.0
    loss = rate * (1 - share)
    for discordance in (d for d in discordances if d >= loss):
        harmful, helpful = (discordance + loss) / 2, (discordance - loss) / 2
        most = flips_within(n, max(harmful, helpful))
        p = probabilities(n, harmful, helpful, log_table(n, most))
        both_share = (rate - harmful) / (1 - harmful - helpful)
        above = below = 0.0
        for b, c in tables(n, most):
            if p[b, c] < 1e-9:
                continue
            rest = np.arange(n - b - c + 1)
            likely = p[b, c] * binom.pmf(rest, n - b - c, both_share)
            for both in np.flatnonzero(likely > 1e-9):
                score = tang_z(float(both), c, b, n, share)
                above += float(likely[both]) * (score > Z)
                rivals = score, contrast_z(float(both), c, b, n, share)
                below += float(likely[both]) * (max(rivals) < -Z)
        confirmed, refuted = max(confirmed, above), max(refuted, below)
    return confirmed, refuted


def simulated(seed: int, repeats: int) -> dict[str, float]:
    """Coverage of the clustered t, the grouped bootstrap, the calibration interval and the sequence."""
    rng = np.random.default_rng(seed)
    hits = {
        "clustered t, 40 clusters": 0,
        "bootstrap of a ratio": 0,
        "calibration": 0,
        "sequence, 39 looks": 0,
    }
    big = rng.normal(1, 1.5, 2_000_000)
    right = rng.random(big.size) < _sigmoid(big)
    truth = debiased_squared_error(_sigmoid(1.6 * big), right) - debiased_squared_error(_sigmoid(big), right)
    for _ in range(repeats):
        cluster = rng.integers(0, 40, 600)
        values = rng.normal(size=40)[cluster] + rng.normal(size=600)
        hits["clustered t, 40 clusters"] += mean(values, cluster).interval().contains(0.0)

        x = rng.gamma(2.0, 1.0, (800, 2)) * np.array([1.1, 1.0])
        groups, count = group_units(None, 800, seed)
        sums = group_sums(x, groups, count)
        resampled = replicate_sums(sums, group_weights(count, 2000, int(rng.integers(2**31))))
        (ratio,) = bootstrap(sums, resampled, lambda s: s[..., 0] / s[..., 1], count)
        hits["bootstrap of a ratio"] += ratio.percentile().contains(1.1)

        score = rng.normal(1, 1.5, 2000)
        answer = rng.random(2000) < _sigmoid(score)
        grown = calibration_loss((_sigmoid(score), answer), (_sigmoid(1.6 * score), answer)).interval()
        hits["calibration"] += grown.contains(truth)

        stream = rng.choice([-1.0, 0.0, 1.0], p=[0.05, 0.9, 0.05], size=4000)
        looks = range(100, 4001, 100)
        hits["sequence, 39 looks"] += all(
            sequential_mean(float(stream[:t].mean()), float(stream[:t].std()), t, 4000).contains(0.0)
            for t in looks
        )
    return {name: count / repeats for name, count in hits.items()}


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def main() -> int:
    """Print the tables; exit with 1 where the default rule errs more than 3 % of the time."""
    worst = 0.0
    print("    n  bound  falsely confirmed  falsely refuted  confirmed by Wald")
    for n in (100, 164, 200, 300, 500, 700, 1000):
        for bound in (0.0, 0.005, 0.01, 0.02, 0.03, 0.05):
            grid = [d for d in (0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2) if d >= max(bound, 0.005)]
            rates = error_rates(n, bound, grid)
            worst = max(worst, rates["confirmed"], rates["refuted"])
            print(
                f"{n:5d}  {bound:5.3f}  {rates['confirmed']:17.4f}  {rates['refuted']:15.4f}"
                f"  {rates['wald-confirmed']:17.4f}"
            )
    print(f"largest rate of the default rule: {worst:.4f} (nominal 0.025)")
    relative = [
        ratio_errors(n, rate, share, [0.02, 0.05, 0.1])
        for n in (100, 200, 400)
        for rate in (0.5, 0.8, 0.95)
        for share in (0.95, 0.98, 0.99)
    ]
    for name, rates in zip(("confirmation", "refutation"), zip(*relative, strict=True), strict=True):
        print(f"largest rate of a false {name} by the relative score: {max(rates):.4f}")
    for name, covered in simulated(seed=1, repeats=1000).items():
        print(f"coverage, {name}: {covered:.3f}")
    return 1 if worst > 0.03 else 0


if __name__ == "__main__":
    sys.exit(main())
