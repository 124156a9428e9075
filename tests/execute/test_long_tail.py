"""A long-tailed test set: the average hides what one scale a tensor does to a rare class, and the strata do not.

Four frequent classes differ in texture, the rare fifth from the plain one in brightness alone. One filter sees checks,
which no image has: its channel hardly varies, so that batch normalization makes it strong when it is folded into the
convolution. Under one scale for the whole weight, the filter of brightness then rounds to zero.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from onnx import TensorProto, helper, numpy_helper

from qspec import api
from qspec.execute.options import Options

FREQUENT, RARE = 15_000, 400
"""Test examples of each frequent class, and of the rare one."""

GLOW, SPREAD, TEXTURE, NOISE = 0.5, 0.06, 0.008, 0.0022
"""Brightness of the rare class over the others and its deviation; amplitude of the texture and deviation of the noise."""


def draw(counts: list[int], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 1, 8, 8) in [0, 1] and their classes, as many of each as `counts` says."""
    generator = np.random.default_rng(seed)
    row, column = np.indices((8, 8))
    rows, columns, plain = (-1.0) ** row, (-1.0) ** column, np.zeros((8, 8))
    textures = [rows, columns, rows + columns, plain, plain]
    labels = np.repeat(np.arange(5), counts)
    images = np.asarray(textures)[labels] * generator.choice([-1, 1], len(labels))[:, None, None] * TEXTURE
    images += 0.25 + SPREAD * generator.standard_normal((len(labels), 1, 1))
    images += np.where(labels == 4, GLOW, 0)[:, None, None]
    images += NOISE * generator.standard_normal(images.shape)
    order = generator.permutation(len(labels))
    return images[order, None].clip(0, 1).astype(np.float32), labels[order].astype(np.int64)


def filters() -> np.ndarray:
    """Rows, columns and checks with both signs, and brightness: (7, 1, 4, 4)."""
    wave, flat = np.array([1.0, -1, 1, -1]) / 4, np.ones(4) / 4
    bank = [np.outer(wave, flat), np.outer(flat, wave), np.outer(wave, wave)]
    both = [sign * one for one in bank for sign in (1, -1)]
    return np.asarray([*both, np.outer(flat, flat)], np.float32)[:, None]


