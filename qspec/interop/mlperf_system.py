"""System descriptions of MLPerf Inference: the JSON that names a machine and its software in a submission.

The keys are those that the submission checker of v6.0 requires (mlcommons/inference, `tools/submission`, the lists
SYSTEM_DESC_REQUIRED_FIELDS and SYSTEM_DESC_MEANINGFUL_RESPONSE_REQUIRED_FIELDS).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from qspec.canonical import parse_json
from qspec.errors import Place, QSpecError
from qspec.interop import Exported, Imported, OutsideFormat, registry
from qspec.model.document import Document
from qspec.model.hardware import Hardware, Runtime
from qspec.model.quantity import Quantity
from qspec.model.vocabulary import VOCABULARIES

if TYPE_CHECKING:
    from qspec.lang.load import Workspace

REQUIRED = (
    "division", "submitter", "status", "system_name", "system_type", "system_type_detail", "number_of_nodes",
    "host_processor_model_name", "host_processors_per_node", "host_processor_core_count", "host_processor_frequency",
    "host_processor_caches", "host_processor_interconnect", "host_memory_capacity", "host_memory_configuration",
    "host_storage_capacity", "host_storage_type", "host_networking", "host_networking_topology",
    "host_network_card_count", "accelerators_per_node", "accelerator_model_name", "accelerator_memory_capacity",
    "accelerator_memory_configuration", "accelerator_frequency", "accelerator_host_interconnect",
    "accelerator_interconnect", "accelerator_interconnect_topology", "accelerator_on-chip_memories", "cooling",
    "framework", "operating_system", "other_software_stack", "hw_notes", "sw_notes",
)  # fmt: skip
"""Every key that must be there."""
MEANINGFUL = frozenset(REQUIRED) - {
    "system_type_detail", "host_processor_frequency", "host_processor_caches", "host_processor_interconnect",
    "accelerator_frequency", "accelerator_interconnect_topology", "accelerator_on-chip_memories", "hw_notes", "sw_notes",
}  # fmt: skip
"""Those that may not be empty."""
_OF_ACCELERATORS = tuple(key for key in REQUIRED if key.startswith("accelerator_"))
_OF_RUNTIME = {"framework", "sw_notes"}
_TITLES = {word: about.partition(",")[0] for word, about in VOCABULARIES["runtime"].items()}
_NOTHING = frozenset({"", "-", "n/a", "na", "none", "undefined", "tbd", "unknown", "no"})
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT])(i?)B?\b", re.IGNORECASE)
_SETS = "instruction sets: "
_DRIVER = re.compile(r"driver(?:[ _]version)?[ :=]+v?([\w.]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class System:
    """What a description is made from."""

    name: str
    hardware: Hardware
    runtime: Runtime


@registry.register("mlperf-system")
class MLPerfSystem(OutsideFormat):
    """The system description of an MLPerf Inference submission (JSON)."""

    def read(self, text: str, name: str) -> Imported:
        """A `hardware` and a `runtime` block; what has no word in the language is named in a note."""
        told = _object(text, name)
        hardware, used = _hardware(told)
        runtime = _runtime(_text(told, "framework"), _text(told, "sw_notes") or "")
        label = _label(_text(told, "system_name") or name.partition(".")[0])
        document = Document(
            hardware={label: hardware}, runtimes={f"{label}-runtime": runtime} if runtime else {}
        )
        absent = [key for key in REQUIRED if key not in told]
        unused = sorted(key for key in told if key not in used | _OF_RUNTIME and _text(told, key) is not None)
        return Imported(
            document,
            (
                *(
                    [f"the checker of v6.0 requires keys that are not there: {', '.join(absent)}"]
                    if absent
                    else []
                ),
                *([f"the language has no word for {', '.join(unused)}"] if unused else []),
            ),
        )

    def write(self, workspace: Workspace, name: str | None) -> Exported:
        """The description of an executor's machine, or of a declared one; what the spec does not say stays empty."""
        system = _system(workspace, name)
        found = {**dict.fromkeys(REQUIRED, ""), **_described(system)}
        empty = [key for key in REQUIRED if key in MEANINGFUL and found[key] == ""]
        note = f"fill in what the spec does not say and the checker asks for: {', '.join(empty)}"
        return Exported(json.dumps(found, indent=2, ensure_ascii=False) + "\n", (note,) if empty else ())


# Out -----------------------------------------------------------------------------------------


