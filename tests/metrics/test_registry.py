"""The registry walked: every metric has a place, a range, a reason, and tasks that exist."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

from qspec.metrics import registry
from qspec.metrics._table import ALIASES, MODULES
from qspec.metrics.definition import Additive, Availability, Direction, Family, Scored
from qspec.metrics.fields import FIELDS
from qspec.metrics.parameters import Kind
from qspec.metrics.tasks import TASKS, VAGUE_TASKS, find_task, suggest_task
from qspec.model.unit import find_unit

LANGUAGE = """
top1 top5 top@k accuracy balanced-accuracy f1 auc average-precision sensitivity specificity ppv npv match-rate map
miou exact-match bleu chrf rouge wer cer perplexity nll brier ece calibration-error recall@k precision@k mrr ndcg@k
mse mae psnr mcc spearman flips agreement kl cosine composite pass@k human-eval
"""

METRICS = list(registry)
IDS = [metric.name for metric in METRICS]


def test_every_metric_of_the_language_is_there():
    assert set(LANGUAGE.split()) <= set(registry.names())


def test_the_table_is_true():
    assert registry.discover() == (MODULES, ALIASES)


@pytest.mark.parametrize("metric", METRICS, ids=IDS)
def test_a_metric_says_what_it_is(metric):
    assert registry.get(metric.name) is metric
    assert len(metric.doc) > 40
    assert metric.doc.endswith(".")
    assert metric.low < metric.high
    assert metric.unit in ("proportion", metric.name) or find_unit(metric.unit) is not None
    assert metric.tasks <= set(TASKS)
    assert metric.tasks
    assert all(name in FIELDS for need in metric.needs for name in need.split("|"))
    assert isinstance(metric.direction, Direction)


@pytest.mark.parametrize("metric", METRICS, ids=IDS)
def test_a_metric_can_be_had_as_it_says(metric):
    if metric.availability is Availability.REFUSED:
        assert metric.computation is None
        return
    expected = {
        Family.RANK: Scored,
        Family.CALIBRATION: Scored,
        Family.DETECTION: Scored,
    }.get(metric.family, Additive)
    assert isinstance(metric.computation, expected)
    assert metric.additive == (expected is Additive)


def test_availability_by_name():
    had = {kind: {m.name for m in METRICS if m.availability is kind} for kind in Availability}
    assert had[Availability.REFUSED] == {"human-eval"}
    assert had[Availability.SCORES] == {"pass@k"}


@pytest.mark.parametrize("metric", METRICS, ids=IDS)
def test_parameters_are_documented_and_their_defaults_allowed(metric):
    names = [parameter.name for parameter in metric.parameters]
    assert len(set(names)) == len(names)
    assert ("k" in names) == metric.name.endswith("@k")
    for parameter in metric.parameters:
        assert len(parameter.doc) > 10
        assert parameter.tasks <= metric.tasks
        if parameter.kind is Kind.WORD:
            assert parameter.choices
            assert parameter.default is None or parameter.default in parameter.choices
        assert not (parameter.required and parameter.default is not None)


def test_loss_is_positive_where_the_quantized_model_is_worse():
    for metric in METRICS:
        worse, better = (0.1, 0.9) if metric.direction is Direction.HIGHER else (0.9, 0.1)
        assert metric.loss(better, worse) == pytest.approx(0.8)
        assert metric.loss(worse, better) == pytest.approx(-0.8)


def test_proportions_are_printed_as_per_cent():
    assert registry.get("top1").scale == 100
    assert registry.get("bleu").scale == 1
    assert math.isinf(registry.get("perplexity").high)


@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
def test_the_default_metrics_of_a_task_bind_and_suit_it(metric, task):
    for text in task.default_metrics:
        bound = metric(text, task=task.name)
        assert task.name in bound.metric.tasks
    assert task.doc.endswith(".")
    assert not task.vague & {text.partition("(")[0] for text in task.default_metrics} & {"top1", "bleu"}


def test_tasks_are_found_by_the_ways_they_are_written():
    assert find_task("Image Classification") is TASKS["image-classification"]
    assert find_task("language-modeling") is TASKS["language-modelling"]
    assert find_task("juggling") is None
    assert suggest_task("image-clasification") == "image-classification"
    assert suggest_task("juggling") is None


def test_vague_task_words_point_at_tasks():
    assert not set(VAGUE_TASKS) & set(TASKS)
    assert all(set(names) <= set(TASKS) for names in VAGUE_TASKS.values())


def test_generating_tasks_are_the_ones_that_write():
    assert {t.name for t in TASKS.values() if t.generates} == {
        "reasoning",
        "summarization",
        "translation",
        "speech-recognition",
    }


def test_definitions_load_no_arithmetic():
    code = (
        "import sys, qspec.metrics as m\n"
        "names = [x.name for x in m.registry]\n"
        "import qspec.metrics.bind, qspec.metrics.tasks, qspec.metrics.predictions\n"
        "heavy = {'numpy', 'scipy', 'sacrebleu', 'jiwer', 'rouge_score'} & set(sys.modules)\n"
        "assert len(names) > 40 and not heavy, heavy\n"
        "print('pydantic' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
