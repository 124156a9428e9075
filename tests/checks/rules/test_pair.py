"""Speed beside accuracy: conditions, denominators, tails, loads, memory, and simulated speed."""

import pytest

SPEC = """\
qspec 1
{before}
claim fast {{
  {claim}
  executor {{
    task: image-classification, metrics: [top1]
    {executor}
  }}
  {reported}
  loss(top1) <= 1 pp
  {bound}
}}
"""


@pytest.fixture
def found(check):
    def run(
        bound: str = "",
        executor: str = "baseline: fp32",
        *,
        before: str = "",
        claim: str = "",
        reported: str = "",
    ):
        figures = f"reported {{ {reported} }}" if reported else ""
        text = SPEC.format(before=before, claim=claim, executor=executor, reported=figures, bound=bound)
        report = check(text)
        assert not report.has_syntax_errors
        return {f.code: f.message for f in report.findings if f.code.startswith("QS6")}

    return run


FULL = """\
executor full {{
  task: image-classification, metrics: [top1], baseline: fp32
  hardware {{ cpu: "Xeon" }}, runtime {{ provider: cpu, threads: {threads} }}
  load {{ batch: {batch}, prompt-tokens: 128 }}
}}
"""
SMALL = 'baseline: executor full, hardware { cpu: "Xeon" }, runtime { provider: cpu, threads: 1 }, load { batch: 32 }'


@pytest.mark.parametrize(
    ("threads", "batch", "bound", "said"),
    [
        (1, 32, "throughput >= 2 x baseline", None),
        (1, 1, "throughput >= 2 x baseline", "batch 32, not 1"),
        (4, 32, "throughput >= 2 x baseline", "threads 1, not 4"),
        (4, 1, "throughput >= 100 images/s", None),
    ],
)
def test_a_ratio_needs_one_workload(found, threads, batch, bound, said):
    got = found(bound, SMALL, before=FULL.format(threads=threads, batch=batch))
    assert (said or "") in got.get("QS601", "")
    assert ("QS601" in got) is (said is not None)


@pytest.mark.parametrize(
    ("executor", "bound", "fires"),
    [
        ('baseline: fp32, hardware { accelerator: "NVIDIA T4" }', "throughput >= 10 x baseline", True),
        ("baseline: fp32, runtime { provider: cuda }", "throughput >= 10 x baseline", True),
        ("baseline: fp16, runtime { provider: cuda }", "throughput >= 2 x baseline", False),
        ("baseline: fp32, runtime { provider: cpu }", "throughput >= 2 x baseline", False),
        ("baseline: fp32, runtime { provider: cuda }", "throughput >= 100 images/s", False),
        ("baseline: fp32", "throughput >= 2 x baseline", False),
    ],
)
def test_a_speed_up_on_an_accelerator_is_against_sixteen_bits(found, executor, bound, fires):
    assert ("QS602" in found(bound, executor)) is fires


@pytest.mark.parametrize(
    ("bound", "fires"),
    [
        ("latency(mean) <= 5 ms", True),
        ("latency(mean) <= 5 ms\n  latency(p99) <= 9 ms", False),
        ("latency(mean) <= 5 ms\n  latency(max) <= 9 ms", False),
        ("latency(p50) <= 5 ms", False),
    ],
)
def test_a_mean_needs_its_tail(found, bound, fires):
    assert ("QS603" in found(bound)) is fires


VENDOR = 'source { vendor: "ACME" }'
SPEED = "throughput { baseline: 220 images/s, quantized: 309 images/s }"


@pytest.mark.parametrize(
    ("load", "claim", "said"),
    [
        ("load { batch: 8 }", VENDOR, "warm-up, duration, concurrency"),
        ("load { scenario: single-stream, batch: 1, warm-up: 50 calls }", VENDOR, "duration"),
        ("load { scenario: server, batch: 1, warm-up: 5 s, duration: 60 s }", VENDOR, "concurrency"),
        ("load { scenario: server, batch: 1, warm-up: 5 s, duration: 60 s, rate: 20 /s }", VENDOR, None),
        ("load { batch: 8, profile: mlperf, concurrency: 1 }", VENDOR, None),
        ("load { batch: 8 }", "", None),
    ],
)
def test_a_load_of_somebody_elses(found, load, claim, said):
    got = found("", f"baseline: fp16, {load}", claim=claim, reported=SPEED)
    assert ("QS604" in got) is (said is not None)
    assert (said or "") in got.get("QS604", "")


def test_energy_needs_its_power_limit(found):
    load = "load { scenario: single-stream, batch: 1, warm-up: 5 s, duration: 60 s }"
    assert "QS604" in found("", f"baseline: fp16, {load}", claim=VENDOR, reported="energy { quantized: 3 J }")
    limited = f"baseline: fp16, hardware {{ power: 15 W }}, {load}"
    assert "QS604" not in found("", limited, claim=VENDOR, reported="energy { quantized: 3 J }")


@pytest.mark.parametrize(
    ("memory", "fires"),
    [
        ("memory { baseline: 14.5 GB, quantized: 4.1 GB }", True),
        ("memory { baseline: 17.2 GB, quantized: 7.9 GB }", False),
        ("memory { quantized: 4.1 GB }", True),
    ],
)
def test_memory_that_is_the_file(found, memory, fires):
    got = found("", reported=f"size {{ baseline: 14.5 GB, quantized: 4.1 GB }}, {memory}")
    assert ("QS605" in got) is fires


def test_a_sentence_that_calls_the_file_memory(found):
    assert "QS605" in found("", claim='title: "memory drops to 4 GB on disk"')
    assert "QS605" not in found("", claim='title: "memory drops to 4 GB, and 3 GB are saved"')


@pytest.mark.parametrize(
    ("claim", "precision", "bound", "fires"),
    [
        ("", "precision { method: simulated, weights: int3 }", "throughput >= 2 x baseline", True),
        ("", "precision { weights: int3, simulated: true }", "latency(p99) <= 2 ms", True),
        ("evidence: simulated", "", "throughput >= 2 x baseline", True),
        ("evidence: [simulated, device]", "", "throughput >= 2 x baseline", False),
        ("", "precision { method: simulated, weights: int3 }", "size <= 0.2 x baseline", False),
        (
            "",
            "precision { weights: int3, simulated: true }",
            "latency(p99) <= 2 ms expect not-measured",
            False,
        ),
    ],
)
def test_a_speed_of_what_was_simulated(found, claim, precision, bound, fires):
    assert ("QS606" in found(bound, f"baseline: fp32\n    {precision}", claim=claim)) is fires
