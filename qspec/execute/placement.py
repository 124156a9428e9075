"""Says on which provider every node of a model really ran: the runtime may put any of them on another in silence."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qspec.data.table import listed
from qspec.execute.providers import PROVIDERS, find_provider, load_runtime
from qspec.execute.sessions import Arrays, session_options

_PROFILE = "profile"


def nodes_elsewhere(model: Path, settings: Mapping[str, Any], feeds: Arrays) -> tuple[str, ...]:
    """Each node that ran on another provider than `settings` (`Session.settings`) ask for, once, with where it ran.

    Found by running the model once under the runtime's profiler; nothing is run where no other provider stands behind.
    """
    provider = find_provider(settings["provider"])
    if not provider.behind:
        return ()
    runtime = load_runtime()
    with tempfile.TemporaryDirectory(prefix=".placement-") as folder:
        options = session_options(runtime, settings)
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / _PROFILE)
        inference = runtime.InferenceSession(
            str(model), options, providers=provider.requested(settings["options"])
        )
        inference.run(None, feeds)
        events = json.loads(Path(inference.end_profiling()).read_text(encoding="utf-8"))
    return strayed(events, provider.title)


def strayed(events: list[dict[str, Any]], title: str) -> tuple[str, ...]:
    """The nodes of a profile whose kernels ran on another provider than the one of that title."""
    names = {provider.title: name for name, provider in PROVIDERS.items()}
    found: dict[str, None] = {}
    for event in events:
        ran = (event.get("args") or {}).get("provider")
        if event.get("cat") == "Node" and ran and ran != title:
            node = str(event["name"]).removesuffix("_kernel_time")
            found[f"{node} ({event['args'].get('op_name', 'unknown')}) on {names.get(ran, ran)}"] = None
    return tuple(found)


def fall_back_note(side: str, provider: str, nodes: tuple[str, ...]) -> str:
    """What a reader must know of nodes that ran elsewhere."""
    several = f"{len(nodes)} nodes" if len(nodes) > 1 else "1 node"
    return f"{several} of the {side} model did not run on {provider}: {listed(nodes)}"
