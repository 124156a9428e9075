"""A machine as it was found, as the blocks that a spec would declare it with."""

from __future__ import annotations

from qspec.model.hardware import Hardware, Runtime
from qspec.model.measured import Found


def hardware_block(found: Found) -> Hardware:
    """The `hardware` block that this machine matches."""
    return Hardware(
        device="gpu" if found.accelerator else "cpu",
        accelerator=found.accelerator,
        driver=found.driver,
        cpu=found.cpu,
        cores=found.cores,
        instruction_sets=found.instruction_sets,
        memory=found.memory,
        os=found.os,
        kernel=found.kernel,
    )


def runtime_block(found: Found) -> Runtime:
    """The `runtime` block of the engine that was found."""
    name, _, version = (found.runtime or "").partition(" ")
    return Runtime(name=name or None, version=version or None, provider=found.provider, threads=found.threads)
