"""`qspec cache`: what runs have kept on this machine."""

from __future__ import annotations

import datetime
import json
import re
from typing import TYPE_CHECKING

import click

from qspec.cli import command
from qspec.errors import QSpecError

if TYPE_CHECKING:
    from qspec.execute.store import Entry, Store

_SECONDS = {"min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_SIGNS = 16


@command("cache", example="qspec cache prune --older-than 30d --most 2GB")
@click.argument("action", type=click.Choice(["list", "size", "prune", "verify"]), default="size")
@click.option(
    "--older-than", metavar="AGE", help="prune: what was not read for so long, for example 12h, 30d or 8w."
)
@click.option("--most", metavar="SIZE", help="prune: the longest unread, until no more than this is left.")
@click.option(
    "--output-format", type=click.Choice(["text", "json"]), default="text", help="For people, or plain data."
)
def cache(action: str, older_than: str | None, most: str | None, output_format: str) -> int:
    """List, size, prune or verify what runs have kept: artifacts, scores and timings.

    The folder is QSPEC_CACHE, or qspec in the user's cache folder. What is removed is computed again when it is asked
    for; what a run is reading stays. `verify` checks every file against its digest, removes what is damaged, and exits 1
    when something was.
    """
    from qspec.execute.store import Store

    if action != "prune" and (older_than or most):
        raise QSpecError("Ages and sizes are for `prune`.", hint="qspec cache prune --older-than 30d")
    store = Store()
    if action == "list":
        _list(store, output_format)
        return 0
    if action == "size":
        entries = list(store.entries())
        size = sum(entry.size for entry in entries)
        _say(
            {"folder": str(store.root), "entries": len(entries), "bytes": size},
            f"{_spoken(size)} in {len(entries)} entries of {store.root}",
            output_format,
        )
        return 0
    if action == "verify":
        damaged = store.verify()
        _say({"removed": damaged}, f"{len(damaged)} damaged entries removed", output_format)
        return int(bool(damaged))
    if older_than is None and most is None:
        raise QSpecError("Nothing says what to prune.", hint="give --older-than 30d, or --most 2GB, or both")
    done = store.prune(
        older_than=_seconds(older_than) if older_than is not None else None,
        most_bytes=_bytes(most) if most is not None else None,
    )
    kept = f"; {done.held} left, which a run is reading" if done.held else ""
    _say(
        {"removed": done.entries, "bytes": done.size, "held": done.held},
        f"{done.entries} entries removed, {_spoken(done.size)} freed{kept}",
        output_format,
    )
    return 0


def _list(store: Store, output_format: str) -> None:
    entries = sorted(store.entries(), key=lambda entry: -entry.used)
    if output_format == "json":
        click.echo(
            json.dumps({"folder": str(store.root), "entries": [_data(entry) for entry in entries]}, indent=2)
        )
        return
    for entry in entries:
        files = ", ".join(_files(entry))
        click.echo(f"{entry.key[:_SIGNS]}  {_spoken(entry.size):>9}  {_day(entry.used)}  {files}")


def _data(entry: Entry) -> dict[str, object]:
    return {
        "key": entry.key,
        "bytes": entry.size,
        "created": _day(entry.created),
        "used": _day(entry.used),
        "files": _files(entry),
        "meta": entry.meta,
    }


def _files(entry: Entry) -> list[str]:
    from qspec.execute.store import MANIFEST

    return sorted(path.name for path in entry.folder.iterdir() if path.name != MANIFEST)


def _day(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, tz=datetime.UTC).isoformat(timespec="seconds")


def _say(data: dict[str, object], sentence: str, output_format: str) -> None:
    click.echo(json.dumps(data, indent=2) if output_format == "json" else sentence)


def _spoken(size: int) -> str:
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size} B"


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d{1,6})\s*(min|h|d|w)", text.strip())
    if match is None:
        raise QSpecError(f"`{text}` is no age.", hint="write a number and min, h, d or w: 30d")
    return int(match[1]) * _SECONDS[match[2]]


def _bytes(text: str) -> int:
    from qspec.model.quantity import Quantity
    from qspec.model.unit import Dimension

    match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,6})?)\s*([A-Za-z]+)", text.strip())
    size = Quantity.of(match[1], match[2]) if match is not None else None
    if size is None or size.dimension is not Dimension.SIZE:
        raise QSpecError(f"`{text}` is no size.", hint="write a number and a unit of bytes: 500MB, 2GB, 4GiB")
    return int(size.base)
