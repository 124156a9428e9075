"""`qspec cache`: what is kept, how much it is, and how to get rid of it."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from qspec.execute.store import MANIFEST, Store

from .conftest import Run

OLD, NEW = "a" * 64, "b" * 64


@pytest.fixture
def store(run: Run, tmp_path: Path) -> Store:
    """Two entries of a thousand bytes, one of them not read for ten days."""
    made = Store(tmp_path / "cache")
    for key in (OLD, NEW):
        made.put(key, lambda folder: (folder / "data.bin").write_bytes(b"0" * 1000) and None)
    manifest = made.root / "entries" / "aa" / OLD / MANIFEST
    ago = time.time() - 10 * 86400
    os.utime(manifest, (ago, ago))
    return Store(made.root)


def test_size_is_told_for_people_and_programs(run: Run, store: Store):
    assert run("cache").out == f"2 kB in 2 entries of {store.root}\n"
    data = json.loads(run("cache", "size", "--output-format", "json").out)
    assert data == {"folder": str(store.root), "entries": 2, "bytes": 2000}


def test_entries_are_listed_from_the_last_read(run: Run, store: Store):
    lines = run("cache", "list").out.splitlines()
    assert [line[:16] for line in lines] == [NEW[:16], OLD[:16]]
    assert lines[0].endswith("data.bin")
    data = json.loads(run("cache", "list", "--output-format", "json").out)
    assert [entry["key"] for entry in data["entries"]] == [NEW, OLD]


@pytest.mark.parametrize("options", [("--older-than", "7d"), ("--most", "1500B"), ("--most", "1 kB")])
def test_pruning_removes_the_longest_unread(options: tuple[str, ...], run: Run, store: Store):
    done = run("cache", "prune", *options)
    assert (done.code, done.out) == (0, "1 entries removed, 1 kB freed\n")
    assert [entry.key for entry in store.entries()] == [NEW]


def test_what_a_run_is_reading_stays(run: Run, store: Store):
    reading = Store(store.root)
    assert reading.get(NEW) is not None
    done = run("cache", "prune", "--most", "0 B")
    assert (done.code, done.out) == (0, "1 entries removed, 1 kB freed; 1 left, which a run is reading\n")
    assert [entry.key for entry in store.entries()] == [NEW]


def test_verifying_removes_what_is_damaged_and_says_so(run: Run, store: Store):
    assert run("cache", "verify").code == 0
    (store.root / "entries" / "bb" / NEW / "data.bin").write_bytes(b"1" * 1000)
    done = run("cache", "verify", "--output-format", "json")
    assert done.code == 1
    assert json.loads(done.out) == {"removed": [NEW]}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("prune",), "Nothing says what to prune"),
        (("prune", "--older-than", "long"), "`long` is no age"),
        (("prune", "--most", "2 parsecs"), "`2 parsecs` is no size"),
        (("prune", "--most", "5 ms"), "`5 ms` is no size"),
        (("list", "--most", "2GB"), "are for `prune`"),
        (("empty",), "not one of"),
    ],
)
def test_misuse_is_a_sentence(arguments: tuple[str, ...], says: str, run: Run):
    done = run("cache", *arguments)
    assert done.code == 2
    assert says in done.err


def test_an_empty_cache_is_no_error(run: Run):
    assert run("cache").out.startswith("0 B in 0 entries")
    assert run("cache", "list").out == ""
    assert run("cache", "verify").code == 0
