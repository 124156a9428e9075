from __future__ import annotations

import re
from pathlib import Path

from qspec.lang.textmate import grammar, rendered

PUBLISHED = Path(__file__).parents[2] / "grammar" / "qspec.tmLanguage.json"


def scopes(line: str) -> dict[str, str]:
    """Text to scope, on one line: the leftmost match wins, and of those the first pattern, as in an editor."""
    patterns = []
    for entry in grammar()["patterns"]:
        if "match" in entry:
            patterns.append((re.compile(entry["match"]), entry))
        else:
            patterns.append((re.compile(f"{entry['begin']}.*?(?:{entry['end']})"), entry))
    found: dict[str, str] = {}
    at = 0
    while at < len(line):
        matches = [
            (m.start(), n) for n, (p, _) in enumerate(patterns) if (m := p.search(line, at)) and m.end() > at
        ]
        if not matches:
            break
        pattern, entry = patterns[min(matches)[1]]
        match = pattern.search(line, at)
        assert match is not None
        if "captures" in entry:
            found |= {match[int(n)]: c["name"] for n, c in entry["captures"].items() if match[int(n)]}
        else:
            found[match[0]] = entry["name"]
        at = match.end()
    return found


def test_the_published_editor_grammar_is_the_one_of_the_parser() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == rendered(), "run `make schemas`"


def test_an_editor_tells_the_parts_of_an_item_apart() -> None:
    item = scopes('  latency(p99) <= 25.0 ms per token on single-stream  # "why"')
    assert item["25.0"] == "constant.numeric.qspec"
    assert item["ms per token"] == "keyword.other.unit.qspec"
    assert item["latency"] == "entity.name.function.qspec"
    assert item["on"] == "keyword.operator.word.qspec"
    assert item["<="] == "keyword.operator.qspec"
    assert item["single-stream"] == "string.unquoted.qspec"
    assert item['# "why"'] == "comment.line.number-sign.qspec"


def test_an_editor_tells_sections_and_keys_apart() -> None:
    section = scopes("executor digits-int8 from base {")
    assert section["executor"] == "keyword.declaration.qspec"
    assert section["digits-int8"] == "entity.name.section.qspec"
    assert section["from"] == "keyword.operator.word.qspec"
    entry = scopes('  test-set { size: 899, source: "a # b", strata: unstated, from: top1 }')
    assert entry["test-set"] == entry["size"] == entry["from"] == "variable.other.key.qspec"
    assert entry['"a # b"'] == "string.quoted.double.qspec"
    assert entry["unstated"] == "constant.language.qspec"
    assert entry["top1"] == "string.unquoted.qspec"
