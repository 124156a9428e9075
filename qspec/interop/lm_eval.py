"""Sample files of lm-evaluation-harness (`--log_samples`): a JSON object a line for each question and filter.

The harness writes `doc_id`, `doc`, `target`, `filtered_resps`, `filter`, hashes, and the value of each metric under its
own name (EleutherAI/lm-evaluation-harness 0.4, `evaluator.py` and `loggers/evaluation_tracker.py`).
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from qspec.canonical import file_digest
from qspec.data.limits import DEFAULT_LIMITS, Limits
from qspec.data.readers.jsonl import objects
from qspec.errors import Place, QSpecError
from qspec.execute.sheets import SAME, Columns, Sheet
from qspec.metrics.fields import FIELDS

METRICS: dict[str, tuple[str, ...]] = {
    "acc": ("accuracy(normalization: none)", "top1"),
    "acc_norm": ("accuracy(normalization: length)",),
    "exact_match": ("exact-match",),
    "em": ("exact-match",),
    "f1": ("token-f1",),
    "pass@1": ("pass@1",),
    "pass_at_1": ("pass@1",),
    "rouge1": ("rouge(1)",),
    "rouge2": ("rouge(2)",),
    "rougeL": ("rouge(L)",),
}
"""What the harness's names of metrics with a value for each question are called here."""
COUNTS = {"word_perplexity": "words", "byte_perplexity": "bytes", "bits_per_byte": "bytes"}
"""Its metrics that store a log-likelihood in nats and a count, and what is counted."""
HASHES = {"doc_hash": "question", "prompt_hash": "prompt"}
_LONGEST_LITERAL = 100_000


def is_samples(path: Path) -> bool:
    """Whether a file's first line is a sample of the harness."""
    if path.suffix.lower() not in {".jsonl", ".ndjson"} or not path.is_file():
        return False
    with path.open("rb") as stream:
        first = stream.readline(1 << 24)
    try:
        sample = json.loads(first)
    except (ValueError, RecursionError):
        return False
    return (
        isinstance(sample, dict) and "doc_id" in sample and ("filtered_resps" in sample or "resps" in sample)
    )


def read_samples(path: Path, filter: str | None = None, limits: Limits = DEFAULT_LIMITS) -> Sheet:
    """The questions of a sample file as columns; `filter` chooses where the file holds the answers of several.

    Raises `QSpecError` where lines are no samples, or several filters are there and none is chosen.
    """
    limits.check("file_bytes", path.stat().st_size, f"The size of {path.name}, in bytes,")
    samples: list[dict[str, Any]] = []
    for number, sample in objects(path, limits):
        if "doc_id" not in sample:
            raise QSpecError(
                f"A line of {path.name} is no sample: it has no doc_id.", place=Place(str(path), number, 1)
            )
        samples.append(sample)
    samples = _filtered(samples, filter, path)
    columns: Columns = {"doc_id": [sample["doc_id"] for sample in samples]}
    described = _described(samples)
    columns |= {name: values for name, values in described.items() if name not in FIELDS}
    for key, said in HASHES.items():
        if all(isinstance(sample.get(key), str) for sample in samples):
            columns[SAME + said] = [sample[key] for sample in samples]
    columns |= _choices(samples) or _texts(samples)
    columns |= _likelihoods(samples)
    columns |= _values(samples)
    return Sheet(columns, len(samples), path.name, file_digest(path))


def _filtered(samples: list[dict[str, Any]], wanted: str | None, path: Path) -> list[dict[str, Any]]:
    names = list(dict.fromkeys(str(sample.get("filter", "none")) for sample in samples))
    chosen = wanted if wanted is not None else names[0] if len(names) == 1 else None
    if chosen is None or chosen not in names:
        what = f"no filter called {chosen}" if chosen is not None else f"answers of {len(names)} filters"
        raise QSpecError(
            f"{path.name} holds {what}.",
            place=Place(str(path)),
            hint=f"choose one of {', '.join(names)}: --scores {path.name}#{names[0] if names else 'FILTER'}",
        )
    return [sample for sample in samples if str(sample.get("filter", "none")) == chosen]


def _described(samples: list[dict[str, Any]]) -> Columns:
    """The fields of the questions that hold one plain value each: what strata are told by."""
    docs = [sample.get("doc") for sample in samples]
    rows = [doc for doc in docs if isinstance(doc, dict)]
    if len(rows) != len(samples) or not rows:
        return {}
    return {
        name: [row[name] for row in rows]
        for name in rows[0]
        if name != "doc_id" and all(isinstance(row.get(name), str | int | float) for row in rows)
    }


def _values(samples: list[dict[str, Any]]) -> Columns:
    """Metrics that have a number for every question, under the names they have here."""
    found: Columns = {}
    for name, here in METRICS.items():
        values = [float(value) for sample in samples if isinstance(value := sample.get(name), int | float)]
        if len(values) == len(samples):
            found |= dict.fromkeys(here, values)
    return found


def _likelihoods(samples: list[dict[str, Any]]) -> Columns:
    """The loss of every document in nats, with its words or bytes, from rolling log-likelihoods."""
    found: Columns = {}
    for name, counted in COUNTS.items():
        pairs = [_numbers(sample.get(name)) for sample in samples]
        whole = [pair for pair in pairs if pair is not None and len(pair) == 2]
        if len(whole) == len(samples):
            found["loss"] = [-pair[0] for pair in whole]
            found[counted] = [pair[1] for pair in whole]
    return found


def _choices(samples: list[dict[str, Any]]) -> Columns:
    """The log-likelihood of every choice, or the likeliest where questions have different numbers of choices."""
    rows = []
    for sample in samples:
        answers = sample.get("filtered_resps")
        pairs = [_numbers(answer) for answer in answers] if isinstance(answers, list) else []
        if len(pairs) < 2 or any(pair is None or len(pair) != 2 for pair in pairs):
            return {}
        rows.append([pair[0] for pair in pairs if pair is not None])
    found: Columns = {"prediction": [int(np.argmax(row)) for row in rows]}
    if len({len(row) for row in rows}) == 1:
        found["logits"] = np.asarray(rows)
    targets = [str(sample.get("target")) for sample in samples]
    if all(target.isdecimal() and len(target) < 10 for target in targets):
        found["label"] = [int(target) for target in targets]
    return found


def _texts(samples: list[dict[str, Any]]) -> Columns:
    """What was generated, and what should have been."""
    texts = [_only_text(sample.get("filtered_resps")) for sample in samples]
    if any(text is None for text in texts):
        return {}
    return {"text": texts, "reference": [_references(sample.get("target")) for sample in samples]}


def _only_text(answers: Any) -> str | None:
    while isinstance(answers, list) and len(answers) == 1:
        answers = answers[0]
    return answers if isinstance(answers, str) else None


def _references(target: Any) -> str | list[str]:
    """A target, which the harness stores as text even where it is a list of texts."""
    if isinstance(target, str) and target.startswith("[") and len(target) <= _LONGEST_LITERAL:
        try:
            target = ast.literal_eval(target)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return str(target)
    several = isinstance(target, list) and target and all(isinstance(one, str) for one in target)
    return [str(one) for one in target] if several else str(target)


def _numbers(value: Any) -> list[float] | None:
    """A list of numbers, which the harness may store as texts (`"-1.25"`, `"False"`); None for anything else."""
    if not isinstance(value, list):
        return None
    words: Mapping[str, float] = {"True": 1.0, "False": 0.0}
    try:
        return [words[item] if item in words else float(item) for item in value]
    except (TypeError, ValueError, OverflowError):
        return None
