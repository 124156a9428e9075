"""The executor declared beside the executor found: names, versions, memory, and whose clock counts."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from qspec.checks.compare import FieldMatch, Match, compare, elsewhere
from qspec.checks.versions import admits
from qspec.lang.load import load_source
from qspec.lang.resolve import Resolver
from qspec.lang.source import Source
from qspec.model.measured import Found
from qspec.model.quantity import Quantity

HERE = Found(
    cpu="Intel(R) Xeon(R) Gold 6330 CPU @ 2.00GHz",
    cores=Quantity(text="4", value=Decimal(4)),
    instruction_sets=["avx2", "avx512_vnni"],
    memory=Quantity.of("15.2", "GiB"),
    os="Debian GNU/Linux 12 (bookworm)",
    kernel="6.1.0-18-amd64",
    python="3.11.7",
    runtime="onnxruntime 1.31.1",
    provider="cpu",
    threads=Quantity.of("1"),
    batch=Quantity.of("32"),
)


def compared(items: str, found: Found = HERE) -> dict[str, FieldMatch]:
    text = f"qspec 1\nexecutor e {{ {items} }}\nclaim c on e {{ loss(top1) <= 1 pp }}\n"
    workspace = load_source(Source("spec.qspec", text), root=Path())
    assert not workspace.errors
    rows = compare(Resolver(workspace).claims()[0].executor, found)
    return {row.field: row for row in rows}


@pytest.mark.parametrize(
    ("declared", "match"),
    [
        ('hardware { cpu: "Xeon Gold" }', "match"),
        ('hardware { cpu: "Intel Xeon Gold 6330" }', "match"),
        ('hardware { cpu: "Xeon Gold 63" }', "drift"),
        ('hardware { cpu: "???" }', "unknown"),
        ("hardware { cores: 4 }", "match"),
        ("hardware { cores: 8 }", "drift"),
        ("hardware { memory: 16 GiB }", "match"),
        ("hardware { memory: 8 GB }", "match"),
        ("hardware { memory: 17 GiB }", "drift"),
        ("hardware { instruction-sets: [AVX512_VNNI] }", "match"),
        ("hardware { instruction-sets: [avx2, amx_int8] }", "drift"),
        ('hardware { accelerator: "NVIDIA H200" }', "drift"),
        ("hardware { device: cpu }", "match"),
        ("hardware { device: gpu }", "drift"),
        ('hardware { device: "Xeon Gold" }', "match"),
        ('hardware { driver: "550.54" }', "unknown"),
        ("hardware { os: Linux }", "match"),
        ('hardware { kernel: "6.1" }', "match"),
        ('hardware { kernel: "5.10" }', "drift"),
        ("hardware { count: 2 }", "unknown"),
        ("runtime { name: onnxruntime }", "match"),
        ("runtime { name: openvino }", "drift"),
        ('runtime { version: ">=1.20" }', "match"),
        ("runtime { version: nightly }", "unknown"),
        ("runtime { provider: cuda }", "drift"),
        ("runtime { threads: 8 }", "drift"),
        ("load { batch: 32 }", "match"),
        ("load { batch: 64 }", "drift"),
    ],
)
def test_a_declared_field_matches_drifts_or_cannot_be_told(declared: str, match: str) -> None:
    rows = [row for row in compared(declared).values() if row.declared is not None]
    assert [row.match.value for row in rows] == [match]


def test_what_nobody_declared_is_open_and_what_is_neither_is_left_out() -> None:
    rows = compared("hardware: local")
    assert {row.match for row in rows.values()} == {Match.OPEN}
    assert list(rows) == [
        "cpu", "cores", "instruction-sets", "memory", "os", "kernel",
        "runtime", "version", "provider", "threads", "batch", "python",
    ]  # fmt: skip
    assert rows["version"].found == "1.31.1"
    assert [row.field for row in compare(None, Found(cpu="x"))] == ["cpu"]


def test_the_batches_of_several_loads_are_no_one_batch() -> None:
    rows = compared("load a { batch: 1 }\n load b { batch: 64 }")
    assert rows["batch"].match is Match.OPEN


def test_a_card_is_found_by_the_words_of_its_name() -> None:
    here = HERE.model_copy(update={"accelerator": "NVIDIA A100-SXM4-80GB", "driver": "550.54.15"})
    rows = compared('hardware { accelerator: "A100", device: gpu, driver: "550" }', here)
    assert {rows[name].match for name in ("accelerator", "device", "driver")} == {Match.MATCH}


def test_an_engine_without_a_version_is_not_known_to_fit() -> None:
    here = HERE.model_copy(update={"runtime": "onnxruntime"})
    rows = compared('runtime { name: onnxruntime, version: ">=1.20" }', here)
    assert [rows[name].match.value for name in ("runtime", "version")] == ["match", "unknown"]


@pytest.mark.parametrize(
    ("wanted", "found", "fits"),
    [
        (">=1.20", "onnxruntime 1.31.1", True),
        (">=1.32", "onnxruntime 1.31.1", False),
        (">=1.20, <1.31", "onnxruntime 1.31.1", False),
        (">1.31", "1.31.0", False),
        ("<=1.31", "1.31.1", False),
        ("1.31", "onnxruntime 1.31.1", True),
        ("=1.31", "1.31.1", True),
        ("1.31.x", "1.31.1", True),
        ("v1.31.*", "1.31.1", True),
        ("1.3", "onnxruntime 1.31.1", False),
        ("!=1.31", "1.31.1", False),
        ("~=1.31.0", "onnxruntime 1.31.1", True),
        ("~=1.30.0", "1.31.1", False),
        ("nightly", "onnxruntime 1.31.1", None),
        (">=1.20,", "1.31.1", None),
        (">=1.20", "onnxruntime", None),
    ],
)
def test_versions_match_as_their_clauses_say(wanted: str, found: str, fits: bool | None) -> None:
    assert admits(wanted, found) is fits


def test_only_other_hardware_makes_a_clock_somebody_elses() -> None:
    assert elsewhere(list(compared('runtime { threads: 8, version: "<1" }').values())) is None
    assert elsewhere(list(compared('hardware { kernel: "6.1", driver: "550" }').values())) is None
    assert elsewhere(list(compared('hardware { cpu: "Cortex-A76" }').values())) == (
        "the declared hardware is not this machine: cpu is Cortex-A76 there and "
        "Intel(R) Xeon(R) Gold 6330 CPU @ 2.00GHz here"
    )


def test_comparing_needs_no_array_library() -> None:
    code = "import sys, qspec.checks.compare; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
