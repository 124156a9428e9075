"""Choosing a scheme: by method, recipe and format, never by passing something over."""

import pytest

from qspec.errors import QSpecError
from qspec.model.precision import Precision
from qspec.model.shorthand import expand
from qspec.quantize import registry
from qspec.quantize.realize import realize, scheme_name
from qspec.registry import render_table


@pytest.mark.parametrize(
    ("precision", "name"),
    [
        ({"shorthand": "int8", "method": "ptq-static"}, "ptq-static"),
        ({"shorthand": "int8", "method": "dynamic"}, "ptq-dynamic"),
        ({"shorthand": "fp16"}, "cast"),
        ({"shorthand": "W4A16 g32"}, "weight-only"),
        ({"shorthand": "W4A16 g32", "recipe": {"name": "RTN"}}, "weight-only"),
        ({"shorthand": "8da4w"}, "ptq-dynamic/int4"),
        ({"shorthand": "mxfp4", "simulated": True}, "simulated"),
        ({"shorthand": "Q4_K_M", "simulated": True}, "weight-only/k-quant"),
        (
            {"shorthand": "int8", "method": "ptq-static", "recipe": {"name": "adaround"}},
            "ptq-static/adaround",
        ),
        ({"shorthand": "int8", "simulated": True, "recipe": {"name": "llm.int8"}}, "simulated/llm.int8"),
    ],
)
def test_the_scheme_follows_method_recipe_and_format(precision, name):
    assert scheme_name(expand(Precision(**precision))) == name


@pytest.mark.parametrize(
    ("precision", "said"),
    [
        ({"shorthand": "int8"}, r"int8 weights, int8 activations\) does not say how"),
        ({"shorthand": "int8", "method": "ptq-statik"}, "did you mean ptq-static"),
        ({"shorthand": "int8", "method": "qat"}, "method qat cannot be realized"),
        ({"shorthand": "W4A16 g32", "recipe": {"name": "magic"}}, "with the recipe magic"),
        ({"shorthand": "int8", "method": "ptq-static", "recipe": {"name": "autoround"}}, "recipe autoround"),
    ],
)
def test_what_no_scheme_makes_is_a_sentence(precision, said):
    with pytest.raises(QSpecError, match=said):
        scheme_name(expand(Precision(**precision)))


def test_realize_runs_the_scheme(conv_net, ask):
    request = ask(conv_net(), method="cast", weights={"type": "fp16"})
    assert realize(request).path.exists()


def test_the_table_of_schemes_is_true():
    from qspec.quantize import _table

    assert f'"ptq-static": "{_table.MODULES["ptq-static"]}"' in render_table(registry)
    assert registry.discover() == (_table.MODULES, _table.ALIASES)
