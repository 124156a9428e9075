"""`qspec import` and `qspec export` read and write somebody else's formats; what the formats hold is tested with them."""

from __future__ import annotations

import json
from pathlib import Path

from .conftest import Run


def test_this_machine_goes_out_and_comes_in(run: Run):
    Path("here.qspec").write_text(f"qspec 1\n{run('doctor', '--capture', '--provider', 'cpu').out}")
    out = run("export", "mlperf-system", "here.qspec", "--output", "here.json")
    assert out.code == 0
    assert "fill in what the spec does not say" in out.err
    assert json.loads(Path("here.json").read_text())["number_of_nodes"] == 1
    back = run("import", "mlperf-system", "here.json", "--output", "back.qspec")
    assert back.code == 0
    assert run("check", "back.qspec", "--select", "QS0").code == 0


def test_a_format_or_a_file_that_is_not_there_is_a_sentence(run: Run):
    assert run("import", "mlperf", "here.json").code == 2
    done = run("import", "mlperf-system", "none.json")
    assert done.code == 2
    assert "no such file" in done.err
    assert "Traceback" not in done.err
