from __future__ import annotations

from pathlib import Path

from qspec.lang.load import load_source
from qspec.lang.resolve import ResolvedClaim, Resolver
from qspec.lang.source import Source


def resolve(text: str) -> tuple[list[ResolvedClaim], list[str]]:
    resolver = Resolver(load_source(Source("x.qspec", text), root=Path()))
    claims = resolver.claims()
    return claims, [error.message for error in resolver.errors]


BASE = """
model m { file: "m.onnx" }
hardware h { cores: 4 }
dataset d { splits { test: 0..9 } }
executor a {
  hardware: h
  model: m
  precision: int8
  metrics: [top1]
  test-set { data: d.test, composition: clean }
  evaluation one { task: x }
  load fast { batch: 1 }
}
"""


def test_a_child_replaces_whole_items_and_keeps_the_others() -> None:
    (claim,), errors = resolve(
        BASE + "executor b from a { test-set { size: 3 }, evaluation two { task: y } }\n"
        "executor c from b { precision: int4 }\nclaim k on c { top1 >= 1 % }"
    )
    assert not errors
    executor = claim.executor
    assert executor is not None
    assert executor.hardware is not None
    assert executor.model is not None
    assert executor.executor.test_set is not None
    assert executor.executor.test_set.to_json() == {"size": {"text": "3", "value": "3"}}
    assert list(executor.executor.evaluations) == ["one", "two"]
    assert executor.where("test-set").path == ("executors", "b", "test-set")
    assert executor.where("metrics").path == ("executors", "a", "metrics")
    assert executor.where("baseline").path == ("executors", "c")


def test_a_cycle_of_extensions_is_an_error_and_no_loop() -> None:
    claims, errors = resolve("executor a from b {}\nexecutor b from a {}\nclaim k on a { x <= 1 }")
    assert len(claims) == 1
    assert len(errors) == 1
    assert "extends itself" in errors[0]


def test_a_chain_that_is_too_long_is_refused() -> None:
    chain = "".join(f"executor e{n} from e{n + 1} {{}}\n" for n in range(80))
    _, errors = resolve(chain + "executor e80 {}\nclaim k on e0 { x <= 1 }")
    assert len(errors) == 1
    assert "extend each other" in errors[0]


def test_names_that_nothing_has_are_reported_once_with_the_nearest() -> None:
    claims, errors = resolve(
        BASE + "claim k on aa { x <= 1 }\nclaim l on zz { x <= 1 }\nexecutor q { model: mm }\n"
    )
    assert claims[0].executor is None
    assert errors == ["No executor is called `aa`.", "No executor is called `zz`."]


def test_an_executor_may_stand_in_the_claim() -> None:
    (claim,), errors = resolve(BASE + "claim k { executor from a { baseline: fp32 }, x <= 1 }")
    assert not errors
    assert claim.executor is not None
    assert claim.executor.hardware is not None
    assert claim.executor.where("baseline").path == ("claims", "k", "executor", "baseline")


def test_a_data_set_is_found_by_its_split() -> None:
    (claim,), _ = resolve(BASE + "claim k on a { x <= 1 }")
    assert claim.executor is not None
    test_set = claim.executor.executor.test_set
    found = claim.dataset(getattr(test_set, "data", None))
    assert found is not None
    assert found[1:3] == ("d", "test")
