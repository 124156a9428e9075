"""The executor declared beside the executor found, with the names people use for its fields."""

from __future__ import annotations

from dataclasses import dataclass

from qspec.checks.compare import Match, compare
from qspec.lang.resolve import ResolvedExecutor
from qspec.model.measured import Found

_TITLES = {
    "cpu": "Processor",
    "os": "Operating system",
    "version": "Runtime version",
    "instruction-sets": "Instruction sets",
    "accelerator-memory": "Accelerator memory",
    "count": "Accelerators",
    "power": "Power limit",
}


@dataclass(frozen=True, slots=True)
class MachineRow:
    """One field of the executor."""

    field: str
    declared: str
    found: str
    agreement: str
    """`match`, `drift`, `unknown` or `open`."""

    @property
    def drifts(self) -> bool:
        """Whether what was found is not what was declared."""
        return self.agreement == Match.DRIFT


def machine_rows(executor: ResolvedExecutor | None, found: Found) -> list[MachineRow]:
    """The fields that are declared or found, as `compare` judges them."""
    return [
        MachineRow(
            _TITLES.get(one.field, one.field.capitalize()),
            one.declared or "\u2013",
            one.found or "\u2013",
            one.match.value,
        )
        for one in compare(executor, found)
    ]
