"""Canonical JSON (RFC 8785) and the SHA-256 digests made over it."""

from __future__ import annotations

import hashlib
import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

_CHUNK = 1 << 20


def _number(value: float) -> str:
    """A double as ECMAScript writes it (RFC 8785, section 3.2.2.3)."""
    if not math.isfinite(value):
        raise ValueError("canonical JSON has no NaN and no infinity")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, exponent_text = f"{Decimal(repr(abs(value))).normalize():e}".split("e")
    digits = mantissa.replace(".", "")
    point = int(exponent_text) + 1
    if -6 < point <= 21:
        if point <= 0:
            return f"{sign}0.{'0' * -point}{digits}"
        if point >= len(digits):
            return sign + digits + "0" * (point - len(digits))
        return f"{sign}{digits[:point]}.{digits[point:]}"
    exponent = point - 1
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{fraction}e{'+' if exponent > 0 else '-'}{abs(exponent)}"


def canonical_json(value: Any) -> str:
    """RFC 8785 text of plain JSON data: keys sorted by UTF-16 code units, shortest numbers, no white space."""
    if value is None or isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, list | tuple):
        return "[" + ",".join(canonical_json(item) for item in value) + "]"
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: str(key).encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{canonical_json(str(k))}:{canonical_json(value[k])}" for k in keys) + "}"
    raise TypeError(f"canonical JSON holds plain data, not {type(value).__name__}")


def parse_json(text: str | bytes, **options: Any) -> Any:
    """JSON (in UTF-8, RFC 8259) as plain data; `options` are those of `json.loads`. Raises `ValueError` for what is none.

    So is a text with half a character (a lone surrogate), which no file and no digest could be made of.
    """
    text = text.decode("utf-8") if isinstance(text, bytes) else text
    data = json.loads(text, **options)
    if "\\ud" in text or "\\uD" in text:  # only an escape can be half a character
        json.dumps(data, ensure_ascii=False).encode("utf-8")
    return data


def digest(value: Any) -> str:
    """SHA-256, in hexadecimal, of the canonical JSON of `value`."""
    return hashlib.sha256(canonical_json(value).encode("utf-8")).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256, in hexadecimal, of a file's bytes."""
    hasher = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            hasher.update(chunk)
    return hasher.hexdigest()
