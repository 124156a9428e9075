"""Whatever stands in the place of a metric is read as one, so that a sentence can say that there is none such."""

import pytest

from qspec.model.expression import Term
from qspec.model.measurand import MeasurandKind, measurand


@pytest.mark.parametrize(
    ("written", "name"),
    [("top1", "top1"), ("\x00", "\ufffd"), ("a\nb\x7f", "a\ufffdb\ufffd"), ("x" * 9000, "x" * 512)],
)
def test_a_text_in_the_place_of_a_metric_is_a_name(written: str, name: str) -> None:
    found = measurand(Term(name="loss", positional=[written]))
    assert found.kind is MeasurandKind.LOSS
    assert found.metric == Term(name=name)


def test_a_loss_of_nothing_has_no_metric() -> None:
    assert measurand(Term(name="loss")).metric is None


@pytest.mark.parametrize(
    ("term", "unread"),
    [
        (Term(name="loss", positional=["top1"]), ()),
        (Term(name="loss", positional=["top1", "top5"], named={"foo": "x"}), ("top5", "foo: x")),
        (Term(name="recovered", positional=["top1"], named={"from": "e", "to": "f"}), ("to: f",)),
        (Term(name="latency", positional=["p99"]), ()),
        (Term(name="latency", positional=["p99", "p95"]), ("p95",)),
        (Term(name="size", positional=["x"]), ("x",)),
        (Term(name="flips", named={"of": "answers"}), ()),
    ],
)
def test_arguments_that_mean_nothing_to_a_quantity_are_told(term: Term, unread: tuple[str, ...]) -> None:
    assert measurand(term).unread == unread
