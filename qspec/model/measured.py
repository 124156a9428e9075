"""What `qspec execute` writes into a claim: the executor found, results, census, verdicts and digests."""

from typing import Annotated

from pydantic import Field

from qspec.model.base import Digest, Labelled, Noun, Open, Quantities, Text, Word
from qspec.model.expression import Predicate, Term
from qspec.model.quantity import Quantity, Range

JUDGE_VERSION = 1
"""Version of the judge in this program: raised only when a verdict can come out otherwise for the same scores."""

ELSEWHERE = "elsewhere"
"""What stands for the machine where scores were made elsewhere; the executor found is then the declared one."""


class Found(Noun):
    """The executor as it was found on the machine that ran the spec."""

    machine: Word | None = None
    """A digest of what identifies the machine's kind; one measured block is kept for each."""
    cpu: Text | None = None
    """Model name of the processor."""
    sockets: Quantity | None = None
    """Processors in the machine."""
    cores: Quantity | None = None
    """Processor cores that could be used."""
    instruction_sets: list[Word] = Field(default_factory=list)
    """Instruction sets that change results or speed."""
    memory: Quantity | None = None
    """Main memory."""
    accelerator: Text | None = None
    """Product name of the accelerator used."""
    accelerator_memory: Quantity | None = None
    """Memory of one accelerator."""
    count: Quantity | None = None
    """Accelerators of that name."""
    driver: Text | None = None
    """Version of its driver."""
    os: Text | None = None
    """Operating system."""
    kernel: Text | None = None
    """Kernel release."""
    power: Quantity | Text | None = None
    """Power limit of the accelerator, or policy of the processor's frequency."""
    python: Text | None = None
    """Python version."""
    runtime: Text | None = None
    """Engine and version."""
    provider: Word | None = None
    """Execution provider that ran."""
    threads: Quantity | None = None
    """Intra-operator threads."""
    batch: Quantity | None = None
    """Examples a call in the evaluation."""


class Census(Noun):
    """Which share of the declared layers ran at the declared precision."""

    declared: Quantity
    """Layers that the precision names."""
    stored: Quantity
    """Of those, layers whose weights are stored in the declared format."""
    computed: Quantity
    """Of those, layers that compute in the declared format."""
    realized: bool
    """True when what ran is what was declared."""
    simulated: bool = False
    """True when the format was emulated in a wider one: accuracy is real, speed is not."""
    missing: list[Text] = Field(default_factory=list)
    """Declared layers that ran otherwise."""
    elsewhere: list[Text] = Field(default_factory=list)
    """Nodes that ran on another provider than the one asked for, and which."""


class Result(Noun):
    """One measured quantity, for the whole test set or one stratum, or one load."""

    quantity: Term
    """The metric, or `throughput`, `latency(p50)`, `size`, `memory`."""
    on: Word | None = None
    """The evaluation or the load."""
    for_: Word | Predicate | None = None
    """The stratum."""
    baseline: Quantity | None = None
    """The baseline's value."""
    quantized: Quantity | None = None
    """The quantized model's value."""
    loss: Quantity | None = None
    """Loss, positive is worse."""
    ratio: Quantity | None = None
    """Quantized over baseline."""
    interval: Range | None = None
    """Interval of the loss, or of the ratio where there is one."""
    method: Word | None = None
    """How the interval was made."""
    n: Quantity | None = None
    """Units behind the value."""
    reference: Quantity | None = None
    """Value of the model that the baseline was exported from, where the spec names it."""
    export_loss: Quantity | None = None
    """Loss of the baseline against that reference: what the export cost, apart from `loss`."""
    export_interval: Range | None = None
    """Interval of the export's loss."""
    harmful: Quantity | None = None
    """Examples the baseline has right and the quantized model wrong."""
    helpful: Quantity | None = None
    """Examples the quantized model has right and the baseline wrong."""
    changed: Quantity | None = None
    """Examples whose answer changed at all."""
    flips: Range | None = None
    """Wilson's interval of the share of examples that exactly one of the models has right."""
    p_exact: Quantity | None = None
    """McNemar's exact test that there is any loss or gain at all; a large one is no evidence of none."""
    p_mid: Quantity | None = None
    """The same with the probability of what was seen halved, which is less cautious."""


class Verdict(Noun):
    """The outcome of one assertion."""

    outcome: Word
    """`confirmed`, `refuted`, `inconclusive`, or why it could not be judged."""
    expected: Word | None = None
    """The outcome the assertion expects, where it says so."""
    interval: Range | None = None
    """The interval that decided."""
    method: Word | None = None
    """How the interval was made."""
    discordance: Quantity | None = None
    """Share of examples that exactly one of the models has right, where the outcome is open for want of examples."""
    needs: Quantity | None = None
    """Examples that would decide, at the discordance seen."""
    because: Text | None = None
    """A sentence, where the outcome is not plain from the figures."""


class Hidden(Noun):
    """A stratum that loses more of a metric than the aggregate's bound while the aggregate holds."""

    quantity: Term | None = None
    """The metric that is lost."""
    on: Word | None = None
    """The evaluation."""
    stratum: Text | None = None
    """The stratum."""
    loss: Quantity
    """Loss in the stratum, in the metric's own unit."""
    interval: Range | None = None
    """Its interval."""
    p: Quantity | None = None
    """Smallest level at which it shows, Holm-adjusted over all declared strata."""


class Drawn(Noun):
    """How a loss moves with the calibration sample."""

    samples: Quantity
    """Calibration samples that were drawn, the declared one included."""
    loss: Quantity
    """Mean of the losses, positive is worse."""
    deviation: Quantity
    """Their standard deviation."""
    least: Quantity
    """The least of them."""
    most: Quantity
    """The greatest of them."""


class Artifacts(Open[Digest]):
    """SHA-256 of every file that took part, by role."""


class Measured(Noun):
    """One execution of a claim on one machine and provider."""

    at: Text
    """When it was measured, in UTC, ISO 8601."""
    tool: Text
    """The program and its version."""
    judge_version: Quantity
    """Raised only when verdicts can change."""
    executor: Found
    """The executor as found."""
    quantizer: Text | None = None
    """The program that quantized, its version and its arguments."""
    census: Annotated[dict[str, Census], Labelled("census")] = Field(default_factory=dict)
    """What really ran, for each model of the pair."""
    results: Annotated[list[Result], Quantities()] = Field(default_factory=list)
    """What was measured."""
    hidden: Annotated[dict[str, Hidden], Labelled("hidden")] = Field(default_factory=dict)
    """Hidden losses, by metric and stratum."""
    draws: Annotated[dict[str, Drawn], Labelled("draws")] = Field(default_factory=dict)
    """How losses move with the calibration sample, by metric, where several were drawn."""
    verdicts: Annotated[dict[str, Verdict], Labelled("verdict")] = Field(default_factory=dict)
    """Outcomes, by assertion."""
    outcome: Word | None = None
    """The claim as a whole."""
    notes: list[Text] = Field(default_factory=list)
    """What a reader must know beside the figures."""
    artifacts: Artifacts | None = None
    """Digests of the files that took part."""
    plan: Digest | None = None
    """Digest of the plan."""
    executor_digest: Digest
    """SHA-256 of the resolved executor: when it no longer matches, the scores are stale."""
    assertions_digest: Digest
    """SHA-256 of bounds, confidence, population and unit: when only this differs, `qspec judge` suffices."""
    content_digest: Digest
    """SHA-256 of this block itself: finds accidental edits, and is no seal."""
