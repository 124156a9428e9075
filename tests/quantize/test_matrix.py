"""Every scheme of the matrix on four trained models: realized as declared, or refused in a sentence.

The plan is specs/matrix/schemes.toml. Each cell compares with bare onnxruntime: the answers of the artifact that was
made, the flips against the base model, and what the table of specs/matrix that was measured on such a processor says.
"""

import json
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from qspec.checks.kernels import sums_overflow
from qspec.errors import QSpecError
from qspec.execute.census import census
from qspec.execute.cpuinfo import cpu_identity
from qspec.lang.claims import resolve_claims
from qspec.lang.load import load_source
from qspec.lang.source import Source
from qspec.model.shorthand import expand
from qspec.quantize.realize import realize
from qspec.quantize.request import Request

SPECS = Path(__file__).resolve().parents[2] / "specs"
MATRIX = SPECS / "matrix"
SCHEMES: dict[str, dict[str, Any]] = tomllib.loads((MATRIX / "schemes.toml").read_text())
OVERFLOWS = sums_overflow(cpu_identity()[1])
MODELS = ("cnn", "mlp", "encoder", "decoder")

SPEC = """qspec 1
model m {{ file: "m.onnx" }}
executor e {{
  model: m
  precision {{ {precision} }}
  {calibration}
}}
claim c on e {{
  size <= 2 x baseline
}}
"""


@cache
def examples(model: str) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Inputs and labels of a model's test split."""
    if model == "decoder":
        with np.load(MATRIX / "sequences.npz") as data:
            return {"tokens": data["tokens"][256:]}, data["following"][256:]
    with np.load(SPECS / "data" / "digits.npz") as data:
        return {"image": data["x"][898:]}, data["y"][898:]


@cache
def calibration(model: str) -> dict[str, np.ndarray]:
    """The examples that `calibration { size: 64, seed: 0 }` draws."""
    if model == "decoder":
        with np.load(MATRIX / "sequences.npz") as data:
            name, tune = "tokens", data["tokens"][:256]
    else:
        with np.load(SPECS / "data" / "digits.npz") as data:
            name, tune = "image", data["x"][:898]
    return {name: tune[np.sort(np.random.default_rng(0).permutation(len(tune))[:64])]}


def outputs(path: Path, feed: dict[str, np.ndarray]) -> np.ndarray:
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"]).run(None, feed)[0]


@cache
def reference(model: str) -> np.ndarray:
    return outputs(MATRIX / "models" / f"{model}.onnx", examples(model)[0])


def asked(scheme: dict[str, Any], model: str, folder: Path) -> Request:
    """The request that a spec with this precision makes."""
    precision = scheme["precision"]
    if model in scheme.get("products", ()):
        precision += ", operators: [Gemm]"
    method = scheme.get("calibration")
    said = f"calibration {{ method: {method} }}" if method else ""
    text = SPEC.format(precision=precision, calibration=said)
    (claim,) = resolve_claims(load_source(Source(str(folder / "t.qspec"), text), root=folder))
    assert claim.executor is not None
    executor = claim.executor.executor
    assert executor.precision is not None
    given = executor.calibration if method else None
    return Request(
        model=MATRIX / "models" / f"{model}.onnx",
        precision=expand(executor.precision),
        output=folder / "quantized.onnx",
        calibration=given,
        batches=lambda: iter([calibration(model)]),
    )


@cache
def table(page: str = "without-vnni.md" if OVERFLOWS else "README.md") -> dict[tuple[str, str], list[str]]:
    """The cells of a published table, that of this kind of processor, by model and scheme."""
    found: dict[tuple[str, str], list[str]] = {}
    model = ""
    for line in (MATRIX / page).read_text().splitlines():
        if line.startswith("## "):
            model = line.split("`")[1] if "`" in line else ""
        if model and re.match(r"\| `", line):
            name, *cells = [cell.strip() for cell in line.strip("|").split("|")]
            found[model, name.strip("`")] = cells
    return found


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", SCHEMES)
def test_a_scheme_is_realized_as_declared_or_refused(name: str, model: str, tmp_path: Path) -> None:
    scheme = SCHEMES[name]
    request = asked(scheme, model, tmp_path)
    if "refused" in scheme and model in scheme.get("refused-on", MODELS):
        with pytest.raises(QSpecError, match=scheme["refused"]):
            realize(request)
        assert not request.output.exists()
        return
    realized = realize(request)
    data = realized.path.read_bytes()
    assert data != request.model.read_bytes()
    json.dumps(realized.arguments)
    feed, labels = examples(model)
    answer, base = outputs(realized.path, feed), reference(model)
    error = float(np.linalg.norm(answer[:64] - base[:64]) / np.linalg.norm(base[:64]))
    assert 0 < error < scheme["overflowing" if OVERFLOWS and "overflowing" in scheme else "error"]
    report = census(
        realized.path, request.model, realized.declared, request.precision, simulated=realized.simulated
    )
    assert report.realized and report.declared, str(report)
    assert realize(request).path.read_bytes() == data
    kind, accuracy, flips, *_ = table()[model, name]
    assert kind.strip("()") == ("simulated" if report.simulated else "realized")
    right, before = answer.argmax(-1) == labels, base.argmax(-1) == labels
    found = [100 * before.mean(), 100 * right.mean(), (before & ~right).sum(), (~before & right).sum()]
    said = [float(text) for text in (*accuracy.split(" → "), *flips.split(" / "))]
    # Another processor may round otherwise: two examples in a hundred may differ.
    assert found[:2] == pytest.approx(said[:2], abs=2)
    assert found[2:] == pytest.approx(said[2:], abs=0.02 * labels.size)


@pytest.mark.parametrize("page", ["README.md", "without-vnni.md"])
def test_a_table_has_every_cell_of_the_plan_and_no_other(page: str) -> None:
    assert set(table(page)) == {(model, name) for model in MODELS for name in SCHEMES}
    for (model, name), cells in table(page).items():
        scheme = SCHEMES[name]
        refused = "refused" in scheme and model in scheme.get("refused-on", MODELS)
        assert (cells[0] == "refused") == refused
        assert cells[0].startswith("(") == (model in scheme.get("products", ()))