def _system(workspace: Workspace, name: str | None) -> System:
    """The machine and the engine of an executor, as found where it says `local`, or a machine of that name."""
    from qspec.execute.blocks import hardware_block, runtime_block
    from qspec.lang.resolve import Origin, Resolver

    executors, machines = workspace.names("executors"), workspace.names("hardware")
    likely = executors or machines
    chosen = name or (likely[0] if len(likely) == 1 else None)
    if chosen is None or chosen not in {*executors, *machines}:
        what = f"No executor or hardware is called `{name}`." if name else "It is not said what is described."
        raise QSpecError(
            what, hint=f"name one: {', '.join([*executors, *machines]) or 'the spec declares none'}"
        )
    if chosen not in executors:
        (machine, _) = workspace.find("hardware", chosen) or (Hardware(), None)
        engines = workspace.names("runtimes")
        engine = workspace.find("runtimes", engines[0]) if len(engines) == 1 else None
        return System(machine.name or chosen, machine, engine[0] if engine else Runtime())
    executor = Resolver(workspace).executor(chosen, Origin(workspace.main, ("executors", chosen)))
    hardware = executor.hardware if executor is not None else None
    runtime = (executor.runtime if executor is not None else None) or Runtime()
    if hardware is None or hardware.local:
        blocks = [
            block
            for claim in workspace.main.document.claims.values()
            if claim.on == chosen
            for block in claim.measured
        ]
        if not blocks:
            raise QSpecError(
                f"The executor `{chosen}` names no machine, and no claim on it was measured.",
                hint="execute it, or declare the blocks that `qspec doctor --capture` writes",
            )
        hardware, runtime = hardware_block(blocks[-1].executor), runtime_block(blocks[-1].executor)
    return System(hardware.name or chosen, hardware, runtime)


def _described(system: System) -> dict[str, Any]:
    hardware, runtime = system.hardware, system.runtime
    count = hardware.count or Quantity.of("1" if hardware.accelerator else "0")
    found: dict[str, Any] = {
        "system_name": system.name,
        "number_of_nodes": 1,
        "host_processor_model_name": hardware.cpu,
        "host_processors_per_node": _number(hardware.sockets),
        "host_processor_core_count": _cores(hardware),
        "host_memory_capacity": _said(hardware.memory),
        "accelerators_per_node": _number(count),
        "accelerator_model_name": hardware.accelerator,
        "accelerator_memory_capacity": _said(hardware.accelerator_memory),
        "framework": _framework(runtime),
        "operating_system": hardware.os,
        "other_software_stack": "; ".join(
            f"{what} {value}"
            for what, value in (("kernel", hardware.kernel), ("driver", hardware.driver))
            if value
        ),
        "hw_notes": _SETS + ", ".join(hardware.instruction_sets) if hardware.instruction_sets else None,
        "sw_notes": ", ".join(
            f"{what}: {value}"
            for what, value in (
                ("threads", runtime.threads),
                ("affinity", runtime.affinity),
                ("graph optimization", runtime.graph_optimization),
            )
            if value is not None
        ),
    }
    if not hardware.accelerator and hardware.device in (None, "cpu"):
        found |= dict.fromkeys(_OF_ACCELERATORS, "N/A")
    return {key: value for key, value in found.items() if value not in (None, "")}


def _framework(runtime: Runtime) -> str | None:
    if runtime.name is None:
        return None
    version = f" {runtime.version}" if runtime.version is not None else ""
    provider = f", {runtime.provider} provider" if runtime.provider else ""
    return f"{_TITLES.get(runtime.name, runtime.name)}{version}{provider}"


def _cores(hardware: Hardware) -> int | None:
    """Cores of one processor; those of the machine where it is not said how many processors there are."""
    cores, sockets = _number(hardware.cores), _number(hardware.sockets) or 1
    return cores // sockets if cores is not None and cores % sockets == 0 else cores


def _number(value: Quantity | None) -> int | None:
    return int(value.base) if value is not None else None


def _said(value: Quantity | None) -> str | None:
    return str(value) if value is not None else None


# In ------------------------------------------------------------------------------------------


def _object(text: str, name: str) -> dict[str, Any]:
    try:
        told = parse_json(text)
    except (ValueError, RecursionError) as error:
        raise QSpecError(f"This is not JSON: {error}.", place=Place(name)) from error
    if not isinstance(told, dict) or not set(told) & set(REQUIRED):
        raise QSpecError(
            "This is no system description of MLPerf.",
            place=Place(name),
            hint="it is one JSON object with keys such as `host_processor_model_name`",
        )
    return told


