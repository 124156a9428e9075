"""A claim about hardware that is not here gets a twin that declares this machine, once."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from qspec import api
from qspec.execute.options import Options
from qspec.lang.load import load
from qspec.lang.twin import write_twin

SPECS = Path(__file__).resolve().parents[2] / "specs"
CHIP = 'hardware { cpu: "Chip 9000", accelerator: "NPU 5" }'


@pytest.fixture
def spec(tmp_path: Path, quickstart: Path) -> Path:
    for name in ("data", "models"):
        shutil.copytree(SPECS / name, tmp_path / name)
    text, count = re.subn(r"hardware:\s+local[^\n]*", CHIP, quickstart.read_text())
    assert count == 1
    path = tmp_path / "s.qspec"
    path.write_text(text)
    return path


def test_the_twin_declares_this_machine_and_asserts_the_same(spec):
    before = spec.read_text()
    adopted = api.adopt(spec)
    assert adopted.claims == adopted.written == ["under-one-point-here"]
    text = spec.read_text()
    assert text.startswith(before)
    document = load(spec).main.document
    claim, twin = (document.claims[name] for name in ("under-one-point", "under-one-point-here"))
    assert twin.assertions == claim.assertions
    assert not twin.measured
    executor = document.executors["digits-int8-here"]
    assert executor.from_ == "digits-int8"
    assert executor.hardware.cores is not None and not executor.hardware.local
    assert str(executor.runtime.threads) == "1"
    (plan,) = api.plan(spec, claims=["under-one-point-here"])
    (first,) = api.plan(spec, claims=["under-one-point"])
    assert plan.quantized == first.quantized or plan.quantized.sha256 == first.quantized.sha256
    assert plan.batch == first.batch


def test_a_second_time_nothing_is_written(spec):
    api.adopt(spec)
    text = spec.read_text()
    again = api.adopt(spec)
    assert again.claims == ["under-one-point-here"] and again.written == []
    assert spec.read_text() == text


def test_hardware_that_is_here_needs_no_twin(tmp_path, quickstart):
    for name in ("data", "models"):
        shutil.copytree(SPECS / name, tmp_path / name)
    path = Path(shutil.copy(quickstart, tmp_path))
    text = path.read_text()
    assert api.adopt(path).claims == ["under-one-point"]
    assert path.read_text() == text


def test_an_executor_inside_a_claim_is_copied_with_it(spec):
    text = spec.read_text()
    start = text.index("executor digits-int8 {")
    body = text[start : text.index("\n}\n", start) + 3].replace("executor digits-int8 {", "executor {")
    (claim,) = re.findall(r"claim under-one-point on digits-int8 \{(.*)\n\}\n", text, re.DOTALL)
    spec.write_text(f"{text[:start]}claim under-one-point {{\n{body}{claim}\n}}\n")
    assert api.adopt(spec).written == ["under-one-point-here"]
    twin = load(spec).main.document.claims["under-one-point-here"]
    assert twin.on is None and twin.executor.hardware.cpu != "Chip 9000"


def test_a_twin_is_timed_here_and_the_original_is_not(spec, tmp_path):
    options = Options(store=tmp_path / "store")
    api.adopt(spec, options=options)
    run = api.run(spec, options=options, write=False)
    outcomes = {
        one.resolved.name: next(j.outcome for j in one.verdicts.judged if "throughput" in str(j.assertion))
        for one in run.executed
    }
    assert outcomes["under-one-point"] == "not-measured"
    assert outcomes["under-one-point-here"] != "not-measured"


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_a_spec_in_yaml_or_json_is_filled_in_and_adopted_too(form, spec, tmp_path):
    written = tmp_path / f"s.qspec.{form}"
    written.write_text(write_twin(load(spec).main.document, form))
    before = written.read_text()
    options = Options(store=tmp_path / "store")
    adopted = api.adopt(written, options=options)
    assert adopted.written == ["under-one-point-here"]
    api.run(written, options=options, claims=adopted.claims)
    document = load(written).main.document
    assert (
        document.claims["under-one-point-here"].measured and not document.claims["under-one-point"].measured
    )
    (again,) = api.judge(written, options=options, claims=adopted.claims)
    assert again.verdicts.judged
    kept = iter(written.read_text().splitlines())
    assert all(line.rstrip(",") in (other.rstrip(",") for other in kept) for line in before.splitlines())
