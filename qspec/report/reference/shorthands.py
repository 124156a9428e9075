"""Pages of precision shorthands: whatever people write, with the full form it stands for."""

from __future__ import annotations

from collections.abc import Iterable

from qspec.errors import QSpecError
from qspec.lang.write import write_item
from qspec.model.precision import Precision
from qspec.model.shorthand import describe, expand
from qspec.model.spelling import value_word
from qspec.report.reference import Kind, Page, fenced, kind

USUAL = (
    "int8", "int4", "fp8-e4m3", "fp16", "bf16", "nf4", "mxfp4", "nvfp4", "W8A8", "W8A16", "W4A16 g128", "W4A8", "W4A4",
    "W4A8KV4", "int8 dynamic", "int8 weight-only", "8da4w", "int8wo", "int4wo", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M",
    "Q4_K_S", "Q4_0", "Q3_K_M", "Q2_K",
)  # fmt: skip
"""Shorthands that are seen most; others of the same make are read too."""


def _names() -> Iterable[str]:
    return USUAL


def _read(text: str) -> str | None:
    """The text itself when it is a precision, of several words or of a recipe's name."""
    try:
        expand(Precision(shorthand=text))
    except (QSpecError, ValueError):
        return None
    return text


def _page(name: str) -> Page:
    short = Precision(shorthand=name)
    full = write_item("precision", expand(short))
    body = f"## In full\n\n{fenced(full)}\n\n`qspec fmt --expand` writes it so."
    example = (
        f"qspec 1\n\nexecutor pair {{\n  precision: {name if _is_bare(name) else value_word(name)}\n}}\n"
    )
    return Page("shorthand", name, f"Stands for {describe(short)}.", body, example)


def _is_bare(name: str) -> bool:
    return all(value_word(word) == word for word in name.split())


kind(Kind("shorthand", "Shorthands for precisions", _names, _page, reads=_read), __name__)
