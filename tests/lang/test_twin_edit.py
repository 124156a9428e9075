"""Values are put into YAML and JSON twins by splices: the rest of the text stays, and the document says what it should."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qspec.lang.edit import apply, verified
from qspec.lang.load import load, load_one
from qspec.lang.source import Source
from qspec.lang.twin import write_twin
from qspec.lang.twin_edit import is_twin, put
from qspec.model.measured import Measured

ROOT = Path(__file__).parents[2]
MEASURED = (
    load(ROOT / "specs" / "pictures" / "quickstart.qspec").main.document.claims["under-one-point"].measured
)
LAYOUTS = {
    "yaml": ("s.yaml", lambda text: text),
    "yaml with comments": ("s.yaml", lambda text: "# 日本 𝔘\n" + text.replace(":\n", ":  # größe\n")),
    "yaml, Windows line ends": ("s.yml", lambda text: text.replace("\n", "\r\n")),
    "yaml without a final newline": ("s.yaml", lambda text: text.rstrip("\n")),
    "yaml in flow": ("s.yaml", lambda text: json.dumps(load_one(Source("s.yaml", text)).document.to_json())),
    "json": ("s.json", lambda text: text),
    "json on one line": ("s.json", lambda text: json.dumps(json.loads(text), ensure_ascii=False)),
    "json, Windows line ends": ("s.json", lambda text: text.replace("\n", "\r\n")),
    "json with tabs": ("s.json", lambda text: json.dumps(json.loads(text), indent="\t")),
    "json without a final newline": ("s.json", lambda text: text.rstrip("\n")),
}
SPECS = [ROOT / "specs" / "quickstart.qspec", *sorted((ROOT / "specs" / "examples").glob("*.qspec"))]


def twin(layout: str, path: Path) -> Source:
    name, change = LAYOUTS[layout]
    document = load_one(Source(str(path), path.read_text(encoding="utf-8"))).document
    return Source(name, change(write_twin(document, "json" if name.endswith("json") else "yaml")))


def measuring(source: Source, claim: str, blocks: list[Measured]) -> Source:
    loaded = load_one(source)
    assert not loaded.errors
    edit = put(loaded, ("claims", claim, "measured"), [block.to_json() for block in blocks])
    claims = loaded.document.claims
    changed = {**claims, claim: claims[claim].model_copy(update={"measured": blocks})}
    edited = verified(source, [edit], loaded.document.model_copy(update={"claims": changed}))
    start, end = edit.span
    assert edited.text == source.text[:start] + edit.text + source.text[end:]
    return edited


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_was_measured_is_put_behind_what_a_claim_says_and_then_replaced(layout: str, path: Path):
    source = twin(layout, path)
    for claim in load_one(source).document.claims:
        once = measuring(source, claim, MEASURED)
        again = measuring(
            once, claim, [MEASURED[0].model_copy(update={"notes": ["größe 日本 𝔘"]}), *MEASURED[1:]]
        )
        assert measuring(again, claim, MEASURED) == once
        crlf = "\r\n" in source.text
        bare = once.text.replace("\r\n", "")
        assert ("\n" not in bare) if crlf else ("\r" not in bare)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_mappings_on_the_way_are_made_where_they_are_missing(layout: str):
    source = twin(layout, SPECS[0])
    loaded = load_one(source)
    hardware = {"cpu": "Chip 9000"}
    after = load_one(Source(source.path, apply(source.text, [put(loaded, ("hardware", "board"), hardware)])))
    assert not after.errors
    assert after.document.hardware["board"].to_json() == hardware
    assert after.document.model_copy(update={"hardware": {}}) == loaded.document


def test_twins_are_told_by_their_endings():
    told = {name: is_twin(Source(name, "")) for name in ("a.qspec", "a.qspec.yaml", "a.yml", "a.JSON", "-")}
    assert told == {"a.qspec": False, "a.qspec.yaml": True, "a.yml": True, "a.JSON": True, "-": False}
