from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

from qspec.execute import machine
from qspec.execute.cpuinfo import cpu_identity, frequency

X86 = """processor\t: 0
vendor_id\t: GenuineIntel
model name\t: Intel(R)  Xeon(R) Platinum
cpu MHz\t\t: 2000.000
flags\t\t: fpu sse4_1 avx2 avx512f avx512_vnni amx_int8 amx_tile

processor\t: 1
model name\t: Intel(R)  Xeon(R) Platinum
cpu MHz\t\t: 4000.000
"""
ARM = """processor\t: 0
Features\t: fp asimd asimdhp asimddp i8mm sve
CPU implementer\t: 0x41
CPU part\t: 0xd40
"""


def written(folder: Path, text: str) -> Path:
    (folder / "cpuinfo").write_text(text)
    return folder


def test_an_x86_processor_is_read(tmp_path: Path):
    name, sets = cpu_identity(written(tmp_path, X86))
    assert name == "Intel(R) Xeon(R) Platinum"
    assert sets == ["amx_int8", "amx_tile", "avx2", "avx512_vnni", "avx512f", "sse4_1"]
    assert frequency(tmp_path, tmp_path / "none") == 3e9


def test_an_arm_processor_is_read(tmp_path: Path):
    assert cpu_identity(written(tmp_path, ARM)) == (
        "Arm Neoverse-V1",
        ["dotprod", "fp16", "i8mm", "neon", "sve"],
    )


def test_an_arm_core_without_a_name_keeps_its_numbers(tmp_path: Path):
    text = ARM.replace("0xd40", "0xfff").replace("0x41", "0x61")
    assert cpu_identity(written(tmp_path, text))[0] == "Arm implementer 0x61 part 0xfff"


def test_the_frequency_driver_is_believed_first(tmp_path: Path):
    for cpu, value in (("cpu0", "1000000"), ("cpu1", "3000000")):
        folder = tmp_path / cpu / "cpufreq"
        folder.mkdir(parents=True)
        (folder / "scaling_cur_freq").write_text(value)
    assert frequency(written(tmp_path, X86), tmp_path) == 2e9


def test_a_system_that_tells_nothing_gives_none_and_does_not_fail(tmp_path: Path, monkeypatch):
    for name in ("sched_getaffinity", "getloadavg", "sysconf"):
        monkeypatch.delattr(f"os.{name}", raising=False)
    monkeypatch.setattr(machine, "cpu_identity", lambda: (None, []))
    monkeypatch.setattr(machine, "frequency", lambda: None)
    monkeypatch.setattr(machine, "_read", lambda path: "")
    monkeypatch.setattr("shutil.which", lambda name: None)
    here = machine.inspect_machine()
    assert (here.cpu, here.memory, here.activity.load) == (None, None, None)
    assert here.cores >= 1
    block = machine.found("cpu", machine=here)
    assert block.cpu is None
    assert block.memory is None
    assert block.machine


def test_cores_follow_affinity_and_the_control_groups_quota(monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(8)), raising=False)
    monkeypatch.setattr(machine, "_read", lambda path: "")
    assert machine.cores() == 8
    monkeypatch.setattr(machine, "_read", lambda path: "250000 100000")
    assert machine.cores() == 3
    monkeypatch.setattr(machine, "_read", lambda path: "max 100000")
    assert machine.cores() == 8


def test_the_captured_machine_is_plain_data():
    data = machine.capture()
    assert json.loads(json.dumps(data))["cores"] == data["cores"] >= 1
    assert data["runtime"].startswith("onnxruntime")
    assert "providers" not in data


def test_providers_are_asked_for_by_name():
    assert "cpu" in machine.capture(providers=True)["providers"]


def test_capture_imports_no_runtime_unless_asked():
    code = (
        "import sys; from qspec.execute import machine; machine.capture(); machine.found('cpu', 2);"
        "print([m for m in ('numpy', 'onnx', 'onnxruntime', 'scipy') if m in sys.modules])"
    )
    reply = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert reply.stdout.strip() == "[]"


def test_the_machine_is_named_by_its_kind_and_provider():
    here = machine.inspect_machine()
    assert here.identity("cpu") == machine.inspect_machine().identity("cpu")
    assert here.identity("cpu") != here.identity("cuda")
    other = dataclasses.replace(here, instruction_sets=(*here.instruction_sets, "amx_fp16"))
    assert other.identity("cpu") != here.identity("cpu")
    # What changes from day to day is no part of it.
    assert dataclasses.replace(here, kernel="9.9", python="3.99").identity("cpu") == here.identity("cpu")


@pytest.mark.parametrize(
    ("provider", "name"), [("cpu", None), ("cuda", "NVIDIA Card"), ("tensorrt", "NVIDIA Card")]
)
def test_an_accelerator_is_named_only_where_it_was_used(tmp_path: Path, monkeypatch, provider, name):
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'NVIDIA Card, 570.1, 16384, 350.00'\n")
    program.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda tool: str(program) if tool == "nvidia-smi" else None)
    here = machine.inspect_machine()
    assert here.accelerators == (machine.Accelerator("NVIDIA Card", "570.1", 16384 << 20, 350.0),)
    block = machine.found(provider, threads=2, batch=32, machine=here)
    assert block.accelerator == name
    assert str(block.threads) == "2"
    assert str(block.batch) == "32"


def test_a_driver_tool_that_fails_means_no_accelerator(tmp_path: Path, monkeypatch):
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'Failed to initialize, a, b'\nexit 9\n")
    program.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda tool: str(program))
    assert machine.nvidia_accelerators() == []


def test_environment_overrides_of_the_runtime_are_on_record(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("UNRELATED_SECRET", "x")
    environment = machine.capture()["environment"]
    assert environment["OMP_NUM_THREADS"] == "3"
    assert "UNRELATED_SECRET" not in environment
