"""What a scheme is asked for and what it hands back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from qspec.model.evaluation import Calibration
from qspec.model.precision import Precision

Feed = dict[str, NDArray[Any]]
"""One batch: graph input name to array."""


def open_on_processor(path: Path) -> None:
    """Open a model on the processor; the runtime raises its own errors where it refuses."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def no_batches() -> Iterator[Feed]:
    """The calibration data of a scheme that reads none."""
    return iter(())


@dataclass(frozen=True)
class Request:
    """A model, the precision it is to have, and the data from which scales may be chosen."""

    model: Path
    """The base model."""
    precision: Precision
    """The precision in its full form."""
    output: Path
    """The file to write; its folder must exist and serves as the work folder."""
    calibration: Calibration | None = None
    """The calibration procedure."""
    batches: Callable[[], Iterator[Feed]] = no_batches
    """Starts a new pass over the calibration data; every call yields the same batches in the same order."""
    seed: int = 0
    """Seed of whatever the scheme draws."""
    opens: Callable[[Path], object] = open_on_processor
    """Opens a model as it will be run, and raises where the runtime refuses: asked where kernels are not everywhere."""


@dataclass(frozen=True)
class Realized:
    """An artifact, and everything that determined it beside the inputs."""

    path: Path
    """The quantized model."""
    quantizer: str
    """The package that quantized, with its version."""
    arguments: dict[str, Any]
    """Its arguments, as plain JSON data."""
    declared: tuple[str, ...]
    """Names of the base model's layers that the precision covers."""
    simulated: bool = False
    """True when the format is emulated in floats: accuracy can be had, speed cannot."""
    notes: tuple[str, ...] = field(default=())
    """Sentences a reader of the result must know."""
    coded_size: int | None = None
    """Bytes the model would take in its entropy-coded form, where the scheme has one."""
