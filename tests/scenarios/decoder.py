"""Writes a small decoder whose perplexity 4-bit weights hardly change, and whose exact answers they break.

`python tests/scenarios/decoder.py FOLDER`. The language is one of 20 words in which the last two words make one of the
next words likelier than the others, not by much. A text is drawn from it; an answer is the likeliest word, again and
again, so that one wrong word spoils all that follow. The decoder is a block of attention, which looks at the word
before, and of a feed-forward part, whose last layer is fitted by least squares to the logits of the language.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WORDS = [
    "ba",
    "be",
    "bi",
    "bo",
    "bu",
    "da",
    "de",
    "di",
    "do",
    "du",
    "ka",
    "ke",
    "ki",
    "ko",
    "ku",
    "ma",
    "me",
    "mi",
    "mo",
    "mu",
]
V, WIDTH, PLACES, HIDDEN, LONGEST = len(WORDS), 64, 64, 512, 64
LIKELIER = 0.8
"""By how many nats the likeliest word leads."""
DOCUMENTS, LENGTH = 120, 48
QUESTIONS, ANSWER = 200, 24

SPEC = """qspec 1

model decoder {
  file:      "decoder.onnx"
  tokenizer: "tokenizer.json"
}

dataset texts {
  source: "texts.jsonl"
  inputs { tokens: text }
}

dataset questions {
  source: "questions.jsonl"
  inputs { tokens: question }
  label:  answer
}

executor decoder-int4 {
  hardware:    local
  runtime      { name: onnxruntime, provider: cpu, threads: 1 }
  model:       decoder
  precision    { method: weight-only, weights: int4 { granularity: per-group(128) } }
  baseline:    fp32
  calibration: not-applicable "round-to-nearest weight-only quantization reads no data"
  evaluation text {
    task:      language-modelling
    metrics:   [perplexity(per: word)]
    test-set   { data: texts, composition: clean }
    statistics { unit: by document }
  }
  evaluation answers {
    task:      reasoning
    metrics:   [exact-match]
    test-set   { data: questions, composition: clean }
    prompt     { shots: 0, template: "{question}", chat-template: false, decoding: greedy, max-tokens: 24 }
  }
}

