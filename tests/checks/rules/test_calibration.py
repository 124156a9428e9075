"""Calibration: on the exam, where it must be, where it cannot be, and how much of it."""

import pytest

SPEC = """\
qspec 1
{datasets}
claim small {{
  executor {{
    task: image-classification, metrics: [top1], baseline: fp32
    {precision}
    {calibration}
    {test}
  }}
  loss(top1) <= 1 pp
}}
"""
STATIC = "precision { method: ptq-static, weights: int8, activations: uint8 }"


@pytest.fixture
def found(check):
    def run(
        calibration: str = "", test: str = "", *, datasets: str = "", precision: str = STATIC
    ) -> set[str]:
        report = check(
            SPEC.format(datasets=datasets, precision=precision, calibration=calibration, test=test)
        )
        assert not report.has_syntax_errors
        return {f.code for f in report.findings if f.code.startswith("QS5")}

    return run


def digits(splits: str) -> str:
    return f'dataset digits {{ source: "d.npz", version: "1", splits {{ {splits} }} }}'


TWO_NAMES = """\
dataset one {{ source: "d.npz", {0} splits {{ train: 0..500 }} }}
dataset two {{ source: "{1}", {2} splits {{ test: {3} }} }}
"""


@pytest.mark.parametrize(
    ("datasets", "learned", "tested", "fires"),
    [
        (digits("train: 0..898, test: 898..1797"), "digits.train", "digits.test", False),
        (digits("train: 0..899, test: 898..1797"), "digits.train", "digits.test", True),
        (digits("train: 0..898, test: 898..1797"), "digits.test", "digits.test", True),
        (digits("train: 0..898, test: 898..1797"), "digits", "digits.test", True),
        (digits('tune: fold == "a", test: fold == "b"'), "digits.tune", "digits.test", False),
        (digits('tune: fold == "b", test: fold == "b"'), "digits.tune", "digits.test", True),
        (digits('tune: age < 60, test: fold == "b"'), "digits.tune", "digits.test", False),
        (digits('tune: "a.npz", test: "a.npz"'), "digits.tune", "digits.test", True),
        (TWO_NAMES.format("", "d.npz", "", "400..900"), "one.train", "two.test", True),
        (TWO_NAMES.format("", "d.npz", "", "500..900"), "one.train", "two.test", False),
        (TWO_NAMES.format("", "e.npz", "", "400..900"), "one.train", "two.test", False),
        (
            TWO_NAMES.format('sha256: "aB12",', "e.npz", 'sha256: "Ab12",', "400..900"),
            "one.train",
            "two.test",
            True,
        ),
        ("", '"ImageNet 2012"', '"ImageNet 2013"', False),
    ],
)
def test_calibration_and_test_share_examples(found, datasets, learned, tested, fires):
    calibration = f"calibration {{ data: {learned}, method: entropy, size: 64 }}"
    got = found(calibration, f"test-set {{ data: {tested}, composition: clean }}", datasets=datasets)
    assert ("QS501" in got) is fires


def test_it_is_an_error_that_names_both_and_points_at_the_test_set(check):
    text = SPEC.format(
        datasets=digits("train: 0..898, test: 800..1797"),
        precision=STATIC,
        calibration="calibration { data: digits.train, method: entropy, size: 64 }",
        test="test-set { data: digits.test, composition: clean }",
    )
    (found,) = [f for f in check(text).findings if f.code == "QS501"]
    assert found.severity == "error"
    assert "`digits.train`" in found.message
    assert "rows 800..898 are in both" in found.message
    assert text[found.related[0].span.start :].startswith("{ data: digits.test")


def test_one_name_for_both_and_no_split(found):
    test = 'test-set { data: "wikitext-2", split: test, composition: clean }'
    assert "QS502" in found('calibration { data: "WikiText-2", method: gptq, size: 64 }', test)
    assert "QS502" not in found('calibration { data: "c4", method: gptq, size: 64 }', test)


DENIED = 'calibration: not-applicable "the tool needs none"'
GIVEN = 'calibration { data: "imagenette" @ "v2", method: entropy, size: 64 }'


