"""The matrix of schemes and models, measured: `python tests/studies/matrix.py [MODEL or SCHEME…]`, or `make matrix`.

Every scheme of specs/matrix/schemes.toml is executed as a spec on each trained model; accuracy and flips are computed again
with bare onnxruntime from the artifact in the store, and must agree. The cells of the models and schemes that are
named, or all, are written into specs/matrix/README.md, or without-vnni.md where sums of 8-bit products overflow. Takes a
quarter of an hour: what is not simulated is timed.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from qspec import api
from qspec.checks.kernels import sums_overflow
from qspec.errors import QSpecError
from qspec.execute.cpuinfo import cpu_identity
from qspec.execute.options import Options
from qspec.execute.run import Executed
from qspec.execute.units import BATCH, shuffled

SPECS = Path(__file__).resolve().parents[2] / "specs"
MATRIX = SPECS / "matrix"
PAGE = MATRIX / ("without-vnni.md" if sums_overflow(cpu_identity()[1]) else "README.md")
SCHEMES: dict[str, dict[str, Any]] = tomllib.loads((MATRIX / "schemes.toml").read_text())
TITLES = {
    "cnn": "two convolutions and a linear head on digits of 8 x 8 pixels",
    "mlp": "one hidden layer on the same digits",
    "encoder": "a transformer layer over the eight lines of a digit",
    "decoder": "a causal transformer layer over twelve tokens, the next token at every place",
}
DIGITS = """dataset d {
  source: "digits.npz"
  splits { tune: 0..898, test: 898..1797 }
  inputs { image: x }
  label:  y
}"""
SEQUENCES = """dataset d {
  source: "sequences.npz"
  splits { tune: 0..256, test: 256..1256 }
  inputs { tokens: tokens }
  label:  following
}"""
SPEC = """qspec 1

model m {{ file: "{model}.onnx" }}

{data}

executor e {{
  hardware: local
  runtime {{ name: onnxruntime, provider: cpu, threads: 1 }}
  model: m
  precision {{ {precision} }}
  {calibration}
  baseline: fp32
  task: {task}
  metrics: [top1]
  test-set {{ data: d.test, composition: clean }}
  {load}
}}

claim c on e {{
  size <= 2 x baseline
}}
"""
HEAD = """# Schemes and models

Every scheme of [schemes.toml](schemes.toml), the plan, on four small trained models ([train.py](train.py)): what `qspec
execute` made of it on a processor, as `make matrix` measured it. A test makes each cell again, compares it with bare
onnxruntime, takes its census, and holds this table against what it finds.

- *realized*: what ran is what was declared; *simulated*: the format is emulated in floats, so that accuracy counts and
  speed does not; *refused*: with a sentence, because the runtime has no kernels for the format on a processor, or
  the model has no attention.
- *accuracy*: top-1 on the test split, of the base model and of the quantized one, in per cent; *flips*: examples (tokens, for
  the decoder) that became wrong and that became right.
- *size*: the file over the base model's; of a small model the scales and the graph weigh much. *coded*, where weights were
  pruned: what the file would take stored sparse and entropy-coded.
- *speed*: throughput over the base model's at batch 32 on one thread. Models as small as these lose more by conversions than
  they gain: the figure shows what was measured, and *noisy* that the clocks disagreed.
- *census*: layers stored and layers computed as declared, of those declared; weight-only schemes promise storage alone.
- Quantization-aware training has no row: `qspec.quantize.qat` trains a PyTorch model and exports it, and the file arrives
  quantized.
- On a processor without VNNI sums of signed 8-bit products overflow sixteen bits: [README.md](README.md) was measured on
  one that has it, [without-vnni.md](without-vnni.md) on one that has not. Where it is missing, static schemes with signed
  weights of the full range flip many more answers, `static-symmetric` the most; `static-reduced-range` does not.
- In brackets: of a model with convolutions only the matrix products were asked for, since the scheme is for products.
"""


@dataclass(frozen=True)
class Cell:
    """One scheme on one model."""

    name: str
    texts: tuple[str, ...]

    def __str__(self) -> str:
        return f"| `{self.name}` | {' | '.join(self.texts)} |"


def main() -> None:
    """Measure the models and schemes that are named, or all, and write their cells."""
    named = set(sys.argv[1:])
    if named - {*TITLES, *SCHEMES}:
        sys.exit(f"There is no model or scheme {', '.join(sorted(named - {*TITLES, *SCHEMES}))}.")
    tables = written(PAGE)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for file in (SPECS / "data" / "digits.npz", MATRIX / "sequences.npz", *(MATRIX / "models").iterdir()):
            shutil.copy(file, root / file.name)
        for model in [name for name in TITLES if name in named] or TITLES:
            rows = tables.setdefault(model, {})
            for name in [one for one in SCHEMES if one in named] or SCHEMES:
                rows[name] = str(measure(root, model, name, SCHEMES[name]))
            PAGE.write_text(page(tables), encoding="utf-8")


def written(target: Path) -> dict[str, dict[str, str]]:
    """The rows of each model's table as the page has them, by scheme."""
    text = target.read_text(encoding="utf-8") if target.exists() else ""
    parts = re.split(r"^## `(\w+)`.*$", text, flags=re.MULTILINE)
    return {
        model: {line.split("`")[1]: line for line in body.splitlines() if line.startswith("| `")}
        for model, body in zip(parts[1::2], parts[2::2], strict=True)
    }


