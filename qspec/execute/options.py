"""What a person may decide about a run beside the spec."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """Choices of one run."""

    provider: str | None = None
    """Execution provider in place of the spec's."""
    threads: int | None = None
    """Threads within operators, in place of the spec's."""
    profile: str | None = None
    """Timing profile in place of the spec's: `quick`, `standard` or `mlperf`."""
    fresh: bool = False
    """Compute everything anew, whatever is stored."""
    store: Path | None = None
    """Folder of the store; the user's cache folder unless given."""
    allow_network: bool = False
    """Fetch pinned models and data from hubs."""
