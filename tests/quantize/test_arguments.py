"""Arguments of recipes and parts of calibrations: acted on where the scheme has them, refused by all in the same words."""

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from qspec.errors import QSpecError
from qspec.model.evaluation import Calibration
from qspec.model.expression import Term
from qspec.model.precision import Precision
from qspec.model.quantity import Quantity
from qspec.model.shorthand import per_group
from qspec.quantize import registry
from qspec.quantize.arguments import recipe_arguments
from qspec.quantize.realize import check_arguments, realize

INT4 = {"type": "int4", "granularity": per_group(32)}
TAKING = {
    "adaround": "iterations, a number from 1",
    "awq": "alpha, a number from 0 to 1",
    "gptq": "damping, a number above 0",
    "k-means": "clusters, a number from 2",
    "k-quant": "mix, one of small, medium, large",
    "llm.int8": "threshold, a number above 0",
    "smoothquant": "alpha, a number from 0 to 1",
}


def recipe(name: str, **named: str) -> Term:
    return Term(name=name, named={key: Quantity.of(text) for key, text in named.items()})


RECIPES = sorted(
    {word for name in (*registry.names(), *registry.aliases()) if (word := name.partition("/")[2])}
    - {"nf4", "fp4", "int4", "llm-int8", "llm.int8()", "kmeans", "binaryconnect"}
)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_refuses_an_argument_it_does_not_take_and_says_what_it_takes(name):
    method = next(
        m for m in ("weight-only", "simulated", "ptq-static", "ptq-dynamic") if f"{m}/{name}" in registry
    )
    with pytest.raises(QSpecError, match=f"{name} takes {TAKING.get(name, 'no arguments')}"):
        check_arguments(Precision(method=method, recipe=recipe(name, foo="2")), None)
    assert check_arguments(Precision(method=method, recipe=recipe(name)), None) == {}


@pytest.mark.parametrize(
    "said",
    [
        recipe("awq", alpha="2"),
        recipe("awq", alpha="0.3", wrong="7"),
        Term(name="awq", positional=[Quantity.of("0.3"), Quantity.of("0.4")]),
        Term(name="awq", positional=[Quantity.of("0.3")], named={"alpha": Quantity.of("0.3")}),
        Term(name="awq", named={"alpha": Quantity.of("30", "%")}),
        Term(name="awq", named={"alpha": "large"}),
        Term(name="awq", at=3),
        recipe("k-means", clusters="2.5"),
        Term(name="k-quant", named={"mix": "huge"}),
    ],
)
def test_a_value_that_an_argument_cannot_have_is_refused(said):
    with pytest.raises(QSpecError, match="not one that can be followed"):
        check_arguments(Precision(method="weight-only", recipe=said), None)


def test_an_argument_may_be_given_by_place():
    awq = registry.get("weight-only/awq")
    said = Precision(recipe=Term(name="awq", positional=[Quantity.of("0.25")]))
    assert recipe_arguments(said, awq) == {"alpha": 0.25}


def weights_of(path) -> list[np.ndarray]:
    return [numpy_helper.to_array(tensor) for tensor in onnx.load_model(path).graph.initializer]


def test_a_strength_that_is_given_to_awq_is_taken_and_not_searched(mlp, ask):
    said = {"method": "weight-only", "weights": INT4, "calibration": {"method": "awq"}}
    found = {}
    for alpha in ("0", "0.5"):
        realized = realize(ask(mlp(), recipe=recipe("awq", alpha=alpha), **said))
        assert set(realized.arguments["algorithm"]["strengths"].values()) == {float(alpha)}
        found[alpha] = realized.path.read_bytes()
    plain = realize(ask(mlp(), method="weight-only", weights=INT4))
    assert found["0"] == plain.path.read_bytes(), "a strength of zero is rounding to nearest"
    assert found["0.5"] != found["0"]


def test_the_damping_of_gptq_is_taken(mlp, ask):
    said = {"method": "weight-only", "weights": INT4, "calibration": {"method": "gptq"}}
    made = {}
    for damping in (None, "0.01", "1"):
        given = recipe("gptq", damping=damping) if damping else recipe("gptq")
        realized = realize(ask(mlp(), recipe=given, **said))
        made[damping] = realized.path.read_bytes()
        assert realized.arguments["algorithm"]["damping"] == float(damping or 0.01)
    assert made[None] == made["0.01"] != made["1"]


