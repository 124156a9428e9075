"""`qspec init` writes a spec to fill in; `qspec doctor` says what this machine has."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from qspec.checks.compare import Match, compare
from qspec.execute import machine
from qspec.lang.claims import resolve_claims
from qspec.lang.load import load
from qspec.lang.template import TEMPLATES

from .conftest import Run


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_is_a_document_without_errors(template: str, run: Run):
    assert run("init", "claim.qspec", "--template", template).code == 0
    assert run("check", "claim.qspec", "--select", "QS0").code == 0
    assert run("convert", "claim.qspec", "--to", "json").code == 0


def test_model_and_data_are_filled_in_with_their_digests(run: Run, specs: Path):
    model, data = specs / "models" / "digits-cnn.onnx", specs / "data" / "digits.npz"
    assert run("init", specs / "claim.qspec", "--model", model, "--data", data).code == 0
    text = (specs / "claim.qspec").read_text()
    assert 'file:    "models/digits-cnn.onnx"' in text
    assert all(hashlib.sha256(path.read_bytes()).hexdigest() in text for path in (model, data))
    assert "inputs   { image: x }" in text
    assert "task:        image-classification" in text
    assert run("fmt", "--check", specs / "claim.qspec").code == 0


def test_names_of_files_are_quoted(run: Run, specs: Path):
    strange = (specs / "models" / "digits-cnn.onnx").rename(specs / 'a"b{x}.onnx')
    assert run("init", specs / "claim.qspec", "--model", strange).code == 0
    assert run("check", specs / "claim.qspec", "--select", "QS0").code == 0


def test_files_that_the_spec_could_not_read_are_refused(run: Run, specs: Path):
    done = run("init", "claim.qspec", "--model", specs / "models" / "digits-cnn.onnx")
    assert done.code == 2
    assert "below it" in done.err


def test_a_file_that_is_there_is_not_written_over(run: Run):
    Path("claim.qspec").write_text("mine")
    done = run("init", "claim.qspec")
    assert (done.code, Path("claim.qspec").read_text()) == (2, "mine")
    assert run("init", "claim.qspec", "--force").code == 0
    assert Path("claim.qspec").read_text() != "mine"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--template", "poem"), "no template `poem`"),
        (("--model", "none.onnx"), "none.onnx"),
    ],
)
def test_misuse_is_a_sentence(arguments: tuple[str, ...], says: str, run: Run):
    done = run("init", "claim.qspec", *arguments)
    assert done.code == 2
    assert says in done.err
    assert not Path("claim.qspec").exists()


def test_a_folder_that_is_not_there_is_a_sentence(run: Run):
    done = run("init", "none/claim.qspec")
    assert done.code == 2
    assert "cannot be written" in done.err


def test_the_doctor_tells_processor_and_packages(run: Run):
    done = run("doctor")
    assert done.code == 0
    assert "extra execute" in done.out
    assert "onnxruntime" in done.out


def test_the_doctor_tells_programs_too(run: Run):
    data = json.loads(run("doctor", "--output-format", "json").out)
    assert "missing" in data


def test_the_machine_is_captured_as_blocks_that_read(run: Run):
    done = run("doctor", "--capture")
    assert done.code == 0
    assert run("check", "-", "--select", "QS0", stdin=f"qspec 1\n{done.out}").code == 0


def test_what_is_captured_is_found_to_match(run: Run, specs: Path):
    blocks = run("doctor", "--capture", "--provider", "cpu").out
    spec = specs / "quickstart.qspec"
    text = spec.read_text().replace(
        "hardware:    local  # whatever machine executes this", "hardware: this-machine"
    )
    head, _, rest = text.partition("  runtime      {")
    spec.write_text(
        f"{head}  runtime: this-runtime{rest.partition(chr(10))[1]}{rest.partition(chr(10))[2]}\n{blocks}"
    )
    (claim,) = resolve_claims(load(spec))
    here = machine.found("cpu", machine.cores())
    fields = [field for field in compare(claim.executor, here) if field.declared is not None]
    assert {field.field for field in fields} >= {
        "cpu",
        "cores",
        "instruction-sets",
        "memory",
        "os",
        "kernel",
        "threads",
    }
    assert {field.match for field in fields if field.field != "batch"} == {Match.MATCH}


def test_a_device_that_is_not_here_is_not_captured(run: Run, monkeypatch):
    monkeypatch.setattr(machine, "nvidia_accelerators", list)
    done = run("doctor", "--capture", "--provider", "cuda")
    assert done.code == 3
    assert "No NVIDIA device is found here" in done.err
    assert "nvidia-smi" in done.err