def _hardware(told: dict[str, Any]) -> tuple[Hardware, set[str]]:
    """The machine, and the keys that were understood."""
    per_node, sockets = _integer(told, "accelerators_per_node"), _integer(told, "host_processors_per_node")
    cores = _integer(told, "host_processor_core_count")
    stack, notes = _text(told, "other_software_stack") or "", _text(told, "hw_notes") or ""
    driver = _DRIVER.search(stack)
    kernel = re.search(r"kernel(?:[ _]version)?[ :=]+([\w.+-]+)", stack, re.IGNORECASE)
    fields: dict[str, dict[str, Any]] = {
        "system_name": {"name": _text(told, "system_name")},
        "host_processor_model_name": {"cpu": _text(told, "host_processor_model_name")},
        "host_processors_per_node": {"sockets": _count(sockets)},
        "host_processor_core_count": {"cores": _count(cores * (sockets or 1)) if cores else None},
        "host_memory_capacity": {"memory": _size(told, "host_memory_capacity")},
        "accelerators_per_node": {
            "device": "cpu" if per_node == 0 else None,
            "count": _count(per_node) if per_node else None,
        },
        "accelerator_model_name": {
            "accelerator": _text(told, "accelerator_model_name") if per_node else None
        },
        "accelerator_memory_capacity": {
            "accelerator_memory": _size(told, "accelerator_memory_capacity") if per_node else None
        },
        "operating_system": {"os": _text(told, "operating_system")},
        "other_software_stack": {
            "driver": driver.group(1) if driver else None,
            "kernel": kernel.group(1) if kernel else None,
        },
        "hw_notes": {
            "instruction_sets": notes.removeprefix(_SETS).split(", ") if notes.startswith(_SETS) else []
        },
    }
    used = {key for key, said in fields.items() if any(said.values())}
    alone = _integer(told, "number_of_nodes") in (None, 1)
    values = {field: value for said in fields.values() for field, value in said.items() if value}
    return Hardware(**values), used | ({"number_of_nodes"} if alone else set())


def _runtime(framework: str | None, notes: str) -> Runtime | None:
    """The engine: a runtime of the language's where one is named, else the framework's own name."""
    if framework is None:
        return None
    first, _, rest = framework.partition(",")
    version = re.search(r"\bv?(\d+(?:\.\w+)+(?:[+-]\w+)*)", first)
    spoken = first[: version.start()].strip() if version else first.strip()
    known = {title.casefold(): word for word, title in _TITLES.items()} | {word: word for word in _TITLES}
    provider = re.fullmatch(r" (\S+) provider", rest)
    told = dict(re.findall(r"(threads|affinity|graph optimization): ([\w,-]+?)(?:, (?=[a-z])|$)", notes))
    return Runtime(
        name=known.get(spoken.casefold(), _label(spoken)),
        version=version.group(1) if version else None,
        provider=provider.group(1) if provider and provider.group(1) in VOCABULARIES["provider"] else None,
        threads=_count(int(told["threads"])) if told.get("threads", "").isdecimal() else None,
        affinity=told.get("affinity"),
        graph_optimization=told.get("graph optimization"),
    )


def _text(told: dict[str, Any], key: str) -> str | None:
    """What a key says as text, a nested object as its members; None where it says nothing."""
    value = told.get(key)
    if isinstance(value, dict):
        value = "; ".join(f"{name} {item}" for name, item in value.items() if str(item).strip())
    text = " ".join(str(value).split()) if isinstance(value, str | int | float) else ""
    return None if text.casefold() in _NOTHING else text[:500]


def _integer(told: dict[str, Any], key: str) -> int | None:
    text = _text(told, key)
    return int(text) if text is not None and text.isdecimal() and len(text) < 10 else None


def _count(value: int | None) -> Quantity | None:
    return Quantity.of(str(value)) if value else None


def _size(told: dict[str, Any], key: str) -> Quantity | None:
    """A capacity such as `512 GB`, `48G` or `1.5TiB`; kilobytes and binary terabytes in the next unit that there is."""
    found = _SIZE.search(_text(told, key) or "")
    if found is None:
        return None
    number, prefix, binary = Decimal(found.group(1)), found.group(2).upper(), found.group(3).lower()
    if prefix == "T" and binary:
        number, prefix = number * 1024, "G"
    if prefix == "K":
        number, prefix = number / (1024 if binary else 1000), "M"
    return Quantity.of(f"{number:f}", f"{prefix}{binary}B")


def _label(text: str) -> str:
    """A name of the language's for what somebody calls a thing."""
    word = re.sub(r"[^a-z0-9.]+", "-", text.casefold()).strip("-.")
    return word if word[:1].isalpha() else f"system-{word}".rstrip("-")
