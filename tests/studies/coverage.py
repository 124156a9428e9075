"""How often the default rule errs, by exact enumeration at the boundary: `python tests/studies/coverage.py`.

For a true loss that equals the bound, every table of flips is enumerated with its trinomial probability. A
confirmation there is false, and so is a refutation; the table printed holds the largest rate over a grid of
discordances. Clustered, relative and other contrasts at their bound follow by simulation with a fixed seed, and the
coverage of their intervals. Takes some minutes.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy.stats import binom

from qspec.stats.bootstrap import bootstrap, group_sums, group_units, group_weights, replicate_sums
from qspec.stats.calibration import calibration_loss, debiased_squared_error
from qspec.stats.clustered import effective_flips
from qspec.stats.decision import Outcome, Relation, decide
from qspec.stats.draws import over_draws
from qspec.stats.estimate import Estimate
from qspec.stats.interval import normal_quantile
from qspec.stats.means import mean, paired_mean_loss, relative_contrast
from qspec.stats.paired import PairedCounts, refuting_interval, refuting_z, tango, tango_z, wald
from qspec.stats.proportion import deciding_proportion
from qspec.stats.ratio import contrast_z, tang_z
from qspec.stats.sequential import sequential_mean

Z = normal_quantile(0.95)
REPEATS = 4000
"""Simulated data sets: a rate of 2.5 % is known to a quarter of a point."""
MEANS = 40_000
"""Simulated data sets of means, which take less long: a rate of 2.5 % is known to a twelfth of a point."""


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
        hits["bootstrap of a ratio"] += ratio.interval().contains(1.1)

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


def proportion_errors(n: int, bound: float) -> tuple[float, float]:
    """Chances of falsely confirming and refuting a bound on a proportion itself, such as flips, at the bound."""
    chance = binom.pmf(np.arange(n + 1), n, bound)
    limits = [deciding_proportion(k, n) for k in range(n + 1)]
    above = sum(p for p, one in zip(chance, limits, strict=True) if one.high < bound)
    return float(above), float(sum(p for p, one in zip(chance, limits, strict=True) if one.low > bound))


def at_the_bound(seed: int, repeats: int) -> dict[str, tuple[float, float]]:
    """Shares of false confirmations and refutations where the truth equals the bound, by simulation.

    Flips in clusters whose rates vary, F1 over examples, and losses over five calibration samples that move with the
    sample.
    """
    rng = np.random.default_rng(seed)
    wrong = {name: [0, 0] for name in ("clustered flips", "relative f1", "five draws")}

    def count(name: str, low: float, high: float, bound: float) -> None:
        wrong[name][0] += high < bound
        wrong[name][1] += low > bound

    for _ in range(repeats):
        units = np.repeat(np.arange(50), 12)
        rate = rng.beta(0.06 * 6, 0.94 * 6, 50)[units]
        flips = np.where(rng.random(units.size) < rate, np.where(rng.random(units.size) < 2 / 3, 1, -1), 0)
        baseline, quantized = flips >= 0, flips <= 0  # a loss of 6 % x 1/3
        clustered = effective_flips(baseline, quantized, units)
        count("clustered flips", clustered.refuting().low, clustered.interval().high, 0.02)

        low, high = _f1_contrast(rng)
        count("relative f1", -high, -low, 0.0)  # `f1 >= share of baseline` is confirmed by the lower limit

        losses = np.clip(rng.normal(0.03, 0.006, 5), 0.001, 1.0)
        hard = rng.random(2000)
        helpful = int((hard > 0.99).sum())
        tables = [
            PairedCounts(2000 - int(b) - helpful, int(b), helpful, 0)
            for b in ((hard < p).sum() for p in losses)
        ]
        confirming = over_draws([tango(one) for one in tables], 0.95)
        refuting = over_draws([refuting_interval(one) for one in tables], 0.95)
        count("five draws", refuting.low, confirming.high, 0.02)
    return {name: (c / repeats, r / repeats) for name, (c, r) in wrong.items()}


def means_at_the_bound(seed: int, repeats: int) -> dict[str, tuple[float, float]]:
    """The same of means over skewed scores, which are simulated faster: in 50 clusters, and where few hold the loss.

    Plain t beside the latter, for comparison; the rule never uses it alone.
    """
    rng = np.random.default_rng(seed)
    wrong: dict[str, tuple[float, float]] = {}

    def count(name: str, found: Estimate, bound: float) -> None:
        interval, (low, high) = found.interval(), wrong.get(name, (0.0, 0.0))
        wrong[name] = low + (interval.high < bound) / repeats, high + (interval.low > bound) / repeats

    units = np.repeat(np.arange(50), 12)
    truth = 0.05 * math.exp(0.3**2 / 2)  # five per cent of a mean of exp(0.045)
    for _ in range(repeats):
        shared = rng.normal(0, 0.3, 50)[units]
        base = rng.gamma(2.0, 0.5, units.size) * np.exp(shared)
        worse = base * (1 + rng.normal(0.05, 0.2, units.size))
        count("paired mean", paired_mean_loss(base, worse, higher_is_better=False, clusters=units), truth)
        share = relative_contrast(base, worse, 0.05, higher_is_better=False, clusters=units)
        count("relative mean", share, 0.0)
        few = mean(np.where(rng.random(500) < 0.05, rng.exponential(size=500), 0.0))
        count("mean that few of 500 hold", few, 0.05)
        count("the same by plain t", replace(few, third=0.0), 0.05)
    return wrong


RIGHT, WORSE = 0.85, 0.82
"""Chances that a positive is found by either model of the F1 study, and that a negative is let pass."""


def _f1_contrast(rng: np.random.Generator) -> tuple[float, float]:
    """Limits of f1(q) - r f1(b), which is zero in truth, by the grouped bootstrap over 800 balanced examples."""
    truth = rng.random(800) < 0.5
    luck = rng.random(800)
    models = [np.where(luck < chance, truth, ~truth) for chance in (RIGHT, WORSE)]
    columns = [np.stack([m & truth, m, truth], axis=1).astype(float) for m in models]
    groups, count = group_units(None, 800, 0)
    sums = group_sums(np.hstack(columns), groups, count)
    resampled = replicate_sums(sums, group_weights(count, 2000, int(rng.integers(2**31))))

    def contrast(s: np.ndarray) -> np.ndarray:
        base, quantized = (2 * s[..., i] / (s[..., i + 1] + s[..., i + 2]) for i in (0, 3))
        return quantized - WORSE / RIGHT * base

    (found,) = bootstrap(sums, resampled, contrast, count)
    interval = found.interval()
    return interval.low, interval.high


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
    shares = [
        proportion_errors(n, x) for n in (50, 164, 500, 1000) for x in (0.001, 0.01, 0.05, 0.2, 0.8, 0.99)
    ]
    for name, rates in zip(("confirmation", "refutation"), zip(*shares, strict=True), strict=True):
        print(f"largest rate of a false {name} of a proportion itself: {max(rates):.4f}")
    for name, (confirmed, refuted) in at_the_bound(seed=2, repeats=REPEATS).items():
        print(f"at the bound, {name}: falsely confirmed {confirmed:.4f}, falsely refuted {refuted:.4f}")
    means = means_at_the_bound(seed=4, repeats=MEANS)
    for name, (confirmed, refuted) in means.items():
        print(f"at the bound, {name}: falsely confirmed {confirmed:.4f}, falsely refuted {refuted:.4f}")
    for name, covered in simulated(seed=1, repeats=1000).items():
        print(f"coverage, {name}: {covered:.3f}")
    clustered = means["paired mean"], means["relative mean"]
    return 1 if max(worst, *(max(rates) for rates in (*relative, *shares, *clustered))) > 0.03 else 0


if __name__ == "__main__":
    sys.exit(main())
