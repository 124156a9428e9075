"""Claims: assertions about the outputs of one executor, and what somebody else reported."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from qspec.model.base import Assertions, Noun, Quantities, Repeated, Silence, Text, Vocabulary, Word
from qspec.model.executor import Executor
from qspec.model.expression import FLIPPED, Predicate, Term
from qspec.model.measured import Measured
from qspec.model.quantity import Quantity, Range, Spread


class Bound(Noun):
    """A relation and the quantity it compares with."""

    relation: Literal["==", "<", "<=", ">", ">="]
    """How the quantity compares with the bound."""
    quantity: Quantity
    """The bound, with its unit."""

    @property
    def is_upper(self) -> bool:
        """Whether it bounds from above."""
        return self.relation in ("<", "<=")

    def __str__(self) -> str:
        return f"{self.relation} {self.quantity}"


class Assertion(Noun):
    """`QUANTITY relation BOUND [on …] [for …] [at CONFIDENCE] [expect OUTCOME]`."""

    quantity: Term
    """What is bounded, for example `loss(top1)` or `latency(p99)`."""
    absolute: bool = False
    """True for `|loss(top1)|`."""
    bounds: list[Bound] = Field(min_length=1, max_length=2)
    """One bound, or a lower and an upper one."""
    on: Word | None = None
    """The evaluation or the load, where there are several."""
    for_each: Word | None = None
    """Every stratum of this stratification."""
    for_: Word | Predicate | None = None
    """One stratum, by name or by predicate."""
    at: Quantity | None = None
    """Confidence, where it is not the evaluation's."""
    expect: Annotated[Word, Vocabulary("outcome")] | None = None
    """The outcome that counts as success; `confirmed` unless given."""

    @property
    def is_stratified(self) -> bool:
        """Whether it bounds strata rather than the whole."""
        return self.for_each is not None or self.for_ is not None

    def __str__(self) -> str:
        bounds = [(bound.relation, str(bound.quantity)) for bound in self.bounds]
        quantity, bound = bounded(str(self.quantity), bounds, absolute=self.absolute)
        text = f"{quantity} {bound}" if bound else quantity
        if self.on:
            text += f" on {self.on}"
        if self.for_each:
            text += f" for each {self.for_each}"
        if self.for_ is not None:
            text += f" for {self.for_}"
        return text + (f" at {self.at}" if self.at else "")


def bounded(quantity: str, bounds: Sequence[tuple[str, str]], *, absolute: bool) -> tuple[str, str]:
    """What is bounded and its bound; of two bounds the first stands, turned round, before what they bound."""
    if absolute:
        quantity = f"|{quantity}|"
    if len(bounds) == 1:
        return quantity, " ".join(bounds[0])
    (low, low_number), (high, high_number) = bounds
    return f"{low_number} {FLIPPED[low]} {quantity} {high} {high_number}", ""


class Source(Noun):
    """Where a statement stands."""

    vendor: Text | None = None
    """Who states it."""
    title: Text | None = None
    """Title of the document."""
    url: Text | None = None
    """Address of the document."""
    date: Word | None = None
    """Date of the document, as YYYY-MM-DD."""
    retrieved: Word | None = None
    """Date on which it was read."""
    kind: Annotated[Word, Vocabulary("source-kind")] | None = None
    """Paper, model card, vendor document, benchmark, issue."""
    locator: Text | None = None
    """Page, table or section."""
    archive: Text | None = None
    """Address of a kept copy."""


class Reported(Noun):
    """A figure as somebody reported it, for the whole or for one stratum."""

    quantity: Term
    """The metric, or `loss(metric)`, `throughput`, `latency(p99)`, `size`."""
    on: Word | None = None
    """The evaluation or the load."""
    for_: Word | Predicate | None = None
    """The stratum."""
    at: Quantity | None = None
    """Confidence of the interval given."""
    value: Quantity | Spread | Range | None = None
    """The figure, where there is one."""
    bound: Bound | None = None
    """A bound given in place of a figure: `< 1 %`."""
    baseline: Quantity | Spread | Range | None = None
    """The baseline's figure."""
    quantized: Quantity | Spread | Range | None = None
    """The quantized model's figure."""
    loss: Quantity | Spread | Range | None = None
    """The loss as printed."""
    recovery: Quantity | Spread | Range | None = None
    """The share of the baseline kept, as printed."""
    ratio: Quantity | Spread | Range | None = None
    """Quantized over baseline, as printed."""
    interval: Range | None = None
    """The interval as printed."""
    n: Quantity | None = None
    """Examples behind the figure."""
    runs: Quantity | None = None
    """Runs or seeds behind the figure."""
    as_printed: Text | None = None
    """The words of the source, where the figure alone misleads."""


class Report(Noun):
    """What the source reports: figures by quantity, and its words."""

    figures: Annotated[list[Reported], Quantities()] = Field(default_factory=list)
    """The figures."""
    as_printed: Text | None = None
    """The sentence of the source that carries the claim."""


class Claim(Noun):
    """Assertions about the outputs of one executor."""

    on: Word | None = None
    """The executor, by name."""
    executor: Executor | None = None
    """The executor, declared here."""
    title: Text | None = None
    """A sentence for people."""
    source: Source | None = None
    """Where the statement stands, when it is somebody else's."""
    evidence: list[Annotated[Word, Vocabulary("evidence")]] | Silence | None = None
    """How it was measured, and by whom."""
    profile: Annotated[Word, Vocabulary("profile")] | None = None
    """The profile the claim asks to be checked under."""
    assertions: Annotated[list[Assertion], Assertions()] = Field(default_factory=list)
    """What is claimed."""
    reported: Report | None = None
    """What the source reports."""
    measured: Annotated[list[Measured], Repeated("measured")] = Field(default_factory=list)
    """What was measured by executing the claim, one block for each machine and provider."""


class CannotAbsorb(Noun):
    """Losses a deployment cannot absorb, as assertions."""

    assertions: Annotated[list[Assertion], Assertions()] = Field(default_factory=list)
    """Bounds that must hold there."""


class Deployment(Noun):
    """Where a model would be used, and the losses that cannot be absorbed there."""

    task: Annotated[Word, Vocabulary("task")] | None = None
    """What the model is used for."""
    metrics: list[Term] | None = None
    """The scoring rules that matter there."""
    hardware: Word | None = None
    """The machine, by name."""
    runtime: Word | None = None
    """The engine, by name."""
    profile: Annotated[Word, Vocabulary("profile")] | None = None
    """The profile a claim must satisfy to travel here."""
    domain: Text | None = None
    """What the data are about."""
    cannot_absorb: CannotAbsorb | None = None
    """Losses that would do harm."""


class Suite(Noun):
    """Claims that are read and executed together."""

    title: Text | None = None
    """A sentence for people."""
    claims: list[Word] = Field(default_factory=list)
    """The claims, by name."""
    profile: Annotated[Word, Vocabulary("profile")] | None = None
    """The profile of every claim that names none."""
