"""No number, name or combination of items makes a rule fail: what cannot be concluded is not said."""

import itertools
import random

import pytest

from qspec.checks.view import MAX_FIGURES
from qspec.lang.diagnostic import Diagnostic

NUMBERS = [
    "0", "0.0", "-1", "1", "100", "1e999", "1e-999", "-1e999", "0." + "0" * 60 + "1", "9" * 60, "76.1", "1_000.5", "+3",
]  # fmt: skip
UNITS = [
    "",
    " %",
    " pp",
    " % of baseline",
    " % of error",
    " x baseline",
    " ppl",
    " dB",
    " ms",
    " images",
    " tok/s",
]
METRICS = [
    "top1",
    "perplexity(per: token)",
    "f1",
    "unheard-of",
    "ece(bins: 15)",
    "spearman",
    "throughput",
    "latency(p99)",
]
KEYS = ["baseline", "quantized", "loss", "recovery", "ratio", "n", "runs", "value"]


def spec(pick: random.Random) -> str:
    def number() -> str:
        return pick.choice(NUMBERS) + pick.choice(UNITS)

    def value() -> str:
        text = number()
        return f"{text} +- {number()}" if pick.random() < 0.2 else text

    def figure() -> str:
        keys = pick.sample(KEYS, pick.randint(1, 6))
        stratum = pick.choice(["", ' for site == "a"', ' for site == "b"', " for rare", " on x"])
        items = ", ".join(f"{key}: {number() if key in {'n', 'runs'} else value()}" for key in keys)
        return f"{pick.choice(METRICS)}{stratum} {{ {items} }}"

    def bound() -> str:
        about = pick.choice(
            [f"loss({m})" for m in METRICS[:6]] + METRICS + ["recovered(top1, from: y)", "flips"]
        )
        where = pick.choice(["", " for each site", " for rare", " on x", ' for site == "a"'])
        return f"{about} {pick.choice(['<=', '>=', '<', '=='])} {number()}{where}"

    figures = "\n    ".join(figure() for _ in range(pick.randint(1, 5)))
    bounds = "\n  ".join(bound() for _ in range(pick.randint(1, 4)))
    precision = pick.choice(
        ["W4A16 { activations: int4 }", "int8", "nonsense", "{ method: qat, weights: zz9 }"]
    )
    colon = "" if precision.startswith("{") else ":"
    size = pick.choice(["0", "1e999", "-5", "50000", "12 tokens", "0.5"])
    return f"""\
qspec 1
claim brochure {{
  executor {{
    model {{ base: unstated, quantized: "a-w8a8-fp8" }}
    precision{colon} {precision}
    baseline: {pick.choice(["fp32", "int8", "executor y", "model z", "original", "unstated"])}
    task: {pick.choice(["image-classification", "nlp", "language-modelling", "unstated"])}
    metrics: [{", ".join(pick.sample(METRICS, 3))}]
    test-set {{ data: x.y, size: {size} }}
    strata {{ site: by site, rare: label in [8, 9] }}
  }}
  reported {{
    as-printed: "up to {pick.choice(NUMBERS)}x faster with negligible loss"
    {figures}
  }}
  {bounds}
}}
"""


@pytest.mark.parametrize("seed", range(150))
def test_hostile_numbers_are_checked_without_failing(check, seed):
    report = check(spec(random.Random(seed)))
    assert report.claims[0].graded.grade == "partial"
    assert all(isinstance(finding, Diagnostic) and len(finding.message) < 2000 for finding in report.findings)


EMPTY = ["", "qspec 1\n", "qspec 1\nclaim a { }\n", "qspec 1\nclaim a on b { }\n"]


@pytest.mark.parametrize("text", [*EMPTY, "qspec 1\nexecutor a { }\nclaim b on a { }\n"])
def test_hardly_anything_is_checked_too(check, text):
    assert all(finding.message.endswith((".", "?")) for finding in check(text).findings)


def test_messages_are_sentences(check):
    reports = (check(spec(random.Random(seed))) for seed in range(1000, 1040))
    for finding in itertools.chain.from_iterable(report.findings for report in reports):
        assert finding.message.endswith((".", "?")), finding.message
        assert finding.message[0].isupper() or not finding.message[0].isalpha(), finding.message


def test_a_table_pasted_a_thousand_times_is_compared_up_to_a_limit(check):
    figures = "\n".join(f"    top1 {{ quantized: {n % 90 + 10}.5 % }}" for n in range(1600))
    report = check(f"qspec 1\nclaim a {{\n  reported {{\n{figures}\n  }}\n  loss(top1) <= 1 pp\n}}\n")
    twice = sum(finding.code == "QS307" for finding in report.findings)
    assert 0 < twice <= MAX_FIGURES**2
