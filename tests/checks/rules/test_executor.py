"""Declared machines and what they can compute."""

import pytest

SPEC = """\
qspec 1
claim fast {{
  executor {{
    task: image-classification, metrics: [top1], baseline: fp32
    {0}
  }}
  loss(top1) <= 1 pp
  {1}
}}
"""
CPU = "runtime { name: onnxruntime, provider: cpu }"
ARM = 'hardware { cpu: "Neoverse V1" }'


@pytest.fixture
def found(check):
    def run(executor: str, bound: str = "") -> dict[str, str]:
        report = check(SPEC.format(executor, bound))
        assert not report.has_syntax_errors
        return {f.code: f.severity.value for f in report.findings if f.code.startswith("QS7")}

    return run


def precision(weights: str, activations: str, method: str = "ptq-static") -> str:
    return f"precision {{ method: {method}, weights: {weights}, activations: {activations} }}"


@pytest.mark.parametrize(
    ("executor", "severity"),
    [
        (f"{CPU}, {precision('fp8-e4m3', 'fp8-e4m3')}", "warning"),
        (f"{CPU}, {precision('int8', 'int16')}", "warning"),
        (f"{CPU}, {precision('int8', 'int8')}", "warning"),
        (f"{CPU}, {precision('uint8', 'uint8')}", "note"),
        (f"{CPU}, {precision('int8', 'uint8')}", None),
        (f"{CPU}, {ARM}, {precision('int8', 'int8')}", None),
        (f"runtime {{ provider: cuda }}, {precision('int8', 'int8')}", None),
        (f"runtime {{ name: openvino, provider: cpu }}, {precision('int8', 'int8')}", None),
        (f"{CPU}, precision {{ method: weight-only, weights: fp8-e4m3 }}", None),
        (f"{CPU}, precision {{ weights: fp8, activations: fp8, simulated: true }}", None),
        (precision("int8", "int8"), None),
    ],
)
def test_formats_without_fast_arithmetic(found, executor, severity):
    assert found(executor).get("QS701") == severity


@pytest.mark.parametrize(
    ("hardware", "weights", "fires"),
    [
        ("instruction-sets: [avx2]", "int8", True),
        ("instruction-sets: [avx2, avx512f]", "int8", True),
        ("instruction-sets: [avx2, avx512_vnni]", "int8", False),
        ("instruction-sets: [avx2, amx_int8]", "int8", False),
        ("instruction-sets: [avx2]", "int8 { range: reduced }", False),
        ("instruction-sets: [neon]", "int8", False),
        ('cpu: "Core i7"', "int8", False),
    ],
)
def test_products_that_overflow(found, hardware, weights, fires):
    assert ("QS702" in found(f"{CPU}, hardware {{ {hardware} }}, {precision(weights, 'uint8')}")) is fires


@pytest.mark.parametrize(
    ("executor", "fires"),
    [
        (precision("int8", "uint8", "ptq-dynamic"), True),
        (f"{precision('int8', 'uint8', 'ptq-dynamic')}, load {{ batch: 1 }}", False),
        (f"{precision('int8', 'uint8', 'ptq-dynamic')}, statistics {{ unit: batch }}", False),
        ("precision: 8da4w", False),
        (precision("int8", "uint8"), False),
    ],
)
def test_dynamic_scales_need_a_batch(found, executor, fires):
    assert ("QS703" in found(executor)) is fires


@pytest.mark.parametrize(
    ("executor", "bound", "fires"),
    [
        (f"{CPU}, precision: fp16", "throughput >= 1.5 x baseline", True),
        (f"{CPU}, precision: fp16", "", False),
        (f"{CPU}, precision: fp16", "throughput >= 1.5 x baseline expect not-measured", False),
        (f"{CPU}, precision: W4A16 g128", "throughput >= 1.5 x baseline", False),
        ("runtime { provider: cuda }, precision: fp16", "throughput >= 1.5 x baseline", False),
        (f"{CPU}, precision {{ weights: int4, activations: int4 }}", "latency(p99) <= 2 ms", True),
    ],
)
def test_emulated_formats_have_no_speed(found, executor, bound, fires):
    assert ("QS704" in found(executor, bound)) is fires


@pytest.mark.parametrize(
    ("hardware", "fires"),
    [
        ("device: cpu", True),
        ('accelerator: "AMD Instinct MI300X"', True),
        ('accelerator: "NVIDIA T4"', False),
        ('accelerator: "T4"', False),
        ('cpu: "AMD EPYC 9654"', False),
        ('device: cpu, accelerator: "NVIDIA T4"', False),
    ],
)
def test_a_provider_needs_its_maker(found, hardware, fires):
    assert ("QS705" in found(f"runtime {{ provider: cuda }}, hardware {{ {hardware} }}")) is fires


@pytest.mark.parametrize(
    ("runtime", "fires"),
    [
        ("provider: cuda, options { use_tf23: true }", True),
        ("provider: cuda, options { use_tf32: true }", False),
        ("provider: cpu, options { session.set_denormal_as_zero: true }", False),
        ("provider: cpu, options { use_tf32: true }", True),
        ("provider: openvino, options { anything: true }", False),
        ("name: tensorrt, provider: cuda, options { anything: true }", False),
    ],
)
def test_options_that_nothing_reads(found, runtime, fires):
    assert ("QS706" in found(f"runtime {{ {runtime} }}")) is fires


def test_an_option_that_is_nearly_one_is_offered(check):
    report = check(SPEC.format("runtime { provider: cuda, options { use_tf23: true } }", ""))
    (found,) = [f for f in report.findings if f.code == "QS706"]
    assert found.help == "did you mean `use_tf32`?"
    assert found.source.text[found.span.start :].startswith("true")
