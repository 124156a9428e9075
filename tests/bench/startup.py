"""Cold starts: `qspec --help` and `qspec check` of two kilobytes, beside linters of other formats."""

from __future__ import annotations

import tempfile
from pathlib import Path

import peers
from cpu import medians, tool

SPEC = Path(__file__).resolve().parents[2] / "specs" / "quickstart.qspec"
# Budget and peers as the design read them on one machine, in milliseconds: what is compared are the ratios.
BUDGETS = {"qspec --help": 60, "qspec check": 250, "qspec check, kept": 90}
PEERS = {"yamllint": 74, "check-jsonschema": 230, "sqlfluff": 320}


def main() -> None:
    """Print CPU milliseconds, and each budget as a ratio to each peer."""
    with tempfile.TemporaryDirectory() as folder:
        commands = peers.commands(Path(folder), 2_000)
        commands["qspec --help"] = [str(tool("qspec")), "--help"]
        commands["qspec check"] = [str(tool("qspec")), "check", str(SPEC), "--no-cache"]
        commands["qspec check, kept"] = [str(tool("qspec")), "check", str(SPEC)]
        read = medians(commands, env={"QSPEC_CACHE": f"{folder}/cache"})
    for name, value in read.items():
        print(f"{name:<20} {value * 1e3:7.1f} ms CPU")
    for name, budget in BUDGETS.items():
        for peer, then in PEERS.items():
            if peer in read:
                ratio, allowed = read[name] / read[peer], budget / then
                verdict = "within" if ratio <= allowed else f"{ratio / allowed:.2f} times"
                print(f"{name} / {peer}: {ratio:.2f}, budget {allowed:.2f} ({verdict})")


if __name__ == "__main__":
    main()
