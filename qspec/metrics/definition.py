"""What a metric is: direction, range, unit, parameters, tasks, and how its value is computed.

A metric is declared by decorating the function that turns predictions into one row of numbers an example,
its *columns*. Columns are what is stored of a run: from them alone every value, total or per stratum, and
every resample can be had again. Nothing here, and nothing a declaration needs, imports numpy.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from qspec.metrics import registry

if TYPE_CHECKING:
    from qspec.metrics.fields import FloatArray, IntArray
    from qspec.metrics.parameters import Parameter, Parameters
    from qspec.metrics.predictions import Predictions

ColumnsFunction = Callable[["Predictions", "Parameters"], "FloatArray"]
ValueFunction = Callable[["FloatArray", "FloatArray", "Parameters"], "FloatArray"]
SumsFunction = Callable[["FloatArray", "IntArray", int, "Parameters"], "FloatArray"]
ScoreFunction = Callable[["FloatArray", "Parameters"], float]
CountedScore = Callable[["IntArray"], float]
"""From how often each row counts, (n,), to the value."""


class Direction(StrEnum):
    """Which way is better."""

    HIGHER = "higher"
    LOWER = "lower"

    def loss(self, baseline: float, quantized: float) -> float:
        """What was lost from baseline to quantized, in the metric's own unit: positive is worse."""
        return baseline - quantized if self is Direction.HIGHER else quantized - baseline


class Family(StrEnum):
    """How a value depends on the examples, which decides what interval it can have."""

    BINARY = "binary"
    """Right or wrong per example; the value is a proportion."""
    MEAN = "mean"
    """A mean over examples of any real number."""
    SMOOTH = "smooth"
    """A smooth function of sums over examples."""
    RANK = "rank"
    """Depends on how examples rank among each other."""
    CALIBRATION = "calibration"
    """Compares confidence with accuracy in bins; its plain estimators are biased."""
    DETECTION = "detection"
    """Matches predicted objects with true ones over the whole set of images."""
    DISTANCE = "distance"
    """Compares the quantized model's answers with the baseline's: a mean over examples of its own."""


class Availability(StrEnum):
    """How a value can be had here."""

    EXECUTABLE = "executable"
    """From a model and its data."""
    SCORES = "scores"
    """Only from outputs or scores that were made elsewhere."""
    REFUSED = "refused"
    """Not at all: the claim can be stated and checked, and is refused at execution."""


def mean_value(sums: FloatArray, n: FloatArray, parameters: Parameters) -> FloatArray:
    """The first sum over the number of examples."""
    return divide(sums[..., 0], n)


def ratio_value(sums: FloatArray, n: FloatArray, parameters: Parameters) -> FloatArray:
    """The first sum over the second, for metrics that carry a denominator of their own."""
    return divide(sums[..., 0], sums[..., 1])


def divide(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Elementwise quotient; nothing over nothing is NaN, without a warning."""
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.true_divide(numerator, denominator), dtype=np.float64)


def sum_by_group(columns: FloatArray, groups: IntArray, count: int, parameters: Parameters) -> FloatArray:
    """Column sums of (n, c) within each of `count` groups, as (count, c): one pass a column."""
    import numpy as np

    sums = np.empty((count, columns.shape[1]), dtype=np.float64)
    for index in range(columns.shape[1]):
        sums[:, index] = np.bincount(groups, weights=columns[:, index], minlength=count)
    return sums


@dataclass(frozen=True)
class Additive:
    """A value that is a function of sums over examples.

    `columns` gives (n, c), where a NaN row lies outside the denominator; `sums` adds rows within groups to
    (groups, k), where k may be larger than c (class counts out of class numbers, so that a thousand classes
    are never stored an example); `value` takes sums (..., k) and numbers of examples (...) to values (...).
    """

    columns: ColumnsFunction
    value: ValueFunction = mean_value
    sums: SumsFunction = sum_by_group


@dataclass(frozen=True)
class Scored:
    """A value computed from the (n, c) columns of all examples together, which do not add up.

    `counted`, where a metric has it, looks at the columns once and gives the value on any resample of their rows, sooner than
    `score` on rows that are repeated.
    """

    columns: ColumnsFunction
    score: ScoreFunction
    counted: Callable[[FloatArray, Parameters], CountedScore] | None = None


@dataclass(frozen=True)
class Metric:
    """A scoring rule."""

    name: str
    """As the language writes it, with `@k` where a cut-off follows."""
    title: str
    family: Family
    direction: Direction = Direction.HIGHER
    low: float = 0.0
    """Least possible value."""
    high: float = 1.0
    """Greatest possible value; infinite where there is none."""
    unit: str = "proportion"
    """`proportion`, a unit of the language (`ppl`, `dB`), or the metric's own name."""
    needs: tuple[str, ...] = ()
    """Prediction arrays it reads, given or derivable; alternatives joined by `|`."""
    two_classes: bool = False
    """Whether it is of a positive and a negative class, and of no more."""
    parameters: tuple[Parameter, ...] = ()
    tasks: frozenset[str] = frozenset()
    """Tasks it makes sense for."""
    availability: Availability = Availability.EXECUTABLE
    aliases: tuple[str, ...] = ()
    package: str | None = None
    """The package its computation needs beside numpy."""
    doc: str = ""
    """What it is, with its source; the docstring of its computation."""
    computation: Additive | Scored | None = field(default=None, repr=False, compare=False)

    @property
    def additive(self) -> bool:
        """True when sums over examples suffice for the value."""
        return isinstance(self.computation, Additive)

    @property
    def scale(self) -> float:
        """Factor from the value to the figure as usually printed: 100 for a proportion, else 1."""
        return 100.0 if self.unit == "proportion" else 1.0

    def parameter(self, name: str) -> Parameter | None:
        """The parameter called `name`, or None."""
        return next((item for item in self.parameters if item.name == name), None)

    def loss(self, baseline: float, quantized: float) -> float:
        """What was lost, in the metric's own unit: positive is worse, whatever the direction."""
        return self.direction.loss(baseline, quantized)


def register(metric: Metric, module: str) -> Metric:
    """File a metric under its name and aliases, as belonging to `module`."""
    # The registry's table is made from the module of each entry; an instance would answer with this one.
    object.__setattr__(metric, "__module__", module)
    return registry.register(metric.name, aliases=metric.aliases)(metric)


def _with(metric: Metric, function: Callable[..., object], computation: Additive | Scored) -> None:
    doc = inspect.cleandoc(function.__doc__ or "")
    register(replace(metric, doc=doc, computation=computation), function.__module__)


def additive(
    metric: Metric, *, value: ValueFunction = mean_value, sums: SumsFunction = sum_by_group
) -> Callable[[ColumnsFunction], ColumnsFunction]:
    """Declare `metric` by its columns, which add up; the function's docstring becomes its documentation."""

    def wrap(columns: ColumnsFunction) -> ColumnsFunction:
        _with(metric, columns, Additive(columns, value, sums))
        return columns

    return wrap


def scored(
    metric: Metric,
    columns: ColumnsFunction,
    counted: Callable[[FloatArray, Parameters], CountedScore] | None = None,
) -> Callable[[ScoreFunction], ScoreFunction]:
    """Declare `metric` by its score over all `columns`, and by its value on resamples of them where that is `counted`."""

    def wrap(score: ScoreFunction) -> ScoreFunction:
        _with(metric, score, Scored(columns, score, counted))
        return score

    return wrap
