"""Errors of the language are found under the codes that document them, and words outside their lists asked about."""

import inspect

import pytest

from qspec.checks.rule import Visit
from qspec.checks.rules import registry

DOCUMENTED = [rule for rule in registry if rule.code.startswith("QS0") and rule.visits is Visit.NOTHING]

EXECUTOR = """\
qspec 1
executor small {{
  task: image-classification
  metrics: [top1]
  baseline: fp32
  {0}
}}
claim small-loss on small {{
  {1}
}}
"""


@pytest.mark.parametrize("rule", DOCUMENTED, ids=lambda rule: rule.code)
def test_the_example_of_a_language_error_has_its_code(rule, codes):
    example = inspect.cleandoc("\n" + rule.sections["Example"]) + "\n"
    assert rule.code in codes(example)
    instead = inspect.cleandoc("\n" + rule.sections["Use instead"]) + "\n"
    assert rule.code not in codes(instead)


@pytest.mark.parametrize(
    ("item", "meant", "safe"),
    [
        ("test-set { data: digits.test, composition: ood-data }", None, None),
        ("test-set { data: digits.test, composition: cleann }", "clean", True),
        ("precision { method: PTQ_Static, weights: int8 }", "ptq-static", True),
        ("precision { method: ptq-sttic, weights: int8 }", "ptq-static", True),
        ("load { scenario: singlestream, batch: 1 }", "single-stream", True),
        ("runtime { name: onnxruntim }", "onnxruntime", True),
        ("runtime { name: onnxruntime, provider: cudaa }", "cuda", True),
        ("statistics { population: superpopulation }", None, None),
        ("calibration { data: digits.train, method: entropie }", "entropy", True),
    ],
)
def test_a_word_outside_its_list_is_asked_about(check, item, meant, safe):
    report = check(EXECUTOR.format(item, "loss(top1) <= 1 pp"))
    found = [f for f in report.findings if f.code == "QS010"]
    assert len(found) == 1
    if meant is None:
        return
    assert found[0].help == f"did you mean `{meant}`?"
    (fix,) = found[0].fixes
    assert fix.safe is safe
    (edit,) = fix.edits
    text = found[0].source.text
    mended = text[: edit.span.start] + edit.text + text[edit.span.end :]
    assert "QS010" not in [f.code for f in check(mended).findings]


@pytest.mark.parametrize(
    "item",
    [
        "runtime { name: my-own-engine }",
        "calibration { data: digits.train, method: hessian-trace }",
        "precision { weights: fp8_e4m3, activations: E4M3 }",
        "precision: W4A16 g128",
        "precision: Q4_K_M",
        "precision: 8da4w",
    ],
)
def test_words_of_lists_that_cannot_be_complete_pass(codes, item):
    assert "QS010" not in codes(EXECUTOR.format(item, "loss(top1) <= 1 pp"))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("int8 per-channel", "int8 { granularity: per-channel }"),
        ('"int8 per-channel"', "int8 { granularity: per-channel }"),
        ("int8 Per-Tensor asymmetric", "int8 { granularity: per-tensor, symmetric: false }"),
        ("int8 dynamic", None),
    ],
)
def test_words_behind_a_number_format_are_items_of_its_block(check, written, meant):
    report = check(
        EXECUTOR.format(f"precision {{ method: ptq-static, weights: {written} }}", "loss(top1) <= 1 pp")
    )
    (found,) = [f for f in report.findings if f.code == "QS010"]
    assert "words behind it that nothing reads" in found.message
    if meant is None:
        assert not found.fixes
        return
    assert found.help == f"write `{meant}`"
    (edit,) = found.fixes[0].edits
    text = found.source.text
    mended = text[: edit.span.start] + edit.text + text[edit.span.end :]
    assert f"weights: {meant} }}" in mended
    assert "QS010" not in [f.code for f in check(mended).findings]


@pytest.mark.parametrize("written", ["FP8 E4M3", "bf16", "int 8"])
def test_a_number_format_of_two_words_is_one(codes, written):
    assert "QS010" not in codes(EXECUTOR.format(f"precision {{ weights: {written} }}", "loss(top1) <= 1 pp"))


def test_a_shorthand_nobody_writes_is_asked_about(codes):
    assert "QS010" in codes(EXECUTOR.format('precision: "tiny numbers"', "loss(top1) <= 1 pp"))


