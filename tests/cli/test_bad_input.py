"""Bad input ends in a sentence that names the place, with exit 2 and nothing written."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from .conftest import Done, Run, contents

SPEC = "quickstart.qspec"


def replace(folder: Path, old: str, new: str) -> None:
    """Change the spec, whatever its alignment; the text that is replaced must be there."""
    path = folder / SPEC
    pattern = r"\s+".join(re.escape(word) for word in old.split())
    text, count = re.subn(pattern, lambda match: new, path.read_text())
    assert count == 1, old
    path.write_text(text)


def rewrite_data(folder: Path, change: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]) -> None:
    """Change the arrays of the data file, and the digest in the spec with them."""
    path = folder / "data" / "digits.npz"
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    with np.load(path) as arrays:
        data = {name: arrays[name] for name in arrays.files}
    np.savez(path, **change(data))
    replace(folder, before, hashlib.sha256(path.read_bytes()).hexdigest())


def no_model(folder: Path) -> None:
    (folder / "models" / "digits-cnn.onnx").unlink()


def no_data(folder: Path) -> None:
    (folder / "data" / "digits.npz").unlink()


def other_model(folder: Path) -> None:
    path = folder / "models" / "digits-cnn.onnx"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")


def other_data(folder: Path) -> None:
    path = folder / "data" / "digits.npz"
    path.write_bytes(path.read_bytes() + b"\0")


def truncated_model(folder: Path) -> None:
    path = folder / "models" / "digits-cnn.onnx"
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_bytes(path.read_bytes()[:1000])
    replace(folder, before, hashlib.sha256(path.read_bytes()).hexdigest())


def truncated_data(folder: Path) -> None:
    path = folder / "data" / "digits.npz"
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_bytes(path.read_bytes()[:5000])
    replace(folder, before, hashlib.sha256(path.read_bytes()).hexdigest())


def unknown_input(folder: Path) -> None:
    replace(folder, "inputs   { image: x }", "inputs   { picture: x }")


def unknown_column(folder: Path) -> None:
    replace(folder, "inputs   { image: x }", "inputs   { image: pixels }")


def wrong_shape(folder: Path) -> None:
    rewrite_data(folder, lambda data: {**data, "x": np.pad(data["x"], ((0, 0), (0, 0), (0, 0), (0, 1)))})


def empty_split(folder: Path) -> None:
    replace(folder, "test: 898..1797", "test: 898..898")


def split_past_the_end(folder: Path) -> None:
    replace(folder, "test: 898..1797", "test: 898..99999")


def labels_out_of_range(folder: Path) -> None:
    rewrite_data(folder, lambda data: {**data, "y": data["y"] + 5})


def not_a_number(folder: Path) -> None:
    def change(data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        x = data["x"].copy()
        x[1000, ..., 0] = np.nan
        return {**data, "x": x}

    rewrite_data(folder, change)


def pickled(folder: Path) -> None:
    rewrite_data(folder, lambda data: {**data, "x": np.array([{"a": 1}] * len(data["y"]), dtype=object)})


def absent_provider(folder: Path) -> None:
    replace(folder, "provider: cpu", "provider: cuda")


def outside_the_root(folder: Path) -> None:
    (folder.parent / "digits.npz").write_bytes((folder / "data" / "digits.npz").read_bytes())
    replace(folder, "data/digits.npz", "../digits.npz")


def unknown_task(folder: Path) -> None:
    replace(folder, "task:         image-classification", "task:         image-clasification")


def unknown_metric(folder: Path) -> None:
    replace(folder, "metrics:      [top1]", "metrics:      [topp1]")


def unknown_option(folder: Path) -> None:
    replace(folder, "provider: cpu, threads: 1", "provider: cpu, threads: 1, options { fast: true }")


BROKEN: dict[str, tuple[Callable[[Path], None], str]] = {
    "missing model": (no_model, r"quickstart\.qspec:\d+:\d+: .*digits-cnn\.onnx"),
    "missing data": (no_data, r"quickstart\.qspec:\d+:\d+: .*digits\.npz"),
    "wrong digest of the model": (other_model, r"quickstart\.qspec:\d+:\d+: .*has sha256"),
    "wrong digest of the data": (other_data, r"quickstart\.qspec:\d+:\d+: .*has sha256"),
    "truncated model": (truncated_model, r"quickstart\.qspec:\d+:\d+: .*ONNX"),
    "truncated data": (truncated_data, r"quickstart\.qspec:\d+:\d+: .*digits\.npz"),
    "input the model lacks": (unknown_input, r"quickstart\.qspec:\d+:\d+: .*picture"),
    "column the data lack": (unknown_column, r"quickstart\.qspec:\d+:\d+: .*pixels"),
    "shape the model lacks": (wrong_shape, r"quickstart\.qspec:\d+:\d+: .*image.*(8|9)"),
    "empty split": (empty_split, r"quickstart\.qspec:\d+:\d+: .*(empty|no examples|no row)"),
    "split past the end": (split_past_the_end, r"quickstart\.qspec:\d+:\d+: .*99999|99,999"),
    "labels out of range": (labels_out_of_range, r"quickstart\.qspec:\d+:\d+: .*(label|class)"),
    "inputs that are no numbers": (not_a_number, r"quickstart\.qspec:\d+:\d+: .*(NaN|finite|not a number)"),
    "pickled objects": (pickled, r"quickstart\.qspec:\d+:\d+: .*(object|pickle)"),
    "provider that is not installed": (absent_provider, r"quickstart\.qspec:\d+:\d+: .*cuda"),
    "data outside the root": (outside_the_root, r"quickstart\.qspec:\d+:\d+: .*outside"),
    "task nobody knows": (unknown_task, r"quickstart\.qspec:\d+:\d+: .*image-clasification"),
    "metric nobody knows": (unknown_metric, r"quickstart\.qspec:\d+:\d+: .*topp1"),
    "option the provider lacks": (unknown_option, r"quickstart\.qspec:\d+:\d+: .*fast"),
}


def assert_sentence(done: Done, pattern: str) -> None:
    """Exit 2, nothing on standard output, and on standard error a sentence with its place and no traceback."""
    assert done.code == 2, done
    assert not done.out
    assert "Traceback" not in done.err
    assert "fault in qspec itself" not in done.err
    error = done.err[done.err.index("error: ") :]
    assert re.search(pattern, error), error
    first = error.split("\n")[0]
    assert first[-1] in ".?", first


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_spec_ends_in_a_sentence(name: str, run: Run, specs: Path):
    spoil, pattern = BROKEN[name]
    spoil(specs)
    before = contents(specs)
    done = run("execute", specs / SPEC)
    assert_sentence(done, pattern)
    assert contents(specs) == before


def every_command(path: object) -> list[tuple[object, ...]]:
    """The commands that read one spec."""
    return [
        ("check", path),
        ("fmt", path),
        ("convert", path, "--to", "json"),
        ("report", path),
        ("execute", path),
        ("judge", path),
    ]


COMMANDS = [arguments[0] for arguments in every_command("x")]


def command(name: str, path: object) -> tuple[object, ...]:
    return next(arguments for arguments in every_command(path) if arguments[0] == name)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_file_that_is_not_there_is_a_sentence(name: str, run: Run, tmp_path: Path):
    assert_sentence(run(*command(name, tmp_path / "none.qspec")), r"none\.qspec: There is no such file")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_folder_in_place_of_a_spec_is_a_sentence(name: str, run: Run, tmp_path: Path):
    (tmp_path / "folder.qspec").mkdir()
    assert_sentence(run(*command(name, tmp_path / "folder.qspec")), r"folder\.qspec: .*(directory|folder)")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_text_in_another_encoding_is_a_sentence(name: str, run: Run, tmp_path: Path):
    path = tmp_path / "latin.qspec"
    path.write_bytes("qspec 1\n# caf\xe9\n".encode("latin-1"))
    assert_sentence(run(*command(name, path)), r"latin\.qspec:2:6: Byte 0xe9 is not UTF-8")


@pytest.mark.parametrize("name", COMMANDS)
def test_ten_megabytes_of_brackets_are_a_sentence(name: str, run: Run, tmp_path: Path):
    path = tmp_path / "deep.qspec"
    path.write_bytes(b"{" * 10_000_000)
    assert_sentence(
        run(*command(name, path)),
        r"deep\.qspec: The file has more bytes than a spec may have, over the cap spec-bytes",
    )


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "check"])
def test_a_syntax_error_is_a_sentence(name: str, run: Run, tmp_path: Path):
    path = tmp_path / "broken.qspec"
    path.write_text("qspec 1\nclaim a { loss(top1) <= }\n")
    assert_sentence(run(*command(name, path)), r"broken\.qspec:2:\d+: ")
    assert path.read_text() == "qspec 1\nclaim a { loss(top1) <= }\n"


def test_a_syntax_error_is_a_finding_of_the_check(run: Run, tmp_path: Path):
    path = tmp_path / "broken.qspec"
    path.write_text("qspec 1\nclaim a { loss(top1) <= }\n")
    done = run("check", path)
    assert done.code == 2
    assert "QS001" in done.out


def test_many_brackets_within_the_cap_are_findings_and_no_traceback(run: Run):
    done = run("check", "-", stdin="qspec 1\n" + "claim a {" * 100_000)
    assert done.code == 2
    assert "Traceback" not in done.err


@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_a_broken_twin_is_told_with_its_line(suffix: str, run: Run, tmp_path: Path):
    path = tmp_path / f"broken.qspec.{suffix}"
    path.write_text('{"qspec": 1,\n "claims": [}\n')
    done = run("check", path, "--output-format", "concise")
    assert done.code in {1, 2}
    assert re.search(rf"broken\.qspec\.{suffix}:2:\d+: error", done.out)
