"""A machine as it was found, as the blocks that a spec would declare it with."""

from __future__ import annotations

from qspec.errors import NotExecutableError
from qspec.execute import machine
from qspec.model.hardware import Hardware, Runtime
from qspec.model.measured import Found


def captured(provider: str | None = None) -> Found:
    """The executor that this machine is under a provider, all cores at work; that of a device here unless given.

    Raises `NotExecutableError` for a provider of a device that is not here.
    """
    here = machine.inspect_machine()
    provider = provider or ("cuda" if here.accelerators else "cpu")
    if provider != "cpu" and not here.accelerators:
        raise NotExecutableError(
            f"No NVIDIA device is found here, so there is no machine for the provider {provider} to capture.",
            hint="install its driver, so that `nvidia-smi` lists it, or capture the processor with --provider cpu",
        )
    return machine.found(provider, machine.cores(), machine=here)


def hardware_block(found: Found) -> Hardware:
    """The `hardware` block that this machine matches."""
    return Hardware(
        device="gpu" if found.accelerator else "cpu",
        accelerator=found.accelerator,
        count=found.count,
        accelerator_memory=found.accelerator_memory,
        driver=found.driver,
        cpu=found.cpu,
        sockets=found.sockets,
        cores=found.cores,
        instruction_sets=found.instruction_sets,
        memory=found.memory,
        os=found.os,
        kernel=found.kernel,
        power=found.power,
    )


def runtime_block(found: Found) -> Runtime:
    """The `runtime` block of the engine that was found."""
    name, _, version = (found.runtime or "").partition(" ")
    return Runtime(name=name or None, version=version or None, provider=found.provider, threads=found.threads)
