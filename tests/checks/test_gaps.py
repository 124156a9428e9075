"""Gaps are told once, in the headline; a comment takes one out of it; a grade follows from what is stated."""

import pytest

STATED = {
    "model": 'model { base: "resnet50" @ "v2", quantized: "acme/resnet50-int8" @ "77ab01c" }',
    "baseline": "baseline: fp32",
    "calibration": "calibration { data: ilsvrc.train, method: entropy, size: 512 }",
    "task": "task: image-classification",
    "metric": "metrics: [top1]",
    "test_set": "test-set { data: ilsvrc.val, composition: clean, size: 50000 }",
    "strata": "strata { class: by label }",
    "executor": 'hardware { cpu: "Xeon Gold 6338" }\n    runtime { name: onnxruntime, version: "1.20" }\n'
    "    load { scenario: offline, batch: 32 }",
}
DATA = 'dataset ilsvrc { version: "2012", splits { train: 50000..1281167, val: 0..50000 } }\n'
CODES = {
    "task": "QS101", "model": "QS102", "metric": "QS104", "baseline": "QS105", "calibration": "QS106",
    "strata": "QS107", "test_set": "QS108", "executor": "QS110",
}  # fmt: skip


def spec(without: str = "", comment: str = "", **instead: str) -> str:
    items = {**STATED, **instead}
    listed = "\n".join(f"    {text}" for axis, text in items.items() if axis != without)
    bounds = "loss(top1) <= 1 pp" + ("" if without == "strata" else "\n  loss(top1) <= 3 pp for each class")
    pair = "" if without == "pair" else "\n  throughput >= 1.5 x baseline"
    return f"qspec 1\n{DATA}claim brochure {{{comment}\n  executor {{\n{listed}\n  }}\n  {bounds}{pair}\n}}\n"


def test_a_claim_that_states_everything_has_no_finding(check):
    report = check(spec())
    assert report.findings == []
    assert report.claims[0].graded.grade == "decision-grade"
    assert report.claims[0].graded.interpretable


@pytest.mark.parametrize("axis", [*STATED, "pair"])
def test_an_axis_left_out_is_named_in_the_headline(check, axis):
    (found,) = [f for f in check(spec(without=axis)).findings if f.code == "QS100"]
    named = "model" if axis == "model" else axis
    assert f"missing: {named}" in found.message


@pytest.mark.parametrize("axis", ["model", "baseline", "calibration", "task", "metric", "strata"])
def test_an_axis_the_source_does_not_state_is_told_apart(check, axis):
    key = {"metric": "metrics"}.get(axis, axis)
    (found,) = [f for f in check(spec(**{axis: f"{key}: unstated"})).findings if f.code == "QS100"]
    assert f"unstated in the source: {axis}" in found.message


@pytest.mark.parametrize(
    ("axis", "text"),
    [
        ("task", 'task: "general capability"'),
        ("model", 'model { base: "Llama", quantized: "acme/llama" @ "77ab01c" }'),
        ("metric", "metrics: [accuracy]"),
        ("metric", "metrics: [f1]"),
        ("metric", "metrics: [quality]"),
        ("baseline", "baseline: original"),
        ("baseline", 'baseline: "16-bit"'),
        ("calibration", 'calibration { data: "representative data", method: minmax, size: 512 }'),
        ("test_set", 'test-set { data: "standard benchmark", split: test, composition: clean, size: 50000 }'),
    ],
)
def test_words_that_name_nothing_are_vague(check, axis, text):
    (found,) = [f for f in check(spec(**{axis: text})).findings if f.code == "QS100"]
    assert f"vague: {axis}" in found.message


@pytest.mark.parametrize("axis", CODES)
def test_a_comment_takes_a_gap_out_of_the_headline(check, axis):
    comment = f'  # qspec: allow-block {CODES[axis]} because "told elsewhere"'
    if axis == "test_set":  # without it there is neither data for the task nor a number of examples
        comment = comment.replace("QS108", "QS108, QS101, QS109")
    extra = '  # qspec: allow-block QS103 because "told elsewhere"\n' if axis == "model" else ""
    text = spec(without=axis, comment=comment).replace("  executor {", extra + "  executor {", 1)
    report = check(text)
    assert [f.code for f in report.findings] == []
    assert CODES[axis] in {finding.code for finding, _ in report.suppressed}


def test_the_headline_offers_the_axis_as_a_comment(check):
    report = check(spec(without="baseline"))
    (found,) = report.findings
    (fix,) = found.fixes
    (edit,) = fix.edits
    text = found.source.text
    mended = text[: edit.span.start] + edit.text + text[edit.span.end :]
    assert "    # baseline: fp32\n" in mended
    assert [f.message for f in check(mended).findings] == [found.message]


def test_local_hardware_is_a_note_until_it_has_been_executed(check):
    local = "hardware: local\n    runtime { name: onnxruntime }\n    load { batch: 32 }"
    (found,) = check(spec(executor=local)).findings
    assert (found.code, found.severity.value) == ("QS100", "note")


def test_evidence_is_asked_of_somebody_else_only(check):
    text = spec().replace("claim brochure {", 'claim brochure {\n  source { vendor: "ACME" }')
    (found,) = [f for f in check(text).findings if f.code == "QS100"]
    assert "missing: evidence" in found.message
    assert found.severity.value == "note"


@pytest.mark.parametrize(("profile", "severity"), [("default", "warning"), ("decision-grade", "error")])
def test_a_profile_raises_gaps(check, profile, severity):
    found = [f for f in check(spec(without="calibration"), profile=profile).findings if f.code == "QS100"]
    assert [f.severity.value for f in found] == [severity]


def test_a_draft_is_asked_for_nothing(codes):
    assert codes(spec(without="calibration"), profile="draft") == []
