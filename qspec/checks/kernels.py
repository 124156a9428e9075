"""Which processor a claim's integers run on, as far as the executor says."""

from __future__ import annotations

import re
from collections.abc import Iterable

from qspec.lang.resolve import ResolvedExecutor

_ARM = re.compile(
    r"\b(arm|aarch64|apple|neoverse|cortex|graviton|ampere|altra|snapdragon|kirin|exynos|raspberry)", re.I
)
_ARM_SETS = frozenset({"neon", "asimd", "asimddp", "dotprod", "i8mm", "sve", "sve2", "sme"})
_WIDE = ("vnni", "amx", "dotprod", "i8mm", "asimddp")


def sums_overflow(instruction_sets: Iterable[str]) -> bool:
    """Whether a processor with these adds two products of 8-bit integers in sixteen bits, where they overflow.

    That is VPMADDUBSW of AVX2 and AVX-512, used where there is nothing wider (ONNX Runtime, *Quantize ONNX models*).
    False for sets that do not tell.
    """
    names = [name.lower() for name in instruction_sets]
    vectors = any(name.startswith("avx") for name in names)
    return vectors and not any(word in name for name in names for word in _WIDE)


def on_cpu(executor: ResolvedExecutor) -> bool:
    """Whether ONNX Runtime's `cpu` provider is declared; other runtimes have kernels of their own."""
    runtime = executor.runtime
    return runtime is not None and runtime.provider == "cpu" and runtime.name in {None, "onnxruntime"}


def is_arm(executor: ResolvedExecutor) -> bool:
    """Whether the declared processor is an Arm one; where nothing is said of it, it is taken for x86."""
    hardware = executor.hardware
    if hardware is None:
        return False
    names = " ".join(text for text in (hardware.cpu, hardware.device, hardware.name) if text)
    return bool(_ARM.search(names)) or any(name.lower() in _ARM_SETS for name in hardware.instruction_sets)
