"""Whether a method reads data, and whether decoding draws at random."""

from __future__ import annotations

from qspec.checks.precisions import expanded
from qspec.model.base import Silence
from qspec.model.evaluation import Calibration
from qspec.model.executor import Executor
from qspec.model.expression import Term
from qspec.model.precision import Precision

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


def recipe_of(executor: Executor) -> str | None:
    """The recipe, said in the precision or as the procedure of the calibration."""
    precision, calibration = executor.precision, executor.calibration
    if isinstance(precision, Precision) and precision.recipe is not None:
        return precision.recipe.name.lower()
    method = calibration.method if isinstance(calibration, Calibration) else None
    return method.lower() if isinstance(method, str) else None


def reads_data(executor: Executor) -> bool | None:
    """Whether the method reads examples after training; None when it cannot be told."""
    precision, recipe = expanded(executor.precision), recipe_of(executor)
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


def greedy(decoding: Term) -> bool:
    """Whether decoding draws nothing at random."""
    return decoding.name in {"greedy", "beam", "beam-search"} or any(
        str(value) in {"0", "0.0"} for key, value in decoding.named.items() if key == "temperature"
    )


def not_applicable(value: object) -> Silence | None:
    """The reason block of an axis that is said not to exist here."""
    return value if isinstance(value, Silence) and value.silence == "not-applicable" else None
