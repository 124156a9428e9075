"""Static quantization: the file is really quantized, the same on every run, and every misuse is a sentence."""

import logging
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from qspec.errors import QSpecError
from qspec.model.base import Silence
from qspec.model.quantity import Quantity
from qspec.quantize import calibration, static
from qspec.quantize.graph import open_model
from qspec.quantize.prepare import prepare
from qspec.quantize.static import quantize

W8A8 = {
    "method": "ptq-static",
    "weights": {"type": "int8", "granularity": {"name": "per-channel"}},
    "activations": {"type": "uint8"},
}
MINMAX = {"method": "minmax"}


def operators(path: Path) -> Counter[str]:
    return Counter(node.op_type for node in onnx.load_model(path).graph.node)


def outputs(path: Path, **feed: np.ndarray) -> np.ndarray:
    options = ort.SessionOptions()
    options.log_severity_level = 4
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"]).run(None, feed)[0]


def relative_error(base: Path, quantized: Path, **feed: np.ndarray) -> float:
    reference = outputs(base, **feed)
    return float(np.linalg.norm(outputs(quantized, **feed) - reference) / np.linalg.norm(reference))


@pytest.mark.parametrize("method", ["minmax", "entropy", "percentile"])
def test_each_calibration_method_quantizes_every_layer_and_stays_close(conv_net, ask, method):
    base = conv_net()
    realized = quantize(ask(base, calibration={"method": method}, **W8A8))
    assert realized.declared == ("/conv1/Conv", "/conv2/Conv", "/head/Gemm")
    assert operators(realized.path)["QuantizeLinear"] >= 4
    stored = {t.name: t.data_type for t in onnx.load_model(realized.path).graph.initializer}
    assert stored["conv2.weight_quantized"] == onnx.TensorProto.INT8
    image = np.random.default_rng(9).standard_normal((8, 1, 8, 8)).astype(np.float32)
    assert relative_error(base, realized.path, image=image) < 0.2
    assert realized.arguments["calibration_examples"] == 48


def test_entropy_that_clips_nothing_is_said_to_be_minmax(conv_net, ask):
    base = conv_net()
    plain = quantize(ask(base, calibration=MINMAX, **W8A8))
    expected = plain.path.read_bytes()
    entropy = quantize(ask(base, calibration={"method": "entropy"}, **W8A8))
    assert entropy.path.read_bytes() == expected
    assert entropy.arguments["same_as_minmax"] and entropy.notes == (static.SAME_AS_MINMAX,)
    assert not plain.arguments["same_as_minmax"] and not plain.notes


def test_entropy_that_clips_is_not_said_to_be_minmax(conv_net, ask, monkeypatch):
    monkeypatch.setattr(calibration, "SLICE_ROWS", 2)  # merged histograms have more bins than levels
    entropy = quantize(ask(conv_net(), calibration={"method": "entropy"}, **W8A8))
    assert not entropy.arguments["same_as_minmax"] and not entropy.notes


def test_qoperator_writes_integer_operators(conv_net, ask):
    realized = quantize(ask(conv_net(), calibration=MINMAX, format="qoperator", **W8A8))
    assert operators(realized.path)["QLinearConv"] == 2


def test_repeating_gives_the_same_bytes_and_leaves_only_the_artifact(conv_net, ask, tmp_path):
    request = ask(conv_net(), calibration={"method": "entropy"}, **W8A8)
    first = quantize(request).path.read_bytes()
    before = {path.name for path in tmp_path.iterdir()}
    assert quantize(request).path.read_bytes() == first
    assert {path.name for path in tmp_path.iterdir()} == before == {"conv.onnx", "quantized.onnx"}
    assert first != request.model.read_bytes()


def test_batch_normalization_is_folded_and_its_layer_runs_quantized(conv_net, ask):
    realized = quantize(ask(conv_net(norm=True), calibration=MINMAX, **W8A8))
    assert "BatchNormalization" not in operators(realized.path)
    assert realized.declared[0] == "/conv1/Conv"


def test_nothing_is_printed_or_logged_and_the_root_logger_stays(conv_net, ask, capfd, caplog):
    root = logging.getLogger()
    before = (root.level, list(root.handlers), root.manager.disable)
    quantize(ask(conv_net(), calibration={"method": "percentile"}, **W8A8))
    assert capfd.readouterr() == ("", "")
    assert not caplog.records
    assert (root.level, list(root.handlers), root.manager.disable) == before


