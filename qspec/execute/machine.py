"""Says what machine this is: processor, instruction sets, cores, memory, system, accelerator and runtime."""

from __future__ import annotations

import contextlib
import importlib.metadata
import math
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from qspec.canonical import digest
from qspec.execute.cpuinfo import cpu_identity, frequency, governor, sockets
from qspec.model.measured import Found
from qspec.model.quantity import Quantity

_RUNTIMES = (
    "onnxruntime",
    "onnxruntime-gpu",
    "onnxruntime-openvino",
    "onnxruntime-qnn",
    "onnxruntime-directml",
)
_LIBRARIES = (
    "numpy",
    "scipy",
    "onnx",
    "torch",
    "tensorrt",
    "nvidia-cuda-runtime-cu12",
    "nvidia-cudnn-cu12",
    "nvidia-cublas-cu12",
)
_ON_ACCELERATOR = frozenset({"cuda", "tensorrt"})
# Set in the environment, these change what the runtime computes or how fast; their values go on record.
_OVERRIDES = (
    "ORT_",
    "OMP_",
    "MKL_",
    "OPENBLAS_",
    "KMP_",
    "NVIDIA_",
    "CUDA_",
    "CUBLAS_",
    "CUDNN_",
    "TF32_",
    "GOMP_",
)
_ID_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Accelerator:
    """A graphics processor: product name, driver version, device memory in bytes, power limit in watts."""

    name: str
    driver: str | None
    memory: int | None
    power: float | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """How busy the machine is at one moment: load averages over 1, 5 and 15 minutes, frequency in hertz."""

    load: tuple[float, float, float] | None
    frequency: float | None


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything found; a field the system does not tell is None. Memory in bytes, frequency in hertz."""

    cpu: str | None
    instruction_sets: tuple[str, ...]
    cores: int
    memory: int | None
    os: str
    kernel: str
    architecture: str
    python: str
    runtime: str | None
    accelerators: tuple[Accelerator, ...]
    environment: dict[str, str]
    activity: Activity
    sockets: int | None = None
    governor: str | None = None
    """Policy by which the processor's frequency is chosen, such as `performance`."""

    def identity(self, provider: str) -> str:
        """Short digest of the machine's kind under a provider: hosts alike in these give comparable figures."""
        accelerator = self.accelerator_for(provider)
        kind = {
            "cpu": self.cpu,
            "architecture": self.architecture,
            "instruction_sets": list(self.instruction_sets),
            "cores": self.cores,
            "accelerator": accelerator.name if accelerator else None,
            "provider": provider,
        }
        return digest(kind)[:_ID_LENGTH]

    def accelerator_for(self, provider: str) -> Accelerator | None:
        """The device that `provider` computes on; None where that is the processor."""
        return self.accelerators[0] if provider in _ON_ACCELERATOR and self.accelerators else None


def inspect_machine() -> Machine:
    """Look at this machine; imports neither numpy nor a runtime, and never fails for what cannot be read."""
    cpu, sets = cpu_identity()
    return Machine(
        cpu=cpu,
        instruction_sets=tuple(sets),
        cores=cores(),
        memory=memory(),
        os=_system(),
        kernel=platform.release(),
        architecture=platform.machine(),
        python=platform.python_version(),
        runtime=runtime_version(),
        accelerators=tuple(nvidia_accelerators()),
        environment={key: os.environ[key] for key in sorted(os.environ) if key.startswith(_OVERRIDES)},
        activity=activity(),
        sockets=sockets(),
        governor=governor(),
    )


def capture(*, providers: bool = False) -> dict[str, Any]:
    """The machine as plain data for the record; `providers` asks the runtime, which imports onnxruntime."""
    data = {**asdict(inspect_machine()), "libraries": libraries()}
    if providers:
        from qspec.execute.providers import available_providers, load_runtime

        data["providers"] = available_providers()
        data["build"] = " ".join(load_runtime().get_build_info().split())
    return data


