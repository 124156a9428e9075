"""Speed against accuracy, from the results of one execution."""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.view import ClaimView
from qspec.model.measurand import MeasurandKind, measurand
from qspec.model.measured import Measured, Result
from qspec.report import figures
from qspec.report.measure import physical_scale
from qspec.report.plots import Point, Tradeoff
from qspec.report.scores import Score

MOST_PLOTS = 4


def tradeoffs(claim: ClaimView, block: Measured, scores: tuple[Score, ...]) -> Iterator[Tradeoff]:
    """One plot for each measured throughput and the first few metrics; none without both."""
    speeds = [
        r for r in block.results if measurand(r.quantity).kind is MeasurandKind.THROUGHPUT and r.for_ is None
    ]
    pairs = [(speed, score) for speed in speeds for score in scores if score.whole is not None]
    bounded = {str(view.measurand.metric) for view in claim.assertions}
    pairs.sort(key=lambda pair: pair[1].term not in bounded)
    for speed, score in pairs[:MOST_PLOTS]:
        plot = _tradeoff(speed, score)
        if plot is not None:
            yield plot


def _tradeoff(speed: Result, score: Score) -> Tradeoff | None:
    """Intervals are those of the paired ratio and the paired loss, drawn around the quantized model."""
    whole = score.whole
    assert whole is not None
    x0, x1 = figures.base(speed.baseline), figures.base(speed.quantized)
    y0, y1 = figures.base(whole.baseline), figures.base(whole.quantized)
    if x0 is None or x1 is None or y0 is None or y1 is None:
        return None
    ratio, losses = figures.ends(speed.interval), figures.ends(whole.interval)
    sign = -1.0 if score.measure.lower_is_better else 1.0
    step = score.value_scale.step
    x_scale = physical_scale(MeasurandKind.THROUGHPUT, [speed.baseline, speed.quantized])
    gain = figures.base(speed.ratio)
    gain_text = figures.ratio([gain]).show(gain) if gain is not None else ""
    loss = score.loss_scale.show(figures.base(whole.loss))
    where = f" on {speed.on}" if speed.on else ""
    metric = score.term + (f" on {score.on}" if score.on else "")
    unit = score.value_scale.suffix.strip()
    return Tradeoff(
        title=f"Throughput{where} against {metric}",
        description=(
            f"Baseline: {x_scale.show(x0)} at {score.value_scale.show(y0)}. Quantized: {x_scale.show(x1)} at "
            f"{score.value_scale.show(y1)}, a loss of {loss}"
            + (f" at {gain_text} the speed." if gain_text else ".")
        ),
        x_axis=f"throughput{where}, {x_scale.suffix.strip()}",
        y_axis=f"{metric}, {unit}" if unit else metric,
        baseline=Point("baseline", x0, y0 / step),
        quantized=Point(
            f"quantized, {gain_text}" if gain_text else "quantized",
            x1,
            y1 / step,
            (x0 * ratio[0], x0 * ratio[1]) if ratio and gain is not None else None,
            tuple(sorted((y0 - sign * end) / step for end in losses)) if losses else None,  # type: ignore[arg-type]
        ),
    )