def test_bytes_do_not_depend_on_the_order_of_hashes(conv_net, ask, tmp_path):
    script = (
        "import sys, numpy as np; from pathlib import Path\n"
        "from qspec.quantize.static import quantize; from qspec.quantize.request import Request\n"
        "from qspec.model.precision import Precision; from qspec.model.evaluation import Calibration\n"
        "x = np.random.default_rng(0).standard_normal((16, 1, 8, 8)).astype(np.float32)\n"
        "p = Precision(method='ptq-static', weights={'type': 'int8'}, activations={'type': 'uint8'})\n"
        "quantize(Request(Path(sys.argv[1]), p, Path(sys.argv[2]), Calibration(method='entropy'),"
        " lambda: iter([{'image': x}])))\n"
    )
    made = []
    for seed in ("1", "2"):
        target = tmp_path / f"{seed}.onnx"
        environment = os.environ | {"PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", script, conv_net(), target], check=True, env=environment)
        made.append(target.read_bytes())
    assert made[0] == made[1]


def test_calibration_data_are_part_of_the_record(conv_net, ask):
    base = conv_net()
    few = quantize(ask(base, calibration=MINMAX, examples=16, **W8A8))
    many = quantize(ask(base, calibration=MINMAX, examples=48, **W8A8))
    assert few.arguments["calibration_sha256"] != many.arguments["calibration_sha256"]


def test_how_the_caller_batches_calibration_data_changes_nothing(conv_net, ask):
    request = ask(conv_net(), calibration={"method": "entropy"}, **W8A8)
    first = quantize(request).path.read_bytes()
    every = {name: np.concatenate([b[name] for b in request.batches()]) for name in next(request.batches())}
    single = replace(
        request, batches=lambda: ({n: a[i : i + 1] for n, a in every.items()} for i in range(48))
    )
    assert quantize(single).path.read_bytes() == first


def test_histograms_see_one_slice_at_a_time(conv_net, ask, monkeypatch):
    monkeypatch.setattr(calibration, "SLICE_ROWS", 8)
    seen = []
    original = calibration.SliceReader.get_next

    def spy(self):
        feed = original(self)
        seen.append(None if feed is None else len(feed["image"]))
        return feed

    monkeypatch.setattr(calibration.SliceReader, "get_next", spy)
    quantize(ask(conv_net(), calibration={"method": "entropy"}, **W8A8))
    assert seen == [8, None] * 12  # and once more, to compare with minmax


def test_a_slice_fits_the_memory_it_may_take(conv_net):
    model = open_model(conv_net())
    prepared = prepare(model.with_weights())
    assert calibration.slice_rows(prepared, model.inputs) == calibration.SLICE_ROWS
    assert calibration.slice_rows(prepared, model.inputs, cap=100_000) < 8
    assert calibration.slice_rows(prepared, model.inputs, cap=1) == 1


def test_a_fixed_batch_is_calibrated_in_that_batch(conv_net, ask):
    realized = quantize(ask(conv_net(batch=4), calibration=MINMAX, **W8A8))
    assert realized.arguments["calibration_slice"] == 4
    with pytest.raises(QSpecError, match="fixed batch of 4, and the calibration data leave 2 over"):
        quantize(ask(conv_net(batch=4), calibration=MINMAX, examples=46, **W8A8))


def fed(request, **arrays):
    return replace(request, batches=lambda: iter([arrays]))


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"img": np.zeros((2, 1, 8, 8), np.float32)}, "feed img, and the model reads image"),
        ({"image": np.zeros((2, 1, 8, 9), np.float32)}, "do not fit the model's input image"),
        ({"image": np.zeros((2, 64), np.float32)}, "do not fit"),
        ({"image": np.zeros((2, 1, 8, 8))}, "float64"),
        ({"image": np.full((2, 1, 8, 8), np.nan, np.float32)}, "NaN or infinity"),
        ({"image": np.zeros((0, 1, 8, 8), np.float32)}, "there are none"),
    ],
)
def test_calibration_data_that_do_not_fit_are_refused(conv_net, ask, tmp_path, arrays, said):
    with pytest.raises(QSpecError, match=said):
        quantize(fed(ask(conv_net(), calibration=MINMAX, **W8A8), **arrays))
    assert {path.name for path in tmp_path.iterdir()} == {"conv.onnx"}


