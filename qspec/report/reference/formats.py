"""Pages of the number formats."""

from __future__ import annotations

from collections.abc import Iterable

from qspec.model.number_format import FORMATS, NumberFormat, find_format
from qspec.report.reference import Kind, Page, facts, kind

_KINDS = {
    "integer": "integers under a scale and a zero point (affine quantization)",
    "float": "floating point",
    "codebook": "a table of values, of which each number stores an index",
    "block": "values that share a scale by the definition of the format",
}


def _names() -> Iterable[str]:
    return FORMATS


def _read(text: str) -> str | None:
    known = find_format(text)
    return known.name if known else None


def _page(name: str) -> Page:
    form = FORMATS[name]
    body = facts(
        [
            ("bits a value", str(form.bits)),
            ("kind", _KINDS[form.kind]),
            ("signed", "yes" if form.signed else "no"),
            ("values that share a scale", str(form.group) if form.group else ""),
            ("format of that scale", f"`{form.scale}`" if form.scale else ""),
        ]
    )
    example = f"qspec 1\n\nexecutor pair {{\n  precision {{ weights: {name} }}\n}}\n"
    return Page("number format", name, _title(form), body, example)


def _title(form: NumberFormat) -> str:
    bits = f"{form.bits} bit" + ("" if form.bits == 1 else "s")
    nouns = {
        "integer": "integer",
        "float": "floating format",
        "codebook": "codebook",
        "block": "block format",
    }
    signed = "" if form.kind != "integer" else "signed " if form.signed else "unsigned "
    return f"{signed}{nouns[form.kind]} of {bits}.".capitalize()


kind(Kind("number format", "Number formats", _names, _page, reads=_read), __name__)