claim fluent-and-right on decoder-int4 {
  loss(perplexity)  <= 3 % of baseline  on text
  loss(exact-match) <= 5 pp             on answers
}
"""


def language() -> np.ndarray:
    """Logits (before, last, next) of the next word."""
    random = np.random.default_rng(0)
    logits = np.zeros((V, V, V))
    first, second = np.indices((V, V))
    logits[first, second, random.integers(0, V, (V, V))] = LIKELIER
    return logits


def weights(logits: np.ndarray) -> dict[str, np.ndarray]:
    """The tensors of the decoder: all at random, or made to look one place back, but for the fitted head."""
    random = np.random.default_rng(1)
    embedding = random.normal(size=(V, WIDTH))
    frequency = random.uniform(0.1, np.pi, PLACES // 2)
    angles = np.arange(LONGEST)[:, None] * frequency
    places = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
    turn, half = np.zeros((PLACES, PLACES)), np.arange(PLACES // 2)
    # A query turned back by one place is likest to the key of the word before.
    turn[half, half], turn[half + PLACES // 2, half + PLACES // 2] = np.cos(frequency), np.cos(frequency)
    turn[half, half + PLACES // 2], turn[half + PLACES // 2, half] = -np.sin(frequency), np.sin(frequency)
    up = random.normal(size=(2 * WIDTH, HIDDEN)) / np.sqrt(WIDTH)
    bias = random.normal(size=HIDDEN) / 2
    last, before = np.tile(np.arange(V), V), np.repeat(np.arange(V), V)
    hidden = np.maximum(np.concatenate([embedding[last], embedding[before]], axis=1) @ up + bias, 0)
    gram = hidden.T @ hidden + 1e-2 * np.eye(HIDDEN)
    head = np.linalg.solve(gram, hidden.T @ logits[before, last])
    return {
        "embedding": embedding,
        "places": places,
        "query": 2 * turn,
        "mask": np.triu(np.full((LONGEST, LONGEST), -1e4), 1),
        "up_last": up[:WIDTH],
        "up_before": up[WIDTH:],
        "bias": bias,
        "head": head,
    }


def decoder(path: Path, tensors: dict[str, np.ndarray]) -> None:
    """`tokens` (n, length) to `logits` (n, length, 20)."""
    node = helper.make_node
    nodes = [
        node("Shape", ["tokens"], ["length"], name="/Shape", start=1, end=2),
        node("Slice", ["places", "zero", "length", "zero"], ["placed"], name="/places/Slice"),
        node("MatMul", ["placed", "query"], ["q"], name="/attention/query/MatMul"),
        node("Transpose", ["placed"], ["k"], name="/attention/Transpose", perm=[1, 0]),
        node("MatMul", ["q", "k"], ["scores"], name="/attention/scores/MatMul"),
        node("Concat", ["length", "length"], ["square"], name="/mask/Concat", axis=0),
        node("Slice", ["mask", "zeros", "square", "axes"], ["causal"], name="/mask/Slice"),
        node("Add", ["scores", "causal"], ["masked"], name="/mask/Add"),
        node("Softmax", ["masked"], ["shares"], name="/attention/Softmax", axis=-1),
        node("Gather", ["embedding", "tokens"], ["words"], name="/embedding/Gather"),
        node("MatMul", ["shares", "words"], ["before"], name="/attention/mix/MatMul"),
        node("MatMul", ["words", "up_last"], ["u1"], name="/feed/last/MatMul"),
        node("MatMul", ["before", "up_before"], ["u2"], name="/feed/before/MatMul"),
        node("Add", ["u1", "u2"], ["u"], name="/feed/Add"),
        node("Add", ["u", "bias"], ["biased"], name="/feed/bias/Add"),
        node("Relu", ["biased"], ["hidden"], name="/feed/Relu"),
        node("MatMul", ["hidden", "head"], ["logits"], name="/head/MatMul"),
    ]
    held = [numpy_helper.from_array(array.astype(np.float32), name) for name, array in tensors.items()]
    whole = {"zero": [0], "zeros": [0, 0], "axes": [0, 1]}
    held += [numpy_helper.from_array(np.asarray(values, np.int64), name) for name, values in whole.items()]
    value = helper.make_tensor_value_info
    tokens = value("tokens", TensorProto.INT64, ["n", "length"])
    logits = value("logits", TensorProto.FLOAT, ["n", "length", V])
    graph = helper.make_graph(nodes, "decoder", [tokens], [logits], held)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))


def lines(path: Path, rows: list[dict[str, object]]) -> None:
    """One JSON object a line."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def said(numbers: list[int]) -> str:
    """Words with blanks between them."""
    return " ".join(WORDS[number] for number in numbers)


def write(folder: Path) -> None:
    """The model, its tokenizer, the texts, the questions with their answers, and the spec."""
    logits = language()
    decoder(folder / "decoder.onnx", weights(logits))
    tokenizer = {
        "version": "1.0",
        "added_tokens": [],
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "model": {
            "type": "WordLevel",
            "vocab": {word: number for number, word in enumerate(WORDS)},
            "unk_token": WORDS[0],
        },
    }
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    random = np.random.default_rng(2)
    share = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    texts = []
    for document in range(DOCUMENTS):
        words = random.integers(0, V, 2).tolist()
        while len(words) < LENGTH:
            words.append(int(random.choice(V, p=share[words[-2], words[-1]])))
        texts.append({"document": document, "text": said(words)})
    lines(folder / "texts.jsonl", texts)
    asked = []
    for _ in range(QUESTIONS):
        words = random.integers(0, V, int(random.integers(2, 7))).tolist()
        start = len(words)
        while len(words) < start + ANSWER:
            words.append(int(logits[words[-2], words[-1]].argmax()))
        asked.append({"question": said(words[:start]), "answer": said(words[start:])})
    lines(folder / "questions.jsonl", asked)
    (folder / "fluent-and-right.qspec").write_text(SPEC, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
