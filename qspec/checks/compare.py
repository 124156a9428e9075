"""The executor declared beside the executor found, field by field: match, drift, or unknown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from qspec.lang.resolve import ResolvedExecutor
from qspec.model.hardware import Hardware, Runtime
from qspec.model.measured import Found
from qspec.model.quantity import Quantity

_CLAUSE = re.compile(r"^(>=|<=|==|!=|>|<|~=)?\s*v?(\d+(?:\.\d+)*)")
_MEMORY_SLACK = 0.15
"""Firmware and kernels keep some memory for themselves, and makers round."""


class Match(StrEnum):
    """How a declared field fits what was found."""

    MATCH = "match"
    DRIFT = "drift"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class FieldMatch:
    """One declared field beside what was found; `hardware` tells fields of the machine from those of the runtime."""

    field: str
    declared: str
    found: str | None
    match: Match
    hardware: bool


def compare(executor: ResolvedExecutor, found: Found) -> list[FieldMatch]:
    """Every field that is declared, in the order of the language; fields left out match anything."""
    matches: list[FieldMatch] = []
    if executor.hardware is not None and not executor.hardware.local:
        matches += _hardware(executor.hardware, found)
    if executor.runtime is not None:
        matches += _runtime(executor.runtime, found)
    return matches


def elsewhere(matches: list[FieldMatch]) -> str | None:
    """Why this machine's clock says nothing about the declared hardware; None where no field drifts."""
    drifted = [m for m in matches if m.hardware and m.match is Match.DRIFT]
    if not drifted:
        return None
    first = drifted[0]
    return f"the declared hardware is not this machine: {first.field} is {first.declared} there and {first.found} here"


def _hardware(declared: Hardware, found: Found) -> list[FieldMatch]:
    rows: list[tuple[str, str | None, str | None, bool | None]] = [
        ("cpu", declared.cpu, found.cpu, _within(declared.cpu, found.cpu)),
        (
            "accelerator",
            declared.accelerator,
            found.accelerator or "none",
            _within(declared.accelerator, found.accelerator or "none"),
        ),
        ("device", declared.device, _device(found), _device_fits(declared.device, found)),
        ("driver", declared.driver, found.driver, _within(declared.driver, found.driver)),
        ("os", declared.os, found.os, _within(declared.os, found.os)),
        ("kernel", declared.kernel, found.kernel, _within(declared.kernel, found.kernel)),
        ("cores", _said(declared.cores), _said(found.cores), _equal(declared.cores, found.cores)),
        ("memory", _said(declared.memory), _said(found.memory), _near(declared.memory, found.memory)),
    ]
    if declared.instruction_sets:
        absent = sorted(
            {s.lower() for s in declared.instruction_sets} - {s.lower() for s in found.instruction_sets}
        )
        there = ", ".join(found.instruction_sets) or None
        rows.append(("instruction-sets", ", ".join(declared.instruction_sets), there, not absent))
    for name, value in (
        ("count", _said(declared.count)),
        ("power", str(declared.power) if declared.power else None),
    ):
        rows.append((name, value, None, None))
    return [_row(name, value, seen, fits, True) for name, value, seen, fits in rows if value is not None]


def _runtime(declared: Runtime, found: Found) -> list[FieldMatch]:
    name, _, version = (found.runtime or "").partition(" ")
    wanted = str(declared.version) if declared.version is not None else None
    rows: list[tuple[str, str | None, str | None, bool | None]] = [
        ("runtime", declared.name, name or None, _within(declared.name, name or None)),
        ("version", wanted, version or None, _satisfies(version, wanted) if version and wanted else None),
        ("provider", declared.provider, found.provider, _within(declared.provider, found.provider)),
        ("threads", _said(declared.threads), _said(found.threads), _equal(declared.threads, found.threads)),
    ]
    return [_row(field, value, seen, fits, False) for field, value, seen, fits in rows if value is not None]


def _row(field: str, declared: str, found: str | None, fits: bool | None, hardware: bool) -> FieldMatch:
    match = Match.UNKNOWN if fits is None else Match.MATCH if fits else Match.DRIFT
    return FieldMatch(field, declared, found, match, hardware)


def _said(value: Quantity | None) -> str | None:
    return str(value) if value is not None else None


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9.]+", re.sub(r"\((?:r|tm|c)\)", " ", text.lower()))


def _within(declared: str | None, found: str | None) -> bool | None:
    """Whether every word declared stands in what was found: `Xeon Gold` fits `Intel(R) Xeon(R) Gold 6330`."""
    if declared is None or found is None:
        return None
    there = set(_words(found))
    return all(word in there for word in _words(declared))


def _device(found: Found) -> str:
    return found.accelerator or "cpu"


def _device_fits(declared: str | None, found: Found) -> bool | None:
    if declared is None:
        return None
    if declared.lower() in {"cpu", "gpu"}:
        return (declared.lower() == "gpu") == (found.accelerator is not None)
    return bool(_within(declared, found.accelerator or "cpu") or _within(declared, found.cpu))


def _equal(declared: Quantity | None, found: Quantity | None) -> bool | None:
    return None if declared is None or found is None else declared.base == found.base


def _near(declared: Quantity | None, found: Quantity | None) -> bool | None:
    if declared is None or found is None or not declared.base:
        return None
    return abs(float(found.base) / float(declared.base) - 1) <= _MEMORY_SLACK


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:4])


def _satisfies(version: str, wanted: str) -> bool | None:
    """Whether a version satisfies clauses such as `>=1.20, <2`; a bare version is a prefix: `1.31` fits `1.31.1`."""
    have = _numbers(version)
    for clause in wanted.split(","):
        match = _CLAUSE.match(clause.strip())
        if match is None:
            return None
        sign, number = match[1], _numbers(match[2])
        width = max(len(have), len(number))
        one, other = (t + (0,) * (width - len(t)) for t in (have, number))
        fits = {
            None: have[: len(number)] == number,
            "==": have[: len(number)] == number,
            "!=": have[: len(number)] != number,
            ">=": one >= other,
            "<=": one <= other,
            ">": one > other,
            "<": one < other,
            "~=": one >= other and have[: max(1, len(number) - 1)] == number[: max(1, len(number) - 1)],
        }[sign]
        if not fits:
            return False
    return True
