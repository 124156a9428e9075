"""What a precision does: its full form, whether its method reads data, and how its answers are decoded."""

from __future__ import annotations

from qspec.errors import QSpecError
from qspec.model.base import Silence
from qspec.model.evaluation import Calibration
from qspec.model.executor import Executor
from qspec.model.expression import Term
from qspec.model.number_format import NumberFormat, find_format
from qspec.model.precision import Precision, TensorFormat
from qspec.model.shorthand import expand

READING = frozenset(
    {
        "gptq",
        "awq",
        "smoothquant",
        "adaround",
        "autoround",
        "imatrix",
        "spqr",
        "omniquant",
        "brecq",
        "qdrop",
        "lapq",
    }
)
"""Recipes that read calibration data."""
BLIND = frozenset({"rtn", "hqq", "k-quant", "nf4", "llm.int8", "binaryconnect", "bnn", "dorefa", "k-means"})
"""Recipes that read none after training."""


def precision_of(executor: Executor) -> Precision | None:
    """The full form of the declared precision; None when there is none or nobody can read it."""
    if not isinstance(executor.precision, Precision):
        return None
    try:
        return expand(executor.precision)
    except QSpecError:
        return None


def recipe_of(executor: Executor) -> str | None:
    """The recipe, said in the precision or as the procedure of the calibration."""
    precision, calibration = executor.precision, executor.calibration
    if isinstance(precision, Precision) and precision.recipe is not None:
        return precision.recipe.name.lower()
    method = calibration.method if isinstance(calibration, Calibration) else None
    return method.lower() if isinstance(method, str) else None


def reads_data(executor: Executor) -> bool | None:
    """Whether the method reads examples after training; None when it cannot be told."""
    precision, recipe = precision_of(executor), recipe_of(executor)
    if recipe in READING:
        return True
    method = precision.method if precision is not None else None
    if method == "ptq-static":
        return True
    if method in {"ptq-dynamic", "cast"}:
        return False
    if method == "weight-only":
        return False if recipe in BLIND else None
    return None


def number_format(form: TensorFormat | None) -> NumberFormat | None:
    """The number format of a kind of tensor, or None when it is not given or nobody knows it."""
    return find_format(form.type) if form is not None else None


def greedy(decoding: Term) -> bool:
    """Whether decoding draws nothing at random."""
    return decoding.name in {"greedy", "beam", "beam-search"} or any(
        str(value) in {"0", "0.0"} for key, value in decoding.named.items() if key == "temperature"
    )


def not_applicable(value: object) -> Silence | None:
    """The reason block of an axis that is said not to exist here."""
    return value if isinstance(value, Silence) and value.silence == "not-applicable" else None
