"""Measured blocks: what they hold many of stands on one line each, aligned, and formatting keeps it so."""

from __future__ import annotations

from qspec.lang.digests import content_digest
from qspec.lang.format import format_text
from qspec.lang.load import load_one
from qspec.lang.source import Source
from qspec.lang.write import write_section
from qspec.model.measured import Measured

BLOCK = """qspec 1

claim c on e {
  loss(top1) <= 1 pp

  measured {
    at: "2026-11-21T05:40:00Z", tool: "t", judge-version: 1, executor { cpu: "x" }
    census quantized {
      declared: 4
      stored: 4, computed: 3, realized: false
      missing: ["/a/very/long/name/of/a/layer", "/another/very/long/name/of/a/layer", "/and/a/third"]
    }
    top1 { baseline: 0.987764, quantized: 0.987764, loss: 0
           interval: -0.00425485..0.00425485, method: tango, n: 899, harmful: 0, helpful: 0, changed: 0 }
    top1 for label == 4 { baseline: 1, quantized: 1, loss: 0, interval: -0.0418271..0.0418271, method: tango, n: 88 }
    size { baseline: 234877 B, quantized: 75207 B, ratio: 0.320197, method: exact }
    hidden "top1 for label == 4" { quantity: top1, stratum: "label == 4", loss: 0.0682, interval: 0.0311..0.1412, p: 0.018 }
    verdict "loss(top1) <= 1 pp" { outcome: confirmed, because: "SENTENCE" }
    executor-digest: "a", assertions-digest: "b", content-digest: "c"
  }
}
""".replace(
    "SENTENCE", "a sentence that is a good deal longer than any line of a block may otherwise be " * 2
)


def measured_of(text: str) -> Measured:
    loaded = load_one(Source("x.qspec", text))
    assert not loaded.errors
    return loaded.document.claims["c"].measured[0]


def formatted(text: str) -> str:
    return format_text(Source("x.qspec", text))


def rows(text: str) -> list[str]:
    """The lines of a measured block that hold a whole block, the executor aside."""
    lines = [line.strip() for line in text.split("\n")]
    whole = [line for line in lines[lines.index("measured {") :] if line.endswith("}") and " { " in line]
    return [line for line in whole if not line.startswith("executor")]


def test_every_row_stands_on_one_line_however_long() -> None:
    found = rows(formatted(BLOCK))
    heads = [line.split(" {")[0].rstrip() for line in found]
    assert heads == [
        "census quantized", "top1", "top1 for label == 4", "size",
        'hidden "top1 for label == 4"', 'verdict "loss(top1) <= 1 pp"',
    ]  # fmt: skip
    assert max(map(len, found)) > 160


def test_rows_of_one_kind_align_as_far_as_they_hold_the_same() -> None:
    whole, stratum, size = (row for row in rows(formatted(BLOCK)) if row.startswith(("top1", "size")))
    assert whole.index("{") == stratum.index("{") == size.index("{")
    for key in ("quantized:", "interval:", "method:", "n:"):
        assert whole.index(f" {key}") == stratum.index(f" {key}")
    assert size.index("quantized:") == whole.index("quantized:")
    assert "ratio: 0.320197, method: exact }" in size


def test_the_same_block_is_written_as_formatting_leaves_it() -> None:
    written = write_section("measured", measured_of(BLOCK), "  ")
    document = f"qspec 1\n\nclaim c on e {{\n  loss(top1) <= 1 pp\n\n{written}\n}}\n"
    assert formatted(document) == document
    assert rows(formatted(BLOCK)) == rows(document)
    assert measured_of(document) == measured_of(BLOCK)


def test_comments_inside_a_row_are_kept_and_part_it() -> None:
    text = BLOCK.replace("loss: 0\n", "loss: 0  # none at all\n").replace(
        "p: 0.018 }", "p: 0.018 }  # seen twice"
    )
    once = formatted(text)
    assert "# none at all" in once and "p: 0.018 }  # seen twice" in once
    assert formatted(once) == once


def test_the_content_digest_does_not_depend_on_layout() -> None:
    once = formatted(BLOCK)
    assert once != BLOCK
    assert content_digest(measured_of(once)) == content_digest(measured_of(BLOCK))
