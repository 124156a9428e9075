"""What only opening a model or an array can tell is told before anything is computed, all of it, each at its place."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from qspec import api
from qspec.checks.rule import Visit
from qspec.checks.rules import registry
from qspec.checks.settings import Settings
from qspec.errors import QSpecError
from qspec.execute.options import Options
from qspec.execute.preflight import PreflightError, preflight
from qspec.lang.load import load

SPECS = Path(__file__).resolve().parents[3] / "specs"
NO_DIGEST = ('  sha256:  "e4afb14a4a7e85711b20a4ff3c2332914572ba5fb49ec2167a70cb8eb8274dbc"\n', "")
BY_PATH = '"models/digits-cnn.onnx"\n'

FAULTS = {
    "a model that is not there": ("digits-cnn.onnx", "digits-ccn.onnx", "QS900", '"models/digits-ccn.onnx"'),
    "a model that is none": (BY_PATH + NO_DIGEST[0], '"broken.onnx"\n', "QS900", '"broken.onnx"'),
    "a model with another digest": ("e4afb14a", "00000000", "QS901", '"models/digits-cnn.onnx"'),
    "data with another digest": ("6c8d0722", "00000000", "QS901", '"data/digits.npz"'),
    "an input that the graph lacks": ("image: x", "imagee: x", "QS902", "{ imagee"),
    "an input that no column feeds": ("image: x", "image: xx", "QS903", "xx }"),
    "a shape that the graph does not take": ("image: x", "image: flat", "QS902", "{ image: flat"),
    "a label that is no column": ("label:   y", "label:   z", "QS903", "z"),
    "a stratification by no column": ("class: by label", "class: by scanner", "QS903", "by scanner"),
    "a stratum of no example": ("class: by label", "class: by label, ten: label == 10", "QS904", "label == 10"),
    "a unit that is no column": (
        "  load  ", "  statistics   { unit: by writer }\n  load  ", "QS903", "{ unit: by writer }",
    ),
    "a split behind the last row": ("898..1797", "898..17970", "QS904", "898..17970"),
    "an empty split": ("train: 0..898", "train: y == 77", "QS904", "y == 77"),
    "a test set of another size": ("size: 899", "size: 900", "QS904", "digits.test"),
    "more calibration examples than rows": ("size: 128", "size: 1280", "QS904", "digits.train"),
    "calibration on rows of the test": ("train: 0..898", "train: y < 5", "QS906", "digits.train"),
    "labels beyond the classes": ("label:   y", "label:   far", "QS905", "far\n"),
    "labels that are no numbers": ("label:   y", "label:   word", "QS905", "word\n"),
    "a layer that is none": ('exclude:     ["/head/*"]', 'exclude:     ["/haed/*"]', "QS707", "{\n    method:"),
    "an argument that the recipe does not take": (
        "method:      ptq-static", "recipe:      smoothquant(beta: 2)\n    method:      ptq-static", "QS708", "{\n    recipe:",
    ),
    "a part of the calibration that its method does not use": (
        "size: 128", "size: 128, percentile: 99", "QS708", "{\n    method:",
    ),
    "calibration samples that are the whole split": (
        "size: 128, method: entropy, seed: 0 }", "size: 898, method: entropy }\n  statistics { seeds: 5 }",
        "QS904", "digits.train",
    ),
    "a calibration size that counts something else": ("size: 128", "size: 128 tokens", "QS904", "digits.train"),
    "a seed that is none": ("seed: 0", "seed: -3", "QS904", "digits.train"),
    "a model without a digest": (*NO_DIGEST, "QS907", '"models/digits-cnn.onnx"'),
}  # fmt: skip


@pytest.fixture
def spec(tmp_path: Path, quickstart: Path) -> Path:
    """The quickstart, on its own, beside an npz with columns that do not suit it and a file that is no model."""
    shutil.copytree(SPECS / "models", tmp_path / "models")
    (tmp_path / "data").mkdir()
    with np.load(SPECS / "data" / "digits.npz") as data:
        columns = dict(data)
    rows = len(columns["y"])
    np.savez(
        tmp_path / "data" / "digits.npz",
        **columns,
        flat=np.zeros((rows, 3), np.float32),
        far=np.where(np.arange(rows) == rows - 1, 10, 0),
        word=np.array(["one"] * rows),
    )
    (tmp_path / "broken.onnx").write_bytes(b"\x08\x07\x12")
    _spoil(SPECS / "models" / "digits-cnn.onnx", tmp_path / "nan.onnx")
    text = quickstart.read_text("utf-8")
    path = tmp_path / "quickstart.qspec"
    from qspec.canonical import file_digest

    digest = file_digest(tmp_path / "data" / "digits.npz")
    path.write_text(
        text.replace("6c8d072210e54297ca89df9f6c5d3651b8c50711e636f7971c798b9b602d3dfd", digest), "utf-8"
    )
    return path


def _spoil(model: Path, copy: Path) -> None:
    """A copy of a model with one weight that is not a number."""
    proto = onnx.load_model(model)
    tensor = next(one for one in proto.graph.initializer if len(one.dims) == 2)
    values = numpy_helper.to_array(tensor).copy()
    values.flat[0] = np.nan
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    onnx.save_model(proto, copy)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    if old == "6c8d0722":
        old, new = text[text.index("sha256", text.index("dataset")) :].split('"')[1], "0" * 64
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_a_spec_whose_files_fit_has_no_finding_and_every_claim_is_opened(spec):
    found = preflight(load(spec))
    assert found.findings == []
    assert found.unopened == []


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_at_its_place_under_its_rule(spec, name):
    old, new, code, place = FAULTS[name]
    edit(spec, old, new)
    found = preflight(load(spec)).findings
    assert {one.code for one in found} == {code}, [(one.code, one.message) for one in found]
    assert all(one.message.endswith(".") for one in found)
    assert any(one.source.text[one.span.start :].startswith(place) for one in found)


def test_a_weight_that_is_not_a_number_is_named(spec):
    edit(spec, BY_PATH + NO_DIGEST[0], '"nan.onnx"\n')
    (finding,) = [one for one in preflight(load(spec)).findings if one.code == "QS900"]
    assert (
        "The weight head.weight of nan.onnx, which /head/Gemm reads, holds NaN or infinity (1 of"
        in finding.message
    )


def test_every_rule_that_opens_files_is_seen_here():
    deep = {rule.code for rule in registry if rule.deep}
    assert deep == {code for _, _, code, _ in FAULTS.values()}
    assert all(registry.get(code).visits is Visit.NOTHING for code in deep)


def test_a_metric_that_the_graph_does_not_give_is_warned_of_and_keeps_nothing_from_running(spec):
    edit(spec, "[top1]", "[top1, auc, sensitivity(threshold: 0.5), wer(normalization: none)]")
    found = preflight(load(spec)).findings
    assert [(one.code, one.severity.value) for one in found] == [("QS314", "warning")] * 2
    assert found[0].message == (
        "The metric auc is of a positive and a negative class, and the model tells 10 classes apart."
    )
    assert found[1].source.text[found[1].span.start :].startswith("sensitivity(threshold: 0.5)")
    report = api.check(spec, deep=True)
    assert len([one for one in report.findings if one.code == "QS314"]) == 3  # the third needs no graph


def test_a_metric_that_needs_probabilities_is_warned_of_where_only_classes_are_left(spec):
    edit(spec, "[top1]", "[top1, nll]")
    edit(spec, "  load  ", "  pipeline     { post: [argmax] }\n  load  ")
    (found,) = preflight(load(spec)).findings
    assert found.message == (
        "The metric nll needs logits, probabilities or loss; image-classification gives prediction and label."
    )


def test_all_faults_are_told_in_one_run(spec):
    for old, new in (
        ("size: 899", "size: 900"),
        ("class: by label", "class: by scanner"),
        ("/head/*", "/haed/*"),
    ):
        edit(spec, old, new)
    assert [one.code for one in preflight(load(spec)).findings] == ["QS904", "QS903", "QS707"]


def test_a_deep_check_tells_them_with_all_the_others_and_takes_suppressions(spec):
    edit(spec, "size: 899", "size: 900")
    (finding,) = [one for one in api.check(spec, deep=True).findings if one.code == "QS904"]
    assert finding.message == "The test set is said to have 900 examples, and digits.test has 899."
    edit(spec, "size: 900 }", 'size: 900 }  # qspec: allow QS904 because "one row is a duplicate"')
    report = api.check(spec, deep=True)
    assert [one.code for one, _ in report.suppressed] == ["QS904"]
    assert not {"QS904", "QS912"} & {one.code for one in report.findings}


def test_a_check_that_opens_nothing_does_not_call_their_suppressions_unused(spec):
    edit(spec, "size: 899 }", 'size: 900 }  # qspec: allow QS904 because "one row is a duplicate"')
    assert "QS912" not in {one.code for one in api.check(spec).findings}
    edit(spec, "size: 900", "size: 899")
    assert "QS912" in {one.code for one in api.check(spec, deep=True).findings}


def test_settings_select_them_like_any_other(spec):
    edit(spec, *NO_DIGEST)
    edit(spec, "size: 899", "size: 900")
    ignored = api.check(spec, Settings(ignore=("QS904",)), deep=True)
    assert {one.code for one in ignored.findings} == {"QS100", "QS907"} | {
        one.code for one in api.check(spec).findings
    }


def test_a_claim_whose_files_nobody_has_is_no_finding_and_is_told(spec):
    edit(spec, 'file:    "models/digits-cnn.onnx"', 'base:    "digits-cnn" @ "2"')
    found = preflight(load(spec))
    assert found.findings == []
    (sentence,) = found.unopened
    assert sentence.startswith("The files of claim `under-one-point` were not opened: The model")


def test_a_run_ends_before_anything_is_computed_and_tells_every_fault(spec, tmp_path):
    edit(spec, "class: by label", "class: by scanner")
    edit(spec, "/head/*", "/haed/*")
    store = tmp_path / "store"
    with pytest.raises(PreflightError) as raised:
        api.run(spec, options=Options(store=store), write=False)
    told = str(raised.value)
    assert ":36:" in told
    assert "QS903: digits.npz has no column 'scanner'." in told
    assert "QS707: The pattern '/haed/*' in exclude matches no node of the model." in told
    assert not list(store.rglob("*.onnx"))


def test_the_place_and_the_rule_stand_before_the_sentence():
    error = QSpecError("It is not there.", rule="QS900", hint="look again")
    assert str(error) == "QS900: It is not there.\n  help: look again"
