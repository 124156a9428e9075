"""Two declared machines or engines side by side."""

from __future__ import annotations

from typing import Any

from qspec.model.base import kebab
from qspec.model.hardware import Hardware, Runtime
from qspec.model.quantity import Quantity

_FIELDS = {
    Hardware: (
        "device",
        "accelerator",
        "count",
        "cpu",
        "cores",
        "instruction_sets",
        "memory",
        "driver",
        "os",
        "power",
    ),
    Runtime: ("name", "version", "provider", "threads", "graph_optimization", "precision"),
}


def beside(there: Hardware | Runtime | None, here: Hardware | Runtime | None) -> tuple[list[str], list[str]]:
    """What `here` asks for and `there` has otherwise, as clauses, and what it asks for and `there` does not say."""
    different: list[str] = []
    unsaid: list[str] = []
    for name in _FIELDS[type(here)] if here is not None else ():
        wanted, found = getattr(here, name), getattr(there, name, None)
        if wanted in (None, []):
            continue
        if found in (None, []):
            unsaid.append(kebab(name))
        elif _plain(wanted) != _plain(found):
            different.append(f"{kebab(name)} is {_said(found)} there and {_said(wanted)} here")
    return different, unsaid


def _plain(value: Any) -> Any:
    if isinstance(value, Quantity):
        return value.base
    if isinstance(value, list):
        return sorted(str(item).lower() for item in value)
    return str(value).strip().lower()


def _said(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
