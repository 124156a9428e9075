"""Inputs and labels of examples, and the transforms of a pipeline."""

import numpy as np
import pytest
import torch

from qspec.data.examples import batches, inputs, labels
from qspec.data.nature import Nature
from qspec.data.pipeline import Steps
from qspec.data.table import Table
from qspec.data.transforms import registry
from qspec.errors import QSpecError
from qspec.model.artifact import Columns, Dataset
from qspec.model.evaluation import Pipeline
from qspec.model.expression import Term
from qspec.model.quantity import Quantity


def q(value):
    return Quantity.of(str(value))


def term(name, *positional, **named):
    return Term(
        name=name,
        positional=[item if isinstance(item, str | Term) else q(item) for item in positional],
        named={key: value if isinstance(value, str | Term) else q(value) for key, value in named.items()},
    )


def before(array, *terms):
    return Steps(Pipeline(pre=list(terms))).before({"x": array})["x"]


def after(array, *terms):
    return Steps(Pipeline(post=list(terms))).after(array)


DATA = Dataset(inputs=Columns({"image": "x"}), label="label")


def test_inputs_are_the_named_columns_in_batches(table):
    found = list(batches(DATA, table, np.arange(12), 5))
    assert [len(batch["image"]) for batch in found] == [5, 5, 2]
    assert (np.concatenate([batch["image"] for batch in found]) == table.column("x")).all()


def test_labels_are_int64(table):
    assert labels(DATA, table, np.array([2, 1]), 3).tolist() == [2, 1]


@pytest.mark.parametrize(
    ("column", "classes", "said"),
    [
        (np.array([0, 1, 3]), 3, r"1 labels of t lie outside 0 to 2; the first is 3, in row 2"),
        (np.array([0, -1, 1]), None, "outside 0 and above"),
        (np.array([0.0, 1.0, 2.5]), 3, "float64"),
        (np.array([0.0, np.inf, 2.0]), 3, "float64"),
        (np.array([0.0, np.nan, np.nan]), 3, "label of t has 2 missing values among 3"),
        (np.array(["a", "b", ""]), 3, "label of t has 1 missing values among 3"),
        (np.array(["True", "", "False"]), 3, "label of t has 1 missing values among 3"),
        (np.array(["a", "b", "c"]), 3, r"one integer a row\.\n  help: declare the names of the classes"),
    ],
)
def test_labels_that_are_no_class_numbers_are_refused(column, classes, said):
    with pytest.raises(QSpecError, match=said):
        labels(DATA, Table.of({"x": np.zeros(3), "label": column}, "t"), np.arange(3), classes)


def labels_of(column, *classes):
    table = Table.of({"x": np.zeros(len(column)), "label": column}, "t")
    return labels(Dataset(label="label", classes=list(classes)), table, np.arange(len(column)))


@pytest.mark.parametrize(
    ("column", "classes", "wanted"),
    [
        (["malignant", "benign"], ("benign", "malignant"), [1, 0]),
        ([b"malignant", b"benign"], ("benign", "malignant"), [1, 0]),
        (["true", "false"], ("true", "false"), [0, 1]),
        (["True", "FALSE", "true"], (), [1, 0, 1]),
        (["True", "False"], ("benign", "malignant"), [1, 0]),
        ([True, False], (), [1, 0]),
        ([1.0, 0.0, 2.0], (), [1, 0, 2]),
        ([[1.0], [0.0]], (), [1, 0]),
    ],
)
def test_names_truths_and_whole_fractions_are_class_numbers(column, classes, wanted):
    found = labels_of(np.array(column), *classes)
    assert (found.tolist(), found.dtype) == (wanted, np.int64)


def test_a_label_that_names_no_class_is_told_with_the_nearest():
    with pytest.raises(QSpecError, match=r"'malignent', which is no class .*\n.*did you mean malignant\?"):
        labels_of(np.array(["benign", "malignent"]), "benign", "malignant")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_inputs_with_nan_or_infinity_are_refused(value):
    x = np.zeros((4, 2), dtype=np.float32)
    x[2, 1] = value
    with pytest.raises(QSpecError, match="NaN or infinity in t, first in example 2"):
        inputs(DATA, Table.of({"x": x}, "t"), np.arange(4))


def test_a_data_set_that_maps_no_inputs_or_label_is_a_sentence(table):
    with pytest.raises(QSpecError, match="which column feeds which input"):
        inputs(Dataset(), table, np.arange(2))
    with pytest.raises(QSpecError, match="which column holds the answer"):
        labels(Dataset(), table, np.arange(2))


def test_the_usual_image_pipeline():
    pixels = np.full((2, 4, 4, 3), 255, dtype=np.uint8)
    made = before(
        pixels,
        term("transpose", 2, 0, 1),
        term("scale", divide=255),
        term("normalize", mean=term("channels", 0.5, 0.4, 0.3), std=0.5),
    )
    assert made.shape == (2, 3, 4, 4) and made.dtype == np.float32
    assert made[0, :, 0, 0].tolist() == pytest.approx([1.0, 1.2, 1.4])


def test_reshape_pad_cast_and_one_hot():
    assert before(np.zeros((3, 4)), term("reshape", 2, -1)).shape == (3, 2, 2)
    assert before(np.ones((2, 3), dtype=np.int64), term("pad", 5, value=7))[0].tolist() == [1, 1, 1, 7, 7]
    assert before(np.array([1.0, 2.0]), term("cast", "int64")).dtype == np.int64
    assert before(np.array([1, 0]), term("one-hot", 2)).tolist() == [[0, 1], [1, 0]]


