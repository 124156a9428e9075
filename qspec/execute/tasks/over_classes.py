"""Predictions over classes out of a graph's numbers: logits, probabilities, or nothing but the class."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.data.nature import Nature

_ROUNDED = 1e-4
"""How far from 1 probabilities may add before they are taken to be rounded to few bits."""


def array_of(nature: Nature) -> str:
    """The array that numbers over several classes are."""
    return {Nature.SCORES: "logits", Nature.PROBABILITIES: "probabilities"}.get(nature, "prediction")


def over_classes(values: NDArray[Any], nature: Nature) -> dict[str, NDArray[Any]]:
    """The array that numbers over classes (…, C) are: `logits` or `probabilities` (…, C), or the `prediction` (…,).

    One number an example is that of the positive of two classes: its log-odds, its probability, or whether it was reached.
    """
    nature = nature.over(values.shape[-1])
    if nature is Nature.CLASSES:
        return {"prediction": values[..., 0].astype(np.int64)}
    single = values.shape[-1] == 1
    if nature is Nature.PROBABILITIES:
        values = np.clip(values, 0, 1)  # a format of few bits may reach beyond
        return {
            "probabilities": np.concatenate([1 - values, values], axis=-1) if single else _adding_to_1(values)
        }
    if nature is Nature.SCORES:
        return {"logits": np.concatenate([np.zeros_like(values), values], axis=-1) if single else values}
    answer = values[..., 0] > 0 if single else values.argmax(axis=-1)
    return {"prediction": answer.astype(np.int64)}


def _adding_to_1(probabilities: NDArray[Any]) -> NDArray[Any]:
    """Probabilities over their sum, where that is not 1: each of them rounded to few bits, they add to something else.

    Where all were rounded to nothing, no class is likelier than another.
    """
    total = probabilities.sum(axis=-1, keepdims=True, dtype=np.float64)
    if (np.abs(total - 1) <= _ROUNDED).all():
        return probabilities
    even = np.full_like(probabilities, 1 / probabilities.shape[-1], dtype=np.float64)
    return np.asarray(np.divide(probabilities, total, out=even, where=total > 0))
