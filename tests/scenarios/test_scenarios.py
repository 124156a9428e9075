"""What one number hides another shows: models, data and claims from seeded scripts, executed as a user would."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import qspec
from qspec.execute.options import Options


@pytest.fixture
def executed(tmp_path: Path) -> Callable[[str], qspec.Run]:
    """Runs a script that writes a spec, and executes the spec."""

    def run(script: str) -> qspec.Run:
        subprocess.run([sys.executable, str(Path(__file__).with_name(script)), str(tmp_path)], check=True)
        (spec,) = tmp_path.glob("*.qspec")
        return qspec.run(spec, options=Options(store=tmp_path / "store"), write=False)

    return run


def outcomes(run: qspec.Run) -> dict[str, str]:
    """The outcome of each assertion."""
    (claim,) = run.executed
    return {str(one.assertion.quantity): one.outcome.value for one in claim.verdicts.judged}


def losses(run: qspec.Run) -> dict[str, float]:
    """What each metric lost, positive where the quantized model is worse."""
    (claim,) = run.executed
    return {str(one.quantity): float(one.loss.base) for one in claim.verdicts.results if one.loss is not None}


def test_recall_at_100_is_confirmed_while_recall_at_1_is_refuted(
    executed: Callable[[str], qspec.Run],
) -> None:
    run = executed("retrieval.py")
    assert outcomes(run) == {"loss(recall@100)": "confirmed", "loss(recall@1)": "refuted"}
    assert losses(run)["recall@1"] > 0.05 > losses(run)["recall@100"] + 0.045
    assert run.exit_code == 1


def test_perplexity_holds_while_exact_match_collapses(executed: Callable[[str], qspec.Run]) -> None:
    run = executed("decoder.py")
    assert outcomes(run) == {"loss(perplexity)": "confirmed", "loss(exact-match)": "refuted"}
    assert losses(run)["exact-match"] > 0.5
    assert run.exit_code == 1
