"""Answers are decoded greedily, with or without a cache."""

import hashlib
import json

import numpy as np
import pytest
from onnx import TensorProto, helper

from qspec.errors import NotExecutableError, QSpecError
from qspec.quantize.join import join_files

FLOAT = TensorProto.FLOAT
INT = TensorProto.INT64


def chain(table, prompt, most, stop):
    """The greedy answer of a model that looks at the last token alone."""
    answer, token = [], prompt[-1]
    for _ in range(most):
        token = int(table[token].argmax())
        if token == stop:
            break
        answer.append(token)
    return answer


def test_answers_are_decoded_greedily_until_they_stop(token_pair, executing, value):
    tables = token_pair(seed=13)
    generator = np.random.default_rng(13)
    ids, lengths = generator.integers(0, 12, (40, 7)), generator.integers(1, 8, 40)
    mask = (np.arange(7) < lengths[:, None]).astype(np.int64)
    stop = int(np.bincount(tables[0].argmax(1), minlength=12).argmax())
    labels = np.full((40, 6), -1)
    for row, (prompt, length) in enumerate(zip(ids, lengths, strict=True)):
        answer = chain(tables[1], prompt[:length], 6, stop)
        labels[row, : len(answer)] = answer
    executed = executing(
        "reasoning",
        "exact-match",
        {"ids": ids, "mask": mask, "y": labels},
        data="inputs { ids: ids }\n  label: y",
        more=f'prompt {{ decoding: greedy, stop: ["{stop}"], max-tokens: 6 }}',
    )
    same = [
        chain(tables[0], p[:n], 6, stop) == chain(tables[1], p[:n], 6, stop)
        for p, n in zip(ids, lengths, strict=True)
    ]
    assert value(executed, "exact-match") == (pytest.approx(np.mean(same), abs=1e-6), 1.0)
    with pytest.raises(NotExecutableError, match="needs a tokenizer"):
        executing(
            "reasoning",
            "exact-match",
            {"ids": ids, "y": labels},
            data="inputs { ids: ids }\n  label: y",
            more='prompt { stop: ["\\n"] }',
        )


def test_a_cache_is_carried_from_step_to_step(graph, executing, value):
    # The logits are the sum of what was looked up for all tokens so far, kept in the cache (n, 1, tokens, 12).
    generator = np.random.default_rng(14)
    tables = []
    for name in ("base.onnx", "quantized.onnx"):
        w = generator.normal(size=(12, 12)).astype(np.float32)
        tables.append(w)
        nodes = [
            helper.make_node("Gather", ["w", "input_ids"], ["looked"]),
            helper.make_node("Unsqueeze", ["looked", "one"], ["new"]),
            helper.make_node("Concat", ["past_key_values.0.key", "new"], ["present.0.key"], axis=2),
            helper.make_node("ReduceSum", ["present.0.key", "two"], ["sum"], keepdims=0),
            helper.make_node("Add", ["looked", "zero"], ["shape"]),
            helper.make_node("Mul", ["shape", "zero"], ["none"]),
            helper.make_node("Add", ["none", "sum"], ["logits"]),
        ]
        graph(
            name,
            nodes,
            [("input_ids", INT, ["n", "l"]), ("past_key_values.0.key", FLOAT, ["n", 1, "past", 12])],
            [("logits", FLOAT, ["n", "l", 12]), ("present.0.key", FLOAT, ["n", 1, "all", 12])],
            w=w,
            one=np.int64([1]),
            two=np.int64([2]),
            zero=np.zeros(1, np.float32),
        )
    ids = generator.integers(0, 12, (25, 4))

    def answer(table, prompt):
        text = list(prompt)
        for _ in range(5):
            text.append(int(table[text].sum(0).argmax()))
        return text[len(prompt) :]

    labels = np.asarray([answer(tables[0], prompt) for prompt in ids])
    executed = executing(
        "reasoning",
        "exact-match",
        {"ids": ids, "y": labels},
        data="inputs { input_ids: ids }\n  label: y",
        more="prompt { max-tokens: 5 }",
    )
    other = np.mean([answer(tables[1], p) == list(a) for p, a in zip(ids, labels, strict=True)])
    assert value(executed, "exact-match") == (1.0, pytest.approx(other, abs=1e-6))


