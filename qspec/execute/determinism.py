"""Counts the answers that change when nothing should: on a second run, and at another batch size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.errors import QSpecError
from qspec.execute.collapse import Answer, chosen, spaced
from qspec.execute.evaluate import Column, evaluate_one
from qspec.execute.sessions import Session


@dataclass(frozen=True, slots=True)
class Determinism:
    """Answers that changed among `sample` examples.

    `repeated` counts those that changed between two equal runs, `rebatched` those that changed between
    batches of `batch` and of `other_batch`; None where the model takes only one batch size.
    """

    sample: int
    batch: int
    other_batch: int | None
    repeated: int
    rebatched: int | None

    @property
    def batch_matters(self) -> bool:
        """True when an answer depends on the examples beside it: the batch is then the unit of sampling."""
        return bool(self.rebatched)


def determinism(
    session: Session,
    inputs: Mapping[str, Column],
    answer: Answer,
    *,
    batch: int,
    sample: int = 256,
    among: int = 1,
) -> Determinism:
    """Run an evenly spaced sample twice in batches of `batch`, once in another size, and compare the answers.

    The other size is 1, or the whole of up to 32 examples where `batch` is 1. Answers may be chosen `among` several items
    that follow each other. Raises as `evaluate` does.
    """
    if not inputs or sample < 1:
        raise QSpecError("The determinism probe needs inputs and at least one example.")
    count = len(next(iter(inputs.values())))
    rows = spaced(count, sample, among)

    def answers(size: int) -> NDArray[Any]:
        reduced = evaluate_one(
            session, inputs, lambda outputs, at: {"answer": answer(outputs, at)}, batch=size, order=rows
        )
        return chosen(reduced["answer"], among)

    first = answers(batch)
    repeated = _changed(first, answers(batch))
    other = min(32, len(rows)) if batch == 1 else 1
    if session.batch_size is not None or other == batch:
        return Determinism(len(first), batch, None, repeated, None)
    return Determinism(len(first), batch, other, repeated, _changed(first, answers(other)))


def _changed(one: NDArray[Any], other: NDArray[Any]) -> int:
    """How many entries along the first axis differ anywhere; scores that are NaN in both are equal."""
    different = one != other
    if one.dtype.kind in "fc":
        different &= ~(np.isnan(one) & np.isnan(other))
    return int(different.reshape(len(one), -1).any(axis=1).sum())
