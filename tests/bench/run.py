"""Every benchmark, as ratios against peers run in the same session; budgets stand beside what was read.

`make bench`, or `python tests/bench/run.py NAME…` for some: start, check, loop, intervals.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))


def start() -> None:
    """Start-up of the command line."""
    import startup

    startup.main()


def check() -> None:
    """Reading and checking specs."""
    import checking

    checking.main()


def loop() -> None:
    """The evaluation loop."""
    import evaluation_loop

    evaluation_loop.main()


def intervals() -> None:
    """Verdicts over a million examples."""
    import bootstrap

    bootstrap.main()


BENCHMARKS: dict[str, Callable[[], None]] = {f.__name__: f for f in (start, check, loop, intervals)}


def main() -> None:
    """Run the benchmarks that are named, or all."""
    for name in sys.argv[1:] or BENCHMARKS:
        print(f"\n== {BENCHMARKS[name].__doc__}")
        BENCHMARKS[name]()


if __name__ == "__main__":
    main()
