"""Linters of other formats, each on a file of its own format and of a given size."""

from __future__ import annotations

from pathlib import Path

from cpu import tool

from qspec.lang.load import load_one
from qspec.lang.source import Source
from qspec.lang.twin import write_twin

NAMES = ("yamllint", "check-jsonschema", "sqlfluff")
ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "schemas" / "document.schema.json"


def spec(size: int) -> str:
    """A document of about `size` characters: the quickstart's declarations again and again under other names."""
    body = (ROOT / "specs" / "quickstart.qspec").read_text(encoding="utf-8").removeprefix("qspec 1\n")
    parts = ["qspec 1\n"]
    for number in range(max(round(size / len(body)), 1)):
        part = body
        for name in ("digits-cnn", "digits-int8", "under-one-point"):
            part = part.replace(name, f"{name}-{number}")
        part = part.replace("dataset digits {", f"dataset digits-{number} {{")
        parts.append(part.replace("digits.t", f"digits-{number}.t"))
    return "".join(parts)


def commands(folder: Path, size: int) -> dict[str, list[str]]:
    """The command of every peer that is installed, on a file of about `size` bytes."""
    files = {suffix: folder / f"{size}.{suffix}" for suffix in ("yaml", "json", "sql")}
    files["yaml"].write_text("---\n" + _lines("- {{name: value{0}, values: [{0}, 2, 3]}}\n", size))
    # What the schema of the language says of the twin of a spec is the nearest that there is to checking the spec.
    document = load_one(Source("spec.qspec", spec(size // 2))).document
    files["json"].write_text(write_twin(document, "json"), encoding="utf-8")
    files["sql"].write_text(_lines("SELECT a{0} FROM t WHERE b = {0};\n", size))
    (folder / ".sqlfluff").write_text("[sqlfluff]\nlarge_file_skip_byte_limit = 0\n")
    arguments = {
        "yamllint": [str(files["yaml"])],
        "check-jsonschema": ["--schemafile", str(SCHEMA), str(files["json"])],
        "sqlfluff": ["lint", "--dialect", "ansi", str(files["sql"])],
    }
    return {name: [path, *arguments[name]] for name in NAMES if (path := tool(name)) is not None}


def _lines(pattern: str, size: int) -> str:
    """A line again and again under another number, to about `size` characters."""
    return "".join(pattern.format(number) for number in range(size // len(pattern.format(100)) + 1))
