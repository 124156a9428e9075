"""Evaluations: task, metrics, test set, strata, and what fixes how examples become scores."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from qspec.model.base import Noun, Open, Silence, Text, Vocabulary, Word
from qspec.model.expression import ByColumn, Pinned, Stratification, Term
from qspec.model.measurand import Measurand, MeasurandKind, metric_named
from qspec.model.quantity import Quantity


class Calibration(Noun):
    """The data and the procedure from which scales were, or will be, chosen."""

    data: Pinned | Silence | None = None
    """A split of a declared data set (`digits.train`), or a published name and revision."""
    method: Annotated[Word, Vocabulary("calibration-method")] | Silence | None = None
    """`minmax`, `entropy`, `percentile`, `mse`, or an algorithm that reads data such as `gptq`."""
    size: Quantity | Silence | None = None
    """Number of examples."""
    length: Quantity | None = None
    """Length of a sequence, in tokens."""
    seed: Quantity | None = None
    """Seed of the sample."""
    percentile: Quantity | None = None
    """The percentile, for `method: percentile`."""
    moving_average: bool | None = None
    """True when ranges are averaged over batches."""
    domain: Text | None = None
    """What the data are about, where that differs from the test set."""


class TestSet(Noun):
    """The data a loss is measured on."""

    __test__ = False

    data: Pinned | Silence | None = None
    """A split of a declared data set (`digits.test`), or a published name and revision."""
    split: Text | Silence | None = None
    """The split, where `data` does not name it."""
    composition: Annotated[Word, Vocabulary("composition")] | Silence | None = None
    """`clean`, `out-of-distribution`, `stratified`, `domain-matched`, `adversarial`, `mixed`."""
    size: Quantity | Silence | None = None
    """Number of examples, or a count with a noun (`245569 tokens`)."""
    version: Word | Quantity | None = None
    """The publisher's version."""


class Strata(Open[Stratification]):
    """Decompositions of the test set, by name."""


class Pipeline(Noun):
    """What happens to an example before and after the graph: a closed, versioned list of transforms."""

    pre: list[Term] = Field(default_factory=list)
    """Transforms of the inputs, in order."""
    post: list[Term] = Field(default_factory=list)
    """Transforms of the outputs, in order."""
    version: Quantity | None = None
    """Version of the transform list."""


class Prompt(Noun):
    """What a generating model is shown, and how its answer is taken."""

    shots: Quantity | None = None
    """Worked examples in the prompt."""
    template: Text | None = None
    """Template by name and version, or as text, in which `{COLUMN}` stands for a column of the data."""
    chat_template: bool | None = None
    """True when the model's own chat template wraps the prompt: `tokenizer_config.json` or `chat_template.jinja` beside its
    tokenizer."""
    decoding: Term | None = None
    """`greedy`, with the token a decoder `start`s with or the `blank` of speech, or a sampler with its parameters."""
    stop: list[Text] = Field(default_factory=list)
    """Strings that end an answer."""
    max_tokens: Quantity | None = None
    """Most tokens generated."""


class Threshold(Noun):
    """Where a decision threshold comes from; never the test split."""

    from_: Pinned | None = None
    """The split the threshold is chosen on."""
    value: Quantity | None = None
    """A threshold that was fixed beforehand, for every metric that names none of its own."""
    frozen: bool | None = None
    """True when the baseline's threshold is kept for the quantized model."""


class Statistics(Noun):
    """What is being estimated and how sure a verdict must be."""

    population: Annotated[Word, Vocabulary("population")] | None = None
    """`super` (the examples stand for others like them) or `fixed` (exactly these examples)."""
    unit: ByColumn | Word | None = None
    """What varies independently: `example`, `batch`, or a column (`by patient`), which may lack no value."""
    confidence: Quantity | None = None
    """Confidence of the two-sided interval; 95 % unless given."""
    seed: Quantity | None = None
    """Seed of resampling."""
    seeds: Quantity | None = None
    """How many calibration samples are drawn."""
    sequential: bool | None = None
    """True to stop early under a confidence sequence."""


class Evaluated(Noun):
    """The items of an evaluation, which may also stand directly in an executor."""

    task: Annotated[Word, Vocabulary("task")] | Silence | None = None
    """The downstream task."""
    metrics: list[Term] | Silence | None = None
    """The scoring rules."""
    test_set: TestSet | Silence | None = None
    """What is scored."""
    strata: Strata | Silence | None = None
    """How the test set decomposes."""
    pipeline: Pipeline | None = None
    """Transforms before and after the graph."""
    prompt: Prompt | None = None
    """Prompt and decoding of a generating model."""
    threshold: Threshold | None = None
    """Where a decision threshold comes from."""
    statistics: Statistics | None = None
    """Population, unit and confidence."""


class Evaluation(Evaluated):
    """A task, its metrics, test set and strata; what it leaves out it takes from its executor."""


def evaluations_meant(evaluations: Mapping[str, Evaluated], subject: Measurand) -> list[str]:
    """The evaluations, by name, that a quantity may be of that does not say `on NAME`: more than one where it must.

    The only one, else those that declare its metric; of a distance that none declares, all.
    """
    if len(evaluations) == 1:
        return list(evaluations)
    if subject.metric is None:
        return []
    having = [
        name
        for name, one in evaluations.items()
        if isinstance(one.metrics, list) and metric_named(subject.metric, one.metrics) is not None
    ]
    return having or (list(evaluations) if subject.kind is MeasurandKind.DISTANCE else [])


class Load(Noun):
    """How work arrives at the model while it is timed."""

    scenario: Annotated[Word, Vocabulary("scenario")] | None = None
    """`offline`, `single-stream` or `server`."""
    batch: Quantity | None = None
    """Examples a call."""
    concurrency: Quantity | None = None
    """Calls in flight."""
    rate: Quantity | None = None
    """Arrivals a second, for `server`."""
    latency_bound: Quantity | None = None
    """Latency that counts as served, for `server`."""
    warm_up: Quantity | None = None
    """Calls or time before measuring."""
    duration: Quantity | None = None
    """How long to measure."""
    profile: Annotated[Word, Vocabulary("timing-profile")] | None = None
    """`quick`, `standard` or `mlperf`."""
    lengths: Text | Quantity | None = None
    """Distribution of sequence lengths."""
    prompt_tokens: Quantity | None = None
    """Tokens read a call."""
    new_tokens: Quantity | None = None
    """Tokens generated a call."""
