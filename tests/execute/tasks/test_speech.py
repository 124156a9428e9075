"""Speech is transcribed frame by frame along the best path, or by a decoder that hears the whole utterance."""

import jiwer
import numpy as np
import pytest
from onnx import TensorProto, helper

from qspec.errors import QSpecError

FLOAT, INT = TensorProto.FLOAT, TensorProto.INT64
LETTERS = ["<pad>", "|", *"abcdef"]
SPELLING = {"type": "CTC", "pad_token": "<pad>", "word_delimiter_token": "|", "cleanup": True}
JOINED = {
    "type": "Sequence",
    "decoders": [{"type": "Fuse"}, {"type": "Replace", "pattern": {"String": "|"}, "content": " "}],
}


@pytest.fixture
def heard(graph):
    """Two models that add noise of their own to frames (n, t, 8); with the number of frames that count, or not."""

    def build(counted=False):
        generator = np.random.default_rng(30)
        for name, noise in (("base.onnx", 0.1), ("quantized.onnx", 0.5)):
            w = (np.eye(8) + noise * generator.normal(size=(8, 8))).astype(np.float32)
            nodes = [helper.make_node("MatMul", ["x", "w"], ["logits"])]
            outputs = [("logits", FLOAT, ["n", "t", 8])]
            inputs = [("x", FLOAT, ["n", "t", 8])]
            if counted:
                nodes.append(helper.make_node("Identity", ["lengths"], ["frames"]))
                inputs.append(("lengths", INT, ["n"]))
                outputs.append(("frames", INT, ["n"]))
            graph(name, nodes, inputs, outputs, w=w)
            yield w

    return build


def utterances(count=40, frames=14):
    generator = np.random.default_rng(31)
    return (2 * generator.normal(size=(count, frames, 8))).astype(np.float32)


def spelled(frames):
    """The text of token numbers: repetitions merged, blanks dropped, `|` between words."""
    merged = [one for place, one in enumerate(frames) if place == 0 or one != frames[place - 1]]
    return "".join(LETTERS[one] for one in merged if one).replace("|", " ").strip()


@pytest.mark.parametrize("decoder", [SPELLING, JOINED])
@pytest.mark.parametrize("counted", [False, True])
def test_frames_are_merged_and_blanks_dropped(heard, tokenizer, executing, value, decoder, counted):
    weights = list(heard(counted))
    tokenizer(LETTERS, decoder=decoder)
    x, lengths = utterances(), np.random.default_rng(32).integers(6, 15, 40)
    ends = lengths if counted else [14] * 40
    texts = [[spelled((one @ w).argmax(1)[:end]) for one, end in zip(x, ends, strict=True)] for w in weights]
    truth = [text or "a" for text in texts[0]]
    executed = executing(
        "speech-recognition",
        "wer(normalization: none), cer(normalization: none)",
        {"x": x, "lengths": lengths, "y": np.asarray(truth)},
        data=f"inputs {{ x: x{', lengths: lengths' if counted else ''} }}\n  label: y",
        model='tokenizer: "tokenizer.json"',
    )
    for side in (0, 1):
        assert value(executed, "wer")[side] == pytest.approx(jiwer.wer(truth, texts[side]), rel=1e-5)
        assert value(executed, "cer")[side] == pytest.approx(jiwer.cer(truth, texts[side]), rel=1e-5)
    assert int(executed.verdicts.results[0].changed.value) > 0


def test_the_blank_may_be_another_token(heard, tokenizer, executing, value):
    weights = list(heard())
    tokenizer(LETTERS, decoder=JOINED)
    x = utterances()

    def without(frames):
        merged = [one for place, one in enumerate(frames) if place == 0 or one != frames[place - 1]]
        return "".join(LETTERS[one] for one in merged if one != 7).replace("|", " ").strip()

    truth = [without((one @ weights[1]).argmax(1)) for one in x]
    executed = executing(
        "speech-recognition",
        "cer(normalization: none)",
        {"x": x, "y": np.asarray(truth)},
        data="inputs { x: x }\n  label: y",
        model='tokenizer: "tokenizer.json"',
        more="prompt { decoding: greedy(blank: 7) }",
    )
    assert value(executed, "cer")[1] == 0


def test_a_decoder_writes_what_an_encoder_heard(graph, tokenizer, executing, value):
    generator = np.random.default_rng(33)
    heard, said = (generator.normal(size=(8, 8)).astype(np.float32) for _ in range(2))
    tables = [said, (said + 0.3 * generator.normal(size=said.shape)).astype(np.float32)]
    for name, table in zip(("base.onnx", "quantized.onnx"), tables, strict=True):
        nodes = [
            helper.make_node("MatMul", ["x", "h"], ["each"]),
            helper.make_node("ReduceMean", ["each"], ["encoded"], axes=[1], keepdims=1),
            helper.make_node("Gather", ["s", "decoder_input_ids"], ["written"]),
            helper.make_node("Add", ["written", "encoded"], ["logits"]),
        ]
        inputs = [("x", FLOAT, ["n", "t", 8]), ("decoder_input_ids", INT, ["n", "d"])]
        graph(name, nodes, inputs, [("logits", FLOAT, ["n", "d", 8])], h=heard, s=table)
    tokenizer(LETTERS, special=["<pad>"], decoder=JOINED)
    x = utterances()

    def transcript(table, one):
        token, letters = 1, ""
        for _ in range(6):
            token = int((table[token] + (one @ heard).mean(0)).argmax())
            if token == 0:
                break
            letters += LETTERS[token]
        return letters.replace("|", " ").strip()

    texts = [[transcript(table, one) for one in x] for table in tables]
    truth = [text or "a" for text in texts[0]]
    executed = executing(
        "speech-recognition",
        "cer(normalization: none)",
        {"x": x, "y": np.asarray(truth)},
        data="inputs { x: x }\n  label: y",
        model='tokenizer: "tokenizer.json"',
        more='prompt { decoding: greedy(start: 1), stop: ["<pad>"], max-tokens: 6 }',
    )
    for side in (0, 1):
        assert value(executed, "cer")[side] == pytest.approx(jiwer.cer(truth, texts[side]), rel=1e-5)


@pytest.mark.parametrize(
    ("model", "more", "words", "message"),
    [
        ("", "", LETTERS, "Nothing says what the model's token numbers mean"),
        ('tokenizer: "tokenizer.json"', "prompt { decoding: beam(width: 5) }", LETTERS, "is not run here"),
        ('tokenizer: "tokenizer.json"', "", ["_", *LETTERS[1:]], "which one is the blank"),
    ],
)
def test_what_cannot_be_transcribed_is_a_sentence(heard, tokenizer, executing, model, more, words, message):
    list(heard())
    tokenizer(words, decoder=JOINED)
    columns = {"x": utterances(), "y": np.asarray(["a"] * 40)}
    with pytest.raises(QSpecError, match=message):
        executing(
            "speech-recognition",
            "cer(normalization: none)",
            columns,
            data="inputs { x: x }\n  label: y",
            model=model,
            more=more,
        )
