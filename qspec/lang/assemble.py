"""Nouns put together from parts that were read already, without building a validator where none is needed.

Building pydantic's validators is the larger part of what a cold start costs. Lowering has read every part by the types
of its field, so what a validator would still find are missing items and texts over their limits: those are looked for
here, and only where one is found does the noun's own validator run and say so.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, cast

from pydantic import BaseModel

from qspec.lang.shape import Block
from qspec.model.base import Open

_LONGEST_PLAIN = 512


def assemble(noun: type[Block], values: dict[str, Any]) -> Any:
    """The noun with these fields (by Python name); raises pydantic's `ValidationError` where it refuses them."""
    if issubclass(noun, Open):
        members = values.get("root", {})
        return noun.model_construct(members) if _plain(members) else noun(members)
    if _required(noun) <= values.keys() and all(_plain(value) for value in values.values()):
        blanks = {name: factory() if factory else default for name, factory, default in _blanks(noun)}
        return noun.model_construct(set(values), **{**blanks, **values})
    return noun(**values)


@cache
def _blanks(noun: type[Block]) -> tuple[tuple[str, Callable[[], Any] | None, Any], ...]:
    """What each field holds when nothing is said; pydantic would inspect the factories again for every noun."""
    fields = noun.model_fields.items()
    return tuple(
        (n, cast(Callable[[], Any] | None, i.default_factory), i.default)
        for n, i in fields
        if not i.is_required()
    )


@cache
def _required(noun: type[Block]) -> frozenset[str]:
    return frozenset(name for name, info in noun.model_fields.items() if info.is_required())


def _plain(value: Any) -> bool:
    """Whether no limit of any field can refuse the value: a noun made before, or short printable text."""
    if isinstance(value, str):
        return len(value) <= _LONGEST_PLAIN and value.isprintable()
    if isinstance(value, list):
        return bool(value) and all(_plain(item) for item in value)
    if isinstance(value, dict):
        return all(_plain(key) and _plain(item) for key, item in value.items())
    return isinstance(value, BaseModel | bool | int)
