"""Cold starts: `qspec --help` and `qspec check` of two kilobytes, beside linters of other formats."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from cpu import medians, tool

SPEC = Path(__file__).resolve().parents[2] / "specs" / "quickstart.qspec"
# Budget and peers as the design read them on one machine, in milliseconds: what is compared are the ratios.
BUDGETS = {"qspec --help": 60, "qspec check": 250, "qspec check, kept": 90}
# Lark imports these two where they are installed, which is among developers only; they cost a tenth of the start.
AS_INSTALLED = (
    "import sys; sys.modules.update(interegular=None, regex=None); from qspec.cli import main; main()"
)
PEERS = {"yamllint": 74, "check-jsonschema": 230, "sqlfluff": 320}


def main() -> None:
    """Print CPU milliseconds, and each budget as a ratio to each peer."""
    with tempfile.TemporaryDirectory() as folder:
        commands = peers(Path(folder))
        commands["qspec --help"] = [str(tool("qspec")), "--help"]
        commands["qspec check"] = [sys.executable, "-c", AS_INSTALLED, "check", str(SPEC)]
        kept = commands["qspec check"]
        commands["qspec check"] = [*kept, "--no-cache"]
        commands["qspec check, kept"] = kept
        read = medians(commands, env={"QSPEC_CACHE": f"{folder}/cache"})
    for name, value in read.items():
        print(f"{name:<20} {value * 1e3:7.1f} ms CPU")
    for name, budget in BUDGETS.items():
        for peer, then in PEERS.items():
            if peer in read:
                ratio, allowed = read[name] / read[peer], budget / then
                verdict = "within" if ratio <= allowed else f"{ratio / allowed:.2f} times"
                print(f"{name} / {peer}: {ratio:.2f}, budget {allowed:.2f} ({verdict})")


def peers(folder: Path) -> dict[str, list[str]]:
    """Commands of the peers that are installed, on files of about two kilobytes."""
    (folder / "file.yaml").write_text("---\n" + "".join(f"key{i}: [value, {i}]\n" for i in range(110)))
    (folder / "file.json").write_text(json.dumps({f"key{i}": ["value", i] for i in range(90)}))
    (folder / "schema.json").write_text('{"type": "object", "additionalProperties": {"type": "array"}}')
    (folder / "file.sql").write_text("".join(f"SELECT a{i} FROM t WHERE b = {i};\n" for i in range(60)))
    found = {
        "yamllint": ["yamllint", str(folder / "file.yaml")],
        "check-jsonschema": [
            "check-jsonschema",
            "--schemafile",
            str(folder / "schema.json"),
            str(folder / "file.json"),
        ],
        "sqlfluff": ["sqlfluff", "lint", "--dialect", "ansi", str(folder / "file.sql")],
    }
    return {name: [path, *command[1:]] for name, command in found.items() if (path := tool(name)) is not None}


if __name__ == "__main__":
    main()
