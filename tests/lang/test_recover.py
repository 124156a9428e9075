from __future__ import annotations

import random

import pytest

from qspec.lang.load import load_one
from qspec.lang.parse import parse
from qspec.lang.recover import MAX_ERRORS
from qspec.lang.source import Source

GOOD = """executor e%d from base {
  hardware:    local
  runtime      { name: onnxruntime, version: ">=1.20", threads: 4 }
  precision {
    method:  ptq-static
    weights: int8 { granularity: per-channel }
  }
  metrics:     [top1, ece(bins: 15)]
  test-set     { data: digits.test, size: 899 }
  strata       { class: by label, rare: label in [8, 9] }
}

claim c%d on e%d {
  loss(top1) <= 1 pp
  loss(top1) <= 3 pp for each class expect inconclusive
  throughput >= 1.2 x baseline
}

"""

BROKEN = [
    '  hardware     local "x"',
    "  metrics:     [top1, ece(bins: 15]",
    "  test-set     { data: digits.test, size: }",
    "  loss(top1) <= pp",
    "  strata       { class: by label, rare: label in }",
    '  name: "not closed',
    "  name = 3",
    "  ; nonsense",
    "  loss(top1) <= 1pp",
    "  baseline fp32",
    "  runtime      { name: , version: 2 }",
    "  metrics: [top1",
    "  a: b: c",
    "  throughput >= 1.2 x",
    "  title: 'single'",
    "  loss(top1) <=",
    "  size: 1.2.3",
    "  x: @",
]


def seeded(seed: int, errors: int) -> tuple[str, list[int]]:
    """A text of a hundred kilobytes with one broken line here and there, and the numbers of those lines."""
    rng = random.Random(seed)
    lines = "".join(GOOD % (n, n, n) for n in range(210)).split("\n")
    simple = [
        n
        for n, line in enumerate(lines)
        if line.startswith("  ") and line[2] not in "} " and not line.endswith("{")
    ]
    chosen: list[int] = []
    for number in rng.sample(simple, len(simple)):
        if len(chosen) < errors and all(abs(number - other) > 3 for other in chosen):
            chosen.append(number)
    for count, number in enumerate(sorted(chosen)):
        lines[number] = BROKEN[(count + seed) % len(BROKEN)]
    return "\n".join(lines), [number + 1 for number in sorted(chosen)]


@pytest.mark.parametrize("seed", range(6))
def test_every_error_of_a_long_file_is_reported_once_and_on_its_line(seed: int) -> None:
    text, lines = seeded(seed, 32)
    assert len(text) > 95_000
    loaded = load_one(Source("x.qspec", text))
    assert [error.line for error in loaded.errors] == lines


def test_what_is_not_broken_is_read() -> None:
    text, lines = seeded(1, 4)
    whole = load_one(Source("x.qspec", "".join(GOOD % (n, n, n) for n in range(210)))).document
    document = load_one(Source("x.qspec", text)).document
    assert len(lines) == 4
    assert set(document.executors) == set(whole.executors)
    same = [name for name, claim in document.claims.items() if claim == whole.claims[name]]
    assert len(same) >= 206


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('executor e {\n  exclude: [\n    "a"\n    "b"\n    "c"\n  ]\n  task: x\n}\n', [4]),
        ("executor e {\n  metrics: [a, b\n}\nmodel m {\n}\n", [2]),
        ("executor e {\n  task: a\n\nmodel m {\n  x: 3\n}\n", [1]),
        ("executor e {\n  task: a\n}}\nmodel m {\n}\n", [3]),
        ('executor e {\n  model { base: "a }\n  tsak: b\n}\n', [2, 3]),
        ('a: """x\n\n y', [1]),
        ("model m { file: x", [1]),
        ("\x00", [1]),
    ],
)
def test_an_error_has_no_echo(text: str, lines: list[int]) -> None:
    assert [error.line for error in load_one(Source("x.qspec", text)).errors] == lines


def test_a_file_of_nothing_but_errors_stops_at_a_cap() -> None:
    assert len(parse(Source("x.qspec", "a\n" * 5000)).errors) == MAX_ERRORS
