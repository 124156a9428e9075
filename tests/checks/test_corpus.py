"""Good specs, over every task and scheme of the language, are given no warning and no error."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from qspec.checks.runner import check_workspace
from qspec.errors import QSpecError
from qspec.lang.diagnostic import Severity
from qspec.lang.format import format_text
from qspec.lang.load import load
from qspec.lang.source import Source
from qspec.metrics.tasks import TASKS
from qspec.model.shorthand import expand
from qspec.model.vocabulary import VOCABULARIES
from qspec.quantize import registry as schemes
from qspec.quantize.realize import scheme_name

CORPUS = sorted((Path(__file__).resolve().parent / "corpus").glob("*.qspec"))
PRECISIONS = [
    executor.precision
    for path in CORPUS
    for document in [load(path).main.document]
    for executor in [
        *document.executors.values(),
        *(c.executor for c in document.claims.values() if c.executor),
    ]
    if executor.precision is not None
]


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_a_good_spec_raises_no_alarm(path):
    report = check_workspace(load(path))
    alarms = [f for f in report.findings if f.severity is not Severity.NOTE]
    assert not alarms, [f"{f.code} {f.message}" for f in alarms]
    assert report.claims


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_a_good_spec_is_laid_out_canonically(path):
    text = path.read_text("utf-8")
    assert format_text(Source(str(path), text)) == text


def test_the_corpus_has_every_task():
    tasks = {
        view.task
        for path in CORPUS
        for executor in load(path).main.document.executors.values()
        for _, view in executor.each_evaluation()
    }
    assert len(CORPUS) >= 30
    assert tasks >= set(TASKS)


def test_the_corpus_has_every_scheme_that_is_realized_here():
    made = set()
    for precision in PRECISIONS:
        with suppress(QSpecError):  # learned in training, or made by another program
            made.add(scheme_name(expand(precision)))
    assert made >= set(schemes.names())


def test_the_corpus_has_every_method_and_the_formats_people_use():
    full = [expand(precision) for precision in PRECISIONS]
    methods = {precision.method for precision in full}
    recipes = {precision.recipe.name for precision in full if precision.recipe}
    formats = {precision.weights.type for precision in full if precision.weights}
    assert methods >= set(VOCABULARIES["method"])
    assert recipes >= {
        "gptq",
        "awq",
        "hqq",
        "rtn",
        "adaround",
        "smoothquant",
        "llm-int8",
        "bnn",
        "ttq",
        "k-quant",
        "dorefa",
        "binary-connect",
        "k-means",
    }
    assert formats >= {
        "int8",
        "int4",
        "nf4",
        "fp8-e4m3",
        "mxfp4",
        "nvfp4",
        "q4_k",
        "fp4",
        "mxfp8",
        "binary",
        "ternary",
    }
    assert any(precision.kv_cache for precision in full)
    assert any(precision.pruning for precision in full)
    assert any(precision.layers for precision in full)
