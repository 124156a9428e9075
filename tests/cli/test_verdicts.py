"""A verdict says on which executor it holds, and where that is not the one declared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from qspec.cli._verdicts import executor_lines, hidden_line, verdict_lines
from qspec.execute.judge.judge import Verdicts
from qspec.execute.judge.verdict import Judged
from qspec.lang.claims import resolve_claims
from qspec.lang.load import load_source
from qspec.lang.read_back import metric_term
from qspec.lang.source import Source
from qspec.model.measured import Found, Hidden, Measured
from qspec.model.quantity import Quantity
from qspec.stats.decision import Outcome
from qspec.stats.interval import Interval

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


def measured(**more: Any) -> Measured:
    digest = "0" * 64
    return Measured(
        at="2026-01-01T00:00:00+00:00",
        tool="qspec",
        judge_version=Quantity.of("1"),
        executor=Found(),
        executor_digest=digest,
        assertions_digest=digest,
        content_digest=digest,
        **more,
    )


@pytest.mark.parametrize(
    ("bound", "interval", "shown"),
    [
        ("loss(perplexity) <= 2 ppl", (0.676, 0.727), "0.676 to 0.727 ppl"),
        ("loss(top1) <= 2 pp", (0.006, 0.007), "0.6 to 0.7 pp"),
        ("top1 >= 90 %", (0.91, 0.95), "91 to 95 %"),
        ("loss(top1) <= 3 % of baseline", (0.01, 0.02), "1 to 2 % of baseline"),
        ("latency <= 20 ms per token", (0.0125, 0.015), "12.5 to 15 ms per token"),
        ("throughput >= 1.2 x baseline", (1.3, 1.5), "1.3 to 1.5 x"),
        ("loss(psnr(peak: 255)) <= 0.5 dB", (0.1, 0.2), "0.1 to 0.2 dB"),
        ("loss(mcc) <= 0.05", (0.01, 0.02), "0.01 to 0.02"),
    ],
)
def test_limits_are_told_in_the_unit_of_the_bound(bound: str, interval: tuple[float, float], shown: str):
    text = SPEC.format(hardware="cores: 8").replace("loss(top1) <= 1 pp", bound)
    (claim,) = resolve_claims(load_source(Source("t.qspec", text), root=Path()))
    (assertion,) = claim.claim.assertions
    found = Interval(sum(interval) / 2, *interval, 0.95, "t")
    verdicts = Verdicts(
        [Judged(assertion, Outcome.CONFIRMED, interval=found)], [], {}, outcome=Outcome.CONFIRMED
    )
    lines = [click.unstyle(line) for line in verdict_lines(claim, verdicts, measured())]
    assert any(line.endswith(f"confirmed  {shown}") for line in lines), lines


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
