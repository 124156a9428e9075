"""Transforms of values: cast, scale, normalize."""

from __future__ import annotations

import numpy as np

from qspec.data.nature import rescaled
from qspec.data.table import Array
from qspec.data.transforms import Arguments, Transform, transform
from qspec.errors import QSpecError

_TYPES = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "bool")


@transform("cast", "pre", "post")
def cast(arguments: Arguments) -> Transform:
    """`cast(float32)`: the same values in another type; a value the type cannot hold is an error."""
    name = arguments.word("type", None)
    if name not in _TYPES:
        raise QSpecError(f"A cast is to one of {', '.join(_TYPES)}, not to {name}.")
    wanted = np.dtype(name)

    def run(array: Array) -> Array:
        if wanted.kind in "iu" and array.size:
            span = np.iinfo(wanted)
            if not (span.min <= array.min() and array.max() <= span.max):
                raise QSpecError(f"A cast to {name} meets values outside {span.min}..{span.max}.")
        return array.astype(wanted)

    return run


@transform("scale", "pre", "post", leaves=rescaled)
def scale(arguments: Arguments) -> Transform:
    """`scale(0.00392156862745098)`, `scale(divide: 255)`: values times a factor, as float32 where they were integers."""
    factor = arguments.number("factor", 1)
    divisor = arguments.number("divide", 1)
    if divisor == 0:
        raise QSpecError("A scale cannot divide by zero.")

    def run(array: Array) -> Array:
        values = array if array.dtype.kind == "f" else array.astype(np.float32)
        return (values * values.dtype.type(factor)) / values.dtype.type(divisor)

    return run


@transform("normalize", "pre")
def normalize(arguments: Arguments) -> Transform:
    """`normalize(mean: 0.5, std: 0.5)`, or `mean: channels(…)` along axis 1: (value - mean) / std, in float32."""
    mean, std = (np.asarray(arguments.numbers(name, None), np.float32) for name in ("mean", "std"))
    axis = arguments.integer("axis", 1)
    if (std <= 0).any():
        raise QSpecError("The std of a normalization is positive.")
    channels = max(len(mean), len(std))

    def run(array: Array) -> Array:
        if channels > 1 and (array.ndim <= axis or array.shape[axis] != channels):
            raise QSpecError(
                f"A normalization of {channels} channels along axis {axis} does not fit examples of shape "
                f"{array.shape[1:]}."
            )
        wide = [1] * array.ndim
        wide[axis if channels > 1 else 0] = -1
        result: Array = (array.astype(np.float32) - mean.reshape(wide)) / std.reshape(wide)
        return result

    return run
