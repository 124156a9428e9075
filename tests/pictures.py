"""Draw the pictures of the README: what `qspec check` and `qspec execute` print, and the report they end in.

Run by `make pictures`; needs Debian's `chromium` for the report. The quickstart is executed in a folder of its own, and
the spec that it fills in is kept beside the pictures, so that every figure in them can be looked up.
"""

from __future__ import annotations

import base64
import contextlib
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "browser")]

from palette import with_palette  # noqa: E402
from report import Browser, running  # noqa: E402 (the browser of `make browser`)

from qspec import api  # noqa: E402
from qspec.report import render  # noqa: E402
from qspec.report.svg import Markup, element  # noqa: E402

SPECS, PICTURES = ROOT / "specs", ROOT / "specs" / "pictures"
COLUMNS = 104
CHARACTER, LINE, PAD = 8.4, 20.0, 20.0
PAGE = (1200, 1560)

SHADES = {
    "30": "ink",
    "31": "red",
    "32": "green",
    "33": "yellow",
    "34": "blue",
    "35": "magenta",
    "36": "blue",
}
STYLE = """
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
text { white-space: pre; fill: #24262b; }
.paper { fill: #fdfcf9; stroke: #d9d6cd; }
.bold { font-weight: 700; }
.red { fill: #a3261b; } .green { fill: #156b3a; } .yellow { fill: #8a5a00; }
.blue { fill: #1d5183; } .magenta { fill: #7a3577; }
.prompt { fill: #83868d; }
@media (prefers-color-scheme: dark) {
  text { fill: #e3e1da; }
  .paper { fill: #17191d; stroke: #34373d; }
  .red { fill: #ff8f80; } .green { fill: #6fcf97; } .yellow { fill: #e8b75a; }
  .blue { fill: #8fc1f0; } .magenta { fill: #d9a3d6; }
  .prompt { fill: #8d9097; }
}
"""

Cell = tuple[str, str]
"""A character and the classes of its style."""


def printed(*arguments: str, folder: Path) -> str:
    """What `qspec` prints on a terminal; the exit status may say what it likes, a fault may not."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "qspec", *arguments]
    process = subprocess.Popen(command, cwd=folder, stdout=theirs, stderr=subprocess.PIPE, env=environment)
    os.close(theirs)
    output = b""
    with contextlib.suppress(OSError):  # Linux ends a terminal whose other side has closed with an error
        while part := os.read(ours, 65536):
            output += part
    os.close(ours)
    _, complaint = process.communicate()
    if process.returncode == 2 or complaint:
        raise SystemExit(f"qspec {' '.join(arguments)} failed: {complaint.decode()}")
    return output.decode().replace("\r\n", "\n").rstrip("\n")


def cells(text: str) -> Iterator[list[Cell]]:
    """The lines of a terminal's output, its colours as classes."""
    bold, shade = False, ""
    for line in text.split("\n"):
        found: list[Cell] = []
        for part in re.split(r"(\x1b\[[0-9;]*m)", line):
            if not part.startswith("\x1b"):
                found += [
                    (character, " ".join(filter(None, ("bold" if bold else "", shade)))) for character in part
                ]
                continue
            for code in part[2:-1].split(";"):
                bold, shade = (code == "1" or (bold and code not in {"", "0", "22"}), SHADES.get(code, shade))
                shade = "" if code in {"", "0", "39"} else shade
        yield found


def wrapped(line: list[Cell]) -> Iterator[list[Cell]]:
    """The line in pieces of at most so many columns, broken between words and indented from the second on."""
    plain = "".join(character for character, _ in line)
    margin = " " * (len(plain) - len(plain.lstrip()) + 4)
    at = 0
    for piece in textwrap.wrap(plain, COLUMNS, subsequent_indent=margin, drop_whitespace=True) or [""]:
        words = piece.removeprefix(margin) if at else piece
        at = plain.index(words.strip(), at) if words.strip() else at
        lead = piece[: len(piece) - len(piece.lstrip())]
        end = at + len(words.strip())
        yield [*((blank, "") for blank in lead), *line[at:end]]
        at = end


def terminal(command: str, output: str, title: str) -> str:
    """A command and what it printed, as an SVG that loads nothing and is dark where its reader is."""
    prompt = [*(("$", "prompt"), (" ", "")), *((character, "bold") for character in command)]
    rows = [prompt, [], *(piece for line in cells(output) for piece in wrapped(line))]
    body: list[Markup] = []
    for number, row in enumerate(rows):
        column = 0
        for style, run in groupby(row, key=lambda cell: cell[1]):
            text = "".join(character for character, _ in run)
            body.append(_run(text, column, number, style))
            column += len(text)
    width, height = COLUMNS * CHARACTER + 2 * PAD, len(rows) * LINE + 2 * PAD
    paper = element("rect", x=0.5, y=0.5, width=width - 1, height=height - 1, rx=8, class_="paper")
    drawing = element(
        "svg", element("title", title), element("style", Markup(STYLE)), paper, *body,
        xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width:g} {height:g}", width=width, height=height, role="img",
    )  # fmt: skip
    return f"{drawing}\n"


def _run(text: str, column: int, number: int, style: str) -> Markup:
    """A stretch of one style; its length is fixed, so that columns align in every font."""
    lead = len(text) - len(text.lstrip())
    shown = text.strip()
    return (
        element(
            "text", shown, x=PAD + (column + lead) * CHARACTER, y=PAD + (number + 0.7) * LINE, class_=style or None,
            textLength=len(shown) * CHARACTER, lengthAdjust="spacingAndGlyphs",
        )
        if shown
        else Markup("")
    )  # fmt: skip


def photograph(browser: Browser, page: Path, target: Path) -> None:
    """The upper part of a page at twice its size."""
    width, height = PAGE
    browser.ask(
        "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2, mobile=False
    )
    browser.open(page)
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    shot = browser.ask("Page.captureScreenshot", format="png", clip=clip, optimizeForSpeed=False)
    target.write_bytes(with_palette(base64.b64decode(shot["data"])))


def main() -> int:
    """Draw every picture; 3 where there is no browser for the report."""
    PICTURES.mkdir(exist_ok=True)
    vendor = "specs/examples/vendor.qspec"
    said = printed("check", vendor, folder=ROOT)
    drawn = terminal(f"qspec check {vendor}", said, "What qspec check says of a vendor's claim")
    (PICTURES / "check.svg").write_text(drawn, encoding="utf-8")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("data", "models"):
            shutil.copytree(SPECS / part, folder / "specs" / part)
        shutil.copy(SPECS / "quickstart.qspec", folder / "specs")
        os.environ["QSPEC_CACHE"] = str(folder / "cache")
        said = printed("execute", "--quiet", "specs/quickstart.qspec", folder=folder)
        drawn = terminal(
            "qspec execute specs/quickstart.qspec", said, "What qspec execute says of the quickstart"
        )
        (PICTURES / "execute.svg").write_text(drawn, encoding="utf-8")
        shutil.copy(folder / "specs" / "quickstart.qspec", PICTURES)
        with contextlib.chdir(folder):
            page = folder / "report.html"
            page.write_text(render([api.check("specs/quickstart.qspec")]), encoding="utf-8")
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        if program is None:
            print(
                "There is no chromium here, so the report was not drawn; on Debian: apt-get install chromium"
            )
            return 3
        with running(program) as browser:
            photograph(browser, page, PICTURES / "report.png")
    for picture in sorted(PICTURES.iterdir()):
        print(f"{picture.relative_to(ROOT)}: {picture.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
