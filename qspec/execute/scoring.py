"""Scores one evaluation: both models over the same examples, thresholds from another split, columns kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.data.strata import Stratified
from qspec.execute.evaluate import Rows, evaluate, evaluate_one
from qspec.execute.refusals import Refusals
from qspec.execute.scores import Scores
from qspec.execute.sessions import Arrays, Session
from qspec.execute.tasks.runner import Gatherer, TaskRunner
from qspec.metrics.bind import BoundMetric
from qspec.metrics.collected import Collected
from qspec.metrics.definition import Family
from qspec.metrics.predictions import Predictions

Runner = TaskRunner | Gatherer
Sessions = tuple[Session, Session]
Progress = Callable[[int, int], None]
Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Paired:
    """One metric as it decides for either model: they differ in their threshold, where each has its own."""

    name: str
    baseline: BoundMetric
    quantized: BoundMetric

    @property
    def of_pair(self) -> bool:
        """Whether it compares the two models' answers."""
        return self.quantized.family is Family.DISTANCE


def score(
    runner: Runner,
    sessions: Sessions,
    metrics: Sequence[Paired],
    batch: int,
    progress: Progress,
    refusals: Refusals,
) -> Scores:
    """The scores of both models; strata and units are put in by who knows them.

    A metric that either model's answers do not give is left out, with its reason among `refusals`.
    """
    if isinstance(runner, Gatherer):
        return _gathered(runner, sessions, metrics, batch, progress, refusals)
    return _rowwise(runner, sessions, metrics, batch, progress, refusals)


def everything(runner: Runner, session: Session, batch: int) -> Predictions:
    """The predictions of one model on a whole split, as thresholds are chosen on it: small arrays only."""
    if isinstance(runner, Gatherer):
        return runner.gather(runner.run_one(session, batch))

    def reduce(outputs: Arrays, rows: Rows) -> Columns:
        predictions = runner.predictions(outputs, rows)
        # Where no class is the positive one all is kept, so that it can be told why no threshold is chosen.
        scored = predictions.has("score") and (predictions.classes or 2) <= 2
        kept = ("score", "label") if scored else predictions.names
        return {name: predictions.array(name) for name in kept}

    return Predictions(evaluate_one(session, runner.inputs(), reduce, batch=batch))


class _Blocks:
    """The columns of both models, from blocks of examples as they come."""

    def __init__(self, runner: TaskRunner, metrics: Sequence[Paired], count: int, refusals: Refusals) -> None:
        self.runner, self.metrics, self.refusals = runner, metrics, refusals
        self._second = {metric.name: Collected(count) for metric in metrics}
        self._first = {m.name: self._second[m.name] if m.of_pair else Collected(count) for m in metrics}
        self._paired = any(metric.of_pair for metric in metrics)
        self._before: Predictions | None = None

    def baseline(self, outputs: Arrays, rows: Rows) -> Columns:
        """Keep the baseline's columns of a block, and its predictions for the distances of the pair."""
        if self._paired:
            outputs = {name: array.copy() for name, array in outputs.items()}
        predictions = self.runner.predictions(outputs, rows)
        for metric in self.metrics:
            if not metric.of_pair:
                self._keep(self._first, metric.name, metric.baseline, predictions)
        self._before = predictions if self._paired else None
        return _answer(self.runner, predictions)

    def quantized(self, outputs: Arrays, rows: Rows) -> Columns:
        """Keep the quantized model's columns of the block that the baseline has just answered."""
        predictions = self.runner.predictions(outputs, rows)
        if self._before is not None:
            predictions = predictions.beside(self._before)
        for metric in self.metrics:
            self._keep(self._second, metric.name, metric.quantized, predictions)
        return _answer(self.runner, predictions)

    def _keep(
        self, side: dict[str, Collected], name: str, metric: BoundMetric, predictions: Predictions
    ) -> None:
        columns = self.refusals.attempt(name, lambda: metric.columns(predictions))
        if columns is not None:
            side[name].take(columns)

    def columns(self) -> tuple[Columns, Columns]:
        """The columns of all examples, of the baseline and of the quantized model; the same where they are of the pair."""
        first, second = (
            {name: each.whole() for name, each in self.refusals.without(side).items()}
            for side in (self._first, self._second)
        )
        return first, second


def _answer(runner: TaskRunner, predictions: Predictions) -> Columns:
    answers = runner.answers(predictions)
    return {"answer": answers} if answers is not None else {}


def _rowwise(
    runner: TaskRunner,
    sessions: Sessions,
    metrics: Sequence[Paired],
    batch: int,
    progress: Progress,
    refusals: Refusals,
) -> Scores:
    inputs = runner.inputs()
    blocks = _Blocks(runner, metrics, len(next(iter(inputs.values()))), refusals)
    run = evaluate(
        *sessions,
        inputs,
        blocks.baseline,
        batch=batch,
        reduce_quantized=blocks.quantized,
        progress=progress,
    )
    answered = "answer" in run.baseline
    return Scores(
        len(run.rows),
        *blocks.columns(),
        (run.baseline["answer"], run.quantized["answer"]) if answered else None,
        facts={"batch": run.batch, "padded": run.padded},
    )


def _gathered(
    runner: Gatherer,
    sessions: Sessions,
    metrics: Sequence[Paired],
    batch: int,
    progress: Progress,
    refusals: Refusals,
) -> Scores:
    first, second, padded = runner.run(sessions, batch, progress)
    baseline = runner.gather(first)
    quantized = runner.gather(second).beside(baseline)
    columns = columns_of(metrics, baseline, quantized, refusals)
    answers = runner.answers(baseline), runner.answers(quantized)
    return Scores(
        baseline.n,
        *columns,
        (answers[0], answers[1]) if answers[0] is not None and answers[1] is not None else None,
        facts={"batch": batch, "padded": padded},
    )


def columns_of(
    metrics: Sequence[Paired], baseline: Predictions, quantized: Predictions, refusals: Refusals
) -> tuple[Columns, Columns]:
    """The columns of the baseline and of the quantized model, whose predictions stand beside the baseline's."""
    first: Columns = {}
    second: Columns = {}
    for metric in metrics:
        of_second = refusals.attempt(metric.name, lambda one=metric: one.quantized.columns(quantized))  # type: ignore[misc]
        of_first = (
            of_second
            if metric.of_pair
            else refusals.attempt(metric.name, lambda one=metric: one.baseline.columns(baseline))  # type: ignore[misc]
        )
        if of_first is not None and of_second is not None:
            first[metric.name], second[metric.name] = of_first, of_second
    return first, second


def placed(
    scores: Scores, runner: Runner, strata: list[Stratified], units: NDArray[np.int64] | None, rows: int
) -> Scores:
    """The scores with strata and units of the rows (rows,), carried over to examples where those are parts of rows.

    Examples that share a row are not independent, so the row is their unit unless a larger one is declared.
    """
    owners = runner.owners() if isinstance(runner, Gatherer) else None
    if owners is None:
        return replace(scores, strata=strata, units=units)
    carried = [Stratified(one.name, one.codes[owners], one.labels) for one in strata]
    unit = (units if units is not None else np.arange(rows, dtype=np.int64))[owners]
    return replace(scores, strata=carried, units=unit)
