"""Parsing, lowering and checking large and many documents, in megabytes a second, beside linters of other formats."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import peers
from cpu import medians, seconds, tool

from qspec.checks.batch import check_files
from qspec.checks.runner import check_workspace
from qspec.checks.settings import Settings
from qspec.lang.load import load, load_source
from qspec.lang.source import Source

SPECS = Path(__file__).resolve().parents[2] / "specs"
LEAST_MB_PER_SECOND = 0.3
# Megabytes a second that the design read of each on one machine: what is compared are the ratios.
PEERS = {"yamllint": 0.18, "check-jsonschema": 0.16, "sqlfluff": 0.003}


def main() -> None:
    """Print speeds and budgets."""
    text = peers.spec(100_000)
    check_workspace(load_source(Source("warm.qspec", text[:5000]), root=SPECS))
    start = time.process_time()
    report = check_workspace(load_source(Source("large.qspec", text), root=SPECS))
    own = len(text) / 1e6 / (time.process_time() - start)
    print(
        f"parse, lower, check {len(text) / 1e3:.0f} kB: {own:.2f} MB/s, {len(report.claims)} claims "
        f"(budget {LEAST_MB_PER_SECOND})"
    )
    with tempfile.TemporaryDirectory() as folder:
        beside_peers(own, text, Path(folder) / "peers")
        spec = (SPECS / "quickstart.qspec").read_bytes()
        for number in range(200):
            (Path(folder) / f"{number}.qspec").write_bytes(spec)
        start = time.process_time()
        for number in range(200):
            check_workspace(load(Path(folder) / f"{number}.qspec"))
        spent = time.process_time() - start
        print(
            f"1,000 specs of {len(spec) / 1e3:.1f} kB on one core: {spent * 5:.1f} s CPU, from 200 (budget 8)"
        )
        cores(Path(folder))
        kept(Path(folder), spec)


def cores(folder: Path) -> None:
    """The same 200 specs on one process and on two, in turns: how much sooner two are done, the best of three."""
    asked = [(path, Settings()) for path in sorted(folder.glob("*.qspec"))]
    taken: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(3):
        for processes, times in taken.items():
            start = time.perf_counter()
            check_files(asked, processes=processes)
            times.append(time.perf_counter() - start)
    ratio = min(taken[1]) / min(taken[2])
    print(f"two processes: {ratio:.2f} times as soon (load of this machine: {os.getloadavg()[0]:.1f})")


def beside_peers(own: float, text: str, folder: Path) -> None:
    """The speed of every peer over a file of the same size, start-up included, as the design read it.

    The budget is on reading and checking alone; beside it stands the whole command, start-up for start-up.
    """
    folder.mkdir()
    big = folder / "big.qspec"
    big.write_text(text, encoding="utf-8")
    commands = {
        "qspec": [str(tool("qspec")), "check", "--no-cache", str(big)],
        **peers.commands(folder, len(text)),
    }
    # One run is enough where a run takes half a minute.
    first = {name: seconds(command) for name, command in commands.items()}
    quick = {name: command for name, command in commands.items() if first[name] < 10}
    read = {
        name: Path(commands[name][-1]).stat().st_size / 1e6 / spent
        for name, spent in {**first, **medians(quick, rounds=5)}.items()
    }
    print(f"qspec check, the whole command: {read['qspec']:.3f} MB/s")
    for name, then in PEERS.items():
        if name in read:
            ratio, allowed = own / read[name], LEAST_MB_PER_SECOND / then
            verdict = "within" if ratio >= allowed else f"{allowed / ratio:.2f} times"
            print(
                f"{name}: {read[name]:.3f} MB/s; reading and checking {ratio:.2f} of it, budget {allowed:.2f} "
                f"({verdict}); the whole command {read['qspec'] / read[name]:.2f}"
            )


def kept(folder: Path, spec: bytes) -> None:
    """The command on a thousand specs that did not change since the run before."""
    many = folder / "many"
    many.mkdir()
    for number in range(1000):
        (many / f"{number}.qspec").write_bytes(spec)
    command = [str(tool("qspec")), "check", str(many)]
    read = medians({"kept": command}, rounds=3, env={"QSPEC_CACHE": str(folder / "cache")})
    print(f"1,000 specs from a warm cache: {read['kept']:.2f} s CPU (budget 1)")


if __name__ == "__main__":
    main()