def train(path: Path) -> None:
    """A convolution normalized over training images, rectified, averaged, and a linear head fitted by least squares."""
    x, y = draw([800] * 5, seed=1)
    weight = filters()
    made = np.einsum("ncijkl,ockl->noij", sliding_window_view(x, (4, 4), axis=(2, 3)), weight)
    mean, variance = made.mean(axis=(0, 2, 3)), made.var(axis=(0, 2, 3))
    normed = (made - mean[:, None, None]) / np.sqrt(variance + 1e-9)[:, None, None]
    features = np.c_[np.maximum(normed, 0).mean(axis=(2, 3)), np.ones(len(x))]
    head, *_ = np.linalg.lstsq(features, np.eye(5)[y], rcond=None)
    tensors = {
        "weight": weight,
        "gamma": np.ones(7),
        "beta": np.zeros(7),
        "mean": mean,
        "variance": variance,
        "head": head[:-1],
        "bias": head[-1],
    }
    node = helper.make_node
    nodes = [
        node("Conv", ["image", "weight"], ["c"], name="/conv/Conv", kernel_shape=[4, 4]),
        node(
            "BatchNormalization",
            ["c", "gamma", "beta", "mean", "variance"],
            ["n"],
            name="/norm",
            epsilon=1e-9,
        ),
        node("Relu", ["n"], ["r"], name="/relu/Relu"),
        node("GlobalAveragePool", ["r"], ["g"], name="/average/GlobalAveragePool"),
        node("Flatten", ["g"], ["f"], name="/flatten/Flatten"),
        node("Gemm", ["f", "head", "bias"], ["logits"], name="/head/Gemm"),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, 8, 8])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 5])],
        [numpy_helper.from_array(values.astype(np.float32), name) for name, values in tensors.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save_model(model, path)


SPEC = """qspec 1

model textures { file: "textures.onnx" }

dataset scenes {
  source: "scenes.npz"
  splits { tune: 0..512, test: 512..60912 }
  inputs { image: x }
  label:  y
}

executor one-scale {
  hardware:    local
  runtime      { name: onnxruntime, provider: cpu, threads: 1 }
  model:       textures
  precision    { method: ptq-static, weights: int8 { granularity: per-tensor, range: reduced }, activations: uint8 }
  baseline:    fp32
  calibration  { data: scenes.tune, size: 512, method: minmax, seed: 0 }
  task:        image-classification
  metrics:     [top1]
  test-set     { data: scenes.test, composition: clean, size: 60400 }
  strata       { rare: label == 4 }
}

executor scale-a-channel from one-scale {
  precision    { method: ptq-static, weights: int8 { granularity: per-channel, range: reduced }, activations: uint8 }
}

claim hidden on one-scale {
  loss(top1) <= 1 pp
  loss(top1) <= 2 pp for rare
}

claim recovered on scale-a-channel {
  loss(top1) <= 1 pp
  loss(top1) <= 2 pp for rare
  recovered(top1, from: one-scale) >= 80 % for rare
}
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("long-tail")
    train(folder / "textures.onnx")
    tune, test = draw([110] * 4 + [72], 2), draw([FREQUENT] * 4 + [RARE], 3)
    np.savez(
        folder / "scenes.npz", x=np.concatenate([tune[0], test[0]]), y=np.concatenate([tune[1], test[1]])
    )
    (folder / "tail.qspec").write_text(SPEC)
    run = api.run(folder / "tail.qspec", options=Options(store=folder / "store"), write=False)
    return {one.resolved.name: one for one in run.executed}, test, folder


def outcomes(executed: Any) -> list[str]:
    return [judged.outcome for judged in executed.verdicts.judged]


def test_the_average_is_confirmed_while_the_rare_class_is_refuted(done: Any) -> None:
    claims, _, _ = done
    assert outcomes(claims["hidden"]) == ["confirmed", "refuted"]
    average, rare = claims["hidden"].verdicts.judged
    assert 0 < average.interval.estimate < 0.01 and rare.interval.estimate > 0.5


def test_a_scale_a_channel_recovers_the_rare_class(done: Any) -> None:
    claims, _, _ = done
    assert outcomes(claims["recovered"]) == ["confirmed", "confirmed", "confirmed"]
    for executed in claims.values():
        census = executed.measured.census["quantized"]
        assert census.realized and census.computed.value == 2


def test_flips_are_those_of_bare_onnxruntime(done: Any, answers: Callable[[Path], np.ndarray]) -> None:
    claims, (_, y), folder = done
    base = answers(folder / "textures.onnx") == y
    digests = set()
    for path in (folder / "store").rglob("model.onnx"):
        right = answers(path) == y
        digests.add(path.read_bytes())
        name = "recovered" if right[y == 4].all() else "hidden"
        for stratum, rows in ((None, y >= 0), ("rare", y == 4)):
            (found,) = [
                r
                for r in claims[name].verdicts.results
                if r.quantity.name == "top1" and (str(r.for_) if r.for_ else None) == stratum
            ]
            assert int(found.n.value) == rows.sum()
            assert int(found.harmful.value) == (base & ~right)[rows].sum()
            assert int(found.helpful.value) == (~base & right)[rows].sum()
    assert len(digests) == 2 and (folder / "textures.onnx").read_bytes() not in digests


@pytest.fixture
def answers(done: Any) -> Callable[[Path], np.ndarray]:
    """The classes that bare onnxruntime finds in the test images, batch by batch as the spec has them."""
    _, (x, _), _ = done

    def run(path: Path) -> np.ndarray:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        parts = [session.run(None, {"image": x[i : i + 1000]})[0] for i in range(0, len(x), 1000)]
        return np.concatenate(parts).argmax(axis=1)

    return run
