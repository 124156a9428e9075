"""The executor declared beside the executor found, field by field: match, drift, unknown, or open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from qspec.checks.versions import admits
from qspec.lang.resolve import ResolvedExecutor
from qspec.model.hardware import Hardware, Runtime
from qspec.model.measured import Found
from qspec.model.quantity import Quantity

_LEAST_MEMORY = 0.9
"""Firmware and kernel keep a part of the memory that is sold; a tenth is more than they do."""
_KINDS = frozenset({"cpu", "gpu"})


class Match(StrEnum):
    """How a field that is declared fits what was found."""

    MATCH = "match"
    DRIFT = "drift"
    UNKNOWN = "unknown"
    """Declared, and the machine did not tell, or what is declared cannot be compared."""
    OPEN = "open"
    """Nothing is declared, so anything matches."""


@dataclass(frozen=True, slots=True)
class FieldMatch:
    """One field, declared or found; `hardware` tells fields of the machine from those of what runs on it."""

    field: str
    declared: str | None
    found: str | None
    match: Match
    hardware: bool


def compare(executor: ResolvedExecutor | None, found: Found) -> list[FieldMatch]:
    """Every field that is declared or found, by its name in the language; fields left out match anything."""
    hardware = executor.hardware if executor is not None else None
    runtime = executor.runtime if executor is not None else None
    declared = Hardware() if hardware is None or hardware.local else hardware
    fields = [*_hardware(declared, found), *_runtime(runtime or Runtime(), found)]
    loads = [load for _, load in executor.executor.each_load()] if executor is not None else []
    batch = loads[0].batch if len(loads) == 1 else None
    fields.append(_quantities("batch", batch, found.batch, hardware=False))
    fields.append(_field("python", None, found.python, None, hardware=False))
    return [field for field in fields if field.declared is not None or field.found is not None]


def elsewhere(fields: list[FieldMatch]) -> str | None:
    """Why this machine's clock says nothing about the declared hardware; None where no field drifts."""
    first = next((one for one in fields if one.hardware and one.match is Match.DRIFT), None)
    if first is None:
        return None
    return f"the declared hardware is not this machine: {first.field} is {first.declared} there and {first.found} here"


def _hardware(declared: Hardware, found: Found) -> Iterator[FieldMatch]:
    yield _names("cpu", declared.cpu, found.cpu)
    yield _quantities("sockets", declared.sockets, found.sockets, hardware=True)
    yield _quantities("cores", declared.cores, found.cores, hardware=True)
    yield _instruction_sets(declared.instruction_sets, found.instruction_sets)
    yield _memory("memory", declared.memory, found.memory)
    card = found.accelerator or ("none" if declared.accelerator is not None else None)
    yield _names("accelerator", declared.accelerator, card)
    yield _memory("accelerator-memory", declared.accelerator_memory, found.accelerator_memory)
    yield _quantities("count", declared.count, found.count, hardware=True)
    if declared.device is not None:
        fits = _device_fits(declared.device, found)
        yield _field("device", declared.device, found.accelerator or found.cpu or "cpu", fits, hardware=True)
    yield _versions("driver", declared.driver, found.driver, hardware=True)
    yield _names("os", declared.os, found.os)
    yield _versions("kernel", declared.kernel, found.kernel, hardware=True)
    yield _power(declared.power, found.power)


def _runtime(declared: Runtime, found: Found) -> Iterator[FieldMatch]:
    name, _, version = (found.runtime or "").rpartition(" ")
    if not name:
        name, version = version, ""
    wanted = str(declared.version) if declared.version is not None else None
    yield _names("runtime", declared.name, name or None, hardware=False)
    yield _versions("version", wanted, version or None, hardware=False)
    yield _names("provider", declared.provider, found.provider, hardware=False)
    yield _quantities("threads", declared.threads, found.threads, hardware=False)


def _field(
    name: str, declared: str | None, found: str | None, fits: bool | None, *, hardware: bool
) -> FieldMatch:
    """`fits` is None where it cannot be told."""
    if declared is None:
        match = Match.OPEN
    elif found is None or fits is None:
        match = Match.UNKNOWN
    else:
        match = Match.MATCH if fits else Match.DRIFT
    return FieldMatch(name, declared, found, match, hardware)


def _names(name: str, declared: str | None, found: str | None, *, hardware: bool = True) -> FieldMatch:
    return _field(name, declared, found, _alike(declared, found), hardware=hardware)


def _alike(declared: str | None, found: str | None) -> bool | None:
    """Whether one name holds the words of the other: `Xeon Gold` is what an `Intel(R) Xeon(R) Gold 6330` is."""
    one, other = (set(_words(text or "")) for text in (declared, found))
    return one <= other or other <= one if one and other else None


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:[._][^\W_]+)*", re.sub(r"\((?:r|tm|c)\)", " ", text.casefold()))


def _versions(name: str, declared: str | None, found: str | None, *, hardware: bool) -> FieldMatch:
    """Versions are compared by clauses, and as names where the declared one is none."""
    fits = admits(declared, found) if declared is not None and found is not None else None
    if fits is None and declared is not None and found is not None:
        fits = _alike(declared, found) or None
    return _field(name, declared, found, fits, hardware=hardware)


def _quantities(
    name: str, declared: Quantity | None, found: Quantity | None, *, hardware: bool
) -> FieldMatch:
    fits = None if declared is None or found is None else declared.base == found.base
    return _field(name, _said(declared), _said(found), fits, hardware=hardware)


def _said(value: Quantity | None) -> str | None:
    return str(value) if value is not None else None


def _power(declared: Quantity | str | None, found: Quantity | str | None) -> FieldMatch:
    """A limit is compared with a limit, and a policy with a policy; of one and the other nothing can be told."""
    if isinstance(declared, Quantity) and isinstance(found, Quantity):
        return _quantities("power", declared, found, hardware=True)
    texts = str(declared) if declared is not None else None, str(found) if found is not None else None
    if isinstance(declared, str) and isinstance(found, str):
        return _names("power", *texts)
    return _field("power", *texts, None, hardware=True)


def _memory(name: str, declared: Quantity | None, found: Quantity | None) -> FieldMatch:
    fits = None
    if declared is not None and found is not None:
        fits = float(found.base) >= _LEAST_MEMORY * float(declared.base)
    return _field(name, _said(declared), _said(found), fits, hardware=True)


def _instruction_sets(declared: list[str], found: list[str]) -> FieldMatch:
    there = {name.casefold() for name in found}
    return _field(
        "instruction-sets",
        ", ".join(declared) or None,
        ", ".join(found) or None,
        all(name.casefold() in there for name in declared),
        hardware=True,
    )


def _device_fits(declared: str, found: Found) -> bool:
    if declared.casefold() in _KINDS:
        return (declared.casefold() == "gpu") == (found.accelerator is not None)
    return any(_alike(declared, name) for name in (found.accelerator, found.cpu))
