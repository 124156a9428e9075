"""Transforms between class numbers and scores: one-hot, softmax, argmax, top-k, threshold, l2-normalize."""

from __future__ import annotations

import numpy as np

from qspec.data.nature import Nature, rescaled
from qspec.data.table import Array
from qspec.data.transforms import Arguments, Transform, transform
from qspec.errors import QSpecError


@transform("one-hot", "pre")
def one_hot(arguments: Arguments) -> Transform:
    """`one-hot(10)`: integers below the number of classes as float32 rows with a single one."""
    classes = arguments.integer("classes", None)

    def run(array: Array) -> Array:
        if array.dtype.kind not in "iu" or (array.size and not (array.min() >= 0 and array.max() < classes)):
            raise QSpecError(f"A one-hot of {classes} classes takes integers in 0..{classes}.")
        return np.eye(classes, dtype=np.float32)[array]

    return run


@transform("softmax", "post", leaves=Nature.PROBABILITIES)
def softmax(arguments: Arguments) -> Transform:
    """`softmax`: scores along the last axis as probabilities, in float64, with an optional `temperature`."""
    temperature = arguments.number("temperature", 1)
    if temperature <= 0:
        raise QSpecError("The temperature of a softmax is positive.")

    def run(array: Array) -> Array:
        shifted = (array - array.max(axis=-1, keepdims=True)).astype(np.float64) / temperature
        raised = np.exp(shifted)
        return np.asarray(raised / raised.sum(axis=-1, keepdims=True))

    return run


@transform("argmax", "post", leaves=Nature.CLASSES)
def argmax(arguments: Arguments) -> Transform:
    """`argmax`: the place of the highest score along the last axis, int64; the first of equal ones."""

    def run(array: Array) -> Array:
        return np.asarray(array.argmax(axis=-1), dtype=np.int64)

    return run


@transform("top-k", "post", leaves=Nature.CLASSES)
def top_k(arguments: Arguments) -> Transform:
    """`top-k(5)`: the places of the k highest scores along the last axis, highest first; equal ones in order."""
    k = arguments.integer("k", None)

    def run(array: Array) -> Array:
        if not 1 <= k <= array.shape[-1]:
            raise QSpecError(f"The {k} highest of {array.shape[-1]} scores do not exist.")
        # A stable sort of the negated scores breaks ties by place, whatever k is.
        return np.argsort(-array, axis=-1, kind="stable")[..., :k].astype(np.int64)

    return run


@transform("threshold", "post", leaves=Nature.FLAGS)
def threshold(arguments: Arguments) -> Transform:
    """`threshold(0.5)`: one where a score is at or above the threshold, else zero, int64."""
    least = arguments.number("at", None)

    def run(array: Array) -> Array:
        return np.asarray(array >= least, dtype=np.int64)

    return run


@transform("l2-normalize", "post", leaves=rescaled)
def l2_normalize(arguments: Arguments) -> Transform:
    """`l2-normalize`: vectors along the last axis at length one; a zero vector stays zero."""

    def run(array: Array) -> Array:
        length = np.linalg.norm(array, axis=-1, keepdims=True)
        return np.asarray(array / np.where(length == 0, 1, length))

    return run
