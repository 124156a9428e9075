"""A verdict says on which executor it holds, and where that is not the one declared."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from qspec.cli._verdicts import executor_lines, hidden_line
from qspec.lang.claims import resolve_claims
from qspec.lang.load import load_source
from qspec.lang.read_back import metric_term
from qspec.lang.source import Source
from qspec.model.measured import Found, Hidden
from qspec.model.quantity import Quantity

SPEC = """qspec 1

executor e {{
  hardware {{ {hardware} }}
  runtime  {{ name: onnxruntime, version: ">=1.20", provider: cpu, threads: 4 }}
}}

claim c on e {{
  loss(top1) <= 1 pp
}}
"""


def said(hardware: str) -> list[str]:
    (claim,) = resolve_claims(load_source(Source("t.qspec", SPEC.format(hardware=hardware)), root=Path()))
    found = Found(
        cpu="Example CPU",
        cores=Quantity.of("8"),
        runtime="onnxruntime 1.30.0",
        provider="cpu",
        threads=Quantity.of("4"),
    )
    return [click.unstyle(line).strip() for line in executor_lines(claim, found)]


def test_the_executor_found_is_named():
    assert said('cpu: "Example CPU", cores: 8') == [
        "measured on Example CPU, onnxruntime 1.30.0, cpu, 4 threads"
    ]


@pytest.mark.parametrize(
    ("hardware", "line"),
    [
        ("cores: 16", "drift: cores is 8 here, and 16 is declared"),
        ("power: 300 W", "unknown: this machine does not tell power, as declared"),
        ("sockets: 2", "unknown: this machine does not tell sockets, as declared"),
    ],
)
def test_what_differs_or_cannot_be_told_stands_below(hardware: str, line: str):
    assert said(hardware)[1:] == [line]


@pytest.mark.parametrize(
    ("metric", "on", "loss", "told"),
    [
        ("top1", None, "0.2517", "25.17 pp of top1"),
        ("nll", "mmlu", "1.66066", "1.661 of nll on mmlu"),
        ("perplexity(per: token)", None, "0.5", "0.5 ppl of perplexity(per: token)"),
    ],
)
def test_a_loss_that_the_whole_hides_is_told_in_the_unit_of_its_metric(
    metric: str, on: str | None, loss: str, told: str
):
    hidden = Hidden(quantity=metric_term(metric), on=on, stratum='g == "rare"', loss=Quantity.of(loss))
    assert hidden_line(hidden) == f'hidden loss: g == "rare" loses {told} while the whole holds'
