"""Measured blocks that no longer belong to their claim, and those that nobody wrote so."""

import pytest

from qspec.lang.digests import assertions_digest, content_digest, executor_digest
from qspec.lang.load import load_source
from qspec.lang.resolve import Resolver
from qspec.lang.source import Source

SPEC = """\
qspec 1
executor small {{
  task: image-classification, metrics: [top1], baseline: {baseline}
  precision {{ method: ptq-static, weights: int8, activations: uint8 {precision} }}
  {executor}
}}
claim small-loss on small {{
  loss(top1) <= {bound} {expect}
  measured {{
    at: "2026-05-13T08:00:00Z", tool: "qspec 0.1", judge-version: {judge}
    executor {{ cpu: "Intel Xeon Gold 6330", cores: 2 }}
    {census}
    top1 {{ baseline: 0.97, quantized: {quantized}, n: 899 }}
    executor-digest: "{0}"
    assertions-digest: "{1}"
    content-digest: "{2}"
  }}
}}
"""
PLAIN = {
    "baseline": "fp32",
    "precision": "",
    "executor": "",
    "bound": "1 pp",
    "expect": "",
    "judge": 1,
    "census": "",
    "quantized": 0.96,
}


@pytest.fixture
def written(tmp_path):
    """A document as `qspec execute` leaves it."""

    def run(**parts) -> str:
        digests = ["", "", ""]
        for _ in range(2):  # the digest of the content holds the other two
            text = SPEC.format(*digests, **{**PLAIN, **parts})
            claim = Resolver(load_source(Source("spec.qspec", text), root=tmp_path)).claims()[0]
            digests = [
                executor_digest(claim),
                assertions_digest(claim),
                content_digest(claim.claim.measured[0]),
            ]
        return SPEC.format(*digests, **{**PLAIN, **parts})

    return run


@pytest.fixture
def found(check):
    def run(text: str) -> list[str]:
        return [f.code for f in check(text).findings if f.code.startswith("QS92")]

    return run


def test_a_block_as_it_was_written(written, found):
    assert found(written()) == []


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        ("baseline: fp32", "baseline: fp16", ["QS920"]),
        ("baseline: fp32", "baseline: fp32  # as exported", []),
        ("weights: int8", "weights: int4", ["QS920"]),
        ("<= 1 pp", "<= 2 pp", ["QS921"]),
        ("<= 1 pp", "<= 1.00 pp", []),
        ("<= 1 pp", "<= 1 pp at 99 %", ["QS921"]),
        ("quantized: 0.96", "quantized: 0.97", ["QS922"]),
        ("quantized: 0.96", "quantized: 0.960", []),
        ("cores: 2", "cores: 4", ["QS922"]),
    ],
)
def test_a_change_is_told_for_what_it_is(written, found, old, new, codes):
    text = written()
    assert old in text
    assert found(text.replace(old, new)) == codes


def test_a_stale_block_is_only_called_stale(written, found):
    text = written(judge=0, executor='hardware { cpu: "AMD EPYC" }').replace(
        "baseline: fp32", "baseline: fp16"
    )
    assert found(text) == ["QS920"]


@pytest.mark.parametrize(
    ("hardware", "codes"),
    [
        ('hardware { cpu: "Xeon Gold 6330" }', []),
        ('hardware { cpu: "AMD EPYC 9654" }', ["QS923"]),
        ("hardware { cores: 64 }", ["QS923"]),
        ("hardware: local", []),
        ("hardware: unstated", []),
    ],
)
def test_another_machine(written, found, hardware, codes):
    assert found(written(executor=hardware)) == codes


@pytest.mark.parametrize(("judge", "codes"), [(0, ["QS924"]), (1, []), (2, [])])
def test_an_older_judge(written, found, judge, codes):
    assert found(written(judge=judge)) == codes


PARTLY = 'census quantized { declared: 12, stored: 12, computed: 4, realized: false, missing: ["/a", "/b", "/c", "/d"] }'
EMULATED = "census quantized { declared: 12, stored: 12, computed: 0, realized: true, simulated: true }"


@pytest.mark.parametrize(
    ("parts", "codes"),
    [
        ({"census": PARTLY}, ["QS925"]),
        ({"census": PARTLY, "expect": "expect not-realized"}, []),
        ({"census": EMULATED}, ["QS925"]),
        ({"census": EMULATED, "precision": ", simulated: true"}, []),
    ],
)
def test_another_precision_than_declared(written, found, parts, codes):
    assert found(written(**parts)) == codes


def test_the_layers_that_ran_otherwise_are_named(written, check):
    (found,) = [f for f in check(written(census=PARTLY)).findings if f.code == "QS925"]
    assert "`/a`, `/b`, `/c` and 1 more ran otherwise" in found.message
