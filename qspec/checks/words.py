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
    "without affecting", "effectively", "neutral",
)  # fmt: skip
"""Words that stand where a bound should."""

_FORMAT = re.compile(
    r"^(?:b?fp?|float|bfloat|tf|uint|int|s|u|nf|mxfp|nvfp|mxint|hf)-?\d{1,3}(?:[-_]?e\d+m\d+(?:fn|fnuz|b\d+)?)?$"
    r"|^w\d+(?:a\d+)?(?:kv\d+)?$|^(?:i?q\d+_(?:k(?:_[sml])?|\d|nl|xxs|xs|s|m))$|^8da4w$|^(?:bf|hf)\d+$|^e\dm\d$"
    r"|^fp8$|^binary$|^ternary$|^awq$|^gptq$|^(?:single|double)-precision$",
    re.IGNORECASE,
)
_CLASS_OF_MODELS = re.compile(r"\b(?:models|architectures|networks|designs)\b", re.IGNORECASE)
_CLASS_OF_TASKS = re.compile(r"\b(?:tasks|benchmarks|workloads|applications)$", re.IGNORECASE)
_NO_SCORE = re.compile(
    r"accuracy|quality|score|performance|fidelity|mean|average|recovery|degradation", re.IGNORECASE
)
_ONE_ACCURACY = frozenset(
    {"text-classification", "tabular-classification", "token-classification", "multiple-choice", "reasoning"}
)
"""Tasks in which accuracy has but one usual meaning; on images it may be top-1 or top-5."""
_VERSION = re.compile(r"(?:^|[\s/_-])[vV]\d+(?:\.\d+)*\b|\d+\.\d+|\b(?:19|20)\d{2}(?:-\d{2})?\b|@")


def is_vague(text: str) -> bool:
    """Whether the text is one of the phrases that name nothing."""
    plain = text.strip().lower()
    return plain in VAGUE or plain.startswith("our ")


def is_number_format(text: str) -> bool:
    """Whether the text names a number format or a scheme: `fp32`, `bf16`, `W8A8`, `Q4_K_M`."""
    first = text.strip().lower().replace(" precision", "-precision").split()[0] if text.strip() else ""
    return bool(_FORMAT.match(first))


def names_version(text: str) -> bool:
    """Whether a name carries its version: `ResNet-50 v1.5`, `Llama-3.1-8B`, `ImageNet 2012`."""
    return bool(_VERSION.search(text))


@cache
def soft_words() -> re.Pattern[str]:
    """A pattern that finds the soft words in prose."""
    return re.compile(r"\b(" + "|".join(re.escape(w) for w in SOFT) + r")\b", re.IGNORECASE)


def metric_gap(term: Term, task: str | None, *, published: bool = False) -> str | None:
    """Why a metric is under-specified, as a clause, or None when it is defined with the parameters it needs.

    Of a score that somebody else published, defaults of this program are not supposed where such scores vary.
    """
    from qspec.metrics import registry
    from qspec.metrics.bind import bind

    name = registry.canonical(term.head)
    if name is None:
        if is_vague(term.name):
            return f"`{term}` is not a metric"
        near = registry.suggest(term.head)
        return f"`{term}` is no metric this language knows" + (f" (did you mean `{near}`?)" if near else "")
    if name == "accuracy" and not (task or "").startswith(("multiple-choice", "reasoning", "question")):
        return "`accuracy` does not say which (top1, balanced, per token)"
    metric = registry.get(name)
    given = {*term.named}
    positional = len(term.positional) + (term.at is not None)
    required = [p.name for p in metric.parameters if p.required_for(task) or (published and p.varies)]
    absent = [p for p in required[positional:] if p not in given]
    if absent:
        return f"`{term}` does not say its {' and '.join(absent)}"
    try:
        bind(term)
    except QSpecError as error:
        return error.message.rstrip(".")
    return None


def is_vague_task(text: str) -> bool:
    """Whether the text names a field of work rather than a task: `nlp`, `general capability`, `academic benchmarks`."""
    from qspec.metrics.tasks import VAGUE_TASKS

    plain = text.strip().lower()
    return is_vague(text) or plain in VAGUE_TASKS or bool(_CLASS_OF_TASKS.search(plain))


def names_model(text: str) -> bool:
    """Whether the text names a model rather than a class of them: not `a wide variety of architectures`."""
    return not is_vague(text) and not _CLASS_OF_MODELS.search(text)


def names_metric(term: Term, task: str | None) -> bool:
    """Whether a metric is told by its name, parameters aside: `perplexity` and `mc2` are, bare `accuracy` on images,
    `map` and `f1` are not, since they name several scores.
    """
    from qspec.metrics import registry

    name = registry.canonical(term.head)
    if name is None:
        return not is_vague(term.name) and not _NO_SCORE.search(term.name)
    if name == "accuracy":
        return task in _ONE_ACCURACY
    return name not in {"map", "f1"} or bool(term.positional or term.named)
