"""The command line as a whole: help, names, streams, colours, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from qspec._version import __version__
from qspec.checks import runner
from qspec.cli import registry

from .conftest import SPECS, Run

COMMANDS = registry.names()
QUICKSTART = str(SPECS / "quickstart.qspec")


def qspec(*arguments: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "qspec", *arguments], capture_output=True, text=True, timeout=60, **more
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str, run: Run):
    done = run(name, "--help")
    assert done.code == 0
    assert "Example: " in done.out
    assert "qspec" in done.out.split("Example: ")[1]


def test_help_lists_every_command(run: Run):
    out = run("--help").out
    assert all(f"  {name} " in out for name in COMMANDS)


def test_no_arguments_show_the_help(run: Run):
    done = run()
    assert done.code == 0
    assert "Commands:" in done.out


def test_version(run: Run):
    assert run("--version").out == f"qspec {__version__}\n"


def test_an_unknown_command_is_answered_with_the_nearest(run: Run):
    done = run("chekc")
    assert done.code == 2
    assert "Did you mean `qspec check`?" in done.err


def test_an_unknown_option_is_misuse(run: Run):
    assert run("check", "--fast", QUICKSTART).code == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_of_the_shell(shell: str, run: Run):
    done = run("completion", shell)
    assert done.code == 0
    assert "_QSPEC_COMPLETE" in done.out
    assert f"{shell}_complete" in done.out


def test_the_script_asks_the_program_which_answers():
    environment = {
        **os.environ,
        "_QSPEC_COMPLETE": "bash_complete",
        "COMP_WORDS": "qspec ex",
        "COMP_CWORD": "1",
    }
    out = qspec(env=environment).stdout.split()
    assert out == ["plain,execute", "plain,explain", "plain,export"]


def test_output_is_plain_where_it_is_no_terminal():
    done = qspec("check", "-", input="qspec 1\nclaim a { loss(top1) <= 1 % }\n")
    assert done.returncode == 1
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(("no_color", "coloured"), [(None, True), ("1", False), ("", True)])
def test_a_terminal_gets_colours_unless_no_color_is_set(no_color: str | None, coloured: bool):
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm"}
    if no_color is not None:
        environment["NO_COLOR"] = no_color
    output = on_a_terminal(["explain", "QS220"], environment)
    assert (b"\x1b[" in output) == coloured


def on_a_terminal(arguments: list[str], environment: dict[str, str]) -> bytes:
    """What a command writes to a pseudo-terminal."""
    import pty

    main, worker = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "qspec", *arguments], stdout=worker, stderr=subprocess.DEVNULL, env=environment
    )
    os.close(worker)
    output = b""
    try:
        while chunk := os.read(main, 65536):
            output += chunk
    except OSError:  # the other end was closed: that is how a terminal says that it is over
        pass
    process.wait(60)
    os.close(main)
    return output


def test_a_reader_that_goes_away_is_no_error():
    process = subprocess.Popen(
        [sys.executable, "-m", "qspec", "explain", "--all"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) == 0
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()


def test_results_go_to_standard_output_and_progress_to_standard_error(specs: Path, tmp_path: Path):
    done = qspec(
        "execute",
        "quickstart.qspec",
        "--no-write",
        "--output-format",
        "json",
        cwd=specs,
        env={**os.environ, "QSPEC_CACHE": str(tmp_path / "cache")},
    )
    assert done.stdout.startswith("{")
    assert "quickstart.qspec: scores" in done.stderr
    assert not list(specs.glob("*.json"))


def test_an_interruption_that_a_library_wraps_is_still_one(run: Run, monkeypatch: pytest.MonkeyPatch):
    def interrupted(*_: object) -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt as error:
            raise RuntimeError("the library failed") from error

    monkeypatch.setattr(runner, "check_workspace", interrupted)
    done = run("check", QUICKSTART)
    assert (done.code, done.err) == (130, "interrupted; no file is half written\n")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_fault_of_the_program_is_told_as_one(run: Run, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object) -> None:
        raise RuntimeError("impossible")

    monkeypatch.setattr(runner, "check_workspace", broken)
    done = run("check", QUICKSTART)
    assert done.code == 2
    assert done.err.startswith("error: This is a fault in qspec itself (RuntimeError: impossible).")
    monkeypatch.setenv("QSPEC_DEBUG", "1")
    with pytest.raises(RuntimeError, match="impossible"):
        run("check", QUICKSTART)


READING = [
    ("explain", "ece"),
    ("explain", "--all"),
    ("rules",),
    ("fmt", "--check", QUICKSTART),
    ("convert", QUICKSTART, "--to", "yaml"),
    ("diff", QUICKSTART, QUICKSTART),
    ("plan", QUICKSTART, "--sizes-only"),
    ("report", QUICKSTART, "--format", "markdown"),
    ("cache",),
    ("completion", "bash"),
]


@pytest.mark.parametrize("arguments", READING, ids=lambda arguments: " ".join(arguments[:2]))
def test_what_only_reads_loads_nothing_that_computes(arguments: tuple[str, ...]):
    program = (
        "import sys\nfrom qspec.cli import main\n"
        f"try:\n    main({list(arguments)!r})\nexcept SystemExit as ended:\n    assert ended.code in (0, 1)\n"
        "print('LOADED', *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.rsplit("LOADED", 1)[1].split())
    assert not {"numpy", "scipy", "onnx", "onnxruntime", "torch"} & loaded


def test_code_that_other_packages_plug_into_the_models_is_not_run(tmp_path: Path):
    (tmp_path / "plugged.py").write_text("raise SystemExit('plugged in')", encoding="utf-8")
    (tmp_path / "plugged-1.dist-info").mkdir()
    (tmp_path / "plugged-1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: plugged\nVersion: 1\n", encoding="utf-8"
    )
    (tmp_path / "plugged-1.dist-info" / "entry_points.txt").write_text(
        "[pydantic]\nplugged = plugged:plugin\n", encoding="utf-8"
    )
    there = {name: value for name, value in os.environ.items() if name != "PYDANTIC_DISABLE_PLUGINS"}
    done = qspec("check", "--no-cache", QUICKSTART, env={**there, "PYTHONPATH": str(tmp_path)})
    assert "plugged" not in done.stderr
    assert done.returncode == 0
