"""The executor declared beside the executor found: field by field, match, drift or unknown."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from qspec.lang.resolve import ResolvedExecutor
from qspec.model.hardware import Hardware, Runtime
from qspec.model.measured import Found
from qspec.model.quantity import Quantity
from qspec.report import figures

Agreement = Literal["match", "drift", "unknown", "open"]
"""Open: nothing was declared, so anything matches. Unknown: declared, and the machine did not tell."""

_LEAST_MEMORY = 0.9
"""Firmware and kernel keep a part of the memory that is sold; a tenth is more than they do."""

_CLAUSE = re.compile(r"\s*(>=|<=|==|!=|>|<|~=|=)?\s*v?(\d{1,9}(?:\.\d{1,9})*)")
_VERSION = re.compile(r"\d{1,9}(?:\.\d{1,9})*")


@dataclass(frozen=True, slots=True)
class MachineRow:
    """One field of the executor."""

    field: str
    declared: str
    found: str
    agreement: Agreement


def compare(executor: ResolvedExecutor | None, found: Found) -> list[MachineRow]:
    """The fields that are declared or found, in the order people ask for them."""
    hardware = (executor.hardware if executor else None) or Hardware()
    runtime = (executor.runtime if executor else None) or Runtime()
    loads = [load for _, load in executor.executor.each_load()] if executor else []
    batch = loads[0].batch if len(loads) == 1 else None
    sets = ", ".join(hardware.instruction_sets) or None
    engine = " ".join(str(part) for part in (runtime.name, runtime.version) if part is not None) or None
    rows = [
        _texts("Processor", hardware.cpu, found.cpu),
        _counts("Cores", hardware.cores, found.cores),
        _row("Instruction sets", sets, ", ".join(found.instruction_sets) or None,
             lambda: set(hardware.instruction_sets) <= set(found.instruction_sets)),
        _memory(hardware.memory, found.memory),
        _texts("Accelerator", hardware.accelerator, found.accelerator),
        _texts("Driver", hardware.driver, found.driver),
        _texts("Operating system", hardware.os, found.os),
        _texts("Kernel", hardware.kernel, found.kernel),
        _row("Runtime", engine, found.runtime, lambda: _runtime(runtime, found.runtime or "")),
        _texts("Provider", runtime.provider, found.provider),
        _counts("Threads", runtime.threads, found.threads),
        _counts("Batch", batch, found.batch),
        _texts("Python", None, found.python),
    ]  # fmt: skip
    return [row for row in rows if row is not None]


def _row(
    field: str, declared: str | None, found: str | None, agrees: Callable[[], bool]
) -> MachineRow | None:
    if declared is None and found is None:
        return None
    if declared is None:
        agreement: Agreement = "open"
    elif found is None:
        agreement = "unknown"
    else:
        agreement = "match" if agrees() else "drift"
    return MachineRow(field, declared or "\u2013", found or "\u2013", agreement)


def _texts(field: str, declared: str | None, found: str | None) -> MachineRow | None:
    """Names match when one holds the other: `EPYC 9R14` is what an `AMD EPYC 9R14` was declared as."""

    def agrees() -> bool:
        one, other = (declared or "").casefold(), (found or "").casefold()
        return one in other or other in one

    return _row(field, declared, found, agrees)


def _counts(field: str, declared: Quantity | None, found: Quantity | None) -> MachineRow | None:
    shown = [None if value is None else figures.count(value) for value in (declared, found)]
    return _row(field, shown[0], shown[1], lambda: figures.base(declared) == figures.base(found))


def _memory(declared: Quantity | None, found: Quantity | None) -> MachineRow | None:
    shown = [None if value is None else figures.printed(value) for value in (declared, found)]

    def agrees() -> bool:
        least, there = figures.base(declared), figures.base(found)
        return least is not None and there is not None and there >= _LEAST_MEMORY * least

    return _row("Memory", shown[0], shown[1], agrees)


def _runtime(runtime: Runtime, found: str) -> bool:
    """Whether the engine found is the one named, at a version that the declaration admits."""
    if runtime.name is not None and runtime.name.casefold() not in found.casefold():
        return False
    return runtime.version is None or admits(str(runtime.version), found)


def admits(wanted: str, found: str) -> bool:
    """Whether the version in `found` satisfies `wanted`: clauses such as `>=1.20, <2`, or a leading part."""
    version = _VERSION.search(found)
    if version is None:
        return False
    have = _numbers(version[0])
    clauses = [_CLAUSE.fullmatch(clause.rstrip()) for clause in wanted.split(",")]
    return all(clause is not None and _admits(clause[1], _numbers(clause[2]), have) for clause in clauses)


def _admits(operator: str | None, want: tuple[int, ...], have: tuple[int, ...]) -> bool:
    width = max(len(want), len(have))
    one, other = (numbers + (0,) * (width - len(numbers)) for numbers in (have, want))
    match operator:
        case ">=":
            return one >= other
        case "<=":
            return one <= other
        case ">":
            return one > other
        case "<":
            return one < other
        case "!=":
            return one != other
        case "~=":
            return one >= other and have[: max(1, len(want) - 1)] == want[: max(1, len(want) - 1)]
        case _:
            return have[: len(want)] == want


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