@pytest.fixture
def summing(graph):
    """Two models whose logits sum over the tokens a mask admits, and add a row for the position; with a cache or not."""

    def build(cached, noise=0.4):
        generator = np.random.default_rng(20)
        tables = [generator.normal(size=(12, 12)).astype(np.float32)]
        tables.append((tables[0] + noise * generator.normal(size=(12, 12))).astype(np.float32))
        places = generator.normal(size=(16, 12)).astype(np.float32)
        inputs = [
            ("input_ids", INT, ["n", "l"]),
            ("attention_mask", INT, ["n", "t"]),
            ("position_ids", INT, ["n", "l"]),
        ]
        outputs = [("logits", FLOAT, ["n", "l", 12])]
        nodes = [
            helper.make_node("Gather", ["w", "input_ids"], ["looked"]),
            helper.make_node("Gather", ["p", "position_ids"], ["placed"]),
            helper.make_node("Cast", ["attention_mask"], ["m"], to=FLOAT),
            helper.make_node("Unsqueeze", ["m", "last"], ["inside"]),
        ]
        if cached:
            inputs.append(("past_key_values.0.key", FLOAT, ["n", "past", 12]))
            outputs.append(("present.0.key", FLOAT, ["n", "t", 12]))
            nodes += [
                helper.make_node("Concat", ["past_key_values.0.key", "looked"], ["present.0.key"], axis=1),
                helper.make_node("Mul", ["present.0.key", "inside"], ["kept"]),
                helper.make_node("ReduceSum", ["kept", "one"], ["sum"], keepdims=1),
            ]
        else:
            nodes += [
                helper.make_node("Mul", ["looked", "inside"], ["kept"]),
                helper.make_node("CumSum", ["kept", "axis"], ["sum"]),
            ]
        nodes.append(helper.make_node("Add", ["placed", "sum"], ["logits"]))
        for name, w in zip(("base.onnx", "quantized.onnx"), tables, strict=True):
            held = {"w": w, "p": places, "last": np.int64([2]), "one": np.int64([1]), "axis": np.int64(1)}
            graph(name, nodes, inputs, outputs, **held)

        def answer(side, prompt, most):
            text = list(prompt)
            for _ in range(most):
                text.append(int((tables[side][text].sum(0) + places[len(text) - 1]).argmax()))
            return text[len(prompt) :]

        return answer

    return build


@pytest.mark.parametrize("padding", ["right", "left"])
@pytest.mark.parametrize("cached", [False, True])
def test_prompts_of_several_lengths_share_a_batch(summing, executing, value, cached, padding):
    answer = summing(cached)
    generator = np.random.default_rng(21)
    ids, lengths = generator.integers(0, 12, (30, 6)), generator.integers(1, 7, 30)
    prompts = [row[:length] for row, length in zip(ids, lengths, strict=True)]
    mask = (np.arange(6) < lengths[:, None]).astype(np.int64)
    if padding == "left":
        ids = np.stack([np.roll(row, 6 - length) for row, length in zip(ids, lengths, strict=True)])
        mask = mask[:, ::-1]
    labels = np.asarray([answer(1, prompt, 4) for prompt in prompts])
    executed = executing(
        "reasoning",
        "exact-match",
        {"ids": ids, "mask": mask, "y": labels},
        data="inputs { input_ids: ids, attention_mask: mask }\n  label: y",
        more="prompt { max-tokens: 4 }\n  load { batch: 8 }",
    )
    same = [answer(0, p, 4) == list(y) for p, y in zip(prompts, labels, strict=True)]
    assert 0 < np.mean(same) < 1
    assert value(executed, "exact-match") == (pytest.approx(np.mean(same), abs=1e-6), 1.0)


WORDS = ["<pad>", "</s>", *"abcdefghij"]
LAST_WORD = {"model": 'tokenizer: "tokenizer.json"', "data": "inputs { ids: asked }\n  label: y"}


@pytest.fixture
def asked(token_pair, tokenizer):
    """Two models that look at the last word, over a vocabulary of words; returns how each goes on after a text."""
    tables = token_pair(seed=22)
    tokenizer(WORDS, special=["<pad>", "</s>"])

    def answer(side, text, most, stop="", table=tables):
        words = []
        for _ in range(most):
            number = int(table[side][WORDS.index((text.split() + words)[-1])].argmax())
            words.append(WORDS[number])
            said = " ".join(word for word in words if word not in WORDS[:2])
            if WORDS[number] == stop or (stop and stop in said):
                break
        said = " ".join(word for word in words if word not in WORDS[:2])
        return said[: said.find(stop)].strip() if stop and stop in said else said

    return answer


def questions(count=30):
    generator = np.random.default_rng(23)
    return [" ".join(generator.choice(list("abcdefghij"), generator.integers(1, 6))) for _ in range(count)]


