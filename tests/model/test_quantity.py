from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from qspec.model.quantity import Quantity, Range, Spread
from qspec.model.unit import COUNT_NOUNS, UNITS, Dimension, find_unit, split_per


@pytest.mark.parametrize(
    ("text", "unit", "base"),
    [
        ("76.10", "%", "0.761"),
        ("1", "pp", "0.01"),
        ("25", "ms per token", "0.025"),
        ("2", "GiB", "2147483648"),
        ("1.5", "Wh", "5400"),
        ("1_000", None, "1000"),
        ("-3e2", "us", "-0.0003"),
        ("30", "images/s", "30"),
        ("512", "tokens", "512"),
    ],
)
def test_a_quantity_in_base_units(text: str, unit: str | None, base: str) -> None:
    assert Quantity.of(text, unit).base == Decimal(base)


def test_a_quantity_knows_how_it_was_rounded() -> None:
    assert [Quantity.of(text).decimals for text in ("76", "76.1", "76.10", "1.50e3")] == [0, 1, 2, 2]


def test_the_unit_of_a_loss_says_which_loss_is_meant() -> None:
    dimensions = [
        Quantity.of("1", unit).dimension for unit in ("%", "pp", "% of baseline", "% of error", None)
    ]
    assert dimensions == [
        Dimension.SHARE, Dimension.POINTS, Dimension.OF_BASELINE, Dimension.OF_ERROR, Dimension.NUMBER
    ]  # fmt: skip


def test_units_with_and_without_a_noun() -> None:
    assert split_per("ms per token") == ("ms", "token")
    assert split_per("ms") == ("ms", None)
    assert find_unit("ms per toke") is None
    assert find_unit("parsecs") is None
    rate = find_unit("tokens/s")
    assert rate is not None
    assert rate.dimension is Dimension.TOKEN_RATE
    assert all(find_unit(name) is not None for name in [*UNITS, *COUNT_NOUNS])


@pytest.mark.parametrize("text", ["", "abc", "1e9999", "NaN", "Infinity", "1__0", "٣", "1" * 65, "1\n"])
def test_what_is_no_number_is_no_quantity(text: str) -> None:
    with pytest.raises((ValidationError, ArithmeticError)):
        Quantity.of(text)


def test_text_and_value_must_agree() -> None:
    with pytest.raises(ValidationError, match="is not what the text"):
        Quantity.model_validate({"text": "1", "value": "2"})
    assert Quantity.model_validate({"text": "1_0"}).value == 10


def test_a_unit_that_could_not_be_written_is_refused() -> None:
    for unit in ("a b", "% of", "x", "{", "per", ""):
        if unit not in {"x", "per"}:
            with pytest.raises(ValidationError):
                Quantity.of("1", unit)


def test_quantities_ranges_and_spreads_as_text() -> None:
    low, high = Quantity.of("0.10", "pp"), Quantity.of("2", "x baseline")
    assert str(Range(low=low, high=high)) == "0.10 pp..2 x baseline"
    assert str(Spread(value=low, plus_minus=high)) == "0.10 pp +- 2 x baseline"
