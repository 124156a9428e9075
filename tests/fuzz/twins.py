"""Twins (YAML and JSON) with accidents in their data and in their text, through the commands that read them."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any

import data
from harness import Act, Case
from mutate import mutated

from qspec.lang.load import load_one
from qspec.lang.plain_yaml import dump
from qspec.lang.source import read_source

ROOT = Path(__file__).resolve().parents[2]
YAML_PIECES = [
    "&a ", "*a", "!!python/object/apply:os.system [id]", "!!binary aGk=", "!!set", "!!float ", "<<: *a", "%YAML 1.1\n---\n",
    "%TAG ! tag:a,2026:\n---\n", "---\n", "...\n", "? ", ": ", "- ", "|\n", ">-\n", "|9\n", "\t", "!<tag:a> ", "'", '"\\x1b"',
    "{", "}", "[", "]", "#", "\n", "  ", "\ufeff", "\u2028", "@", "`", "0o17", "0b1", "1:30", "=", ".inf", ".NaN", "yes",
    "2026-01-01", "null", "~", "\x00", "\x85", "\\U00110000", "? ? ? ? ", "- - - - ", "[[[[[[[[", "{{{{{{{{", ",,", "a: b: c",
]  # fmt: skip
FORMATS = ["full", "concise", "json", "json-lines", "sarif", "github", "gitlab", "junit"]


@cache
def documents() -> list[dict[str, Any]]:
    """The documents of this project as plain data, the small ones several times."""
    found = []
    for path in sorted([*(ROOT / "specs").rglob("*.qspec"), *(ROOT / "tests/lang/examples").glob("*.qspec")]):
        document = load_one(read_source(path)).document
        plain = {"qspec": document.qspec, **document.to_json()}
        found += [plain] * (1 if len(data.places(plain)) > 400 else 6)
    return found


def bomb(rng: random.Random) -> str:
    """A text that unfolds, nests or repeats."""
    kind, count = rng.randrange(6), rng.choice((10, 70, 300, 3000))
    opening, closing = rng.choice([("[", "]"), ('{"a": ', "}"), ("- ", ""), ("? ", ""), ('[{"a": ', "}]")])
    if kind == 0:
        laughs = (f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]\n" for n in range(count % 100))
        return "a0: &a0 [x]\n" + "".join(laughs)
    if kind == 1:
        return opening * count + "1" + closing * rng.choice((0, count, count + 1))
    if kind == 2:
        return "".join(f"{' ' * n}a:\n" for n in range(min(count, 400)))
    if kind == 3:
        return '{"qspec": 1, "claims": {' + ", ".join(f'"c{n % 7}": {{}}' for n in range(count)) + "}}"
    if kind == 4:
        return "qspec: " + rng.choice(["9", "1e", "'", "\\", "é", "0"]) * count
    return "\n".join(rng.choice(YAML_PIECES) for _ in range(count))


def accident(written: str, rng: random.Random) -> str:
    """The text with a piece of YAML in the wrong place."""
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(written) + 1)
        written = written[:at] + rng.choice(YAML_PIECES) + written[at + rng.choice((0, 0, 1, 7)) :]
    return written


def twins(rng: random.Random) -> Case:
    """One twin and what a user may do with it."""
    ending = rng.choice(("json", "yaml"))
    plain = rng.choice(documents())
    if rng.random() < 0.1:
        written = bomb(rng)
    else:
        kept = data.mutate(plain, rng) if rng.random() < 0.8 else plain
        written = dump(plain) if ending == "yaml" and kept is plain else data.text(kept, rng)
        if rng.random() < (0.3 if kept is not plain else 1.0):
            written = accident(written, rng) if ending == "yaml" else mutated(written, rng)
    name = f"s.qspec.{ending}"
    other = data.encoded(data.text(plain, random.Random(0)))
    acts: list[Act] = [("check", name, "--output-format", rng.choice(FORMATS)), act(name, rng)]
    return Case({name: data.encoded(written), "t.qspec.json": other}, acts)


def act(name: str, rng: random.Random) -> Act:
    """A command that reads a spec."""
    return rng.choice(
        [
            ("convert", name, "--to", rng.choice(["qspec", "json", "yaml"])),
            ("report", name, "--format", rng.choice(["html", "markdown", "latex", "badge"])),
            ("plan", name),
            ("judge", name),
            ("execute", name, "--dry-run"),
            ("diff", name, "t.qspec.json"),
            ("diff", "t.qspec.json", name),
            ("fmt", name, "--check"),
            ("transfer", name, "--to", "triage"),
        ]
    )
