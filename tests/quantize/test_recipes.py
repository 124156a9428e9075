"""Recipes that choose better codes than rounding to nearest, each where its paper says that it does."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.capi._pybind_state import quantize_matmul_bnb4

from qspec.errors import LimitError, QSpecError
from qspec.model.precision import Precision
from qspec.model.shorthand import per_group
from qspec.quantize import grams
from qspec.quantize.block_weights import Cut
from qspec.quantize.blocks import round_to_nearest
from qspec.quantize.bnb import encode
from qspec.quantize.gptq import correct
from qspec.quantize.hqq import NORM, half_quadratic
from qspec.quantize.k_means import cluster, shared_values
from qspec.quantize.k_quant import search
from qspec.quantize.prepare import prepare
from qspec.quantize.realize import realize
from qspec.quantize.request import Feed
from qspec.quantize.smooth import Shared, divide
from qspec.quantize.smoothquant import smoothing_strength

LAYER = None
W8 = {"type": "int8", "granularity": {"name": "per-channel"}}
U8 = {"type": "uint8"}


def weight(seed: int = 0, rows: int = 24, columns: int = 96) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return (generator.standard_t(4, (rows, columns)) / np.sqrt(columns)).astype(np.float32)


def inputs(columns: int = 96, count: int = 500) -> np.ndarray:
    """Correlated inputs, as activations are."""
    generator = np.random.default_rng(1)
    mixing = generator.standard_normal((columns // 4, columns))
    return generator.standard_normal((count, columns // 4)) @ mixing + 0.3 * generator.standard_normal(
        (count, columns)
    )


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("size", [16, 32, 40, 96])
def test_hqq_lessens_the_norm_it_is_about(bits, size):
    matrix = weight()
    plain = round_to_nearest(matrix, bits, size, symmetric=False).dequantized()
    better = half_quadratic(LAYER, matrix, Cut(bits, size, False)).dequantized()

    def error(rounded: np.ndarray) -> float:
        return float((np.abs(rounded - matrix) ** NORM).sum())

    assert error(better) <= error(plain) * (1.001 if bits == 8 else 1)
    assert bits == 8 or error(better) < error(plain)


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("bits", [2, 4, 8])
def test_k_quant_lessens_the_weighted_squared_error(bits, symmetric):
    matrix = weight()
    how = Cut(bits, 32, symmetric)
    plain = round_to_nearest(matrix, bits, 32, symmetric=symmetric).dequantized()
    counts = np.repeat(np.sqrt((matrix.reshape(24, -1, 32) ** 2).mean(2)), 32, axis=1) + np.abs(matrix)

    def error(rounded: np.ndarray) -> float:
        return float((counts * (rounded - matrix) ** 2).sum())

    assert error(search(LAYER, matrix, how).dequantized()) < error(plain)


def test_k_quant_leaves_a_block_of_zeros_alone():
    for symmetric in (True, False):
        blocks = search(LAYER, np.zeros((2, 40), np.float32), Cut(4, 32, symmetric))
        assert (blocks.dequantized() == 0).all()


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize(("bits", "size"), [(2, 16), (4, 32), (4, 96), (4, 40), (3, 192)])
def test_gptq_lessens_the_error_of_the_products(bits, size, symmetric):
    matrix, x = weight(), inputs()
    plain = round_to_nearest(matrix, bits, size, symmetric=symmetric)
    better = correct(matrix, x.T @ x, Cut(bits, size, symmetric), "layer")
    assert better.codes.shape == plain.codes.shape

    def error(blocks) -> float:
        return float(np.linalg.norm((blocks.dequantized() - matrix) @ x.T))

    assert error(better) < 0.8 * error(plain)


def test_gptq_of_inputs_without_correlation_is_rounding_to_nearest():
    matrix = weight()
    better = correct(matrix, np.eye(96), Cut(4, 96, True), "layer")
    assert (better.codes == round_to_nearest(matrix, 4, 96, symmetric=True).codes).all()


def test_gptq_of_inputs_that_are_always_zero_still_has_codes():
    matrix = weight()
    for gram in (np.zeros((96, 96)), np.diag(np.r_[np.zeros(48), np.ones(48)])):
        assert np.isfinite(correct(matrix, gram, Cut(4, 32, True), "layer").dequantized()).all()


def test_second_moments_take_more_passes_where_memory_is_short(encoder, ask, monkeypatch):
    form = {"type": "int4", "granularity": per_group(32)}
    request = ask(
        encoder(),
        calibration={"method": "gptq"},
        method="weight-only",
        weights=form,
        recipe={"name": "gptq"},
    )
    whole = realize(request).path.read_bytes()
    monkeypatch.setattr(grams, "MOST_BYTES", 64 * 64 * 8)
    assert realize(request).path.read_bytes() == whole
    monkeypatch.setattr(grams, "MOST_BYTES", 64 * 64 * 8 - 1)
    with pytest.raises(LimitError, match="reads 64 channels"):
        realize(request)


@pytest.mark.parametrize("kind", ["nf4", "fp4"])
def test_codebook_blocks_are_those_of_the_runtimes_quantizer(kind):
    matrix = weight(rows=13, columns=48)
    theirs, extremes = np.zeros(13 * 48 // 2, np.uint8), np.zeros(-(-13 * 48 // 64), np.float32)
    quantize_matmul_bnb4(theirs, matrix, extremes, 64, {"fp4": 0, "nf4": 1}[kind], 13, 48)
    codes, ours = encode(matrix, kind, 64)
    assert (ours == extremes).all()
    assert (codes == theirs).mean() > 0.98


def test_centroids_are_the_means_of_their_clusters_and_shared():
    values = np.random.default_rng(2).standard_normal(2000).astype(np.float32)
    centroids, codes = cluster(values, 8)
    for place in range(8):
        assert centroids[place] == pytest.approx(values[codes == place].mean(), abs=0.02)
    assert len(np.unique(shared_values(values, 8))) == 8
    assert (shared_values(np.array([1.0, 1.0], np.float32), 16) == 1).all()


# Scale moved between activations and weights ----------------------------------------------


def outlying(tmp_path, norm: bool):
    """A product whose input has two channels a hundred times the others, behind a normalization or not."""
    generator = np.random.default_rng(3)
    gain = np.ones(64, np.float32)
    gain[[5, 40]] = 100
    product = helper.make_node("MatMul", ["scaled", "w"], ["y"], name="/product/MatMul")
    first = (
        helper.make_node(
            "LayerNormalization", ["x", "gain", "shift"], ["scaled"], name="/norm/LayerNormalization"
        )
        if norm
        else helper.make_node("Mul", ["x", "gain"], ["scaled"], name="/gain/Mul")
    )
    tensors = [
        numpy_helper.from_array(gain, "gain"),
        numpy_helper.from_array((generator.standard_normal((64, 32)) / 8).astype(np.float32), "w"),
        *([numpy_helper.from_array(np.zeros(64, np.float32), "shift")] if norm else []),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 64])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 32])
    model = helper.make_model(
        helper.make_graph([first, product], "g", [x], [y], tensors),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    path = tmp_path / "outlying.onnx"
    onnx.save_model(model, path)
    return path


def outputs(model, x: np.ndarray) -> np.ndarray:
    data = model.SerializeToString() if isinstance(model, onnx.ModelProto) else model
    return ort.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]


X = np.random.default_rng(4).standard_normal((64, 64)).astype(np.float32)


def error(base, realized) -> float:
    reference = outputs(str(base), X)
    return float(np.linalg.norm(outputs(str(realized.path), X) - reference) / np.linalg.norm(reference))


@pytest.mark.parametrize("norm", [True, False])
def test_dividing_and_multiplying_changes_no_result(tmp_path, norm):
    model = prepare(onnx.load_model(outlying(tmp_path, norm)))
    before = outputs(model, X)
    scales = np.exp(np.random.default_rng(5).standard_normal(64)).astype(np.float32)
    made = divide(model, Shared("scaled", ("/product/MatMul",)), scales)
    assert (made is None) == norm
    assert outputs(model, X) == pytest.approx(before, rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("norm", [True, False])
@pytest.mark.parametrize("method", ["ptq-static", "ptq-dynamic"])
def test_smoothquant_takes_outliers_out_of_activations(tmp_path, ask, norm, method):
    base = outlying(tmp_path, norm)
    # Seven bits, so that the error is that of rounding on a processor without VNNI, too.
    said = {"method": method, "activations": U8, "weights": {**W8, "range": "reduced"}}
    if method == "ptq-dynamic":
        said["weights"] = {"type": "int8", "range": "reduced"}

    def batches() -> Iterator[Feed]:
        yield {"x": X}

    plain = replace(ask(base, calibration={"method": "minmax"}, **said), batches=batches)
    smooth = replace(
        ask(base, calibration={"method": "minmax"}, recipe={"name": "smoothquant"}, **said), batches=batches
    )
    before = error(base, realize(plain))
    realized = realize(smooth)
    assert error(base, realized) < before
    assert realized.arguments["alpha"] == 0.5 and realized.arguments["smoothed"] == ["scaled"]


def test_awq_protects_the_channels_of_large_activations(tmp_path, ask):
    base = outlying(tmp_path, norm=False)
    form = {"type": "int4", "granularity": per_group(32)}

    def batches() -> Iterator[Feed]:
        yield {"x": X}

    plain = realize(ask(base, method="weight-only", weights=form))
    before = error(base, plain)
    request = ask(
        base, calibration={"method": "awq"}, method="weight-only", weights=form, recipe={"name": "awq"}
    )
    realized = realize(replace(request, batches=batches))
    assert error(base, realized) < 0.8 * before
    assert realized.arguments["algorithm"]["strengths"]["scaled"] > 0


@pytest.mark.parametrize(
    ("recipe", "alpha"),
    [
        ({"name": "smoothquant"}, 0.5),
        ({"name": "smoothquant", "positional": [{"text": "0.75"}]}, 0.75),
        ({"name": "smoothquant", "named": {"alpha": {"text": "0"}}}, 0.0),
    ],
)
def test_the_strength_of_smoothing_is_read(recipe, alpha):
    assert smoothing_strength(Precision(recipe=recipe)) == alpha


@pytest.mark.parametrize(
    "said", [{"named": {"alpha": {"text": "2"}}}, {"named": {"beta": {"text": "0.5"}}}, {"positional": ["x"]}]
)
def test_a_strength_that_is_none_is_a_sentence(said):
    with pytest.raises(QSpecError, match="not one that can be followed"):
        smoothing_strength(Precision(recipe={"name": "smoothquant", **said}))


def test_smoothing_without_products_is_a_sentence(conv_net, ask):
    said = {"method": "ptq-static", "weights": W8, "activations": U8, "recipe": {"name": "smoothquant"}}
    with pytest.raises(QSpecError, match="covers no product"):
        realize(ask(conv_net(), calibration={"method": "minmax"}, operators=["Conv"], **said))


def test_smoothquant_as_calibration_method_belongs_to_its_recipe(mlp, ask):
    said = {"method": "ptq-static", "weights": W8, "activations": U8}
    with pytest.raises(QSpecError, match="has no calibration method smoothquant"):
        realize(ask(mlp(), calibration={"method": "smoothquant"}, **said))


# Stored and emulated ----------------------------------------------------------------------


@pytest.mark.parametrize("recipe", ["rtn", "hqq", "k-quant", "gptq", "awq"])
def test_an_emulated_recipe_computes_what_the_stored_one_does(mlp, ask, recipe):
    said = {
        "method": "weight-only",
        "weights": {"type": "uint4", "granularity": per_group(16)},
        "recipe": {"name": recipe},
    }
    base = mlp()
    calibration = {"method": recipe} if recipe in ("gptq", "awq") else None
    x = {"x": X}

    def answer(**more) -> np.ndarray:
        path = realize(ask(base, calibration=calibration, **(said | more))).path
        return ort.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, x)[0]

    assert answer(simulated=True) == pytest.approx(answer(), abs=1e-4)


def test_emulated_recipes_take_widths_that_no_kernel_has(conv_net, ask):
    said = {"method": "weight-only", "weights": {"type": "uint3", "granularity": per_group(8)}}
    realized = realize(ask(conv_net(), simulated=True, recipe={"name": "k-quant"}, **said))
    assert realized.simulated
    with pytest.raises(QSpecError, match="int2, int4, int8 bits, and the precision says uint3"):
        realize(ask(conv_net(), recipe={"name": "k-quant"}, **said))


def test_zero_points_and_symmetry_exclude_each_other(mlp, ask):
    form = {"type": "int4", "granularity": per_group(32), "symmetric": True}
    with pytest.raises(QSpecError, match="chooses zero points"):
        realize(ask(mlp(), method="weight-only", weights=form, recipe={"name": "hqq"}))


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"type": "nf4", "granularity": per_group(48)}, "in groups of 16, 32"),
        ({"type": "nf4", "scale": {"type": "fp8-e4m3"}}, "keeps the scales of nf4 blocks in fp32"),
        ({"type": "fp4", "symmetric": True}, "does nothing with symmetric"),
    ],
)
def test_codebook_blocks_that_the_runtime_does_not_have_are_refused(mlp, ask, form, said):
    with pytest.raises(QSpecError, match=said):
        realize(ask(mlp(), method="weight-only", weights=form))


def test_k_means_without_simulation_is_refused(mlp, ask):
    with pytest.raises(QSpecError, match="no kernel for codebooks"):
        realize(ask(mlp(), method="weight-only", weights={"type": "int4"}, recipe={"name": "k-means"}))


@pytest.mark.parametrize(
    ("recipe", "kind"),
    [("adaround", "int4"), ("k-quant", "q4_k"), ("hqq", "uint3"), ("gptq", "int3"), ("awq", "int4")],
)
def test_the_method_simulated_is_the_same_as_saying_that_it_is(mlp, ask, recipe, kind):
    said = {"weights": {"type": kind}, "recipe": {"name": recipe}}
    method = {"calibration": {"method": recipe}} if recipe in ("adaround", "gptq", "awq") else {}
    one = realize(ask(mlp(), method="simulated", **said, **method))
    assert one.simulated
    written = one.path.read_bytes()
    other = realize(ask(mlp(), method="weight-only", simulated=True, **said, **method))
    assert other.simulated and other.path.read_bytes() == written
