"""Words that name something and words that do not: number formats, versions, soft words, under-specified metrics."""

from __future__ import annotations

import re
from functools import cache

from qspec.errors import QSpecError
from qspec.model.expression import Term

VAGUE = frozenset(
    {
        "general capability", "general capabilities", "general-capability", "quality", "performance", "various",
        "standard benchmark", "standard benchmarks", "standard-benchmark", "benchmarks", "common benchmarks",
        "representative data", "representative", "representative-data", "typical data", "sample data", "our data",
        "in-house data", "internal data", "user data", "some data", "data", "dataset", "test", "downstream tasks",
        "original", "original model", "the original", "full model", "full", "full precision", "full-precision",
        "unquantized", "uncompressed", "16-bit", "16bit", "half precision", "baseline", "reference", "float",
        "floating point", "native", "default", "standard", "model", "our model", "the model", "multiple", "several",
        "downstream", "nlp", "vision", "understanding", "reasoning ability", "accuracy", "inference", "gpu", "cpu", "large",
    }
)  # fmt: skip
"""Phrases that stand where a name should and name nothing."""

SOFT = (
    "negligible", "near-lossless", "nearly lossless", "lossless", "virtually", "comparable", "minimal", "minor",
    "almost no", "no noticeable", "on par", "up to", "insignificant", "marginal", "small drop", "similar accuracy",
    "maintains accuracy", "preserves accuracy", "without loss", "no loss", "essentially", "competitive", "practically",
)  # fmt: skip
"""Words that stand where a bound should."""

_FORMAT = re.compile(
    r"^(?:b?fp?|float|bfloat|tf|uint|int|s|u|nf|mxfp|nvfp|mxint|hf)-?\d{1,3}(?:[-_]?e\d+m\d+(?:fn|fnuz|b\d+)?)?$"
    r"|^w\d+(?:a\d+)?(?:kv\d+)?$|^(?:i?q\d+_(?:k(?:_[sml])?|\d|nl|xxs|xs|s|m))$|^8da4w$|^(?:bf|hf)\d+$|^e\dm\d$"
    r"|^fp8$|^binary$|^ternary$|^awq$|^gptq$",
    re.IGNORECASE,
)
_VERSION = re.compile(r"(?:^|[\s/_-])[vV]\d+(?:\.\d+)*\b|\d+\.\d+|\b(?:19|20)\d{2}(?:-\d{2})?\b|@")


def is_vague(text: str) -> bool:
    """Whether the text is one of the phrases that name nothing."""
    return text.strip().lower() in VAGUE


def is_number_format(text: str) -> bool:
    """Whether the text names a number format or a scheme: `fp32`, `bf16`, `W8A8`, `Q4_K_M`."""
    first = text.strip().split()[0] if text.strip() else ""
    return bool(_FORMAT.match(first))


def names_version(text: str) -> bool:
    """Whether a name carries its version: `ResNet-50 v1.5`, `Llama-3.1-8B`, `ImageNet 2012`."""
    return bool(_VERSION.search(text))


@cache
def soft_words() -> re.Pattern[str]:
    """A pattern that finds the soft words in prose."""
    return re.compile(r"\b(" + "|".join(re.escape(w) for w in SOFT) + r")\b", re.IGNORECASE)


def metric_gap(term: Term, task: str | None) -> str | None:
    """Why a metric is under-specified, as a clause, or None when it is defined with the parameters it needs."""
    from qspec.metrics import registry
    from qspec.metrics.bind import bind

    name = registry.canonical(term.head)
    if name is None:
        if is_vague(term.name):
            return f"`{term}` is not a metric"
        near = registry.suggest(term.head)
        return f"`{term}` is no metric this language knows" + (f" (did you mean `{near}`?)" if near else "")
    if (
        name == "accuracy"
        and task is not None
        and not task.startswith(("multiple-choice", "reasoning", "question"))
    ):
        return "`accuracy` does not say which (top1, balanced, per token)"
    metric = registry.get(name)
    given = {*term.named}
    positional = len(term.positional) + (term.at is not None)
    required = [p.name for p in metric.parameters if p.required_for(task)]
    absent = [p for p in required[positional:] if p not in given]
    if absent:
        return f"`{term}` does not say its {' and '.join(absent)}"
    try:
        bind(term)
    except QSpecError as error:
        return error.message.rstrip(".")
    return None


def is_vague_task(text: str) -> bool:
    """Whether the text names a field of work rather than a task: `nlp`, `general capability`."""
    from qspec.metrics.tasks import VAGUE_TASKS

    return is_vague(text) or text.strip().lower() in VAGUE_TASKS
