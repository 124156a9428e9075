"""The executor: the whole context in which numbers were, or will be, produced."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from qspec.model.artifact import Model
from qspec.model.base import Labelled, Noun, Silence, Text, Word
from qspec.model.evaluation import Calibration, Evaluated, Evaluation, Load
from qspec.model.hardware import Hardware, Runtime
from qspec.model.precision import Precision


class Baseline(Noun):
    """What a loss is relative to: a precision of the same model, another executor, or another model."""

    kind: Literal["precision", "executor", "model"]
    """What the name is the name of."""
    name: Text
    """The precision, the executor or the model."""


class Executor(Evaluated):
    """Hardware, runtime, model, precision, baseline and calibration, under evaluations and loads."""

    from_: Word | None = None
    """The executor this one extends; items given here replace whole items there."""
    hardware: Hardware | Word | Silence | None = None
    """The machine: declared here, or by name, or `local`."""
    runtime: Runtime | Word | Silence | None = None
    """The engine: declared here, or by name."""
    model: Model | Word | Silence | None = None
    """The model: declared here, or by name."""
    precision: Precision | Silence | None = None
    """Number formats and the method that made them."""
    baseline: Baseline | Silence | None = None
    """What a loss is relative to."""
    calibration: Calibration | Silence | None = None
    """Where scales come from."""
    evaluations: Annotated[dict[str, Evaluation], Labelled("evaluation")] = Field(default_factory=dict)
    """Several evaluations, by name."""
    load: Load | Silence | None = None
    """The one load."""
    loads: Annotated[dict[str, Load], Labelled("load")] = Field(default_factory=dict)
    """Several loads, by name."""

    def each_evaluation(self) -> Iterator[tuple[str, Evaluated]]:
        """The evaluations by name, each completed by what stands in the executor; one unnamed if none is named."""
        if not self.evaluations:
            yield "", self
            return
        for name, evaluation in self.evaluations.items():
            shared = {
                field: value
                for field in Evaluated.model_fields
                if getattr(evaluation, field) is None and (value := getattr(self, field)) is not None
            }
            yield name, evaluation.model_copy(update=shared)

    def each_load(self) -> Iterator[tuple[str, Load]]:
        """The loads by name; the unnamed one has the empty name."""
        if isinstance(self.load, Load):
            yield "", self.load
        yield from self.loads.items()