@pytest.mark.parametrize("stop", ["</s>", "e c", "b"])
def test_prompts_and_answers_are_texts_where_the_model_has_a_tokenizer(asked, executing, value, stop):
    texts = questions()
    columns = {"asked": np.asarray(texts), "y": np.asarray([asked(1, text, 6, stop) for text in texts])}
    executed = executing(
        "reasoning",
        "exact-match",
        columns,
        **LAST_WORD,
        more=f'prompt {{ decoding: greedy, stop: ["{stop}"], max-tokens: 6 }}',
    )
    same = np.mean([asked(0, text, 6, stop) == asked(1, text, 6, stop) for text in texts])
    assert value(executed, "exact-match") == (pytest.approx(same, abs=1e-6), 1.0)
    assert executed.record.evaluations["evaluation"]["determinism"]["rebatched"] == 0


def test_a_template_names_columns_of_the_data(asked, executing, value):
    texts, last = questions(), np.asarray(list("abcde") * 6)
    filled = [f"{text} then {word}" for text, word in zip(texts, last, strict=True)]
    columns = {
        "asked": np.asarray(texts),
        "word": last,
        "y": np.asarray([asked(1, text, 3) for text in filled]),
    }
    prompt = 'prompt { template: "{asked} then {word}", max-tokens: 3 }'
    assert (
        value(executing("reasoning", "exact-match", columns, **LAST_WORD, more=prompt), "exact-match")[1]
        == 1.0
    )
    del columns["word"]
    with pytest.raises(QSpecError, match="no column 'word'"):
        executing("reasoning", "exact-match", columns, **LAST_WORD, more=prompt)


TURNS = """{% for message in messages %}
a {{ message['content'] }} {{ eos_token }} {% endfor %}
{% if add_generation_prompt %}
b{% endif %}
"""


@pytest.mark.parametrize("template", ["", 'template: "{asked} then {word}", '])
def test_a_chat_template_wraps_what_is_asked(asked, executing, value, tmp_path, template):
    texts, last = questions(), np.asarray(list("abcde") * 6)
    # After the template every prompt ends in the word b, whatever was asked.
    columns = {
        "asked": np.asarray(texts),
        "word": last,
        "y": np.asarray([asked(1, "b", 3)] * len(texts)),
    }
    config = {"chat_template": TURNS, "eos_token": {"content": "</s>", "lstrip": False}}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    prompt = f"prompt {{ {template}chat-template: true, max-tokens: 3 }}"
    executed = executing("reasoning", "exact-match", columns, **LAST_WORD, more=prompt)
    assert value(executed, "exact-match")[1] == 1.0
    read = executed.record.files
    for name in ("tokenizer.json", "tokenizer_config.json"):
        assert read[name] == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()


def test_another_chat_template_is_another_run(asked, executing, value, tmp_path):
    texts = questions()
    columns = {"asked": np.asarray(texts), "y": np.asarray([asked(1, "c", 3)] * len(texts))}
    prompt = "prompt { chat-template: true, max-tokens: 3 }"
    for last, right in (("c", 1.0), ("d", float(asked(1, "d", 3) == asked(1, "c", 3)))):
        (tmp_path / "chat_template.jinja").write_text(f"{{{{ messages[0].content }}}} {last}")
        executed = executing("reasoning", "exact-match", columns, **LAST_WORD, more=prompt)
        assert value(executed, "exact-match")[1] == right


def test_a_chat_template_that_is_declared_and_not_there_is_a_sentence(asked, executing):
    columns = {"asked": np.asarray(questions()), "y": np.asarray(["a"] * 30)}
    with pytest.raises(QSpecError, match=r"neither tokenizer_config\.json nor chat_template\.jinja beside"):
        executing(
            "reasoning",
            "exact-match",
            columns,
            **LAST_WORD,
            more="prompt { chat-template: true, max-tokens: 3 }",
        )


def test_several_references_may_be_right(asked, executing, value):
    texts = questions()
    right = [asked(1, text, 3) for text in texts]
    columns = {"asked": np.asarray(texts), "y": np.asarray([["no", one] for one in right])}
    executed = executing(
        "translation",
        "chrf",
        columns,
        **LAST_WORD,
        more="prompt { max-tokens: 3 }",
        assertions="  flips <= 99 %",
    )
    assert value(executed, "chrf")[1] == pytest.approx(100)
    (flips,) = executed.verdicts.judged
    same = [asked(0, text, 3) == one for text, one in zip(texts, right, strict=True)]
    assert flips.interval.estimate == pytest.approx(1 - np.mean(same))


