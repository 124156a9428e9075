"""Twins that unfold, nest or repeat without end."""

from __future__ import annotations

import json

import pytest

from .conftest import GIB, MIB

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(12)
)
YAML = {
    "aliases that double": (LAUGHS, "Anchors and aliases are not read"),
    "an alias of itself": ("a: &a [*a]\n", "Anchors and aliases are not read"),
    "a merge key": ("a: &a {b: 1}\nc:\n  <<: *a\n", "Anchors and aliases are not read"),
    "a tag that makes an object": ("a: !!python/object/apply:os.system [id]\n", "is not read"),
    "a binary tag": ("a: !!binary aGVsbG8=\n", "is not read"),
    "lists in lists": ("a: " + "[" * 5000 + "]" * 5000, "nested more than"),
    "mappings in mappings": ("".join(" " * n + "a:\n" for n in range(300)), "nested more than"),
    "a key that is a list": ("? [a, b]\n: c\n", "A key is"),
    "more documents": ("qspec: 1\n---\nqspec: 1\n", "second document"),
    "a number as long as a file": ("qspec: " + "9" * 100_000 + "\n", "longer than 64"),
    "more than the cap": ("# x\n" * 300_000, "over the cap yaml-characters of 1,048,576"),
    "a control sign": ("a: \x1b[31m\n", "no YAML"),
}
JSON = {
    "lists in lists": ("[" * 100_000, "nested more than"),
    "objects in objects": ('{"a":' * 100_000, "nested more than"),
    "a number as long as a file": ('{"qspec": ' + "9" * 4_000_000 + "}", "longer than 64"),
    "an exponent without end": ('{"qspec": 1e' + "9" * 60 + "}", "qspec|version"),
    "a control sign": ('{"qspec": "\x1b"}', "not closed, or holds"),
    "a lone surrogate": ('{"qspec": 1, "claims": {"\\ud800": {}}}', ""),
    "a key many times": ('{"qspec": 1, ' + '"claims": {}, ' * 20_000 + '"claims": {}}', "claims"),
    "not a number": ('{"qspec": NaN}', "cannot begin"),
}


@pytest.mark.parametrize("name", YAML)
def test_a_hostile_yaml_twin_is_a_sentence(name, work, attack):
    text, pattern = YAML[name]
    (work / "s.qspec.yaml").write_text(text)
    done = attack("check", "s.qspec.yaml", memory=GIB)
    done.refused(pattern)
    assert done.peak < 300 * MIB


@pytest.mark.parametrize("name", JSON)
def test_a_hostile_json_twin_is_a_sentence(name, work, attack):
    text, pattern = JSON[name]
    (work / "s.qspec.json").write_text(text)
    done = attack("check", "s.qspec.json", memory=GIB)
    assert done.code in {1, 2}, done
    assert "Traceback" not in done.err
    assert pattern in done.out + done.err or any(word in done.out + done.err for word in pattern.split("|"))
    assert done.peak < 300 * MIB


def test_four_megabytes_of_json_are_refused_at_once(work, attack):
    for value in ([0] * 1_300_000, [[]] * 1_000_000, {str(n): n for n in range(200_000)}):
        text = json.dumps({"qspec": 1, "claims": value}, separators=(",", ":"))
        (work / "s.qspec.json").write_text(text)
        done = attack("check", "s.qspec.json", memory=GIB)
        done.refused("over the cap values of 100,000")