@pytest.mark.parametrize(
    ("precision", "denied", "given"),
    [
        (STATIC, True, False),
        ("precision { method: weight-only, recipe: gptq, weights: int4 }", True, False),
        ("precision { method: ptq-dynamic, weights: int8 }", False, True),
        ("precision { method: ptq-dynamic, recipe: smoothquant(alpha: 0.5), weights: int8 }", True, False),
        ("precision { method: weight-only, recipe: rtn, weights: int4 }", False, True),
        ("precision { method: weight-only, weights: int4 }", False, False),
        ("precision { method: qat, weights: int8 }", False, False),
        ("precision: fp16", False, True),
        ("precision: W8A8", False, False),
        ("precision: unstated", False, False),
    ],
)
def test_whether_a_method_reads_data(found, precision, denied, given):
    assert ("QS503" in found(DENIED, precision=precision)) is denied
    assert ("QS504" in found(GIVEN, precision=precision)) is given


def test_a_recipe_may_stand_as_the_procedure_of_calibration(found):
    gptq = 'calibration { data: "c4", method: gptq, size: 128 }'
    assert "QS504" not in found(gptq, precision="precision { method: weight-only, weights: int4 }")


@pytest.mark.parametrize(
    ("precision", "fires"),
    [
        (STATIC, True),
        ("precision { method: ptq-static, weights: fp8-e4m3, activations: fp8-e4m3 }", False),
        ("precision: unstated", False),
    ],
)
def test_distribution_is_for_floating_formats(found, precision, fires):
    got = found('calibration { data: "c4", method: distribution, size: 128 }', precision=precision)
    assert ("QS505" in got) is fires


@pytest.mark.parametrize(
    ("size", "fires"),
    [
        ("8", True),
        ("8 images", True),
        ("32", False),
        ("8 sequences", False),
        ("8 batches", False),
        ("20 tokens", False),
    ],
)
def test_few_examples(found, size, fires):
    assert ("QS506" in found(f'calibration {{ data: "c4", method: entropy, size: {size} }}')) is fires


def test_more_examples_than_the_split_has(found):
    data = digits("train: 0..100, test: 898..1797")
    assert "QS506" in found("calibration { data: digits.train, method: entropy, size: 128 }", datasets=data)
    assert "QS506" not in found(
        "calibration { data: digits.train, method: entropy, size: 100 }", datasets=data
    )


@pytest.mark.parametrize(
    ("calibration", "test", "fires"),
    [
        ('data: "ultrachat-200k"', 'data: "cais/mmlu", composition: stratified', True),
        ('data: "ultrachat-200k", domain: "chat"', 'data: "cais/mmlu", composition: stratified', False),
        ('data: "ultrachat-200k"', 'data: "cais/mmlu", composition: out-of-distribution', False),
        ('data: "ImageNet train"', 'data: "imagenet-1k", composition: clean', False),
        ('data: "representative data"', 'data: "cais/mmlu", composition: clean', False),
    ],
)
def test_two_domains_and_no_word(found, calibration, test, fires):
    got = found(
        f"calibration {{ {calibration}, method: entropy, size: 64 }}", f"test-set {{ {test}, split: test }}"
    )
    assert ("QS507" in got) is fires


@pytest.mark.parametrize(
    ("learned", "task", "fires"),
    [
        ("WikiText-2 train", "language-modelling", True),
        ("wikitext-2-raw-v1", "language-modelling", True),
        ("C4", "language-modelling", False),
        ("WikiText-2", "language-modelling", False),  # which rows were drawn is asked first
        ("WikiText-2 train", "image-classification", False),
    ],
)
def test_calibration_on_the_sister_of_the_exam(check, learned, task, fires):
    text = f"""qspec 1
claim c {{
  executor {{
    task: {task}, metrics: [perplexity(per: token)], baseline: fp16
    precision {{ method: weight-only, weights: int4 {{ granularity: per-group(128) }} }}
    calibration {{ data: "{learned}", method: gptq, size: 128 }}
    test-set {{ data: "WikiText-2", split: test }}
  }}
}}
"""
    assert ("QS508" in [f.code for f in check(text).findings]) is fires


@pytest.mark.parametrize(
    ("said", "fires"),
    [
        ("seed: 0", False),
        ("seed: -3", True),
        ("seed: 1.5", True),
        ("seed: 3 s", True),
        ("percentile: 99.9 %", False),
        ("percentile: 99.9", False),
        ("percentile: 99.9 pp", True),
        ("percentile: 101", True),
        ("size: 100", False),
        ("size: 100.5", True),
        ("size: 0", True),
    ],
)
def test_numbers_that_a_calibration_cannot_have(found, said, fires):
    size = "" if said.startswith("size") else ", size: 128"
    calibration = f'calibration {{ data: "imagenette" @ "v2", method: percentile{size}, {said} }}'
    assert ("QS509" in found(calibration)) == fires
