"""Hardware and runtime: where numbers were, or will be, produced."""

from typing import Annotated

from pydantic import Field

from qspec.model.base import Noun, Open, Text, Vocabulary, Word
from qspec.model.quantity import Quantity


class Hardware(Noun):
    """A machine. Fields that are given must match the machine found; fields left out match anything."""

    local: bool = False
    """True for `hardware: local`: whatever machine executes the spec."""
    name: Text | None = None
    """What people call the machine."""
    device: Text | None = None
    """Kind of device, for example `cpu`, `gpu`, `npu`, or its product name."""
    accelerator: Text | None = None
    """Product name of the accelerator."""
    count: Quantity | None = None
    """How many accelerators."""
    accelerator_memory: Quantity | None = None
    """Memory of one accelerator."""
    driver: Text | None = None
    """Version of the accelerator's driver."""
    cpu: Text | None = None
    """Model name of the processor."""
    sockets: Quantity | None = None
    """Processors in the machine."""
    cores: Quantity | None = None
    """Processor cores used."""
    instruction_sets: list[Word] = Field(default_factory=list)
    """Instruction sets that must be there, for example `avx512_vnni`."""
    memory: Quantity | None = None
    """Main memory."""
    os: Text | None = None
    """Operating system and its version."""
    kernel: Text | None = None
    """Kernel release."""
    power: Quantity | Text | None = None
    """Power limit or policy."""


class Options(Open[str | bool | Quantity]):
    """Provider or runtime options, by the runtime's own names."""


class Runtime(Noun):
    """The engine that runs the graph, with what changes its results or its speed."""

    name: Annotated[Word, Vocabulary("runtime")] | None = None
    """The engine, for example `onnxruntime`."""
    version: Text | Quantity | None = None
    """Version, or a range such as `>=1.20`."""
    provider: Annotated[Word, Vocabulary("provider")] | None = None
    """Execution provider: `cpu`, `cuda` or `tensorrt` can be run here; others can be declared."""
    threads: Quantity | None = None
    """Intra-operator threads."""
    inter_threads: Quantity | None = None
    """Inter-operator threads."""
    affinity: Text | None = None
    """Processor affinity of the threads."""
    graph_optimization: Annotated[Word, Vocabulary("graph-optimization")] | None = None
    """`none`, `basic`, `extended` or `all`."""
    precision: Word | None = None
    """Arithmetic the engine is told to use, where it differs from the model's."""
    options: Options | None = None
    """Provider options."""
