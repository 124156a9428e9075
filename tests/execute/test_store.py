from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from qspec.canonical import digest
from qspec.errors import LimitError, QSpecError
from qspec.execute.arrays import load_arrays, save_arrays
from qspec.execute.store import MANIFEST, Store, default_root

KEY = digest("one")
OTHER = digest("other")


def writer(text: str = "scores", name: str = "scores.txt"):
    def write(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)

    return write


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


def test_what_was_put_is_got(store):
    assert store.get(KEY) is None
    put = store.put(KEY, writer(name="a/b.txt"), {"step": "evaluate"})
    got = store.get(KEY)
    assert got is not None
    assert got.file("a/b.txt").read_text() == "scores"
    assert got.meta == put.meta == {"step": "evaluate"}
    assert got.size == len("scores")


def test_fetch_makes_an_entry_once(store):
    made = []
    for _ in range(2):
        store.fetch(KEY, lambda folder: made.append(writer()(folder)))
    assert len(made) == 1


def test_the_first_of_two_makers_wins(store):
    def slow(folder: Path) -> None:
        store.put(KEY, writer("first"))
        writer("second")(folder)

    assert store.put(KEY, slow).file("scores.txt").read_text() == "first"
    assert not any((store.root / "scratch").iterdir())


@pytest.mark.parametrize(
    "damage", ["content", "missing", "extra", "manifest", "no-manifest", "link", "renamed"]
)
def test_a_damaged_entry_is_absent_and_removed(store, tmp_path, damage):
    entry = store.put(KEY, writer())
    target = entry.file("scores.txt")
    if damage == "content":
        target.write_text("Scores")
    elif damage == "missing":
        target.unlink()
    elif damage == "extra":
        entry.file("more.txt").write_text("")
    elif damage == "manifest":
        entry.file(MANIFEST).write_text("{[")
    elif damage == "no-manifest":
        entry.file(MANIFEST).unlink()
    elif damage == "link":
        copy = tmp_path / "copy"
        copy.write_text("scores")
        target.unlink()
        target.symlink_to(copy)
    else:
        manifest = json.loads(entry.file(MANIFEST).read_text())
        entry.file(MANIFEST).write_text(json.dumps({**manifest, "key": OTHER}))
    assert store.get(KEY) is None
    assert not entry.folder.exists()
    assert store.put(KEY, writer("again")).file("scores.txt").read_text() == "again"


def test_a_damaged_entry_is_replaced_when_it_is_put_again(store):
    store.put(KEY, writer()).file("scores.txt").write_text("damaged")
    assert store.put(KEY, writer("new")).file("scores.txt").read_text() == "new"


def test_a_writer_that_fails_leaves_nothing(store):
    def fail(folder: Path) -> None:
        writer()(folder)
        raise QSpecError("The model gives NaN.")

    with pytest.raises(QSpecError, match="NaN"):
        store.put(KEY, fail)
    assert store.get(KEY) is None
    assert not any((store.root / "scratch").iterdir())


def test_links_are_not_stored(store):
    with pytest.raises(QSpecError, match="plain files only; out is"):
        store.put(KEY, lambda folder: (folder / "out").symlink_to("/etc/hostname"))


@pytest.mark.parametrize("key", ["", "../../etc", "A" * 64, "ab"])
def test_a_key_is_a_digest_and_no_path(store, key):
    with pytest.raises(QSpecError, match="SHA-256"):
        store.get(key)


def test_a_full_disk_is_one_sentence(store):
    def full(folder: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(QSpecError, match=r"disk that holds the cache .* is full"):
        store.put(KEY, full)


def test_a_cache_that_cannot_be_written_is_one_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(QSpecError, match="cannot be written: not a directory") as caught:
        Store(tmp_path / "file").put(KEY, writer())
    assert "QSPEC_CACHE" in (caught.value.hint or "")


def test_a_cache_that_turned_read_only_still_serves(store, monkeypatch):
    store.put(KEY, writer())

    def refuse(*args, **kwargs):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "utime", refuse)
    monkeypatch.setattr(Path, "mkdir", refuse)
    assert store.get(KEY) is not None
    with pytest.raises(QSpecError, match="read-only file system"):
        store.put(OTHER, writer())


