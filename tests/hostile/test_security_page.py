"""SECURITY.md names every cap that there is, with its value, and tests that exist."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from qspec.data.limits import DEFAULT_LIMITS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
ROWS = {
    name: int(value.replace(",", ""))
    for name, value in re.findall(r"^\| `([a-z-]+)` \| ([0-9,]+) \|", PAGE, re.M)
}


def named_in_the_code() -> set[str]:
    found = {field.name.replace("_", "-") for field in fields(DEFAULT_LIMITS)}
    for path in (ROOT / "qspec").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'\bcap\("([a-z-]+)"', text))
        found |= set(re.findall(r'^_CAP, \w+ = "([a-z-]+)"', text, re.M))
        found |= set(re.findall(r'^\s+\("([a-z-]+)", MAX_\w+', text, re.M))
    return found


def test_every_cap_is_listed_and_no_other():
    assert set(ROWS) == named_in_the_code()


def test_the_values_are_those_that_hold():
    for field in fields(DEFAULT_LIMITS):
        assert ROWS[field.name.replace("_", "-")] == getattr(DEFAULT_LIMITS, field.name)


def test_the_tests_that_it_names_exist():
    for path in re.findall(r"`(tests/[\w/.]+)`", PAGE):
        assert (ROOT / path).exists(), path
