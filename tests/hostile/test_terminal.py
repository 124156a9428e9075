"""No name, string or path makes a terminal do anything but show it, and none reaches a report as markup."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from qspec.cli._stream import harmless

ESCAPES = "\\u{1b}]0;owned\\u{7}\\u{1b}[31mred\\u{1b}[2J\\u{9b}5n\\u{202e}evil\\u{0}\\u{8}\\u{7f}"
SPEC = f"""qspec 1

executor "e{ESCAPES}" {{
  model     {{ base: "m{ESCAPES}" @ "1{ESCAPES}", file: "f{ESCAPES}" }}
  precision: int8
  baseline: fp32
  task:     "t{ESCAPES}"
  metrics:  ["a{ESCAPES}"]
  test-set  {{ data: "d{ESCAPES}" @ "1" }}
  strata    {{ "s{ESCAPES}": by "c{ESCAPES}" }}
}}

claim "c{ESCAPES}" on "e{ESCAPES}" {{
  title: "t{ESCAPES}"
  source {{ vendor: "v{ESCAPES}", url: "https://a.example/{ESCAPES}" }}
  loss("a{ESCAPES}") <= 1 pp
}}
# qspec: allow-file QS101 because "a reason"
"""
ALLOWED = re.compile(r"\x1b\[(?:2K|(?:0|1|[39][0-7]|1;3[0-7])m)")
OBEYED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
COMMANDS = [
    ("check", "s.qspec"),
    ("check", "s.qspec", "--output-format", "concise"),
    ("check", "s.qspec", "--output-format", "github"),
    ("check", "s.qspec", "--output-format", "json"),
    ("check", "s.qspec", "--output-format", "junit"),
    ("check", "s.qspec", "--output-format", "sarif"),
    ("convert", "s.qspec", "--to", "json"),
    ("convert", "s.qspec", "--to", "yaml"),
    ("plan", "s.qspec"),
    ("execute", "s.qspec"),
    ("judge", "s.qspec"),
    ("report", "s.qspec"),
    ("report", "s.qspec", "--format", "html"),
    ("diff", "s.qspec", "t.qspec"),
    ("explain", "\x1b]0;owned\x07"),
    ("verify", "\x1b]0;owned\x07"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_command_prints_what_a_terminal_obeys(command, work, attack):
    (work / "s.qspec").write_text(SPEC)
    (work / "t.qspec").write_text(SPEC.replace("1 pp", "2 pp"))
    done = attack(*command)
    text = done.out + done.err
    assert text
    assert not OBEYED.search(text), OBEYED.search(text)
    assert "fault in qspec" not in text
    assert "Traceback" not in text


def test_on_a_terminal_only_our_own_colours_pass(work):
    (work / "s.qspec").write_text(SPEC)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "qspec", "check", "s.qspec"]
    environment = {**os.environ, "TERM": "xterm", "QSPEC_CACHE": str(work.parent / "cache")}
    environment.pop("NO_COLOR", None)
    with subprocess.Popen(command, cwd=work, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        data = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            data += piece
            if not piece:
                break
        process.wait()
    os.close(ours)
    text = data.decode("utf-8").replace("\r\n", "\n")
    assert ALLOWED.search(text)
    assert not OBEYED.search(ALLOWED.sub("", text))


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain é 日本", "plain é 日本"),
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
        ("\x1b[31;8mhidden", "\\u001b[31;8mhidden"),
        ("\x1b]0;title\x07", "\\u001b]0;title\\u0007"),
        ("a\u202eb\u2066", "a\\u202eb\\u2066"),
        ("\x9b5n", "\\u009b5n"),
    ],
)
def test_what_is_harmless_passes_and_nothing_else(raw, shown):
    assert harmless(raw) == shown


@pytest.mark.parametrize("sign", ["\x1b", "\x00", "\x7f", "\x9b", "\u202e", "\u2066"])
@pytest.mark.parametrize(
    "place", ['claim a {{ title: "x{}y" }}', "claim a{}b {{ }}", "claim a {{ }} # {}", 'claim "{}" {{ }}']
)
def test_a_control_sign_in_a_spec_is_refused_with_its_place(sign, place, work, attack):
    (work / "s.qspec").write_text("qspec 1\n" + place.format(sign) + "\n")
    attack("check", "s.qspec").refused(
        rf"s\.qspec:2:\d+(.|\n)*U\+{ord(sign):04X}|U\+{ord(sign):04X}(.|\n)*s\.qspec:2:\d+"
    )


MARKUP = '</script></svg><script>alert(1)</script><img src=x onerror=alert(2)>" onload="x'


@pytest.mark.parametrize("form", ["html", "markdown", "latex", "badge"])
def test_markup_in_a_spec_stays_text(form, work, attack):
    quoted = MARKUP.replace('"', '\\"')
    (work / "s.qspec").write_text(
        f'qspec 1\nclaim "{quoted}" {{\n  title: "=HYPERLINK(1) {quoted} \\\\input{{/etc/passwd}}"\n  size <= 1 MB\n}}\n'
    )
    done = attack("report", "s.qspec", "--format", form)
    assert done.code == 0, done
    if form == "latex":
        assert "\\input{" not in done.out
    else:
        shown = re.sub(r"`[^`\n]+`", "", done.out) if form == "markdown" else done.out
        assert not re.search(r"<script>alert|<img src", shown)


def test_a_path_is_shown_as_text(work, attack):
    name = "\x1b[2Jx.qspec"
    Path(work / name).write_text("qspec 1\nclaim a { }\n")
    done = attack("check", name)
    assert "\x1b" not in done.out + done.err
