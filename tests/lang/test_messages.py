from __future__ import annotations

from pathlib import Path

import pytest

from qspec.lang.load import load_one
from qspec.lang.source import Source

CASES = (Path(__file__).parent / "messages.txt").read_text(encoding="utf-8").rstrip("\n").split("\n\n")


@pytest.mark.parametrize("case", CASES, ids=[case.split("\n")[0] for case in CASES])
def test_the_message_of_an_error(case: str) -> None:
    """`messages.txt` holds a line of the language and, below it, what is said about it."""
    text, *expected = case.split("\n")
    errors = load_one(Source("x.qspec", text.replace("\\a", "\a") + "\n")).errors
    said = [
        f"    {e.line}:{e.column} {e.code} {e.message}" + (f" | {e.help}" if e.help else "") for e in errors
    ]
    assert said == expected
    for error in errors:
        assert error.message[0].isupper() or error.message[0] == "`"
        assert error.message.endswith(".")