def test_k_means_shares_as_many_values_as_it_is_told(mlp, ask):
    said = {"method": "simulated", "weights": {"type": "int4", "granularity": {"name": "per-tensor"}}}
    realized = realize(ask(mlp(), recipe=recipe("k-means", clusters="3"), **said))
    matrices = [values for values in weights_of(realized.path) if values.ndim == 2]
    assert matrices and all(len(np.unique(values)) == 3 for values in matrices)
    with pytest.raises(QSpecError, match="shares 17 values, and int4 has codes for 16"):
        realize(ask(mlp(), recipe=recipe("k-means", clusters="17"), **said))


def test_a_mix_is_of_formats_of_gguf_files(mlp, ask):
    mixed = Term(name="k-quant", named={"mix": "medium"})
    with pytest.raises(
        QSpecError, match="names a mix of the formats of GGUF files, and the precision says int4"
    ):
        realize(ask(mlp(), method="weight-only", weights=INT4, recipe=mixed))


@pytest.mark.parametrize(
    ("precision", "procedure", "said"),
    [
        (
            {"method": "ptq-static"},
            {"method": "entropy", "moving_average": True},
            "ptq-static does nothing with moving-average of a calibration by entropy",
        ),
        (
            {"method": "ptq-static"},
            {"method": "minmax", "percentile": Quantity.of("99.9")},
            "ptq-static does nothing with percentile of a calibration by minmax, .* `percentile: 99.9`",
        ),
        (
            {"method": "simulated"},
            {"method": "minmax", "moving_average": True},
            "simulated does nothing with moving-average of a calibration by minmax, .* `moving-average: true`",
        ),
        (
            {"method": "simulated"},
            {"method": "mse", "percentile": Quantity.of("99")},
            "nothing with percentile",
        ),
        (
            {"method": "weight-only", "recipe": recipe("gptq")},
            {"method": "gptq", "percentile": Quantity.of("60")},
            "weight-only/gptq does nothing with percentile of a calibration by gptq",
        ),
        (
            {"method": "ptq-dynamic", "recipe": recipe("smoothquant")},
            {"method": "minmax", "moving_average": True},
            "nothing with moving-average",
        ),
        (
            {"method": "weight-only"},
            {"method": "minmax", "length": Quantity.of("7")},
            "weight-only does nothing with length",
        ),
    ],
)
def test_every_scheme_refuses_what_its_method_does_not_use_of_a_calibration(precision, procedure, said):
    with pytest.raises(QSpecError, match=said):
        check_arguments(Precision(**precision), Calibration(**procedure))


@pytest.mark.parametrize(
    ("precision", "procedure"),
    [
        ({"method": "ptq-static"}, {"method": "minmax", "moving_average": True}),
        ({"method": "ptq-static"}, {"method": "percentile", "percentile": Quantity.of("99")}),
        (
            {"method": "ptq-static", "recipe": recipe("adaround")},
            {"method": "adaround", "moving_average": True},
        ),
        ({"method": "simulated"}, {"method": "minmax", "moving_average": False}),
        ({"method": "simulated"}, {"method": "percentile", "percentile": Quantity.of("99")}),
    ],
)
def test_what_a_method_uses_of_a_calibration_is_let_through(precision, procedure):
    assert check_arguments(Precision(**precision), Calibration(**procedure)) == {}


@pytest.mark.parametrize("name", ["per-channel", "per-tensor"])
@pytest.mark.parametrize("method", ["ptq-static", "simulated"])
def test_a_granularity_without_sizes_has_no_arguments(mlp, ask, method, name):
    for said in ({"positional": [Quantity.of("5")]}, {"named": {"axis": Quantity.of("3")}}):
        form = {"type": "int8", "granularity": Term(name=name, **said)}
        with pytest.raises(QSpecError, match=f"of weights has arguments, and {name} takes none"):
            realize(
                ask(
                    mlp(),
                    method=method,
                    weights=form,
                    activations={"type": "uint8"},
                    calibration={"method": "minmax"},
                )
            )


def test_the_sizes_of_groups_are_given_by_place(mlp, ask):
    form = {"type": "int4", "granularity": Term(name="per-group", named={"axis": Quantity.of("32")})}
    with pytest.raises(QSpecError, match="needs the size of a group"):
        realize(ask(mlp(), method="weight-only", weights=form))


def test_the_scales_of_a_format_have_no_parts_of_their_own(mlp, ask):
    scale = {"type": "fp16", "granularity": per_group(256)}
    form = {"type": "int4", "granularity": per_group(32), "scale": scale}
    with pytest.raises(QSpecError, match="rounded to fp16 each by itself"):
        realize(ask(mlp(), method="simulated", weights=form))
