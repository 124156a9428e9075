"""Nothing outside the spec's folder is read: not by climbing, not by absolute paths, not by links."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from .conftest import linear_model, weight

WAYS = ["../outside/{name}", "{outside}/{name}", "link/{name}", "linked-{name}", "a/../../outside/{name}"]


def lay(work: Path, name: str) -> None:
    """Links in the folder to the file outside it."""
    outside = work.parent / "outside"
    (work / "a").mkdir()
    (work / "link").symlink_to(outside, target_is_directory=True)
    (work / f"linked-{name}").symlink_to(outside / name)


def written(way: str, work: Path, name: str) -> str:
    return way.format(outside=work.parent / "outside", name=name)


@pytest.mark.parametrize("way", WAYS)
def test_use_does_not_leave_the_folder(way, work, attack):
    (work.parent / "outside" / "o.qspec").write_text("qspec 1\nmodel stolen { }\n")
    lay(work, "o.qspec")
    (work / "s.qspec").write_text(f'qspec 1\nuse "{written(way, work, "o.qspec")}"\n')
    done = attack("check", "s.qspec")
    done = attack("execute", "s.qspec") if done.code != 2 else done
    done.refused("lies outside")
    assert "stolen" not in done.out + done.err


@pytest.mark.parametrize("way", WAYS)
def test_data_do_not_lie_outside(way, work, spec, attack):
    shutil.move(spec().with_name("d.npz"), work.parent / "outside" / "d.npz")
    lay(work, "d.npz")
    spec(data=written(way, work, "d.npz"))
    attack("execute", "s.qspec").refused("lies outside")


@pytest.mark.parametrize("way", WAYS)
def test_models_do_not_lie_outside(way, work, spec, attack):
    shutil.move(spec().with_name("m.onnx"), work.parent / "outside" / "m.onnx")
    lay(work, "m.onnx")
    spec(model=written(way, work, "m.onnx"))
    attack("execute", "s.qspec").refused("lies outside")


@pytest.mark.parametrize("way", WAYS)
def test_external_data_do_not_lie_outside(way, work, spec, attack):
    spec()
    (work.parent / "outside" / "w.bin").write_bytes(bytes(48))
    lay(work, "w.bin")
    linear_model(work / "m.onnx", weight(location=written(way, work, "w.bin")))
    attack("execute", "s.qspec").refused("lies outside")


def test_a_device_or_a_pipe_is_never_read(work, spec, attack):
    spec(data="pipe.npz")
    os.mkfifo(work / "pipe.npz")
    attack("execute", "s.qspec", seconds=5).refused("not a regular file")
    os.mkfifo(work / "p.qspec")
    (work / "s.qspec").write_text('qspec 1\nuse "p.qspec"\n')
    attack("execute", "s.qspec", seconds=5).refused("regular file")


def test_links_in_a_circle_are_a_sentence(work, spec, attack):
    for ending in ("npz", "qspec", "onnx", "bin"):
        (work / f"a.{ending}").symlink_to(f"b.{ending}")
        (work / f"b.{ending}").symlink_to(f"a.{ending}")
    attack("execute", spec(data="a.npz")).refused("circle")
    attack("execute", spec(model="a.onnx")).refused("circle")
    linear_model(work / "m.onnx", weight(location="a.bin"))
    attack("execute", spec()).refused("circle")
    (work / "u.qspec").write_text('qspec 1\nuse "a.qspec"\n')
    done = attack("check", "u.qspec")
    assert done.code == 1
    assert "u.qspec:2:5" in done.out
    attack("check", "a.qspec").refused("symbolic links")


def test_names_longer_than_any_file_are_sentences_with_their_place(work, spec, attack):
    name = "a" * 4000
    attack("execute", spec(data=f"{name}.npz")).refused(r"s\.qspec:\d+(.|\n)*too long")
    linear_model(work / "m.onnx", weight(location=name))
    attack("execute", spec()).refused("too long")
    (work / "u.qspec").write_text(f'qspec 1\nuse "{name}.qspec"\n')
    done = attack("check", "u.qspec")
    assert done.code == 1
    assert "u.qspec:2:5" in done.out


@pytest.mark.parametrize(
    "name", ["x\\u{0}.npz", "https://a.example/d.npz", "file:///etc/passwd", "~/d.npz", "\\\\\\\\h\\\\d"]
)
def test_paths_that_are_no_paths_are_sentences(name, spec, attack):
    spec(data=name)
    attack("execute", "s.qspec").refused("data file|source")