def test_other_errors_of_a_writer_are_not_blamed_on_the_cache(store):
    with pytest.raises(FileNotFoundError):
        store.put(KEY, lambda folder: (folder / "absent").read_text())


def test_entries_sizes_and_verification(store):
    store.put(KEY, writer("four"))
    damaged = store.put(OTHER, writer("sixsix"))
    assert {entry.key for entry in store.entries()} == {KEY, OTHER}
    assert store.size() == 10
    damaged.file("scores.txt").write_text("SIXSIX")
    assert store.verify() == [OTHER]
    assert store.size() == 4
    assert store.remove(KEY)
    assert not store.remove(KEY)
    assert Store(store.root / "absent").verify() == []
    assert list(Store(store.root / "absent").entries()) == []


def test_pruning_by_age_and_by_size(store):
    keys = [digest(i) for i in range(4)]
    for age, key in enumerate(keys):
        entry = store.put(key, writer("x" * 100))
        then = entry.created - 1000 * (4 - age)
        os.utime(entry.file(MANIFEST), (then, then))
    assert store.prune() == store.prune(most_bytes=400)
    pruned = store.prune(older_than=3500)
    assert (pruned.entries, pruned.size) == (1, 100)
    assert store.get(keys[1]) is not None  # read just now: the last to go
    assert store.prune(most_bytes=100).entries == 2
    assert [entry.key for entry in store.entries()] == [keys[1]]


def test_pruning_sweeps_what_a_dead_process_left(store):
    store.put(KEY, writer())
    left, fresh = store.root / "scratch" / "dead", store.root / "scratch" / "alive"
    left.mkdir()
    fresh.mkdir()
    os.utime(left, (0, 0))
    store.prune()
    assert not left.exists()
    assert fresh.exists()


def test_two_processes_that_make_the_same_entries_agree(store):
    code = """
import sys
from pathlib import Path
from qspec.canonical import digest
from qspec.execute.store import Store
store = Store(Path(sys.argv[1]))
for i in range(60):
    entry = store.fetch(digest(i), lambda folder: [
        (folder / name).write_text(str(i) * 5000) for name in ("a", "b")
    ])
    assert entry.file("b").read_text() == str(i) * 5000
"""
    children = [subprocess.Popen([sys.executable, "-c", code, str(store.root)]) for _ in range(2)]
    assert [child.wait(timeout=60) for child in children] == [0, 0]
    assert len(list(store.entries())) == 60
    assert store.verify() == []
    assert not any((store.root / "scratch").iterdir())


def test_a_process_killed_while_it_writes_leaves_no_half_entry(store):
    code = """
import sys, time
from pathlib import Path
from qspec.execute.store import Store
def write(folder):
    (folder / "scores.txt").write_text("half")
    print("writing", flush=True)
    time.sleep(600)
Store(Path(sys.argv[1])).put(sys.argv[2], write)
"""
    command = [sys.executable, "-c", code, str(store.root), KEY]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "writing\n"
        child.kill()
    assert store.get(KEY) is None
    assert store.verify() == []
    assert store.put(KEY, writer("whole")).file("scores.txt").read_text() == "whole"
    for left in (store.root / "scratch").iterdir():
        os.utime(left, (0, 0))
    store.prune()
    assert not any((store.root / "scratch").iterdir())


def test_a_file_larger_than_a_process_may_write_is_one_sentence(store):
    code = """
import resource, sys
from pathlib import Path
from qspec.errors import QSpecError
from qspec.execute.store import Store
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    Store(Path(sys.argv[1])).put(sys.argv[2], lambda folder: (folder / "a").write_bytes(bytes(5000)))
except QSpecError as error:
    print(error)
"""
    command = [sys.executable, "-c", code, str(store.root), KEY]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "larger than this process may write" in done.stdout
    assert "--sandbox-file" in done.stdout
    assert store.get(KEY) is None


