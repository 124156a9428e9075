"""A vendor's sentence, transcribed: one finding names the gaps, one asks per cent of what."""

import json

import pytest

from qspec.cli import main

ACME = """\
qspec 1

claim acme-brochure {
  source       { vendor: "ACME", url: "https://acme.example/brochure", date: 2026-05-13 }
  evidence:    second-hand
  executor {
    model        { base: "ResNet-50 v1.5", quantized: unstated }
    precision    { weights: int8, activations: int8 }
    baseline:    unstated                     # looked for, and not there
    calibration: unstated
    task:        image-classification
    metrics:     [top1]
    strata:      unstated
  }
  reported     { top1 { baseline: 76.1 %, quantized: 75.9 %, n: 50000 } }
  loss(top1) < 1 %                            # percent of what?
}
"""


def test_the_brochure_gets_a_headline_and_the_question_per_cent_of_what(check):
    headline, percent = check(ACME).findings
    assert (headline.code, percent.code) == ("QS100", "QS220")
    assert headline.message == (
        "Claim `acme-brochure` is not decision-grade; missing: test_set, executor, pair; "
        "unstated in the source: model (quantized), baseline, calibration, strata; vague: task."
    )
    assert [(fix.title, fix.safe) for fix in percent.fixes] == [
        ("Read it as percentage points", False),
        ("Read it as per cent of the baseline", False),
    ]


def test_what_the_brochure_states_is_not_asked_for(check):
    graded = check(ACME).claims[0].graded
    assert graded.stated == ["metric", "sample_size", "evidence"]
    assert graded.grade == "partial"


def test_the_command_ends_with_one(tmp_path, capsys):
    path = tmp_path / "acme.qspec"
    path.write_text(ACME, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["check", str(path), "--output-format", "json"])
    assert ended.value.code == 1
    data = json.loads(capsys.readouterr().out)
    assert data["summary"]["warning"] == 2
    assert data["summary"]["error"] == 0
