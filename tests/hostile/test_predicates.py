"""Predicates, patterns and stratifications that would take for ever, or all memory."""

from __future__ import annotations

import numpy as np
import pytest

from .conftest import GIB, columns

ROWS = 200_000


@pytest.fixture
def many(work, spec):
    """A spec whose data have many rows, with a part of it given."""

    def write(**parts: str):
        path = spec(**parts)
        data = columns(ROWS)
        np.savez(
            work / "d.npz", **data, a=np.arange(ROWS), b=np.arange(ROWS)[::-1], t=np.arange(ROWS).astype(str)
        )
        return path

    return write


@pytest.mark.parametrize("column", ["a", "t"])
def test_a_long_list_is_looked_up_at_once(column, many, attack):
    values = ", ".join(str(n) if column == "a" else f'"{n}"' for n in range(0, 20_000, 2))
    path = many(split=".some", dataset=f"splits {{ some: {column} in [{values}] }}")
    done = attack("execute", path, "--no-write")
    assert done.code == 0, done


@pytest.mark.parametrize(
    "predicate", ["not " * 2000 + "a > 1", " or ".join(["a > 1"] * 3000), "(" * 60 + "a > 1" + ")" * 60]
)
def test_long_predicates_are_read_or_refused(predicate, spec, many, attack):
    done = attack("execute", many(split=".some", dataset=f"splits {{ some: {predicate} }}"), "--no-write")
    assert done.code in {0, 2}, done
    assert "fault in qspec" not in done.err
    assert "Traceback" not in done.err


def test_crossings_that_multiply_are_capped(many, attack):
    path = many(executor="strata { one: by a, two: by b, both: one x two }")
    attack("execute", path).refused("over the cap strata of 10,000")


def test_a_pattern_does_not_backtrack_without_end(work, spec, attack):
    pattern = "*a" * 40 + "b"
    text = (
        spec()
        .read_text()
        .replace(
            "precision: fp32", f'precision {{ method: ptq-dynamic, weights: int8, exclude: ["{pattern}"] }}'
        )
        .replace(', quantized { file: "m.onnx" }', "")
    )
    (work / "s.qspec").write_text(text)
    done = attack("execute", "s.qspec", seconds=5)
    done.refused("matches no node")


def test_a_search_for_a_near_name_is_bounded(many, attack):
    names = ", ".join("n" + "ab" * 40 + str(n) for n in range(2000))
    done = attack("execute", many(split=".some", dataset=f"splits {{ some: {'ab' * 4000} == 1 }}"), seconds=5)
    assert done.code == 2
    done = attack(
        "check", many(executor=f"statistics {{ {names.replace(',', ': 1,')}: 1 }}"), memory=GIB, seconds=20
    )
    assert done.code in {1, 2}
