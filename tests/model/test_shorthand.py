"""Shorthands of precisions: what each stands for, what overrides it, and what nobody writes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qspec.errors import QSpecError
from qspec.model.number_format import FORMATS, find_format
from qspec.model.precision import Precision
from qspec.model.shorthand import describe, expand


def full(text: str, **more) -> Precision:
    return expand(Precision(shorthand=text, **more))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("int8", "int8 weights, int8 activations"),
        ("INT8", "int8 weights, int8 activations"),
        ("uint8", "uint8 weights, uint8 activations"),
        ("W8A8", "int8 weights, int8 activations"),
        ("w4a4", "int4 weights, int4 activations"),
        ("W4A8KV4", "int4 weights, int8 activations, int4 cache"),
        ("W4A16", "int4 weights, fp16 activations, weight-only"),
        ("W4A16 g128", "int4 weights per-group(128), fp16 activations, weight-only"),
        ("W4A16-g128", "int4 weights per-group(128), fp16 activations, weight-only"),
        ("W4A16 group size 128", "int4 weights per-group(128), fp16 activations, weight-only"),
        ("W8A8-FP8", "fp8 weights, fp8 activations"),
        ("W8A8 fp8-e4m3", "fp8-e4m3 weights, fp8-e4m3 activations"),
        ("fp32", "fp32 weights, fp32 activations"),
        ("float16", "fp16 weights, fp16 activations, cast"),
        ("bf16", "bf16 weights, bf16 activations, cast"),
        ("fp8-e4m3", "fp8-e4m3 weights, fp8-e4m3 activations"),
        ("FP8_E5M2", "fp8-e5m2 weights, fp8-e5m2 activations"),
        ("NF4", "nf4 weights per-group(64), weight-only"),
        ("MXFP4", "mxfp4 weights per-group(32)"),
        ("NVFP4", "nvfp4 weights per-group(16)"),
        ("Q4_K_M", "q4_k weights per-group(32), weight-only, k-quant(mix: medium)"),
        ("Q6_K", "q6_k weights per-group(16), weight-only, k-quant"),
        ("Q8_0", "q8_0 weights per-group(32), weight-only"),
        ("8da4w", "int4 weights per-group(32), int8 activations per-token, ptq-dynamic"),
        ("int4", "int4 weights"),
        ("int8wo", "int8 weights, weight-only"),
        ("int8 dynamic", "int8 weights, int8 activations, ptq-dynamic"),
        ("int8 weight-only", "int8 weights, weight-only"),
        ("int8 per channel static", "int8 weights per-channel, int8 activations, ptq-static"),
        ("binary", "binary weights"),
        ("ternary", "ternary weights"),
    ],
)
def test_a_shorthand_stands_for_what_the_field_means_by_it(text, expected):
    assert describe(Precision(shorthand=text)) == expected


def test_scales_of_block_formats_are_spelt_out():
    assert full("NVFP4").weights.scale.type == "fp8-e4m3"
    assert full("MXFP4").weights.scale.type == "e8m0"


def test_explicit_fields_override_and_keep_what_they_leave_out():
    precision = full("W4A16 g128", weights={"type": "int4", "symmetric": False}, method="gptq-like")
    assert str(precision.weights.granularity) == "per-group(128)"
    assert precision.weights.symmetric is False
    assert precision.method == "gptq-like"


def test_a_format_of_another_type_replaces_the_shorthands():
    precision = full("W4A16 g128", weights={"type": "int8"})
    assert precision.weights.granularity is None


def test_a_weight_only_method_drops_the_activations_that_the_shorthand_implied():
    assert full("int8", method="weight-only").activations is None
    kept = full("int8", method="weight-only", activations={"type": "fp16"})
    assert kept.activations.type == "fp16"


def test_spellings_of_types_become_their_names():
    precision = expand(
        Precision(weights={"type": "E4M3"}, layers={"/head/*": {"weights": {"type": "float32"}}})
    )
    assert precision.weights.type == "fp8-e4m3"
    assert precision.layers["/head/*"].weights.type == "fp32"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("in8", "did you mean int8"),
        ("W4A17", "did you mean w4a16"),
        ("W4A16 h128", "'h128' in the precision.*did you mean g128"),
        ("Q4_0_M", "Nothing is known"),
        ("int8 fp4", "nothing in it has 4 bits"),
        ("", "Nothing is known"),
        ("fast", "Nothing is known"),
    ],
)
def test_what_nobody_writes_is_a_sentence(text, said):
    with pytest.raises(QSpecError) as caught:
        full(text)
    assert all(part in str(caught.value) for part in said.split(".*"))


@given(st.text(max_size=30))
def test_any_text_expands_to_a_fixed_point_or_is_a_sentence(text):
    try:
        once = full(text)
    except QSpecError:
        return
    assert once.shorthand is None
    assert expand(once) == once


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_found_by_its_name_and_described_alone(name):
    assert find_format(name.upper()) is FORMATS[name]
    assert describe(Precision(shorthand=name)).startswith(name)


def test_a_format_nobody_knows_is_none():
    assert find_format("int9") is None and find_format("q9_k") is None
