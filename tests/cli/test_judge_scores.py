"""`qspec judge --scores`: verdicts on scores made elsewhere, and the spec left as it is unless told."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Run

SPEC = """qspec 1

executor e {
  model     { base: "m" @ "1" }
  precision: int8
  baseline: fp32
  task:     image-classification
  metrics:  [top1]
  test-set  { data: "d" @ "1", split: test, composition: clean }
}

claim c on e {
  loss(top1) <= 3 pp
}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "s.qspec"
    path.write_text(SPEC)
    (tmp_path / "good.csv").write_text("top1.baseline,top1.quantized\n" + "1,1\n" * 300)
    (tmp_path / "bad.csv").write_text("top1.baseline,top1.quantized\n" + "1,1\n" * 300 + "1,0\n" * 60)
    return path


@pytest.mark.parametrize(("scores", "code"), [("good.csv", 0), ("bad.csv", 1)])
def test_the_exit_status_is_that_of_the_verdicts(scores: str, code: int, spec: Path, run: Run) -> None:
    done = run("judge", spec, "--scores", spec.parent / scores)
    assert done.code == code
    assert "loss(top1) <= 3 pp" in done.out
    assert spec.read_text() == SPEC


def test_write_fills_the_block_in(spec: Path, run: Run) -> None:
    done = run("judge", spec, "--scores", spec.parent / "good.csv", "--write")
    assert (done.code, "machine: elsewhere" in spec.read_text()) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--write",), "--write goes with --scores"),
        (("--scores", "none.csv"), "no such file"),
        (("--scores", "good.csv", "--claim", "z"), "no claim `z`"),
    ],
)
def test_misuse_is_one_sentence(arguments: tuple[str, ...], said: str, spec: Path, run: Run) -> None:
    done = run("judge", spec, *(str(spec.parent / a) if a.endswith(".csv") else a for a in arguments))
    assert (done.code, said in done.err) == (2, True)


def test_models_and_their_runtime_are_not_needed(
    spec: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.util

    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name.startswith("onnx") else real(name, *a)
    )
    assert run("judge", spec, "--scores", spec.parent / "good.csv").code == 0
