"""System descriptions of MLPerf come in as hardware and runtime, and go out with every key the checker requires."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qspec import api
from qspec.errors import QSpecError
from qspec.interop import find_format
from qspec.interop.mlperf_system import MEANINGFUL, REQUIRED
from qspec.lang.load import Workspace, load_source
from qspec.lang.source import Source
from qspec.lang.write import write_document

NODE = {
    "submitter": "Somebody",
    "division": "closed",
    "status": "available",
    "system_name": "Node 8x (Card)",
    "number_of_nodes": "1",
    "host_processor_model_name": "Example(R) CPU 8480",
    "host_processors_per_node": "2",
    "host_processor_core_count": 56,
    "host_memory_capacity": "2 TB",
    "accelerators_per_node": 8,
    "accelerator_model_name": "Example Card",
    "accelerator_memory_capacity": "80GB HBM3",
    "framework": "TensorRT 9.3.0, CUDA 12.2",
    "other_software_stack": {"cuda_driver_version": "535.104.05", "kernel_version": "5.15.0-88-generic"},
    "operating_system": "Ubuntu 22.04",
    "cooling": "N/A",
}
DECLARED = """qspec 1

hardware box {
  accelerator:        "Example Card"
  count:              4
  accelerator-memory: 24 GB
  driver:             "550.1"
  cpu:                "Example CPU"
  sockets:            2
  cores:              64
  instruction-sets:   [avx2, avx512_vnni]
  memory:             512 GiB
  os:                 "Debian 12"
  kernel:             "6.1.0"
}

runtime engine { name: onnxruntime, version: "1.30.0", provider: cuda, threads: 4, affinity: "0-3,8", graph-optimization: all }

executor e {
  hardware: box
  runtime:  engine
  model     { base: "m" @ "1" }
}

executor here {
  hardware: local
  model     { base: "m" @ "1" }
}
"""


def read(told: dict[str, Any]) -> Any:
    return find_format("mlperf-system").read(json.dumps(told), "node.json")


def declared(text: str = DECLARED) -> Workspace:
    found = load_source(Source("spec.qspec", text), root=Path())
    assert not found.errors
    return found


def write(workspace: Workspace, name: str | None) -> Any:
    return find_format("mlperf-system").write(workspace, name)


def test_the_keys_are_those_of_the_checker():
    assert len(REQUIRED) == len(set(REQUIRED)) == 35
    assert len(MEANINGFUL) == 26
    assert set(REQUIRED) > MEANINGFUL


def test_a_description_becomes_hardware_and_runtime():
    made = read(NODE)
    (hardware,) = made.document.hardware.values()
    (runtime,) = made.document.runtimes.values()
    assert list(made.document.hardware) == ["node-8x-card"]
    assert (hardware.cpu, str(hardware.sockets), str(hardware.cores)) == ("Example(R) CPU 8480", "2", "112")
    assert (hardware.accelerator, str(hardware.count), str(hardware.accelerator_memory)) == (
        "Example Card",
        "8",
        "80 GB",
    )
    assert str(hardware.memory) == "2 TB"
    assert (hardware.driver, hardware.kernel) == ("535.104.05", "5.15.0-88-generic")
    assert (runtime.name, runtime.version) == ("tensorrt", "9.3.0")
    assert not load_source(Source("made.qspec", write_document(made.document)), root=Path()).errors


def test_what_has_no_word_here_and_what_is_missing_is_told():
    missing, unused = read(NODE).notes
    assert "host_storage_type" in missing
    assert "cooling" not in missing
    assert unused == "the language has no word for division, status, submitter"


@pytest.mark.parametrize(
    ("text", "size"),
    [("48G", "48 GB"), ("1.5TiB", "1536.0 GiB"), ("1024GB", "1024 GB"), ("16 x 32 GB DDR5", "32 GB"), ("plenty", "None")],
)  # fmt: skip
def test_capacities_are_read_as_people_write_them(text: str, size: str):
    (hardware,) = read({**NODE, "host_memory_capacity": text}).document.hardware.values()
    assert str(hardware.memory) == size


def test_a_machine_without_accelerators_is_a_processor():
    (hardware,) = read(
        {**NODE, "accelerators_per_node": "0", "accelerator_model_name": "N/A"}
    ).document.hardware.values()
    assert (hardware.device, hardware.accelerator, hardware.count) == ("cpu", None, None)


def test_an_executor_goes_out_with_every_key():
    made = write(declared(), "e")
    told = json.loads(made.text)
    assert tuple(told) == REQUIRED
    assert (told["host_processors_per_node"], told["host_processor_core_count"]) == (2, 32)
    assert (told["accelerators_per_node"], told["accelerator_memory_capacity"]) == (4, "24 GB")
    assert told["framework"] == "ONNX Runtime 1.30.0, cuda provider"
    assert told["accelerator_interconnect"] == ""
    (note,) = made.notes
    assert "submitter" in note
    assert "accelerator_interconnect" in note
    assert "host_processor_caches" not in note


def test_what_went_out_comes_in_as_it_was():
    workspace = declared()
    back = read(json.loads(write(workspace, "box").text)).document
    (hardware,) = back.hardware.values()
    (runtime,) = back.runtimes.values()
    assert hardware.model_copy(update={"name": None}) == workspace.main.document.hardware["box"]
    assert runtime == workspace.main.document.runtimes["engine"]


def test_a_machine_that_is_not_declared_is_the_one_that_was_measured(tmp_path: Path):
    with pytest.raises(
        QSpecError, match="`here` names no machine, and no claim on it was measured"
    ) as caught:
        write(declared(), "here")
    assert "doctor --capture" in (caught.value.hint or "")
    digest = "0" * 64
    measured = f"""
