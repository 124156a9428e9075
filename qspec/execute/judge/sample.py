"""The stored scores of one evaluation, ready to be compared: on the whole, and on every stratum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qspec.errors import QSpecError
from qspec.execute.contrasts import contrast
from qspec.execute.contrasts.contrast import Contrast, Sides
from qspec.execute.contrasts.drawn import DrawnContrast
from qspec.execute.contrasts.pool import Pool
from qspec.execute.correctness import are_flips, flipped, scored_right
from qspec.execute.questions import confidence_of, seed_of
from qspec.execute.scores import DRAW, REFERENCE, Scores
from qspec.metrics.bind import BoundMetric, bind
from qspec.metrics.definition import Direction, Family
from qspec.model.claim import Assertion
from qspec.model.evaluation import Evaluated
from qspec.model.expression import Term
from qspec.stats.draws import LEAST_DRAWS
from qspec.stats.interval import InsufficientDataError

Mask = NDArray[np.bool_]
_FOLLOWING = frozenset({"flips", "agreement"})
"""Distances that follow from scores and answers of the evaluation."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Where the examples of a stratum are: a part of the order (examples,) that sorts its stratification."""

    stratification: str
    order: NDArray[np.int64]
    part: slice


class Sample:
    """The examples of one evaluation: its metrics, its strata, and the contrast of any of them, made once."""

    def __init__(self, evaluation: Evaluated, scores: Scores, assertions: int = 1) -> None:
        self.evaluation, self.scores, self.assertions = evaluation, scores, assertions
        self.columns = dict(scores.baseline), dict(scores.quantized)
        """The stored columns of both models, and those derived from answers on the way."""
        scored = (bind(term) for term in self.declared if str(term) in scores.baseline)
        self.metrics: dict[str, BoundMetric] = {str(one): one for one in scored if one.name not in _FOLLOWING}
        self.right_by = scored_right(self.metrics.values(), *self.columns)
        """The metric that says which answers are right, of which flips are those; None where none is 0 or 1."""
        for term in self.declared:
            if term.name in _FOLLOWING:
                self.distance(term)
        self.undone: dict[str, Sides] = {}
        """Shares of another executor's degradation, as differences from it."""
        self._contrasts: dict[tuple[str, str | None], Contrast | InsufficientDataError] = {}
        self._pool = Pool()
        self._ordered_metric: str | None = None
        self._ordered: dict[tuple[str, str], Sides] = {}

    @property
    def declared(self) -> list[Term]:
        """The metrics the evaluation declares."""
        return self.evaluation.metrics if isinstance(self.evaluation.metrics, list) else []

    @cached_property
    def strata(self) -> dict[str, dict[str, Mask]]:
        """The mask of every stratum, by stratification and label."""
        return {
            one.name: {label: one.codes == number for number, label in enumerate(one.labels)}
            for one in self.scores.strata
        }

    @cached_property
    def masks(self) -> dict[str, Mask]:
        """The mask of every stratum of every stratification, by label."""
        return {label: mask for masks in self.strata.values() for label, mask in masks.items()}

    @cached_property
    def rows(self) -> dict[str, Rows]:
        """Where every stratum's examples are, by label: sorted out once, since a mask costs a pass a stratum."""
        found = {}
        for one in self.scores.strata:
            order = np.argsort(one.codes, kind="stable")
            starts = np.searchsorted(one.codes, range(len(one.labels) + 1), sorter=order)
            for number, label in enumerate(one.labels):
                found[label] = Rows(one.name, order, slice(starts[number], starts[number + 1]))
        return found

    def _within(self, metric: str, role: str, sides: Sides, label: str | None) -> Sides:
        """The examples of one stratum, of columns that are put in the order of its stratification once for all strata."""
        if label is None:
            return sides
        rows = self.rows[label]
        if self._ordered_metric != metric:  # Strata of one metric are asked for one after the other.
            self._ordered_metric, self._ordered = metric, {}
        key = (role, rows.stratification)
        if key not in self._ordered:
            self._ordered[key] = sides.take(rows.order)
        return self._ordered[key].take(rows.part)

    def contrast(self, metric: str, label: str | None = None) -> Contrast:
        """The two models on a metric, over the whole or one stratum.

        Raises `InsufficientDataError` where too few examples count there.
        """
        if (metric, label) not in self._contrasts:
            # All strata of a stratification are made before any is resampled, so that they are together.
            for other in self._beside(label):
                self._contrasts[metric, other] = self._made(metric, other)
        found = self._contrasts[metric, label]
        if isinstance(found, InsufficientDataError):
            raise found
        return found

    def _beside(self, label: str | None) -> list[str | None]:
        """The strata of the stratification that a stratum belongs to."""
        if label is None:
            return [None]
        name = self.rows[label].stratification
        return [other for other, rows in self.rows.items() if rows.stratification == name]

    def _made(self, metric: str, label: str | None) -> Contrast | InsufficientDataError:
        sides = self.undone[metric] if metric in self.undone else self._sides(metric)
        drawn = [replace(sides, quantized=columns) for columns in self.draws(metric)]
        every = (sides, *(drawn if len(drawn) + 1 >= LEAST_DRAWS else ()))
        try:
            made = [
                contrast(self._within(metric, f"draw {number}", one, label))
                for number, one in enumerate(every)
            ]
        except InsufficientDataError as error:
            return error
        return DrawnContrast(made) if len(made) > 1 else made[0]

    def draws(self, metric: str) -> list[NDArray[np.float64]]:
        """The columns of a metric under every other draw of the calibration sample."""
        of = self.flips_of(metric)
        every = (held.get(of or metric) for name, held in self.scores.others.items() if name.startswith(DRAW))
        found = [columns for columns in every if columns is not None]
        return [flipped(self.columns[0][of], columns) for columns in found] if of is not None else found

    def export(self, metric: str, label: str | None = None) -> Contrast | None:
        """The baseline against the reference it was exported from, likewise; None where there is no reference.

        Raises `InsufficientDataError` where too few examples count there.
        """
        columns = self.scores.others.get(REFERENCE, {}).get(metric)
        if columns is None or self.metrics[metric].family is Family.DISTANCE:
            return None
        sides = replace(self._sides(metric), baseline=columns, quantized=self.columns[0][metric])
        return contrast(self._within(metric, REFERENCE, sides, label))

    def _sides(self, metric: str) -> Sides:
        statistics = self.evaluation.statistics
        return Sides(
            self.metrics[metric],
            self.columns[0][metric],
            self.columns[1][metric],
            self.scores.units,
            seed_of(self.evaluation),
            comparisons=max(1, len(self.rows)) * self.assertions,
            confidence=confidence_of(None, self.evaluation),
            sequential=bool(statistics is not None and statistics.sequential),
            pool=self._pool,
        )

    def labels(self, assertion: Assertion) -> Iterator[str | None]:
        """The strata an assertion speaks of; None for the whole."""
        if assertion.for_each is not None:
            found = self.strata.get(assertion.for_each)
            if found is None:
                raise QSpecError(
                    f"No stratification is called `{assertion.for_each}`.",
                    hint=f"the strata declared are {', '.join(self.strata) or 'none'}",
                )
            yield from found
        elif assertion.for_ is not None:
            label = str(assertion.for_)
            if label not in self.masks:
                raise QSpecError(
                    f"No stratum is called `{label}`.",
                    hint=f"the strata are {', '.join(list(self.masks)[:12]) or 'none'}",
                )
            yield label
        else:
            yield None

    # Degradation undone ----------------------------------------------------------------------

    def recovered(self, metric: str, source: str) -> str | None:
        """The name under which the share of another executor's degradation that is undone can be contrasted.

        None where its scores are not here. Raises `QSpecError` for a metric that is no mean over examples.
        """
        name = f"recovered({metric}, from: {source})"
        columns = self.scores.others.get(source, {}).get(metric)
        if columns is None:
            return None
        bound = self.metrics[metric]
        if bound.family not in (Family.BINARY, Family.MEAN):
            raise QSpecError(
                f"The share of a degradation of {metric} is not judged: it is no mean over single examples.",
                hint="bound the loss of either executor by itself",
            )
        sign = 1.0 if bound.direction is Direction.HIGHER else -1.0
        span = bound.metric.high - bound.metric.low
        # What both models are ahead of the degraded one: the ratio of the two is the share undone.
        apart = replace(
            bound.metric, family=Family.MEAN, direction=Direction.HIGHER, low=-span / 2, high=span / 2
        )
        sides = self._sides(metric)
        self.undone[name] = replace(
            sides,
            metric=replace(bound, metric=apart),
            baseline=sign * (sides.baseline - columns),
            quantized=sign * (sides.quantized - columns),
            whole=f"What {source} loses of {metric}, of which a share may be recovered,",
        )
        return name

    # Distances -------------------------------------------------------------------------------

    def distance(self, term: Term) -> str | None:
        """The name under which a distance of the pair can be contrasted; None where the scores do not hold it.

        Flips are those of the metric that says which answers are right, and agreement follows from the stored answers,
        whatever columns of their own were kept: those were counted on what a model gives, before any normalization.
        """
        name = str(term)
        if name not in self.metrics:
            column = self._distance(bind(term))
            if column is None:
                return None
            self.metrics[name] = bind(term)
            for side in self.columns:
                side[name] = column
        return name

    def _distance(self, metric: BoundMetric) -> NDArray[np.float64] | None:
        if are_flips(metric) and self.right_by is not None:
            return flipped(*(side[self.right_by] for side in self.columns))
        changed = self.scores.changed()
        if metric.name not in _FOLLOWING or are_flips(metric) or changed is None:
            return self.columns[1].get(str(metric))
        found = changed if metric.name == "flips" else ~changed
        return found.astype(np.float64)[:, None]

    def flips_of(self, metric: str) -> str | None:
        """The metric whose flips a distance counts; None for other metrics, and for flips of answers as they stand."""
        bound = self.metrics.get(metric)
        return self.right_by if bound is not None and are_flips(bound) else None

    def notes(self, evaluation: str) -> Iterator[str]:
        """What a reader must know of the distances that are reported of an evaluation, whose name may be empty."""
        on = f" on {evaluation}" if evaluation else ""
        for name, metric in self.metrics.items():
            if not are_flips(metric):
                continue
            if self.right_by is not None:
                yield f"{name}{on} are those of {self.right_by}"
            else:
                yield f"{name}{on} are of answers that equal the truth as they stand: no metric that is 0 or 1 was scored"