def page(tables: dict[str, dict[str, str]]) -> str:
    """The page: what the columns mean, where it was measured, and a table a model."""
    load = f"{os.cpu_count()} processors under a load of {os.getloadavg()[1]:.0f}"
    sets = f"{platform.machine()} with {', '.join(cpu_identity()[1])}"
    where = f"onnxruntime {onnxruntime.__version__} on {platform.system()}, {sets}, {load}"
    parts = [HEAD, f"Measured with {where}.\n"]
    for model, title in TITLES.items():
        if model in tables:
            columns = "| scheme | outcome | accuracy | flips | size | speed | census |\n|---|---|---|---|---|---|---|"
            rows = "\n".join(tables[model][name] for name in SCHEMES if name in tables[model])
            parts.append(f"## `{model}`: {title}\n\n{columns}\n{rows}\n")
    return "\n".join(parts)


def measure(root: Path, model: str, name: str, scheme: dict[str, Any]) -> Cell:
    """One cell, executed, and checked against bare onnxruntime."""
    products = model in scheme.get("products", ())
    method = scheme.get("calibration")
    simulated = "simulated" in scheme["precision"] or "pruning" in scheme["precision"]
    text = SPEC.format(
        model=model,
        data=SEQUENCES if model == "decoder" else DIGITS,
        precision=scheme["precision"] + (", operators: [Gemm]" if products else ""),
        calibration=f"calibration {{ data: d.tune, size: 64, method: {method}, seed: 0 }}" if method else "",
        task="token-classification" if model == "decoder" else "image-classification",
        load="" if simulated else "load { scenario: offline, batch: 32 }",
    )
    spec = root / "cell.qspec"
    spec.write_text(text, encoding="utf-8")
    print(f"{model} {name}", file=sys.stderr, flush=True)
    try:
        run = api.run(spec, options=Options(store=root / "store", profile="quick"), write=False)
    except QSpecError as error:
        if "refused" not in scheme or not re.search(scheme["refused"], str(error)):
            raise
        return Cell(name, ("refused", *[""] * 5))
    (executed,) = run.executed
    return Cell(name, described(executed, root, model, products))


def described(executed: Executed, root: Path, model: str, products: bool) -> tuple[str, ...]:
    """The texts of a cell; raises `AssertionError` where bare onnxruntime finds other figures."""
    block, made = executed.measured, executed.record.quantized
    census = block.census["quantized"]
    (found,) = [r for r in block.results if r.quantity.name == "top1"]
    artifact = next(p for p in (root / "store").rglob("model.onnx") if digest(p) == made.sha256)
    feed, labels = examples(root, model)
    if (
        executed.record.evaluations["evaluation"].get("unit") == BATCH
    ):  # answers depend on what shares a batch
        rows = shuffled(np.arange(len(labels)), 0)
        feed, labels = {name: x[rows] for name, x in feed.items()}, labels[rows]
    before, after = answers(root / f"{model}.onnx", feed), answers(artifact, feed)
    harmful = int(((before == labels) & (after != labels)).sum())
    helpful = int(((before != labels) & (after == labels)).sum())
    assert found.n is not None and found.harmful is not None and found.helpful is not None
    assert (int(found.harmful.value), int(found.helpful.value)) == (harmful, helpful), (
        artifact,
        harmful,
        helpful,
    )
    assert int(found.n.value) == labels.size
    size = made.size / executed.record.baseline.size
    coded = f", coded {made.coded_size / executed.record.baseline.size:.2f}" if made.coded_size else ""
    outcome = "simulated" if census.simulated else "realized" if census.realized else "not realized"
    return (
        f"({outcome})" if products else outcome,
        f"{100 * (before == labels).mean():.1f} → {100 * (after == labels).mean():.1f}",
        f"{harmful} / {helpful}",
        f"{size:.2f}{coded}",
        speed(executed) if not census.simulated else "",
        f"{census.stored.value} and {census.computed.value} of {census.declared.value}",
    )


def speed(executed: Executed) -> str:
    """Throughput over the base model's, and whether the clocks agreed."""
    found = [r for r in executed.measured.results if r.quantity.name == "throughput"]
    if not found or found[0].baseline is None or found[0].quantized is None:
        return ""
    ratio = float(found[0].quantized.base / found[0].baseline.base)
    noisy = any("CPU time" in note for note in executed.measured.notes)
    return f"{ratio:.2f}{' noisy' if noisy else ''}"


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def examples(root: Path, model: str) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Inputs and labels of the model's test split."""
    if model == "decoder":
        with np.load(root / "sequences.npz") as data:
            return {"tokens": data["tokens"][256:]}, data["following"][256:]
    with np.load(root / "digits.npz") as data:
        return {"image": data["x"][898:]}, data["y"][898:]


def answers(path: Path, feed: dict[str, np.ndarray]) -> np.ndarray:
    """The classes that bare onnxruntime finds, in batches of 32 on one thread."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    ((name, x),) = feed.items()
    parts = [session.run(None, {name: x[i : i + 32]})[0] for i in range(0, len(x), 32)]
    return np.concatenate(parts).argmax(axis=-1)


if __name__ == "__main__":
    main()