claim c on here {{
  measured {{
    at: "2026-01-01T00:00:00+00:00", tool: "qspec 0", judge-version: 1
    executor {{ cpu: "Found CPU", cores: 4, memory: 8.0 GiB, runtime: "onnxruntime 1.30.0", provider: cpu, threads: 2 }}
    executor-digest: "{digest}", assertions-digest: "{digest}", content-digest: "{digest}"
  }}
}}
"""
    told = json.loads(write(declared(DECLARED + measured), "here").text)
    assert told["host_processor_model_name"] == "Found CPU"
    assert told["sw_notes"] == "threads: 2"
    assert told["accelerator_model_name"] == "N/A"


@pytest.mark.parametrize(
    ("text", "says"),
    [("[1]", "no system description"), ("{}", "no system description"), ("{", "not JSON"), ("[" * 100_000, "not JSON")],
)  # fmt: skip
def test_another_file_is_refused_in_a_sentence(text: str, says: str):
    with pytest.raises(QSpecError, match=says):
        find_format("mlperf-system").read(text, "node.json")


def test_an_ambiguous_or_unknown_name_lists_what_there_is():
    with pytest.raises(QSpecError, match="not said what is described") as caught:
        write(declared(), None)
    assert caught.value.hint == "name one: e, here, box"
    with pytest.raises(QSpecError, match="called `boxx`"):
        write(declared(), "boxx")


def test_a_format_nobody_knows_gets_a_suggestion():
    with pytest.raises(QSpecError, match="no outside format called `mlperf-sistem`") as caught:
        find_format("mlperf-sistem")
    assert caught.value.hint == "did you mean `mlperf-system`?"


def test_the_library_does_both_ways(tmp_path: Path):
    (tmp_path / "node.json").write_text(json.dumps(NODE))
    made = api.import_from(tmp_path / "node.json", "mlperf-system")
    (tmp_path / "node.qspec").write_text(write_document(made.document))
    told = json.loads(api.export_as(tmp_path / "node.qspec", "mlperf-system").text)
    assert told["accelerator_model_name"] == NODE["accelerator_model_name"]
    assert told["host_processor_core_count"] == 56
