"""The house: which room may import which, how long files are, and that generated tables are true."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from qspec.registry import ROOMS, render_table

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "qspec"
ORDER = [
    "model",
    "metrics",
    "stats",
    "lang",
    "checks",
    "data",
    "quantize",
    "execute",
    "interop",
    "draft",
    "report",
    "lsp",
    "cli",
]
SIDE_BY_SIDE = [{"interop", "draft", "report"}, {"lsp", "cli"}]
FOR_ALL = {"errors", "registry", "_version", "resources", "canonical"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> set[str]:
    """The rooms of this package that a file imports, wherever in the file it does."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = (
                [node.module] if node.module != "qspec" else [f"qspec.{alias.name}" for alias in node.names]
            )
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("qspec.")}
    return found


def test_rooms_import_only_rooms_before_them() -> None:
    wrong = []
    for path in modules():
        parts = path.relative_to(PACKAGE).parts
        if len(parts) == 1:
            continue
        room = parts[0]
        for other in imports(path) - FOR_ALL - {room}:
            beside = any({room, other} <= group for group in SIDE_BY_SIDE)
            if other == "api":
                allowed = room in {"cli", "lsp"}
            else:
                allowed = other in ORDER and ORDER.index(other) < ORDER.index(room) and not beside
            if not allowed:
                wrong.append(f"{path.relative_to(ROOT)} imports qspec.{other}")
    assert not wrong, "\n".join(wrong)


def test_shared_modules_import_no_room() -> None:
    for name in FOR_ALL:
        path = PACKAGE / f"{name}.py"
        tree = ast.parse(path.read_text(encoding="utf-8"))
        top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        assert not any(
            isinstance(n, ast.ImportFrom) and (n.module or "").startswith("qspec.lang") for n in top
        ), name


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    long = {
        str(p.relative_to(ROOT)): n
        for p in modules()
        if (n := len(p.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert not long


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in modules()
        if path.name != "_table.py" and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not silent


@pytest.mark.parametrize("room", ROOMS)
def test_tables_are_what_the_rooms_register(room: str) -> None:
    package = importlib.import_module(room)
    table = Path(str(package.__file__)).with_name("_table.py")
    assert table.read_text(encoding="utf-8") == render_table(package.registry), "run `make tables`"


def loaded_by(*arguments: str) -> set[str]:
    """The modules that a command has loaded when it ends."""
    program = (
        "import sys\nfrom qspec.cli import main\n"
        f"try:\n    main({list(arguments)!r})\nexcept SystemExit:\n    pass\n"
        "print('LOADED', *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(done.stdout.rsplit("LOADED", 1)[1].split())


HEAVY = {
    "numpy",
    "scipy",
    "onnx",
    "onnxruntime",
    "torch",
    "jinja2",
    "pygls",
    "requests",
    "urllib.request",
    "http.client",
}


@pytest.mark.parametrize("form", ["full", "concise", "json", "sarif"])
def test_checking_loads_nothing_heavy(form: str) -> None:
    assert not HEAVY & loaded_by("check", "specs/quickstart.qspec", "--output-format", form)


def test_help_loads_neither_parser_nor_model() -> None:
    assert not {"lark", "pydantic", "rich", *HEAVY} & loaded_by("--help")
