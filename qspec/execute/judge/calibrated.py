"""How losses move with the calibration sample, and of which samples the verdicts speak."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import mean, stdev

from qspec.checks.scheme import reads_data
from qspec.execute.judge.figures import count, figure
from qspec.execute.judge.sample import Sample
from qspec.lang.resolve import ResolvedClaim
from qspec.metrics.definition import Family
from qspec.model.artifact import ModelFile
from qspec.model.evaluation import Calibration
from qspec.model.measured import Drawn
from qspec.stats.draws import LEAST_DRAWS


def draws(sample: Sample) -> dict[str, Drawn]:
    """The losses of every metric over all draws of the calibration sample, where more than one was drawn."""
    found = {}
    for name, metric in sample.metrics.items():
        others = sample.draws(name)
        if not others or metric.family is Family.DISTANCE:
            continue
        baseline = metric.score(sample.columns[0][name])
        losses = [metric.loss(baseline, metric.score(c)) for c in (sample.columns[1][name], *others)]
        figures = [figure(one) for one in (mean(losses), stdev(losses), min(losses), max(losses))]
        if all(one is not None for one in figures):
            loss, deviation, least, most = figures
            found[name] = Drawn(
                samples=count(len(losses)), loss=loss, deviation=deviation, least=least, most=most
            )
    return found


def of_which_samples(resolved: ResolvedClaim, sample: Sample, found: dict[str, Drawn]) -> Iterator[str]:
    """What a reader must know of the calibration behind the verdicts, where the scheme reads data."""
    executor = resolved.executor
    if executor is None or not isinstance(executor.executor.calibration, Calibration):
        return
    if reads_data(executor.executor) is False:
        return
    most = max((int(one.samples.value) for one in found.values()), default=1)
    for name, one in found.items():
        yield (
            f"over {one.samples} calibration samples the loss of {name} is {one.loss} on average, from {one.least} "
            f"to {one.most}, with a standard deviation of {one.deviation}"
        )
    if most >= LEAST_DRAWS:
        yield f"verdicts on accuracy hold for calibration samples like the {most} that were drawn"
        return
    which = "one calibration sample" if most == 1 else f"the first of {most} calibration samples"
    arrived = executor.model is not None and isinstance(executor.model.quantized, ModelFile)
    statistics = sample.evaluation.statistics
    asked = statistics is not None and statistics.seeds is not None and statistics.seeds.value > 1
    if asked and most == 1:
        reason = "the model arrived quantized" if arrived else "no calibration data are declared"
        rest = f"; {reason}, so no other sample could be drawn"
    else:
        rest = f"; `statistics {{ seeds: {LEAST_DRAWS} }}` draws more" if not arrived else ""
    yield f"verdicts on accuracy are conditional on {which}{rest}"