def test_an_expected_outcome_is_one_of_the_outcomes(check):
    report = check(EXECUTOR.format("", "loss(top1) <= 1 pp expect inconclusve"))
    (found,) = [f for f in report.findings if f.code == "QS010"]
    assert found.fixes[0].edits[0].text == "inconclusive"


@pytest.mark.parametrize(
    ("item", "assertion", "said"),
    [
        ("strata { class: by label }", "loss(top1) <= 1 pp for each clas", "There is no stratification called `clas`."),
        ("", "loss(top1) <= 1 pp on mmlu", "There is no evaluation or load called `mmlu`."),
        ("", "loss(top5) <= 1 pp", "There is no metric called `top5`."),
        ("", "loss(top1, foo: 3) <= 1 pp", "`loss(top1, foo: 3)` has no argument `foo: 3`."),
        ("", "latency(p99, 3) <= 5 ms", "`latency(p99, 3)` has no argument `3`."),
        ("load bulk { batch: 64 }", "throughput >= 2 x baseline on bulkk", "There is no evaluation or load called `bulkk`."),
    ],
)  # fmt: skip
def test_what_an_executor_lacks_cannot_be_spoken_of(check, item, assertion, said):
    found = [f for f in check(EXECUTOR.format(item, assertion)).findings if f.code == "QS012"]
    assert [f.message for f in found] == [said]


@pytest.mark.parametrize(
    ("item", "assertion"),
    [
        ("strata { class: by label }", "loss(top1) <= 1 pp for each class"),
        ("strata: unstated", "loss(top1) <= 1 pp for each class"),
        ("load bulk { batch: 64 }", "throughput >= 2 x baseline on bulk"),
        ("", "flips <= 2 %"),
        ("", "top1 >= 99 % of baseline"),
        ("", "latency(p99) <= 5 ms"),
        ("", "size <= 0.35 x baseline"),
    ],
)
def test_what_an_executor_has_can_be_spoken_of(codes, item, assertion):
    assert "QS012" not in codes(EXECUTOR.format(item, assertion))


def test_a_split_that_a_declared_data_set_lacks(check):
    text = EXECUTOR.format("test-set { data: digits.tset }", "loss(top1) <= 1 pp")
    text += "dataset digits { splits { train: 0..898, test: 898..1797 } }\n"
    (found,) = [f for f in check(text).findings if f.code == "QS012"]
    assert found.message == "There is no split of `digits` called `tset`."
    assert found.help == "did you mean `test`?"


@pytest.mark.parametrize(("split", "missing"), [("queries", False), ("querys", True), ("test", False)])
def test_the_queries_are_a_split_of_a_data_set_of_tables(codes, split, missing):
    text = EXECUTOR.format(f"test-set {{ data: docs, split: {split} }}", "loss(top1) <= 1 pp")
    tables = 'tables { corpus: "c.csv", queries: "q.csv", relevance: "r.csv" }'
    assert ("QS012" in codes(f"{text}dataset docs {{ {tables}, splits {{ test: 0..5 }} }}\n")) is missing


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        ("top1, top1", ["The metric `top1` is named twice."]),
        ("top1, ece(bins: 15), top-1", ["The metric `top-1` is named twice, which is `top1`."]),
        ("top1, top5, ece(bins: 10), ece(bins: 15)", []),
    ],
)
def test_a_metric_is_named_once(check, metrics, said):
    text = EXECUTOR.replace("[top1]", f"[{metrics}]").format("", "loss(top1) <= 1 pp")
    assert [f.message for f in check(text).findings if f.code == "QS013"] == said


TWO = """\
qspec 1
executor small {{
  baseline: fp32
  evaluation clean   {{ task: image-classification, metrics: [top1, ece(bins: 15)] }}
  evaluation shifted {{ task: image-classification, metrics: [top1] }}
}}
claim small-loss on small {{ {0} }}
"""


@pytest.mark.parametrize(
    ("assertion", "unsaid"),
    [
        ("loss(top1) <= 1 pp", True),
        ("top1 >= 99 % of baseline", True),
        ("flips <= 2 %", True),
        ("loss(top1) <= 1 pp on clean", False),
        ("flips <= 2 % on shifted", False),
        ("loss(ece(bins: 15)) <= 1 pp", False),
        ("size <= 0.3 x baseline", False),
    ],
)
def test_an_assertion_says_which_of_several_evaluations_it_is_on(check, assertion, unsaid):
    found = [f for f in check(TWO.format(assertion)).findings if f.code == "QS014"]
    assert len(found) == unsaid
    if found:
        assert "may be on `clean` and `shifted`" in found[0].message
