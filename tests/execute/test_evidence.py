"""What a file that arrived shows by itself: weights on a grid, rounded inputs, zeros, scales."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qspec.execute.census import CensusReport, census_of_arrival
from qspec.execute.evidence import on_grid
from qspec.model.precision import Precision, TensorFormat
from qspec.model.shorthand import per_group
from qspec.quantize.realize import realize
from qspec.quantize.request import Request

Form = dict[str, Any]


def form(kind: str, **more: Any) -> Form:
    return {"type": kind, **more}


def tensor(granularity: str) -> Form:
    return {"granularity": {"name": granularity}}


def taken(path: Path, **precision: Any) -> CensusReport:
    report = census_of_arrival(path, Precision(**precision))
    assert report is not None
    return report


SIMULATED = [
    {"weights": form("int4"), "activations": form("int4")},
    {"weights": form("binary"), "activations": form("binary")},
    {"weights": form("ternary")},
    {"weights": form("nf4"), "activations": form("nf4")},
    {"weights": form("nvfp4")},
    {"weights": form("mxfp4"), "activations": form("mxfp4")},
    {"weights": form("fp8-e4m3"), "activations": form("fp8-e4m3")},
    {"weights": form("fp16"), "activations": form("fp16")},
    {"weights": form("int8", symmetric=False), "activations": form("uint8")},
    {"weights": form("uint3", granularity=per_group(16))},
    {"weights": form("int8", **tensor("per-tensor"))},
    {"weights": form("q4_k")},
    {"weights": form("int4", **tensor("per-tensor")), "recipe": {"name": "k-means"}},
    {"weights": form("uint3"), "recipe": {"name": "hqq"}},
    {"weights": form("int2"), "activations": form("int2"), "recipe": {"name": "dorefa"}},
    {"weights": form("fp8-e4m3"), "activations": form("fp8-e4m3"), "method": "cast", "simulated": True},
]


@pytest.mark.parametrize("said", SIMULATED, ids=str)
@pytest.mark.parametrize("net", ["mlp", "conv_net", "attention"])
def test_a_simulated_file_is_told_from_the_base_sold_as_one(said, net, arrive, request):
    base = request.getfixturevalue(net)()
    precision = {"method": "simulated"} | said
    real = taken(arrive(base, **precision), **precision)
    assert real.simulated and real.realized and not real.missing
    false = taken(base, **precision)
    assert not false.realized and len(false.missing) == false.declared


def test_the_halves_of_a_product_without_outliers_are_told_from_the_base(attention, arrive):
    base = attention()
    said = {"weights": form("int8"), "activations": form("int8"), "recipe": {"name": "llm.int8"}}
    assert taken(arrive(base, method="simulated", **said), method="simulated", **said).realized
    assert len(taken(base, method="simulated", **said).missing) == 4


def test_activations_wider_than_declared_are_not_the_declared_ones(mlp, arrive):
    wide = arrive(mlp(), method="simulated", weights=form("int4"), activations=form("int8"))
    report = taken(wide, method="simulated", weights=form("int4"), activations=form("int4"))
    assert report.missing == ("/fc1/Gemm", "/fc2/Gemm")
    assert not taken(wide, method="simulated", weights=form("int4"), activations=form("int8")).missing
    stored = arrive(mlp(), method="ptq-static", weights=form("int4"), activations=form("uint8"))
    assert not taken(stored, method="simulated", weights=form("int4"), activations=form("uint8")).missing
    report = taken(stored, method="simulated", weights=form("int4"), activations=form("uint4"))
    assert report.missing == ("/fc1/Gemm", "/fc2/Gemm")


def test_pruning_is_counted_in_what_arrives_whatever_stores_the_weights(mlp, arrive, tmp_path):
    half = {"pruning": {"sparsity": {"text": "50", "unit": "%"}}}
    base = mlp()
    plain = taken(base, method="weight-only", **half)
    assert not plain.realized and plain.missing == ("/fc1/Gemm", "/fc2/Gemm")
    pruned = tmp_path / "pruned.onnx"
    arrive_as = Precision(method="weight-only", **half)
    realize(Request(model=base, precision=arrive_as, output=pruned))
    assert taken(pruned, method="weight-only", **half).realized
    w8a8 = {"method": "ptq-static", "weights": form("int8"), "activations": form("uint8")}
    assert taken(arrive(pruned, **w8a8), **w8a8, **half).realized
    assert taken(arrive(pruned, format="qoperator", **w8a8), **w8a8, **half).realized
    assert not taken(arrive(base, **w8a8), **w8a8, **half).realized
    assert not taken(arrive(base, format="qoperator", **w8a8), **w8a8, **half).realized


def test_scales_made_at_every_call_are_not_static_and_the_other_way_round(mlp, arrive):
    formats = {"weights": form("int8"), "activations": form("uint8")}
    for made, other in (("ptq-dynamic", "ptq-static"), ("ptq-static", "ptq-dynamic")):
        path = arrive(mlp(), method=made, **formats)
        assert taken(path, method=made, **formats).realized
        assert len(taken(path, method=other, **formats).missing) == 2
        assert taken(path, method="qat", **formats).realized


def test_groups_of_another_size_are_not_the_declared_ones(mlp, arrive):
    fine = arrive(
        mlp(width=256, hidden=256), method="weight-only", weights=form("int4", granularity=per_group(32))
    )

    def missed(**granularity: Any) -> int:
        return len(taken(fine, method="weight-only", weights=form("int4", **granularity)).missing)

    assert missed(granularity=per_group(32)) == missed() == 0
    assert missed(granularity=per_group(128)) == missed(granularity=per_group(16)) == 2
    assert missed(**tensor("per-channel")) == missed(**tensor("per-tensor")) == 2


@pytest.mark.parametrize("size", [32, 512])
def test_groups_that_the_runtime_cuts_into_blocks_are_the_declared_ones(mlp, arrive, size):
    precision = {"method": "weight-only", "weights": form("int4", granularity=per_group(size))}
    assert taken(arrive(mlp(width=600, hidden=520), **precision), **precision).realized


@pytest.mark.parametrize(("made", "other"), [("per-channel", "per-tensor"), ("per-tensor", "per-channel")])
def test_scales_per_tensor_and_per_channel_are_told_apart(conv_net, arrive, made, other):
    def said(granularity: str) -> dict[str, Any]:
        weights = form("int8", **tensor(granularity))
        return {"method": "ptq-static", "weights": weights, "activations": form("uint8")}

    path = arrive(conv_net(), **said(made))
    assert taken(path, **said(made)).realized
    assert taken(path, **said(other)).missing == ("/conv1/Conv", "/conv2/Conv", "/head/Gemm")


def test_a_layer_inside_a_loop_is_counted_where_it_arrives(looped):
    report = taken(looped(), method="simulated", weights=form("int4"))
    assert report.missing == ("head", "inner")


def test_clipped_and_shifted_codes_are_on_the_grid_and_noise_is_not():
    generator = np.random.default_rng(0)
    codes = generator.integers(-100, 90, (4, 64))
    fit = TensorFormat(**form("int8"))
    assert on_grid((codes * 0.0371).astype(np.float32), fit)
    assert on_grid(((codes + 13) * 1e-4).astype(np.float32), fit)
    assert not on_grid(generator.standard_normal((4, 64)).astype(np.float32), fit)
    assert not on_grid((codes * 0.0371).astype(np.float32), TensorFormat(**form("int4")))


def test_zeros_of_asymmetric_codes_are_counted_in_products_of_integers(mlp, arrive, tmp_path):
    half = {"pruning": {"sparsity": {"text": "50", "unit": "%"}}}
    pruned = tmp_path / "pruned.onnx"
    realize(Request(model=mlp(), precision=Precision(method="weight-only", **half), output=pruned))
    dynamic = {"method": "ptq-dynamic", "weights": form("uint8"), "activations": form("uint8")}
    assert taken(arrive(pruned, **dynamic), **dynamic, **half).realized
    assert not taken(arrive(mlp(), **dynamic), **dynamic, **half).realized