@pytest.mark.parametrize(
    ("model", "more", "message"),
    [
        ("", "prompt { max-tokens: 3 }", "nothing says how they become token numbers"),
        (LAST_WORD["model"], "", "how long an answer may be"),
        ('tokenizer: "absent.json"', "prompt { max-tokens: 3 }", "absent.json"),
        (LAST_WORD["model"], "prompt { decoding: sample(temperature: 1), max-tokens: 3 }", "is not run here"),
    ],
)
def test_texts_that_cannot_be_read_or_written_are_a_sentence(asked, executing, model, more, message):
    columns = {"asked": np.asarray(questions()), "y": np.asarray(["a"] * 30)}
    with pytest.raises(QSpecError, match=message):
        executing("reasoning", "exact-match", columns, model=model, data=LAST_WORD["data"], more=more)


def test_a_tokenizer_of_another_model_is_a_sentence(asked, tokenizer, executing):
    tokenizer(WORDS[:2])
    columns = {"asked": np.asarray(["a"] * 30), "y": np.asarray(["a"] * 30)}
    with pytest.raises(QSpecError, match="the tokenizer belongs to another model"):
        executing("reasoning", "exact-match", columns, **LAST_WORD, more="prompt { max-tokens: 6 }")


def test_padding_that_the_pipeline_adds_is_no_prompt(asked, executing, value):
    texts = questions()
    columns = {"asked": np.asarray(texts), "y": np.asarray([asked(1, text, 4) for text in texts])}
    step = 'pipeline { pre: [tokenize(file: "tokenizer.json", length: 8)] }'
    executed = executing(
        "reasoning", "exact-match", columns, **LAST_WORD, more=f"prompt {{ max-tokens: 4 }}\n  {step}"
    )
    assert value(executed, "exact-match")[1] == 1.0


@pytest.fixture
def summing_up(graph, tokenizer, executing, value):
    """Runs two models whose encoder sums what is looked up for the words read, and whose decoder adds its own last word.

    They are saved by a function of the fixture that saves graphs, a name, and the tensors: w, v, one and two.
    """

    def run(build):
        generator = np.random.default_rng(24)
        w = generator.normal(size=(12, 12)).astype(np.float32)
        others = [w, (w + 0.3 * generator.normal(size=w.shape)).astype(np.float32)]
        for name, v in zip(("base.onnx", "quantized.onnx"), others, strict=True):
            build(graph, name, {"w": w, "v": v, "one": np.int64([1]), "two": np.int64([2])})
        tokenizer(WORDS, special=["<pad>", "</s>"])
        texts = questions()

        def answer(side, text):
            encoded, word, said = w[[WORDS.index(one) for one in text.split()]].sum(0), 0, []
            for _ in range(5):
                word = int((others[side][word] + encoded).argmax())
                if word == 1:
                    break
                said.append(WORDS[word])
            return " ".join(one for one in said if one != "<pad>")

        truth = [answer(1, text) for text in texts]
        columns = {"asked": np.asarray(texts), "y": np.asarray(truth)}
        prompt = 'prompt {{ decoding: greedy{}, stop: ["</s>"], max-tokens: 5 }}\n  load {{ batch: 8 }}'
        spec = {"model": LAST_WORD["model"], "data": "inputs { input_ids: asked }\n  label: y"}
        with pytest.raises(QSpecError, match="with which token the model starts"):
            executing("summarization", "rouge(1)", columns, **spec, more=prompt.format(""))
        executed = executing(
            "summarization",
            "rouge(1)",
            columns,
            **spec,
            more=prompt.format("(start: 0)"),
            assertions="  flips <= 99 %",
        )
        same = [answer(0, text) == one for text, one in zip(texts, truth, strict=True)]
        assert 0 < np.mean(same) < 1
        assert executed.verdicts.judged[0].interval.estimate == pytest.approx(1 - np.mean(same))

    return run


@pytest.mark.parametrize("masked", [False, True])
def test_an_encoder_reads_and_a_decoder_writes(summing_up, masked):
    nodes = [helper.make_node("Gather", ["w", "input_ids"], ["read"])]
    ports = [("input_ids", INT, ["n", "l"]), ("decoder_input_ids", INT, ["n", "d"])]
    if masked:
        ports.append(("attention_mask", FLOAT, ["n", "l"]))
        nodes.append(helper.make_node("Unsqueeze", ["attention_mask", "two"], ["inside"]))
        nodes.append(helper.make_node("Mul", ["read", "inside"], ["kept"]))
    nodes += [
        helper.make_node("ReduceSum", ["kept" if masked else "read", "one"], ["encoded"], keepdims=1),
        helper.make_node("Gather", ["v", "decoder_input_ids"], ["written"]),
        helper.make_node("Add", ["written", "encoded"], ["logits"]),
    ]
    summing_up(
        lambda graph, name, held: graph(name, nodes, ports, [("logits", FLOAT, ["n", "d", 12])], **held)
    )


