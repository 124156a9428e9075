"""Transforms of shape: reshape, transpose, pad."""

from __future__ import annotations

import numpy as np

from qspec.data.table import Array
from qspec.data.transforms import Arguments, Transform, transform
from qspec.errors import QSpecError


@transform("reshape", "pre", "post")
def reshape(arguments: Arguments) -> Transform:
    """`reshape(1, 28, 28)`: the shape of one example; one size may be -1."""
    sizes = arguments.integers("sizes")
    if not sizes or sizes.count(-1) > 1 or any(size < 1 and size != -1 for size in sizes):
        raise QSpecError("A reshape names the sizes of one example, at most one of them -1.")

    def run(array: Array) -> Array:
        try:
            return array.reshape(len(array), *sizes)
        except ValueError as error:
            raise QSpecError(
                f"Examples of shape {array.shape[1:]} cannot be reshaped to {tuple(sizes)}."
            ) from error

    return run


@transform("transpose", "pre", "post")
def transpose(arguments: Arguments) -> Transform:
    """`transpose(2, 0, 1)`: the axes of one example in a new order, counted from zero without the batch."""
    axes = arguments.integers("axes")
    if sorted(axes) != list(range(len(axes))):
        raise QSpecError("A transpose names every axis of one example once, counted from zero.")

    def run(array: Array) -> Array:
        if array.ndim - 1 != len(axes):
            raise QSpecError(
                f"A transpose of {len(axes)} axes does not fit examples of shape {array.shape[1:]}."
            )
        return np.ascontiguousarray(array.transpose(0, *(axis + 1 for axis in axes)))

    return run


@transform("pad", "pre")
def pad(arguments: Arguments) -> Transform:
    """`pad(128)`: the last axis filled up with `value` (0) to a length; longer examples are an error."""
    length, value = arguments.integer("length", None), arguments.number("value", 0)

    def run(array: Array) -> Array:
        if array.ndim < 2 or array.shape[-1] > length:
            raise QSpecError(f"Examples of shape {array.shape[1:]} cannot be padded to a length of {length}.")
        widths = [(0, 0)] * (array.ndim - 1) + [(0, length - array.shape[-1])]
        return np.pad(array, widths, constant_values=array.dtype.type(value))

    return run
