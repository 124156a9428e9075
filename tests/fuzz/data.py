"""Plain data with accidents: values that no document should hold, in places where they might be believed."""

from __future__ import annotations

import json
import random
import re
from typing import Any

NUMBERS = [
    "0", "-0", "-1", "1", "1.5", "9" * 25, "9" * 63, "1e400", "-1e-400", "1e99999", "1e999999999", "1E-999999999",
    "0.1", "-9223372036854775809", "18446744073709551616", "1e308", "100", "50000", "4294967296",
]  # fmt: skip
TEXTS = [
    "", " ", "x", "x" * 5000, "\x1b]0;owned\x07", "\u202e", "\x00", "\n", "é", "𝔘", "../outside/secret", "/etc/passwd",
    "a\\b", "`", "``` ```", "<script>alert(1)</script>", "=HYPERLINK(1)", "\\input{x}", "{{ 7*7 }}", "%s%n", "NaN", "inf",
    "1e999999999", "9" * 400, "0x10", "1_000", "٣", "true", "null", "unstated", "int8", "fp32", "top1", "pp", "% of baseline",
    "x baseline", "per-group(0)", "recall@999999999999", "*" * 40, "[" * 40, "hf://a/b@main/c", "https://a.example",
    "not-applicable", "each", "2026-99-99", "0..9", "1 %", "a.b", "e.c.d", "W4A16 g128", "sha256:", "f" * 64, "\ud800",
]  # fmt: skip


class Raw(str):
    """A text that is written as it stands, without quotes: a number that Python could not hold."""


def odd(rng: random.Random) -> Any:
    """A value out of place."""
    kind = rng.randrange(10)
    if kind < 3:
        return rng.choice(TEXTS)
    if kind < 6:
        return Raw(rng.choice(NUMBERS))
    if kind == 6:
        return rng.choice(
            [None, True, False, [], {}, [[]], {"": {}}, [None], {"text": "1", "value": "1", "unit": "pp"}]
        )
    if kind == 7:
        value: Any = rng.choice(TEXTS)
        for _ in range(rng.choice((2, 30, 60, 70, 200))):
            value = [value] if rng.random() < 0.5 else {"a": value}
        return value
    if kind == 8:
        return {rng.choice(TEXTS): Raw(rng.choice(NUMBERS)) for _ in range(rng.randint(1, 5))}
    return {
        "text": rng.choice(NUMBERS),
        "value": rng.choice(NUMBERS),
        "unit": rng.choice(["pp", "%", "s", "x", ""]),
    }


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container with every key in it."""
    found, left = [], [value]
    while left:
        one = left.pop()
        keys = list(one) if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ()
        for key in keys:
            found.append((one, key))
            left.append(one[key])
    return found


def copied(value: Any) -> Any:
    """A deep copy of plain data."""
    if isinstance(value, dict):
        return {key: copied(one) for key, one in value.items()}
    return [copied(one) for one in value] if isinstance(value, list) else value


def mutate(value: Any, rng: random.Random, most: int = 4) -> Any:
    """A copy with one to `most` accidents: a value replaced, removed, swapped, repeated or called something else."""
    value = copied(value)
    for _ in range(rng.randint(1, most)):
        every = places(value)
        if not every:
            return odd(rng)
        where, key = rng.choice(every)
        other, from_ = rng.choice(every)
        kind = rng.randrange(7)
        if kind < 3:
            where[key] = odd(rng)
        elif kind == 3:
            del where[key]
        elif kind == 4:
            where[key] = copied(other[from_])
        elif isinstance(where, dict):
            named = from_ if kind == 5 and isinstance(from_, str) else rng.choice(TEXTS)
            where[named] = where.pop(key) if kind == 5 else copied(where[key])
        else:
            where.extend(copied(where) * rng.choice((1, 1, 30)))
            del where[5000:]
    return value


def text(value: Any, rng: random.Random) -> str:
    """The data as JSON, raw numbers among them, and now and then a key twice."""

    def marked(one: Any) -> Any:
        if isinstance(one, Raw):
            return f"@raw@{one}@raw@"
        if isinstance(one, dict):
            return {str(key): marked(part) for key, part in one.items()}
        return [marked(part) for part in one] if isinstance(one, list) else one

    written = json.dumps(marked(value), ensure_ascii=rng.random() < 0.5, indent=rng.choice((None, None, 2)))
    written = re.sub(r'"@raw@([^@]*)@raw@"', r"\1", written).replace("@raw@", "")
    if rng.random() < 0.1:
        key = re.search(r'"(\w+)": ?[^\[{"\s,]+', written)
        if key:
            written = written[: key.start()] + key[0] + ", " + written[key.start() :]
    return written


def encoded(written: str) -> bytes:
    """UTF-8, with lone surrogates as the bytes that no UTF-8 has."""
    return written.encode("utf-8", "surrogatepass")
