"""Reads energy counters where the machine has them: RAPL for processors, NVML for NVIDIA devices."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

_POWERCAP = Path("/sys/class/powercap")


class Meter(Protocol):
    """A counter of energy spent."""

    name: str

    def joules(self) -> float:
        """Joules spent since the meter was opened, by everything that draws on it."""


class Rapl:
    """The processor packages' counters in the kernel's powercap tree; they count the whole package.

    A counter wraps at its `max_energy_range_uj`, so it must be read more often than that (minutes at full power).
    """

    name = "rapl"

    def __init__(self, zones: list[Path]) -> None:
        self._zones = [(zone / "energy_uj", _integer(zone / "max_energy_range_uj")) for zone in zones]
        self._last = [_integer(counter) for counter, _ in self._zones]
        self._spent = 0

    def joules(self) -> float:
        """Joules since opening, over all packages."""
        for i, (counter, span) in enumerate(self._zones):
            now = _integer(counter)
            self._spent += now - self._last[i] if now >= self._last[i] else now - self._last[i] + span
            self._last[i] = now
        return self._spent / 1e6


class Nvml:
    """The total energy counter of one NVIDIA device."""

    name = "nvml"

    def __init__(self, read: Callable[[], int]) -> None:
        self._read, self._start = read, read()

    def joules(self) -> float:
        """Joules since opening."""
        return (self._read() - self._start) / 1e3


def open_meter(provider: str = "cpu", device_id: int = 0, powercap: Path = _POWERCAP) -> Meter | None:
    """The meter of what `provider` runs on, or None where there is none that may be read."""
    return _nvml(device_id) if provider in ("cuda", "tensorrt") else _rapl(powercap)


def _rapl(powercap: Path) -> Meter | None:
    # Packages are `intel-rapl:N` (AMD's carry the same name); what has a second number lies inside a package.
    packages = [zone for zone in sorted(powercap.glob("intel-rapl:*")) if zone.name.count(":") == 1]
    try:
        return Rapl(packages) if packages else None
    except (OSError, ValueError):  # since 2020 most systems let only root read it
        return None


def _nvml(device_id: int) -> Meter | None:
    try:
        library: Any = importlib.import_module("pynvml")
        library.nvmlInit()
        handle = library.nvmlDeviceGetHandleByIndex(device_id)
        return Nvml(lambda: int(library.nvmlDeviceGetTotalEnergyConsumption(handle)))
    except Exception:  # not installed, no driver, or a device without the counter: each has its own error
        return None


def _integer(path: Path) -> int:
    return int(path.read_text(encoding="ascii"))
