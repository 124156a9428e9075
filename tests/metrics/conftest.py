"""Metrics as the language writes them, bound for tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from qspec.lang.load import load_one
from qspec.lang.source import decode_source
from qspec.metrics.bind import BoundMetric, bind
from qspec.model.expression import Term


def parsed(text: str) -> Term:
    source = f"qspec 1\nexecutor e {{\n  metrics: [{text}]\n}}\n"
    loaded = load_one(decode_source(source.encode(), "e.qspec"))
    metrics = loaded.document.executors["e"].metrics
    assert isinstance(metrics, list), loaded.errors
    return metrics[0]


@pytest.fixture
def term() -> Callable[[str], Term]:
    return parsed


@pytest.fixture
def metric() -> Callable[..., BoundMetric]:
    """A metric bound from its text."""

    def make(text: str, **options: str) -> BoundMetric:
        return bind(parsed(text), **options)

    return make
