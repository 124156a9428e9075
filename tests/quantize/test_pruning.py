"""Pruning, sharing and coding: what is left, how few values, and what a decoder would find."""

import heapq
from collections import Counter
from itertools import count

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import numpy_helper

from qspec.errors import QSpecError
from qspec.execute.census import census
from qspec.quantize.coding import coded_bits, gaps, huffman_bits
from qspec.quantize.graph import open_model
from qspec.quantize.realize import realize


def share(text: str):
    return {"text": text, "unit": "%"}


def pruning(**said):
    return {"method": "weight-only", "pruning": said}


def n_of_m(*sizes: int):
    return {"name": "n-of-m", "positional": [{"text": str(size)} for size in sizes]}


def weights(path):
    tensors = onnx.load_model(path).graph.initializer
    return {t.name: numpy_helper.to_array(t) for t in tensors if len(t.dims) > 1}


def test_the_smallest_weights_of_each_layer_go(conv_net, ask):
    base = conv_net()
    realized = realize(ask(base, **pruning(sparsity=share("75"))))
    before = weights(base)
    for name, values in weights(realized.path).items():
        assert (values == 0).mean() == pytest.approx(0.75, abs=0.01)
        gone = np.abs(before[name][values == 0]).max()
        assert gone <= np.abs(values[values != 0]).min()
    assert realized.coded_size < open_model(realized.path).size


def test_two_of_four_neighbours_along_the_inputs_stay(mlp, ask):
    realized = realize(ask(mlp(), **pruning(structure=n_of_m(2, 4))))
    first = weights(realized.path)["fc1.weight"]  # (outputs, inputs)
    assert ((first.reshape(-1, 4) != 0).sum(1) == 2).all()
    second = weights(realized.path)["fc2.weight"].T  # stored as (inputs, outputs)
    assert ((second.reshape(-1, 4) != 0).sum(1) == 2).all()


def test_whole_channels_go(conv_net, ask):
    realized = realize(ask(conv_net(), **pruning(sparsity=share("50"), structure={"name": "channel"})))
    conv = weights(realized.path)["conv2.weight"]
    assert (np.abs(conv).reshape(32, -1).max(1) == 0).sum() == 16


def test_weights_that_are_left_share_few_values_and_coding_makes_them_small(mlp, ask):
    said = {"sparsity": share("80"), "sharing": {"text": "16"}}
    plain = realize(ask(mlp(), **pruning(**said)))
    for values in weights(plain.path).values():
        assert len(np.unique(values[values != 0])) <= 16
    coded = realize(ask(mlp(), **pruning(coding="huffman", **said)))
    assert coded.path.read_bytes() == plain.path.read_bytes()
    assert coded.coded_size < open_model(coded.path).size / 3
    assert f"{coded.coded_size:,}" in coded.notes[0]


def test_excluded_layers_are_not_pruned_and_the_census_is_content(conv_net, ask):
    request = ask(conv_net(), exclude=["/head/*"], **pruning(sparsity=share("50")))
    realized = realize(request)
    assert (weights(realized.path)["head.weight"] != 0).all()
    report = census(realized.path, request.model, realized.declared, request.precision)
    assert report.realized and report.declared == 2 and not report.simulated


def huffman_lengths(counts: dict[int, int]) -> dict[int, int]:
    """Code lengths out of the tree itself."""
    order = count()
    heap = [(n, next(order), {symbol: 0}) for symbol, n in counts.items()]
    heapq.heapify(heap)
    while len(heap) > 1:
        (a, _, left), (b, _, right) = heapq.heappop(heap), heapq.heappop(heap)
        heapq.heappush(heap, (a + b, next(order), {s: depth + 1 for s, depth in (left | right).items()}))
    return heap[0][2]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=2, max_size=300))
def test_huffman_sizes_are_those_of_the_tree_and_near_the_entropy(text):
    counts = Counter(text)
    bits = huffman_bits(list(counts.values()))
    if len(counts) == 1:
        assert bits == len(text)
        return
    lengths = huffman_lengths(dict(counts))
    assert bits == sum(lengths[symbol] for symbol in text)
    shares = np.array(list(counts.values())) / len(text)
    entropy = -(shares * np.log2(shares)).sum() * len(text)
    assert entropy - 1e-6 <= bits <= entropy + len(text)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(0, 400), min_size=1, max_size=30), st.sampled_from([1, 5, 8]))
def test_a_decoder_finds_every_weight_behind_its_gap(distances, bits):
    values = np.concatenate([np.r_[np.zeros(d), 1.0] for d in distances])
    found = gaps(values, bits)
    assert found.max() < 1 << bits
    places = np.cumsum(found + 1) - 1
    assert set(np.flatnonzero(values)) <= set(places)
    assert places[-1] == np.flatnonzero(values)[-1]


def test_dense_floats_cost_their_floats():
    values = np.arange(1, 101, dtype=np.float32)
    assert coded_bits(values, "Gemm", shared=False, huffman=False) == 3200


@pytest.mark.parametrize(
    ("precision", "said"),
    [
        (pruning(coding="huffman"), "does not say what is pruned"),
        (pruning(sparsity=share("100")), "under 100 %"),
        (pruning(sparsity=share("50"), structure={"name": "diagonal"}), "no pruning structure diagonal"),
        (pruning(structure={"name": "channel"}), "needs a share"),
        (
            pruning(sparsity=share("50"), structure={"name": "channel", "positional": [{"text": "3"}]}),
            r"no pruning structure channel\(3\)",
        ),
        (pruning(structure=n_of_m(4, 2)), "how many of how many"),
        (pruning(structure=n_of_m(2, 4), sparsity=share("75")), "leaves 50% of the weights"),
        (pruning(sharing={"text": "1"}), "from 2 to 65536"),
        (pruning(sharing={"text": "32", "unit": "tokens"}), "not 32 tokens"),
        (pruning(sparsity={"text": "50", "unit": "pp"}), "not at 50 pp"),
        (pruning(sparsity=share("50"), coding="zip"), "no entropy coding zip"),
        (pruning(sparsity=share("50")) | {"weights": {"type": "int8"}}, "keep the format they have"),
        (
            {"method": "ptq-dynamic", "weights": {"type": "int8"}, "pruning": {"sparsity": share("50")}},
            "nothing with pruning",
        ),
    ],
)
def test_a_pruning_that_cannot_be_done_as_said_is_a_sentence(mlp, ask, precision, said):
    request = ask(mlp(), **precision)
    with pytest.raises(QSpecError, match=said):
        realize(request)
    assert not request.output.exists()
