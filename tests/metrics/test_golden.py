"""The golden cases that are about metrics."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from qspec.metrics.predictions import Predictions

CASES = json.loads((Path(__file__).parents[1] / "stats" / "golden.json").read_text())
PREFIXES = ("ece_", "brier", "f1_", "average_precision", "sacrebleu", "wer")


def predictions_and_metric(name: str, inputs: dict) -> tuple[Predictions, str]:
    if name.startswith("ece_"):
        given = Predictions({"confidence": inputs["conf"], "correct": inputs["correct"]})
        return given, f"ece(bins: {inputs['bins']}, norm: {inputs['norm']})"
    if name == "brier":
        return Predictions({"score": inputs["p"], "label": inputs["y"]}), "brier"
    if name.startswith("f1_"):
        return Predictions(
            {"prediction": inputs["pred"], "label": inputs["y"]}
        ), f"f1({name.partition('_')[2]})"
    if name == "average_precision":
        return Predictions({"score": inputs["s"], "label": inputs["y"]}), "average-precision"
    if name == "sacrebleu_readme":
        references = [list(refs) for refs in zip(*inputs["refs"], strict=True)]
        return Predictions({"text": inputs["sys"], "reference": references}), "bleu"
    return Predictions({"text": [inputs["hyp"]], "reference": [inputs["ref"]]}), "wer(normalization: none)"


@pytest.mark.parametrize(
    "case", [c for c in CASES if c["name"].startswith(PREFIXES)], ids=lambda case: case["name"]
)
def test_golden_case(metric, case):
    given, text = predictions_and_metric(case["name"], case["inputs"])
    assert np.allclose(metric(text).compute(given), case["expected"], rtol=0, atol=case["tolerance"])
