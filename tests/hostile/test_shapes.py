"""Four megabytes of any sign, bracket, quote or comment are read or refused in bounded time and within 200 MB."""

from __future__ import annotations

import pytest

from .conftest import GIB, MIB

SHAPES = [
    "{", "[", "(", "}", "]", ")", "{}", "[]", "()", "{[(", ")]}", '"', '""', '"""', '"""\n', '"a\n', '"\\', '"\\q"\n',
    '"\\u{', '"\\u{110000}"\n', "#", "#\n", '# "\n', "# qspec: allow QS001\n", "\\", "\n", "\r\n", "\r", "\t", ",", ":",
    ".", "-", "@", "%", "|", "/", "\0", "\x1b[31m", "\ufeff", "\u2028", "\x85", "é", "a", "a ", "a:", "a: 1\n", "1",
    "1 ", "1e", "2024-01-01 ", "1..2 ", "<=", "not ", "for each ", "loss(top1) <= 1 pp\n", "claim a {\n", "claim a { }\n",
    "x {\n}\n", '{"#', "{ # }\n", 'use "x"\n', "x: [1,2,3]\n", "[1, ", "dataset d { }\n", 'as-printed: "',
]  # fmt: skip
BEFORE = ["", "qspec 1\n", "qspec 1\nclaim a {\n"]
SIZE = (4 << 20) - 64


@pytest.mark.parametrize("group", range(3))
def test_four_megabytes_of_any_shape_are_read_or_refused_at_once(group, work, attack):
    for number, shape in enumerate(SHAPES[group::3]):
        text = BEFORE[number % 3] + shape * (SIZE // len(shape.encode()))
        (work / "s.qspec").write_text(text, encoding="utf-8", newline="")
        done = attack("check", "s.qspec", memory=GIB, seconds=10)
        assert done.code in {0, 2}, (shape, done)
        assert "Traceback" not in done.err
        assert done.peak < 200 * MIB, (shape, done)


def test_as_many_words_as_a_document_may_have_are_checked_in_seconds(work, attack):
    allow = '# qspec: allow QS101 because "x"\n'
    text = "qspec 1\n" + "".join(f"claim a{number} {{ }}\n{allow}" for number in range(5_000))
    (work / "s.qspec").write_text(text)
    done = attack("check", "s.qspec", "--output-format", "concise", memory=GIB, seconds=20)
    assert done.code in {0, 1}


def test_the_cap_of_words_can_be_raised(work, attack):
    (work / "s.qspec").write_text("qspec 1\n" + "# a line\n" * 30_000)
    attack("check", "s.qspec").refused("over the cap tokens of 50,000(.|\n)*QSPEC_LIMITS=tokens=NUMBER")
    assert attack("check", "s.qspec", QSPEC_LIMITS="tokens=100_000").code == 0


def test_a_long_string_is_refused_by_its_own_cap(work, attack):
    (work / "s.qspec").write_text(f'qspec 1\nclaim a {{ title: "{"a" * 200_000}" }}\n')
    attack("check", "s.qspec").refused("over the cap token-length of 100,000")
