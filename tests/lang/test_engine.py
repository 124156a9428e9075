"""What Lark would import for others is put off, and is whole for whoever uses it."""

from __future__ import annotations

import subprocess
import sys

import pytest


def said(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_lark_loads_neither_of_the_packages_that_the_grammar_does_not_use() -> None:
    program = "import sys, qspec.lang.engine; print(*(n for n in sys.modules if n.startswith(('regex.', 'interegular.'))))"
    assert said(program) == ""


@pytest.mark.parametrize(
    "use",
    [
        "import interegular; print(interegular.Comparator.__name__)",
        "from interegular import Comparator; print(Comparator.__name__)",
        "from interegular.comparator import Comparator; print(Comparator.__name__)",
        "import interegular.comparator; print(interegular.Comparator.__name__)",
    ],
)
def test_who_uses_one_afterwards_finds_it_whole(use: str) -> None:
    assert said(f"import qspec.lang.engine; {use}") == "Comparator"


def test_lark_itself_finds_it_whole() -> None:
    grammar = "start: A | B\nA: /x+/\nB: /xy?/"
    program = (
        "from qspec.lang.engine import Lark\n"
        f"try:\n    Lark({grammar!r}, parser='lalr', strict=True)\n"
        "except Exception as error:\n    print(type(error).__name__)"
    )
    assert said(program) == "LexError"
