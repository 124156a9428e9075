"""Reads what identifies a processor: its model name and the instruction sets that change quantized arithmetic."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from pathlib import Path

# Kernel flag to the name used in specifications; only what changes integer or narrow-float arithmetic.
_X86 = {
    "sse4_1": "sse4_1",
    "avx2": "avx2",
    "fma": "fma",
    "f16c": "f16c",
    "avx512f": "avx512f",
    "avx512bw": "avx512bw",
    "avx512_vnni": "avx512_vnni",
    "avx512_bf16": "avx512_bf16",
    "avx512_fp16": "avx512_fp16",
    "avx_vnni": "avx_vnni",
    "avx_vnni_int8": "avx_vnni_int8",
    "amx_tile": "amx_tile",
    "amx_int8": "amx_int8",
    "amx_bf16": "amx_bf16",
    "amx_fp16": "amx_fp16",
}
_ARM = {
    "asimd": "neon",
    "neon": "neon",
    "asimddp": "dotprod",
    "asimdhp": "fp16",
    "i8mm": "i8mm",
    "bf16": "bf16",
    "sve": "sve",
    "sve2": "sve2",
    "sme": "sme",
}
# macOS says the same under `sysctl hw.optional`.
_SYSCTL = {
    "hw.optional.avx2_0": "avx2",
    "hw.optional.avx512f": "avx512f",
    "hw.optional.neon": "neon",
    "hw.optional.arm.FEAT_DotProd": "dotprod",
    "hw.optional.arm.FEAT_I8MM": "i8mm",
    "hw.optional.arm.FEAT_BF16": "bf16",
    "hw.optional.arm.FEAT_FP16": "fp16",
    "hw.optional.arm.FEAT_SME": "sme",
}
# Arm's main identifiers of common server and board cores; the kernel prints no name for them.
_ARM_PARTS = {
    "0xd03": "Cortex-A53",
    "0xd05": "Cortex-A55",
    "0xd08": "Cortex-A72",
    "0xd0b": "Cortex-A76",
    "0xd0c": "Neoverse-N1",
    "0xd40": "Neoverse-V1",
    "0xd49": "Neoverse-N2",
    "0xd4f": "Neoverse-V2",
    "0xd8e": "Neoverse-N3",
}


def cpu_identity(proc: Path = Path("/proc")) -> tuple[str | None, list[str]]:
    """Model name of the processor and its instruction sets, sorted; (None, []) where neither can be read."""
    fields = _first_processor(proc / "cpuinfo")
    if fields:
        return _linux_name(fields), _linux_sets(fields)
    if sys.platform == "darwin":
        sets = {name for key, name in _SYSCTL.items() if _sysctl(key) == "1"}
        return _sysctl("machdep.cpu.brand_string"), sorted(sets)
    return platform.processor() or None, []


def frequency(proc: Path = Path("/proc"), sys_cpu: Path = Path("/sys/devices/system/cpu")) -> float | None:
    """Mean clock frequency of the processors now, in hertz, or None where the system does not say."""
    readings = []
    for path in sorted(sys_cpu.glob("cpu[0-9]*/cpufreq/scaling_cur_freq")):
        text = _read(path).strip()
        if text.isdigit():
            readings.append(float(text) * 1e3)
    if not readings:
        for line in _read(proc / "cpuinfo").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "cpu MHz":
                try:
                    readings.append(float(value) * 1e6)
                except ValueError:
                    continue
    return sum(readings) / len(readings) if readings else None


def sockets(proc: Path = Path("/proc")) -> int | None:
    """How many processors the machine has, by their physical numbers; None where the system does not say."""
    lines = (line.partition(":") for line in _read(proc / "cpuinfo").splitlines())
    return len({value.strip() for key, _, value in lines if key.strip() == "physical id"}) or None


def governor(sys_cpu: Path = Path("/sys/devices/system/cpu")) -> str | None:
    """The policy of the processors' frequency where all have the same; None where the system does not say."""
    found = {_read(path).strip() for path in sorted(sys_cpu.glob("cpu[0-9]*/cpufreq/scaling_governor"))} - {
        ""
    }
    return found.pop() if len(found) == 1 else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _first_processor(path: Path) -> dict[str, str]:
    """The first processor's fields; later ones only add fields (boards print the model once, at the end)."""
    fields: dict[str, str] = {}
    for line in _read(path).splitlines():
        key, separator, value = line.partition(":")
        if separator and value.strip():
            fields.setdefault(key.strip(), value.strip())
    return fields


def _linux_name(fields: dict[str, str]) -> str | None:
    for key in ("model name", "cpu model", "Hardware", "Model"):
        if fields.get(key):
            return " ".join(fields[key].split())
    part, implementer = fields.get("CPU part"), fields.get("CPU implementer")
    if part is None:
        return None
    if implementer == "0x41" and part in _ARM_PARTS:
        return f"Arm {_ARM_PARTS[part]}"
    return f"Arm implementer {implementer} part {part}"


def _linux_sets(fields: dict[str, str]) -> list[str]:
    flags = set(fields.get("flags", "").split()) | set(fields.get("Features", "").split())
    known = _ARM if "Features" in fields else _X86
    return sorted({name for flag, name in known.items() if flag in flags})


def _sysctl(key: str) -> str | None:
    program = shutil.which("sysctl")
    if program is None:
        return None
    try:
        reply = subprocess.run([program, "-n", key], capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    return reply.stdout.strip() or None
