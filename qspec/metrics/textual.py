"""What text metrics share: reading texts beside their references, normalizing them, optional packages."""

from __future__ import annotations

import importlib
import re
import string
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from qspec.errors import NotExecutableError, QSpecError
from qspec.metrics.parameters import Kind, Parameter

if TYPE_CHECKING:
    from qspec.metrics.predictions import Predictions

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_ASCII_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalization(required: bool, tasks: frozenset[str] = frozenset()) -> Parameter:
    """The parameter that says what is done to texts before they are compared."""
    return Parameter(
        "normalization",
        Kind.WORD,
        "none compares texts as they are, case in lower case, plain in lower case without punctuation, squad also "
        "without English articles",
        required=required,
        default=None if required else "none",
        choices=("none", "case", "plain", "squad"),
        tasks=tasks,
    )


def normalized(text: str, how: str) -> str:
    """`text` under one of the normalizations; white space is collapsed by all but `none`."""
    if how == "none":
        return text
    text = text.lower()
    if how == "plain":
        text = "".join(" " if unicodedata.category(c)[0] in "PS" and c != "'" else c for c in text)
    elif how == "squad":
        text = _ARTICLES.sub(" ", text.translate(_ASCII_PUNCTUATION))
    return " ".join(text.split())


def pairs(predictions: Predictions, how: str = "none") -> Iterator[tuple[str, list[str]]]:
    """Each produced text with its references, normalized."""
    for text, reference in zip(predictions.texts("text"), predictions.texts("reference"), strict=True):
        references = [reference] if isinstance(reference, str) else list(reference)
        yield normalized(text, how), [normalized(one, how) for one in references]


def single_reference(metric: str, references: list[str]) -> str:
    """The one reference; raises `QSpecError` when there are several, which this metric does not define."""
    if len(references) != 1:
        raise QSpecError(
            f"The metric {metric} compares with one reference a text; one text has {len(references)}."
        )
    return references[0]


def optional_package(module: str, metric: str) -> Any:
    """The imported module; raises `NotExecutableError` with the command that installs it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise NotExecutableError(
            f"The metric {metric} needs the package {module.partition('.')[0]}, which is not installed.",
            hint='pip install "qspec[text]"',
        ) from error
