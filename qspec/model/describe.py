"""What every field is for: the docstrings under the fields, read from the source when they are asked for."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel


@cache
def _described(path: str) -> dict[str, dict[str, str]]:
    """Class to field to docstring, for the module at `path`."""
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(Path(path).read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.ClassDef):
            continue
        fields = found.setdefault(node.name, {})
        for field, below in zip(node.body, node.body[1:], strict=False):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(below, ast.Expr)
                and isinstance(below.value, ast.Constant)
                and isinstance(below.value.value, str)
            ):
                fields[field.target.id] = inspect.cleandoc(below.value.value)
    return found


def describe(noun: type[BaseModel]) -> dict[str, str]:
    """Field to sentence, for a noun and what it inherits; a field without a docstring is left out."""
    sentences: dict[str, str] = {}
    for base in reversed(noun.__mro__):
        if base.__module__.startswith("qspec."):
            path = inspect.getsourcefile(base)
            sentences |= _described(path).get(base.__name__, {}) if path else {}
    return {field: text for field, text in sentences.items() if field in noun.model_fields}


def summary(noun: type[Any]) -> str:
    """The first sentence of a noun's docstring."""
    return inspect.cleandoc(noun.__doc__ or "").split("\n\n")[0].replace("\n", " ")
