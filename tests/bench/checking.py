"""Parsing, lowering and checking large and many documents, in megabytes a second, beside yamllint on its own format."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from cpu import medians, tool

from qspec.checks.batch import check_files
from qspec.checks.runner import check_workspace
from qspec.checks.settings import Settings
from qspec.lang.load import load, load_source
from qspec.lang.source import Source

SPECS = Path(__file__).resolve().parents[2] / "specs"
LEAST_MB_PER_SECOND = 0.3
YAMLLINT_THEN = 0.18


def large(size: int = 100_000) -> str:
    """A document of about `size` characters: the quickstart's declarations again and again under other names."""
    body = (SPECS / "quickstart.qspec").read_text(encoding="utf-8").removeprefix("qspec 1\n")
    parts = ["qspec 1\n"]
    for number in range(size // len(body) + 1):
        part = body
        for name in ("digits-cnn", "digits-int8", "under-one-point"):
            part = part.replace(name, f"{name}-{number}")
        parts.append(
            part.replace("dataset digits {", f"dataset digits-{number} {{").replace(
                "digits.t", f"digits-{number}.t"
            )
        )
    return "".join(parts)


def main() -> None:
    """Print speeds and budgets."""
    text = large()
    check_workspace(load_source(Source("warm.qspec", text[:5000]), root=SPECS))
    start = time.process_time()
    report = check_workspace(load_source(Source("large.qspec", text), root=SPECS))
    own = len(text) / 1e6 / (time.process_time() - start)
    print(
        f"parse, lower, check {len(text) / 1e3:.0f} kB: {own:.2f} MB/s, {len(report.claims)} claims "
        f"(budget {LEAST_MB_PER_SECOND})"
    )
    peer = tool("yamllint")
    with tempfile.TemporaryDirectory() as folder:
        if peer:
            small, big = Path(folder) / "small.yaml", Path(folder) / "big.yaml"
            line = '- {name: value, other: [1, 2, 3], text: "some words in a string"}\n'
            small.write_text("---\n" + line)
            big.write_text("---\n" + line * (len(text) // len(line)))
            read = medians({"small": [peer, str(small)], "big": [peer, str(big)]}, rounds=5)
            theirs = big.stat().st_size / 1e6 / (read["big"] - read["small"])
            allowed = LEAST_MB_PER_SECOND / YAMLLINT_THEN
            print(f"yamllint: {theirs:.2f} MB/s; ratio {own / theirs:.2f}, budget {allowed:.2f}")
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