@pytest.mark.parametrize(
    ("procedure", "said"),
    [
        (None, "states no calibration method"),
        ({"method": "distribution"}, "destroys accuracy"),
        ({"method": "minmaxx"}, "has no calibration method minmaxx"),
        ({"method": "percentile", "percentile": Quantity.of("101")}, "above 50 and at most at 100"),
        ({"method": "percentile", "percentile": Quantity.of("99.9", "pp")}, "in per cent, not at 99.9 pp"),
        ({"method": "minmax", "length": Quantity.of("7", "tokens")}, "length of 7 tokens, and what was fed"),
        ({"method": "minmax", "size": Quantity.of("128")}, "declares 128 calibration examples, and 48"),
        ({"method": Silence(silence="unstated")}, "states no calibration method"),
    ],
)
def test_a_calibration_that_cannot_be_done_as_said_is_a_sentence(conv_net, ask, procedure, said):
    with pytest.raises(QSpecError, match=said):
        quantize(ask(conv_net(), calibration=procedure, **W8A8))


@pytest.mark.parametrize("written", [Quantity.of("99.9", "%"), Quantity.of("99.9")])
def test_a_percentile_may_be_written_with_or_without_its_sign(conv_net, ask, written):
    realized = quantize(ask(conv_net(), calibration={"method": "percentile", "percentile": written}, **W8A8))
    assert realized.arguments["percentile"] == pytest.approx(99.9)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"exclude": ["/haed/*"]}, "'/haed/\\*' in exclude matches no node.*"),
        ({"operators": ["Convv"]}, "did you mean Conv"),
        ({"operators": ["LSTM"]}, "does not quantize operators of type 'LSTM'"),
        ({"operators": ["MatMul"]}, "no operator of type 'MatMul'"),
        ({"exclude": ["*"]}, "covers no layer"),
        ({"weights": {"type": "int3"}}, "no type of weights int3"),
        (
            {"weights": {"type": "int8", "granularity": {"name": "per-group"}}},
            "cannot quantize weights per-group",
        ),
        ({"weights": {"type": "int8", "range": "narrow"}}, "no range of weights narrow"),
        ({"weights": {"type": "int16", "range": "reduced"}}, "seven of eight bits"),
        (
            {"weights": {"type": "uint8", "granularity": {"name": "per-channel"}}},
            "symmetrically or not at all",
        ),
        ({"weights": {"type": "int8", "scale": {"type": "fp8-e4m3"}}}, "does nothing with scale of weights"),
        ({"activations": {"type": "int4"}}, "no type of activations int4"),
        (
            {"activations": {"type": "uint8", "granularity": {"name": "per-token"}}},
            "cannot quantize activations",
        ),
        ({"activations": None}, "needs the format of activations"),
        ({"format": "qop"}, "no format qop"),
        ({"format": "qoperator", "activations": {"type": "uint16"}}, "8-bit integers only"),
        ({"kv_cache": {"type": "int8"}}, "does nothing with kv-cache"),
        ({"recipe": {"name": "adaround"}}, "does nothing with recipe"),
        ({"quantizer": {"name": "onnxruntime", "pin": "0.1"}}, "made by onnxruntime @ 0.1"),
        ({"quantizer": {"name": "neural-compressor"}}, "made by neural-compressor"),
    ],
)
def test_what_the_quantizer_would_pass_over_in_silence_is_refused(conv_net, ask, tmp_path, change, said):
    with pytest.raises(QSpecError, match=said):
        quantize(ask(conv_net(), calibration=MINMAX, **(W8A8 | change)))
    assert {path.name for path in tmp_path.iterdir()} == {"conv.onnx"}


def test_a_failing_quantizer_leaves_no_file_behind(conv_net, ask, tmp_path, monkeypatch):
    def fail(*arguments, **options):
        raise MemoryError("out of memory")

    monkeypatch.setattr(static, "quantize_static", fail)
    with pytest.raises(QSpecError, match="out of memory"):
        quantize(ask(conv_net(), calibration=MINMAX, **W8A8))
    assert {path.name for path in tmp_path.iterdir()} == {"conv.onnx"}


def test_a_folder_that_is_not_there_is_a_sentence(conv_net, ask, tmp_path):
    request = replace(ask(conv_net(), calibration=MINMAX, **W8A8), output=tmp_path / "absent" / "q.onnx")
    with pytest.raises(QSpecError, match="does not exist"):
        quantize(request)