def test_where_the_cache_lies(monkeypatch, tmp_path):
    monkeypatch.setenv("QSPEC_CACHE", str(tmp_path / "own"))
    assert default_root() == tmp_path / "own"
    monkeypatch.delenv("QSPEC_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_root() == tmp_path / "qspec"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_root() == Path.home() / ".cache" / "qspec"


def test_columns_come_back_as_they_were_and_as_the_same_bytes(tmp_path):
    columns = {
        "right": np.array([True, False]),
        "nll": np.array([[0.5], [np.nan]]),
        "text": np.array(["a", "bcd"]),
        "scalar": np.array(3),
        "empty": np.zeros((0, 2), np.float16),
        "by column": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    }
    save_arrays(tmp_path / "one.npz", columns)
    save_arrays(tmp_path / "two.npz", dict(reversed(columns.items())))
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    back = load_arrays(tmp_path / "one.npz")
    assert set(back) == set(columns)
    for name, column in columns.items():
        assert back[name].dtype == column.dtype
        assert back[name].shape == column.shape
        assert np.array_equal(back[name], column, equal_nan=column.dtype.kind == "f")
    np.savez(
        tmp_path / "numpy.npz", **{name: np.array(column, order="C") for name, column in columns.items()}
    )
    with zipfile.ZipFile(tmp_path / "one.npz") as ours, zipfile.ZipFile(tmp_path / "numpy.npz") as its:
        assert {name: ours.read(name) for name in ours.namelist()} == {n: its.read(n) for n in its.namelist()}


def test_python_objects_are_neither_written_nor_read(tmp_path):
    with pytest.raises(QSpecError, match="'x' holds Python objects"):
        save_arrays(tmp_path / "one.npz", {"x": np.array([{}], dtype=object)})
    np.savez(tmp_path / "pickled.npz", x=np.array([{}], dtype=object))
    with pytest.raises(QSpecError, match="does not hold stored columns"):
        load_arrays(tmp_path / "pickled.npz")


def test_broken_and_oversized_files_are_sentences(tmp_path):
    path = tmp_path / "scores.npz"
    save_arrays(path, {"x": np.zeros(1000)})
    with pytest.raises(LimitError, match="over the cap stored-bytes of 100"):
        load_arrays(path, most_bytes=100)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(QSpecError, match="does not hold stored columns"):
        load_arrays(path)
    with pytest.raises(QSpecError, match="does not hold stored columns"):
        load_arrays(tmp_path / "absent.npz")


READER = """
import pathlib, sys
from qspec.execute.store import Store
store = Store(pathlib.Path(sys.argv[1]))
entry = store.{how}
print("here", flush=True)
sys.stdin.readline()
print(entry.file("scores.txt").read_text(), flush=True)
"""


@pytest.mark.parametrize(
    "how", [f"get('{KEY}')", f"put('{KEY}', lambda folder: (folder / 'scores.txt').write_text('scores'))"]
)
def test_what_another_process_reads_is_neither_pruned_nor_replaced(store, how):
    if how.startswith("get"):
        store.put(KEY, writer())
    store.put(OTHER, writer())
    command = [sys.executable, "-c", READER.format(how=how), str(store.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        assert child.stdout.readline() == "here\n"
        pruned = store.prune(most_bytes=0)
        assert (pruned.entries, pruned.held) == (1, 1)
        assert not store.remove(KEY)
        assert store.put(KEY, writer("others")).file("scores.txt").read_text() == "scores"
        assert child.communicate("\n")[0] == "scores\n"
    assert store.prune(most_bytes=0).entries == 1
    assert store.get(KEY) is None


def test_a_file_system_without_locks_prunes_as_before(store, monkeypatch):
    monkeypatch.setattr("qspec.execute.holds.fcntl", None)
    store.put(KEY, writer())
    assert Store(store.root).prune(most_bytes=0).entries == 1
