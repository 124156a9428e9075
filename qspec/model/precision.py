"""Precision: number formats, granularity and method, apart for weights, activations, cache and accumulators."""

from typing import Annotated

from pydantic import Field

from qspec.model.base import Labelled, Noun, Text, Vocabulary, Word
from qspec.model.expression import Pinned, Term
from qspec.model.quantity import Quantity


class TensorFormat(Noun):
    """The number format of one kind of tensor."""

    type: Annotated[Word, Vocabulary("number-format")]
    """Number format, for example `int8`, `uint8`, `int4`, `fp16`, `fp8-e4m3`, `nf4`, `mxfp4`."""
    granularity: Term | None = None
    """What shares a scale: `per-tensor`, `per-channel`, `per-group(n)`, `per-block(r, c)`, `per-token`."""
    symmetric: bool | None = None
    """True when zero maps to zero and the range is mirrored."""
    scale: "TensorFormat | None" = None
    """Format of the scales themselves, where they are quantized (double quantization, block scales)."""
    range: Word | None = None
    """`full` or `reduced` (seven bits, against saturation on processors without VNNI)."""


class Layers(Noun):
    """A rule for the layers that a name pattern or an operator type selects."""

    weights: TensorFormat | None = None
    """Format of their weights."""
    activations: TensorFormat | None = None
    """Format of their activations."""
    operators: list[Word] = Field(default_factory=list)
    """Operator types the rule is for; all when empty."""


class Pruning(Noun):
    """Removal of weights, and what sits beside it in compression pipelines."""

    sparsity: Quantity | None = None
    """Share of weights that are zero."""
    structure: Term | None = None
    """`unstructured`, `n-of-m(2, 4)`, `channel`."""
    sharing: Quantity | None = None
    """Number of shared weight values (clusters) per layer."""
    coding: Word | None = None
    """Entropy coding of what is stored, for example `huffman`."""


class Precision(Noun):
    """A precision: a shorthand as people write it, or the full form, or a shorthand with corrections."""

    shorthand: Text | None = None
    """What was written in one phrase, for example `W4A16 g128`."""
    method: Annotated[Word, Vocabulary("method")] | None = None
    """How the numbers were made, for example `ptq-static`, `ptq-dynamic`, `weight-only`, `qat`, `cast`."""
    recipe: Term | None = None
    """A named algorithm, for example `smoothquant(alpha: 0.5)`, `gptq`, `awq`, `hqq`, `rtn`."""
    format: Annotated[Word, Vocabulary("graph-format")] | None = None
    """How the graph writes quantization: `qdq` or `qoperator`."""
    weights: TensorFormat | None = None
    """Format of the weights."""
    activations: TensorFormat | None = None
    """Format of the activations."""
    kv_cache: TensorFormat | None = None
    """Format of the key–value cache."""
    accumulators: TensorFormat | None = None
    """Format of the accumulators."""
    exclude: list[Text] = Field(default_factory=list)
    """Name patterns of layers that stay at the baseline's precision."""
    operators: list[Word] = Field(default_factory=list)
    """Operator types that are quantized; the method's own choice when empty."""
    layers: Annotated[dict[str, Layers], Labelled("layers")] = Field(default_factory=dict)
    """Rules for some layers, by name pattern, over the general formats."""
    pruning: Pruning | None = None
    """Compression beside quantization."""
    quantizer: Pinned | None = None
    """The program that quantizes, with its version."""
    simulated: bool | None = None
    """True when the format is emulated in a wider one: accuracy can be had, speed cannot."""

    @property
    def emulated(self) -> bool:
        """Whether the formats are emulated in wider ones; `method: simulated` and `simulated: true` both say so."""
        return bool(self.simulated) or self.method == "simulated"
