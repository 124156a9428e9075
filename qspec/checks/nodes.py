"""Every noun of a document with its path, for rules that ask the same of many kinds of block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qspec.lang.lower import Path
from qspec.model.base import Noun, Open, kebab
from qspec.model.expression import Term
from qspec.model.measured import Measured
from qspec.model.quantity import Quantity

_LEAVES = (str, int, Quantity, Term, Measured)


def nouns(value: Any, path: Path = ()) -> Iterator[tuple[Noun, Path]]:
    """The nouns in a value, outermost first; numbers, and measured blocks, which no author writes, are left out."""
    if value is None or isinstance(value, _LEAVES):
        return
    if isinstance(value, Noun):
        yield value, path
        for name in value.model_fields_set:
            yield from nouns(getattr(value, name), (*path, kebab(name)))
    elif isinstance(value, Open):
        yield from nouns(value.members, path)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from nouns(item, (*path, name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from nouns(item, (*path, number))