def test_what_an_encoder_gave_is_kept_where_a_switch_leaves_it_out_later(summing_up):
    # As in exports with a switch: what the encoder gives is made at the first step, and later read from the cache alone.
    def branch(name, encoded, nodes):
        ports = [helper.make_tensor_value_info(one, FLOAT, None) for one in (encoded, f"{name}_given")]
        return helper.make_graph(nodes, name, [], ports)

    past = "past_key_values.0.encoder.key"
    later = [
        helper.make_node("Identity", [past], ["later"]),
        helper.make_node("Slice", [past, "zero", "zero", "one"], ["later_given"]),
    ]
    first = [
        helper.make_node("Gather", ["w", "input_ids"], ["first"]),
        helper.make_node("Identity", ["first"], ["first_given"]),
    ]
    nodes = [
        helper.make_node(
            "If",
            ["use_cache_branch"],
            ["read", "present.0.encoder.key"],
            then_branch=branch("later", "later", later),
            else_branch=branch("first", "first", first),
        ),
        helper.make_node("ReduceSum", ["read", "one"], ["encoded"], keepdims=1),
        helper.make_node("Gather", ["v", "decoder_input_ids"], ["written"]),
        helper.make_node("Add", ["written", "encoded"], ["logits"]),
    ]
    inputs = [
        ("input_ids", INT, ["n", "l"]),
        ("decoder_input_ids", INT, ["n", "d"]),
        (past, FLOAT, ["n", "l_past", 12]),
        ("use_cache_branch", TensorProto.BOOL, [1]),
    ]
    outputs = [("logits", FLOAT, ["n", "d", 12]), ("present.0.encoder.key", FLOAT, ["n", "l_out", 12])]
    summing_up(lambda graph, name, held: graph(name, nodes, inputs, outputs, zero=np.int64([0]), **held))


def test_an_encoder_in_a_file_of_its_own_is_joined(summing_up, tmp_path):
    def build(graph, name, held):
        encoder = graph(
            f"encoder-{name}",
            [helper.make_node("Gather", ["w", "input_ids"], ["last_hidden_state"])],
            [("input_ids", INT, ["n", "l"])],
            [("last_hidden_state", FLOAT, ["n", "l", 12])],
            w=held["w"],
        )
        decoder = graph(
            f"decoder-{name}",
            [
                helper.make_node("ReduceSum", ["encoder_hidden_states", "one"], ["encoded"], keepdims=1),
                helper.make_node("Gather", ["v", "input_ids"], ["written"]),
                helper.make_node("Add", ["written", "encoded"], ["logits"]),
            ],
            [("input_ids", INT, ["n", "d"]), ("encoder_hidden_states", FLOAT, ["n", "l", 12])],
            [("logits", FLOAT, ["n", "d", 12])],
            v=held["v"],
            one=held["one"],
        )
        join_files(encoder, decoder, tmp_path / name)

    summing_up(build)


def test_an_encoder_that_was_not_joined_is_told_how(graph, executing):
    nodes = [
        helper.make_node("Gather", ["v", "input_ids"], ["written"]),
        helper.make_node("ReduceSum", ["encoder_hidden_states", "one"], ["encoded"], keepdims=1),
        helper.make_node("Add", ["written", "encoded"], ["logits"]),
    ]
    ports = [("input_ids", INT, ["n", "d"]), ("encoder_hidden_states", FLOAT, ["n", "l", 12])]
    for name in ("base.onnx", "quantized.onnx"):
        held = {"v": np.ones((12, 12), np.float32), "one": np.int64([1])}
        graph(name, nodes, ports, [("logits", FLOAT, ["n", "d", 12])], **held)
    columns = {"ids": np.ones((4, 3), np.int64), "y": np.ones((4, 2), np.int64)}
    with pytest.raises(NotExecutableError) as caught:
        executing(
            "reasoning",
            "exact-match",
            columns,
            data="inputs { input_ids: ids }\n  label: y",
            more="prompt { max-tokens: 2 }",
        )
    assert "qspec join ENCODER DECODER" in str(caught.value.hint)
