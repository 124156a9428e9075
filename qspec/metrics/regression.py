"""Errors of numbers: mean squared and mean absolute error, peak signal-to-noise ratio."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qspec.errors import QSpecError
from qspec.metrics.definition import Direction, Family, Metric, additive
from qspec.metrics.parameters import Kind, Parameter, Parameters

if TYPE_CHECKING:
    from collections.abc import Callable

    from qspec.metrics.fields import Array, FloatArray
    from qspec.metrics.predictions import Predictions

NUMERIC = frozenset({"regression", "super-resolution"})


def _mean_within(predictions: Predictions, of: Callable[[Array], Array]) -> FloatArray:
    """(n, 1): the mean of a function of the differences within each example."""
    import numpy as np

    output, target = predictions.array("output"), predictions.array("target")
    if output.shape != target.shape:
        raise QSpecError(
            f"The output has shape {output.shape} and the target {target.shape}; they must agree."
        )
    means = np.empty((predictions.n, 1))
    for rows in predictions.blocks(math.prod(output.shape[1:])):
        difference = output[rows].astype(np.float64) - target[rows]
        means[rows, 0] = of(difference).reshape(len(difference), -1).mean(axis=1)
    return means


@additive(
    Metric(
        "mse",
        "Mean squared error",
        Family.MEAN,
        Direction.LOWER,
        high=math.inf,
        unit="mse",
        needs=("output", "target"),
        tasks=NUMERIC,
        aliases=("mean-squared-error",),
    )
)
def mse(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Squared difference of output and target, averaged within and then over examples."""
    import numpy as np

    return _mean_within(predictions, np.square)


@additive(
    Metric(
        "mae",
        "Mean absolute error",
        Family.MEAN,
        Direction.LOWER,
        high=math.inf,
        unit="mae",
        needs=("output", "target"),
        tasks=NUMERIC,
        aliases=("mean-absolute-error",),
    )
)
def mae(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Absolute difference of output and target, averaged within and then over examples."""
    import numpy as np

    return _mean_within(predictions, np.abs)


@additive(
    Metric(
        "psnr",
        "Peak signal-to-noise ratio",
        Family.MEAN,
        low=-math.inf,
        high=math.inf,
        unit="dB",
        needs=("output", "target"),
        parameters=(
            Parameter("peak", Kind.NUMBER, "the greatest possible value: 1 or 255 for images", required=True),
        ),
        tasks=frozenset({"super-resolution"}),
    )
)
def psnr(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Ten times the decimal logarithm of peak squared over the mean squared error of an image, averaged over
    images.
    """
    import numpy as np

    peak = parameters.number("peak")
    if peak <= 0:
        raise QSpecError(f"The peak of a signal must be positive; it is {peak:g}.")
    error = _mean_within(predictions, np.square)
    same = int((error == 0).sum())
    if same:
        raise QSpecError(
            f"The signal-to-noise ratio is infinite for {same} images that equal their target.",
            hint="bound the mean squared error instead",
        )
    return np.asarray(10 * np.log10(peak**2 / error), dtype=np.float64)
