"""The numbers of a load are of what they say."""

import pytest

from qspec.errors import QSpecError
from qspec.execute.loads import check_load
from qspec.model.evaluation import Load
from qspec.model.quantity import Quantity


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({"batch": Quantity.of("1", "s")}, "`batch: 1 s` is not a count of examples"),
        ({"duration": Quantity.of("3", "pp")}, "`duration: 3 pp` is not a time"),
        ({"warm_up": Quantity.of("3", "%")}, "`warm-up: 3 %` is not a count of calls or a time"),
        ({"rate": Quantity.of("3", "ms")}, "not a number of arrivals a second"),
        ({"latency_bound": Quantity.of("3", "MB")}, "`latency-bound: 3 MB` is not a time"),
    ],
)
def test_a_number_of_something_else_is_refused(said, what):
    with pytest.raises(QSpecError, match=what):
        check_load(Load(**said))


def test_numbers_of_what_is_meant_are_let_through():
    check_load(
        Load(
            batch=Quantity.of("32"),
            concurrency=Quantity.of("1"),
            rate=Quantity.of("10", "/s"),
            latency_bound=Quantity.of("15", "ms"),
            warm_up=Quantity.of("2", "s"),
            duration=Quantity.of("1", "min"),
        )
    )
