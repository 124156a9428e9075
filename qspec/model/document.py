"""A document: everything one `.qspec` file (or its YAML or JSON twin) declares."""

from typing import Annotated

from pydantic import Field

from qspec.model.artifact import Dataset, Model
from qspec.model.base import Labelled, Noun, Text
from qspec.model.claim import Claim, Deployment, Suite
from qspec.model.executor import Executor
from qspec.model.hardware import Hardware, Runtime

LANGUAGE_VERSION = 1


class Document(Noun):
    """The declarations of one file, in the order they were written."""

    qspec: int = LANGUAGE_VERSION
    """Version of the language."""
    use: list[Text] = Field(default_factory=list)
    """Files whose names this document sees; under the same root, never above it."""
    models: Annotated[dict[str, Model], Labelled("model")] = Field(default_factory=dict)
    """Models by name."""
    datasets: Annotated[dict[str, Dataset], Labelled("dataset")] = Field(default_factory=dict)
    """Data sets by name."""
    hardware: Annotated[dict[str, Hardware], Labelled("hardware")] = Field(default_factory=dict)
    """Machines by name."""
    runtimes: Annotated[dict[str, Runtime], Labelled("runtime")] = Field(default_factory=dict)
    """Engines by name."""
    executors: Annotated[dict[str, Executor], Labelled("executor")] = Field(default_factory=dict)
    """Executors by name."""
    claims: Annotated[dict[str, Claim], Labelled("claim")] = Field(default_factory=dict)
    """Claims by name."""
    deployments: Annotated[dict[str, Deployment], Labelled("deployment")] = Field(default_factory=dict)
    """Deployments by name."""
    suites: Annotated[dict[str, Suite], Labelled("suite")] = Field(default_factory=dict)
    """Suites by name."""
