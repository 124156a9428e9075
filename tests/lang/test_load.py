from __future__ import annotations

import os
from pathlib import Path

import pytest

from qspec.errors import LimitError, QSpecError
from qspec.lang.load import Workspace, load, load_source
from qspec.lang.source import Source


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / f"{name}.qspec"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "main.qspec"


def codes(workspace: Workspace) -> list[str]:
    return [error.code for error in workspace.errors]


def test_names_come_from_used_files_and_the_own_file_wins(tmp_path: Path) -> None:
    main = write(
        tmp_path, main='use "b.qspec"\nmodel m { version: 1 }', b="model m { version: 2 }\nmodel n {}"
    )
    workspace = load(main)
    found = workspace.find("models", "m")
    assert found is not None
    assert str(found[0].version) == "1"
    assert workspace.names("models") == ["m", "m", "n"]
    assert workspace.find("models", "o") is None


def test_a_file_is_read_once_however_often_it_is_used(tmp_path: Path) -> None:
    main = write(tmp_path, main='use "a.qspec"\nuse "b.qspec"', a='use "c.qspec"', b='use "./c.qspec"', c="")
    assert len(load(main).files) == 4


@pytest.mark.parametrize("path", ["../outside.qspec", "/etc/hostname", "sub/../../outside.qspec"])
def test_use_never_leaves_the_root(tmp_path: Path, path: str) -> None:
    (tmp_path / "outside.qspec").write_text("model secret {}")
    root = tmp_path / "root"
    main = write(root, main=f'use "{path}"')
    workspace = load(main)
    assert codes(workspace) == ["QS007"]
    assert len(workspace.files) == 1


def test_a_link_that_leaves_the_root_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outside.qspec").write_text("model secret {}")
    root = tmp_path / "root"
    main = write(root, main='use "link.qspec"')
    (root / "link.qspec").symlink_to(tmp_path / "outside.qspec")
    assert codes(load(main)) == ["QS007"]
    assert codes(load(main, root=tmp_path)) == []


def test_a_cycle_is_named_where_it_closes(tmp_path: Path) -> None:
    main = write(tmp_path, main='use "a.qspec"', a='\nuse "main.qspec"')
    workspace = load(main)
    (error,) = workspace.errors
    assert (error.code, Path(error.source.path).name, error.line) == ("QS008", "a.qspec", 2)


@pytest.mark.parametrize("target", ["missing.qspec", "folder", "a\\u{0}b", "loop", "pipe"])
def test_what_cannot_be_read_is_reported_at_its_use(tmp_path: Path, target: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe")
    workspace = load(write(tmp_path, main=f'use "{target}"'))
    assert codes(workspace) == ["QS900"]


def test_errors_of_used_files_are_reported_in_their_own_file(tmp_path: Path) -> None:
    workspace = load(write(tmp_path, main='use "a.qspec"', a="model m { flie: x }"))
    (error,) = workspace.errors
    assert Path(error.source.path).name == "a.qspec"


def test_depth_and_number_of_files_are_capped(tmp_path: Path) -> None:
    chain = {f"f{n}": f'use "f{n + 1}.qspec"' for n in range(40)}
    with pytest.raises(LimitError):
        load(write(tmp_path, main='use "f0.qspec"', **chain))


def test_the_file_asked_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(QSpecError, match="no such file"):
        load(tmp_path / "none.qspec")
    with pytest.raises(QSpecError, match="directory"):
        load(tmp_path)
    (tmp_path / "big.qspec").write_bytes(b"#" * (5 << 20))
    with pytest.raises(LimitError, match="over the cap spec-bytes"):
        load(tmp_path / "big.qspec")


def test_twins_and_specs_use_each_other(tmp_path: Path) -> None:
    main = write(tmp_path, main='use "a.yaml"')
    (tmp_path / "a.yaml").write_text("use: [b.json]\nmodels: {m: {file: a.onnx}}\n")
    (tmp_path / "b.json").write_text('{"qspec": 1, "models": {"n": {"file": "b.onnx"}}}')
    workspace = load(main)
    assert not workspace.errors
    assert workspace.names("models") == ["m", "n"]


def test_standard_input_uses_files_below_the_root(tmp_path: Path) -> None:
    write(tmp_path, b="model n {}")
    workspace = load_source(Source(str(tmp_path / "stdin.qspec"), 'use "b.qspec"'), root=tmp_path)
    assert workspace.names("models") == ["n"]