def libraries() -> dict[str, str]:
    """Installed packages whose builds change results or speed, with their versions."""
    found = {}
    for name in (*_RUNTIMES, *_LIBRARIES):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def found(
    provider: str, threads: int | None = None, batch: int | None = None, machine: Machine | None = None
) -> Found:
    """The executor as found, for a measured block; looks at this machine unless one is given."""
    here = machine or inspect_machine()
    accelerator = here.accelerator_for(provider)
    return Found(
        machine=here.identity(provider),
        cpu=here.cpu,
        sockets=_count(here.sockets),
        cores=_count(here.cores),
        instruction_sets=list(here.instruction_sets),
        memory=_gibibytes(here.memory),
        accelerator=accelerator.name if accelerator else None,
        accelerator_memory=_gibibytes(accelerator.memory) if accelerator else None,
        count=_count(sum(one.name == accelerator.name for one in here.accelerators)) if accelerator else None,
        driver=accelerator.driver if accelerator else None,
        os=here.os,
        kernel=here.kernel,
        power=_power(here, accelerator),
        python=here.python,
        runtime=here.runtime,
        provider=provider,
        threads=_count(threads),
        batch=_count(batch),
    )


def cores() -> int:
    """Processor cores this process may use: its affinity, further limited by a control group's quota."""
    affinity = getattr(os, "sched_getaffinity", None)
    allowed = len(affinity(0)) if affinity is not None else (os.cpu_count() or 1)
    quota = _quota(Path("/sys/fs/cgroup"))
    return allowed if quota is None else max(1, min(allowed, math.ceil(quota)))


def memory() -> int | None:
    """Main memory in bytes, or the control group's limit where that is lower; None where neither is told."""
    try:
        physical: int | None = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        physical = None
    limit = _read(Path("/sys/fs/cgroup/memory.max"))
    limits = [value for value in (physical, int(limit) if limit.isdigit() else None) if value]
    return min(limits) if limits else None


def activity() -> Activity:
    """Load averages and clock frequency now."""
    try:
        load: tuple[float, float, float] | None = os.getloadavg()
    except (AttributeError, OSError):
        load = None
    return Activity(load=load, frequency=frequency())


def runtime_version() -> str | None:
    """The installed runtime and its version, from package metadata alone; None when there is none."""
    for name in _RUNTIMES:
        try:
            return f"{name} {importlib.metadata.version(name)}"
        except importlib.metadata.PackageNotFoundError:
            continue
    return None


def nvidia_accelerators() -> list[Accelerator]:
    """NVIDIA devices as `nvidia-smi` lists them; none where it is absent or fails."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    query = [
        program,
        "--query-gpu=name,driver_version,memory.total,power.limit",
        "--format=csv,noheader,nounits",
    ]
    try:
        reply = subprocess.run(query, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.SubprocessError):
        return []
    rows = [[cell.strip() for cell in line.split(",")] for line in reply.stdout.splitlines()]
    if reply.returncode != 0:
        return []
    return [
        Accelerator(row[0], row[1] or None, int(row[2]) << 20 if row[2].isdigit() else None, _watts(row[3]))
        for row in rows
        if len(row) == 4
    ]


def _watts(text: str) -> float | None:
    """A power limit; None for `[N/A]` and the like."""
    return float(text) if text.replace(".", "", 1).isdigit() else None


def _power(here: Machine, accelerator: Accelerator | None) -> Quantity | str | None:
    if accelerator is None:
        return here.governor
    return Quantity.of(f"{accelerator.power:g}", "W") if accelerator.power is not None else None


def _quota(group: Path) -> float | None:
    """Cores a control group (version 2) may use, or None when it sets no limit."""
    allowance, _, period = _read(group / "cpu.max").partition(" ")
    if allowance.isdigit() and period.isdigit() and int(period) > 0:
        return int(allowance) / int(period)
    return None


def _system() -> str:
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}".strip()
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    except OSError:
        return f"{platform.system()} {platform.version()}".strip() or sys.platform


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _count(value: int | None) -> Quantity | None:
    return None if value is None else Quantity.of(str(value))


def _gibibytes(value: int | None) -> Quantity | None:
    return None if value is None else Quantity.of(f"{Decimal(value) / (1 << 30):.1f}", "GiB")