def test_scores_become_answers():
    scores = np.array([[1.0, 3.0, 3.0], [5.0, 1.0, 2.0]], dtype=np.float32)
    assert after(scores, term("argmax")).tolist() == [1, 0]
    assert after(scores, term("top-k", 2)).tolist() == [[1, 2], [0, 2]]
    assert after(scores, term("softmax")).sum(axis=-1) == pytest.approx([1, 1])
    assert after(scores, term("threshold", 3)).tolist() == [[0, 1, 1], [1, 0, 0]]
    assert np.linalg.norm(after(scores, term("l2-normalize")), axis=-1) == pytest.approx([1, 1])


def test_vectors_of_tokens_are_pooled_without_padding():
    vectors = np.random.default_rng(0).normal(size=(3, 5, 4)).astype(np.float32)
    mask = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0]])
    steps = Steps(Pipeline(post=[term("mean-pool")]))
    spread = torch.from_numpy(mask)[..., None].expand(3, 5, 4).float()
    expected = (torch.from_numpy(vectors) * spread).sum(1) / spread.sum(1).clamp(min=1e-9)
    assert steps.pools
    assert steps.after(vectors, lambda: mask) == pytest.approx(expected.numpy(), abs=1e-6)
    assert steps.after(vectors, lambda: None) == pytest.approx(vectors.mean(axis=1))
    for array, given, said in [
        (vectors[:, 0], mask, "a vector for each token"),
        (vectors, mask[:, :3], r"\[3\] an example, and the output has 5 vectors"),
    ]:
        with pytest.raises(QSpecError, match=said):
            steps.after(array, lambda given=given: given)
    with pytest.raises(QSpecError, match="pool the tokens in the graph"):
        steps.after(vectors)


def test_a_step_may_name_its_input():
    steps = Steps(Pipeline(pre=[term("cast", "int64", input="b")]))
    made = steps.before({"a": np.zeros(2), "b": np.zeros(2)})
    assert (made["a"].dtype, made["b"].dtype) == (np.float64, np.int64)


@pytest.mark.parametrize(
    ("stage", "step", "said"),
    [
        ("pre", term("resahpe", 3), "did you mean reshape"),
        ("pre", term("softmax"), "stands post the graph"),
        ("pre", term("normalize", 0.5), "needs a number for std"),
        ("pre", term("normalize", mean=0.5, sdt=0.5, std=1), "did you mean std"),
        ("pre", term("normalize", mean=0.5, std=0), "is positive"),
        ("pre", term("cast", "float33"), "not to float33"),
        ("pre", term("pad", 3, 0, 1), "more arguments than it takes"),
        ("pre", term("pad", 3.5), "not a whole number"),
        ("pre", term("reshape", -1, -1), "at most one"),
        ("pre", term("transpose", 0, 2), "every axis"),
        ("post", term("top-k"), "needs a number for k"),
    ],
)
def test_a_step_that_cannot_be_made_is_a_sentence(stage, step, said):
    with pytest.raises(QSpecError, match=said):
        Steps(Pipeline(**{stage: [step]}))


@pytest.mark.parametrize(
    ("step", "array", "said"),
    [
        (term("reshape", 5), np.zeros((2, 4)), "cannot be reshaped"),
        (term("transpose", 1, 0), np.zeros((2, 4)), "does not fit"),
        (term("pad", 3), np.zeros((2, 4)), "cannot be padded"),
        (term("cast", "uint8"), np.array([256.0]), "outside 0..255"),
        (term("one-hot", 2), np.array([2]), "takes integers in 0..2"),
        (term("normalize", mean=term("channels", 1, 2), std=1), np.zeros((2, 3, 4)), "does not fit"),
        (term("cast", "int64", input="y"), np.zeros(2), "the inputs are x"),
    ],
)
def test_a_step_that_does_not_fit_the_data_is_a_sentence(step, array, said):
    with pytest.raises(QSpecError, match=said):
        before(array, step)


def test_another_version_of_the_transforms_is_refused():
    with pytest.raises(QSpecError, match="version 1 of the transforms"):
        Steps(Pipeline(version=q(1)))


def test_every_transform_of_the_table_can_be_made():
    assert all(entry.stages for entry in registry)


@pytest.mark.parametrize(
    ("steps", "scores", "probabilities"),
    [
        ([], Nature.SCORES, Nature.PROBABILITIES),
        ([term("cast", "float32"), term("reshape", 3)], Nature.SCORES, Nature.PROBABILITIES),
        ([term("softmax")], Nature.PROBABILITIES, Nature.PROBABILITIES),
        ([term("scale", 100)], Nature.SCORES, Nature.ORDER),
        ([term("softmax"), term("threshold", 0.5)], Nature.FLAGS, Nature.FLAGS),
        ([term("argmax")], Nature.CLASSES, Nature.CLASSES),
        ([term("top-k", 2)], Nature.CLASSES, Nature.CLASSES),
    ],
)
def test_steps_say_what_they_leave_of_numbers_over_classes(steps, scores, probabilities):
    made = Steps(Pipeline(post=steps))
    assert (made.leaves(Nature.SCORES), made.leaves(Nature.PROBABILITIES)) == (scores, probabilities)
