"""The quickstart, executed for real, beside twenty lines of bare onnxruntime on the stored artifacts."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import numpy as np
import onnxruntime
import pytest
from scipy.optimize import brentq

from qspec import api
from qspec.execute.options import Options
from qspec.lang.load import load
from qspec.model.measured import Measured, Result
from qspec.resources import resource


@dataclass
class Done:
    """The quickstart after a run in a folder of its own."""

    folder: Path
    before: bytes
    run: api.Run
    store: Path

    @property
    def spec(self) -> Path:
        return self.folder / "quickstart.qspec"

    @property
    def measured(self) -> Measured:
        (block,) = load(self.spec).main.document.claims["under-one-point"].measured
        return block


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, quickstart: Path) -> Iterator[Done]:
    folder = Path(shutil.copytree(quickstart.parent, tmp_path_factory.mktemp("quickstart") / "specs"))
    text = quickstart.read_bytes()
    store = folder.parent / "store"
    run = api.run(folder / "quickstart.qspec", options=Options(store=store))
    yield Done(folder, text, run, store)


def result(block: Measured, quantity: str, stratum: str | None = None) -> Result:
    (found,) = [
        r
        for r in block.results
        if str(r.quantity) == quantity and (str(r.for_) if r.for_ else None) == stratum
    ]
    return found


def tango_upper(b: int, c: int, n: int) -> float:
    """Tango 1998, Stat. Med. 17:891: where the score statistic of the difference (b - c)/n crosses -1.96."""

    def excess(delta: float) -> float:
        linear = -b - c + (2 * n - b + c) * delta
        root = (math.sqrt(linear**2 + 8 * n * c * delta * (1 - delta)) - linear) / (4 * n)
        return (b - c - n * delta) / math.sqrt(n * (2 * root + delta * (1 - delta))) + 1.959963984540054

    return float(brentq(excess, (b - c) / n + 1e-9, 1 - 1e-9))


def test_measured_block_equals_a_bare_onnxruntime_script(done: Done) -> None:
    (artifact,) = done.store.rglob("model.onnx")
    data = np.load(done.folder / "data" / "digits.npz")
    x, y = data["x"][898:1797], data["y"][898:1797]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    right = []
    for path in (done.folder / "models" / "digits-cnn.onnx", artifact):
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        logits = [session.run(None, {"image": x[i : i + 32]})[0] for i in range(0, len(x), 32)]
        right.append(np.concatenate(logits).argmax(axis=1) == y)
    harmful, helpful = right[0] & ~right[1], ~right[0] & right[1]
    for label in [None, *range(10)]:
        rows = y == label if label is not None else np.ones(len(y), bool)
        n, b, c = int(rows.sum()), int(harmful[rows].sum()), int(helpful[rows].sum())
        found = result(done.measured, "top1", None if label is None else f"label == {label}")
        assert (int(found.n.value), int(found.harmful.value), int(found.helpful.value)) == (n, b, c)
        assert float(found.loss.value) == pytest.approx((b - c) / n, abs=1e-6)
        assert float(found.baseline.value) == pytest.approx(right[0][rows].mean(), abs=1e-6)
        low, high = -tango_upper(c, b, n), tango_upper(b, c, n)
        assert float(found.interval.high.value) == pytest.approx(high, rel=1e-4)
        assert float(found.interval.low.value) == pytest.approx(low, rel=1e-4)


def test_every_byte_outside_the_measured_block_is_kept(done: Done) -> None:
    after = done.spec.read_bytes()
    start = after.index(b"  measured {")
    end = after.index(b"\n  }\n", start) + len(b"\n  }\n")
    without = after[:start].rstrip(b"\n") + b"\n" + after[end:]
    assert without == done.before


def test_outcomes_are_as_the_claim_expects(done: Done) -> None:
    outcomes = {label: verdict.outcome for label, verdict in done.measured.verdicts.items()}
    assert outcomes["loss(top1) <= 1 pp"] == "confirmed"
    assert outcomes["loss(top1) <= 5 pp for each class"] == "confirmed"
    assert outcomes["loss(top1) <= 1 pp for each class"] == "inconclusive"
    assert outcomes["size <= 0.35 x baseline"] == "confirmed"


def test_declared_layers_ran_in_integers_and_the_file_differs(done: Done) -> None:
    census = done.measured.census["quantized"]
    assert census.realized
    assert census.declared.value == census.stored.value == 3
    digests = done.measured.artifacts.members
    assert digests["baseline"] != digests["quantized"]


def test_a_second_run_takes_what_is_stored_and_replaces_its_own_block(done: Done) -> None:
    stages: list[str] = []
    first = done.measured
    entries = {p: p.stat().st_mtime_ns for p in done.store.rglob("scores.npz")}
    again = api.run(
        done.spec, options=Options(store=done.store), progress=lambda stage, *_: stages.append(stage)
    )
    assert {p: p.stat().st_mtime_ns for p in done.store.rglob("scores.npz")} == entries
    assert again.executed[0].measured.results == first.results
    assert len(load(done.spec).main.document.claims["under-one-point"].measured) == 1


def test_fresh_computes_anew(done: Done) -> None:
    entries = {p: p.stat().st_mtime_ns for p in done.store.rglob("scores.npz")}
    api.run(done.spec, options=Options(store=done.store, fresh=True), write=False)
    assert {p: p.stat().st_mtime_ns for p in done.store.rglob("scores.npz")} != entries


def test_judging_again_needs_no_model(done: Done, tmp_path: Path) -> None:
    folder = tmp_path / "again"
    shutil.copytree(done.folder, folder)
    (folder / "models" / "digits-cnn.onnx").unlink()
    spec = folder / "quickstart.qspec"
    spec.write_text(spec.read_text().replace("loss(top1) <= 1 pp\n", "loss(top1) <= 0.1 pp\n", 1))
    (one,) = api.judge(spec, options=Options(store=done.store))
    assert {str(j.assertion): j.outcome.value for j in one.verdicts.judged}[
        "loss(top1) <= 0.1 pp"
    ] == "inconclusive"
    assert one.verdicts.exit_code == 3


def test_record_follows_its_published_schema(done: Done) -> None:
    record = json.loads((done.folder / "quickstart.record.json").read_text())
    schema = json.loads(resource("schemas", "record.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(record)
    (claim,) = record["claims"]
    assert {layer["arithmetic"] for layer in claim["quantized"]["layers"]} == {"int8"}


def test_the_filled_quickstart_is_clean_and_decision_grade(done: Done) -> None:
    report = api.check(done.spec)
    assert not report.findings
    assert report.claims[0].graded.decision_grade
    assert report.claims[0].graded.interpretable
