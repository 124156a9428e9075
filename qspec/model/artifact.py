"""Models and data sets: what is run and on what, each pinned by version, revision or digest."""

from pydantic import Field

from qspec.model.base import Digest, Noun, Open, Silence, Text, Word
from qspec.model.expression import Pinned, Predicate
from qspec.model.quantity import Quantity, Range


class ModelFile(Noun):
    """A model that arrives as a file, for example one that was quantized elsewhere."""

    file: Text | None = None
    """Path of the ONNX file, beside the spec or below it."""
    sha256: Digest | None = None
    """SHA-256 of the file."""
    version: Word | Quantity | None = None
    """The publisher's version."""
    quantizer: Pinned | None = None
    """The program that quantized it, with its version."""


class ReferenceFile(Noun):
    """The model that the ONNX file was exported from, as an exported program of PyTorch."""

    file: Text | None = None
    """Path of the `.pt2` file that `torch.export.save` wrote, beside the spec or below it."""
    sha256: Digest | None = None
    """SHA-256 of the file."""


class Model(Noun):
    """A model: one file (`file`, `sha256`), or a published base with its quantized variant."""

    version: Word | Quantity | None = None
    """The publisher's version."""
    file: Text | None = None
    """Path of the ONNX file of the base model, beside the spec or below it."""
    sha256: Digest | None = None
    """SHA-256 of the file."""
    base: Pinned | Silence | None = None
    """The base model, by name and revision."""
    reference: ReferenceFile | None = None
    """The model that `file` was exported from, run beside it so that what the export cost is told apart."""
    quantized: ModelFile | Pinned | Silence | None = None
    """The quantized variant, by name and revision or as a file; left out when it is derived here."""
    inputs: list[Word] = Field(default_factory=list)
    """Names of the graph inputs, where they need saying."""
    outputs: list[Word] = Field(default_factory=list)
    """Names of the graph outputs that the task reads, where the graph has several."""
    parameters: Quantity | None = None
    """Number of parameters."""
    license: Text | None = None
    """Licence of the weights."""
    tokenizer: Text | None = None
    """Path of a tokenizer.json file, by which texts become token numbers and answers become texts."""


class Splits(Open[Range | Predicate | str]):
    """The splits of a data set: row ranges, predicates over columns, or files, by name."""


class Columns(Open[Word]):
    """Which column feeds which input of the model, by input name."""


QUERIES = "queries"
"""The split that a data set of tables has without declaring one: all of its queries."""


class Tables(Noun):
    """The three tables of a retrieval data set."""

    corpus: Text
    """Path of the passages, one a row."""
    queries: Text
    """Path of the queries, one a row."""
    relevance: Text
    """Path of the relevance judgements: query, passage, grade."""


class Dataset(Noun):
    """A data set: where it lies, which version it is, how it splits, and which column means what."""

    source: Text | None = None
    """Path beside the spec or below it, or `hf://datasets/ORG/NAME@REVISION/PATH`."""
    sha256: Digest | None = None
    """SHA-256 of the source file."""
    version: Word | Quantity | None = None
    """The publisher's version."""
    splits: Splits | None = None
    """Row ranges (half-open, as in Python), predicates over columns, or files, by name."""
    inputs: Columns | None = None
    """Model input to column."""
    label: Word | None = None
    """The column with the answer."""
    classes: list[Word] = Field(default_factory=list)
    """Names of the classes, in the order of their numbers; labels that are text are looked up among them."""
    tables: Tables | None = None
    """Corpus, queries and relevance judgements, for retrieval."""
    license: Text | None = None
    """Licence of the data."""

    @property
    def split_names(self) -> list[str]:
        """The splits that may be named: those declared, and of tables the `queries`, all of them."""
        declared = list(self.splits.members) if self.splits is not None else []
        return declared if self.tables is None or QUERIES in declared else [*declared, QUERIES]
