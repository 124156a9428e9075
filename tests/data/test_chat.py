"""Chat templates wrap prompts as their makers wrote them, see nothing of this machine, and fail in sentences."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from qspec.data.chat import ChatTemplate, open_chat
from qspec.errors import LimitError, NotExecutableError, QSpecError

Open = Callable[..., "ChatTemplate | None"]

MARKED = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
"""The form of ChatML."""


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    """Writes a configuration and a template of its own file, and opens what is there."""

    def build(config: object = None, own: str | None = None) -> ChatTemplate | None:
        for name, content in (
            (
                "tokenizer_config.json",
                config if config is None or isinstance(config, str) else json.dumps(config),
            ),
            ("chat_template.jinja", own),
        ):
            if content is not None:
                (tmp_path / name).write_text(content, encoding="utf-8")
        return open_chat(lambda name: path if (path := tmp_path / name).exists() else None)

    return build


def wrapped(template: ChatTemplate | None, text: str = "Why?") -> str:
    assert template is not None
    return template.wrap(text)


def test_a_prompt_is_wrapped_as_the_template_says(opened: Open) -> None:
    said = "<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n"
    assert wrapped(opened({"chat_template": MARKED})) == said


def test_special_tokens_are_those_of_the_configuration(opened: Open) -> None:
    config = {"bos_token": "<s>", "eos_token": {"content": "</s>", "lstrip": False}, "pad_token": None}
    template = opened(config, "{{ bos_token }}[{{ messages[0].content }}]{{ eos_token }}{{ pad_token }}\n")
    assert wrapped(template) == "<s>[Why?]</s>"


def test_blocks_leave_no_lines_behind(opened: Open) -> None:
    lines = [
        "{% for message in messages %}",
        "  {% if true %}",
        "Q: {{ message.content }}",
        "  {% endif %}",
        "{% endfor %}",
        "A:",
    ]
    assert wrapped(opened(own="\n".join(lines))) == "Q: Why?\nA:"


def test_one_of_several_templates_is_the_default(opened: Open) -> None:
    several = [
        {"name": "tool_use", "template": "no"},
        {"name": "default", "template": "{{ messages[0].content }}!"},
    ]
    assert wrapped(opened({"chat_template": several})) == "Why?!"
    assert opened({"chat_template": several[:1]}) is None


def test_texts_are_written_as_json_without_escapes_of_letters(opened: Open) -> None:
    assert wrapped(opened(own="{{ messages | tojson }}"), "é<") == '[{"role": "user", "content": "é<"}]'


def test_a_template_knows_no_clock(opened: Open) -> None:
    text = "{{ strftime_now('%d') if strftime_now is defined else '26 Jul 2024' }}"
    assert wrapped(opened(own=text)) == "26 Jul 2024"


def test_files_are_told_with_their_digests(opened: Open) -> None:
    template = opened({"bos_token": "<s>"}, "x")
    assert template is not None
    assert set(template.files) == {"tokenizer_config.json", "chat_template.jinja"}
    assert all(len(digest) == 64 for digest in template.files.values())


def test_without_a_template_there_is_none(opened: Open) -> None:
    assert opened() is None
    assert opened({"bos_token": "<s>"}) is None
    assert opened([]) is None


@pytest.mark.parametrize(
    ("config", "own", "says"),
    [
        (None, "{% for message in messages %}", "is not one that can be read"),
        (
            None,
            "{% generation %}x{% endgeneration %}",
            "is not one that can be read: Encountered unknown tag",
        ),
        ("{", None, "tokenizer_config.json is not JSON"),
        ("[" * 100_000, None, "tokenizer_config.json is not JSON"),
        ({"chat_template": "a"}, "b", "hold different chat templates"),
    ],
)
def test_a_template_that_cannot_be_read_is_a_sentence(
    opened: Open, config: object, own: str | None, says: str
) -> None:
    with pytest.raises(QSpecError, match=says):
        opened(config, own)


def test_a_file_that_may_not_be_asked_for_is_not_needed_beside_a_template(tmp_path: Path) -> None:
    config = tmp_path / "tokenizer_config.json"

    def find(name: str) -> Path | None:
        if name == config.name:
            return config
        raise NotExecutableError("It has not been fetched.")

    config.write_text(json.dumps({"chat_template": MARKED}))
    assert wrapped(open_chat(find)).startswith("<|im_start|>user")
    config.write_text("{}")
    with pytest.raises(NotExecutableError, match="has not been fetched"):
        open_chat(find)


def test_bytes_that_are_no_text_are_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "chat_template.jinja"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(QSpecError, match="is not UTF-8"):
        open_chat(lambda name: path if name == path.name else None)


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ messages.append(1) }}",
        "{{ ().__class__.__base__ }}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{{ range(10 ** 9) | list }}",
        "{{ 1 / 0 }}",
        "{{ messages[0].content.nothing.more }}",
        "{{ raise_exception('Only two turns.') }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    ],
)
def test_a_template_reaches_nothing_and_fails_in_a_sentence(opened: Open, text: str) -> None:
    with pytest.raises(QSpecError, match="fails on a prompt"):
        wrapped(opened(own=text))


def test_what_a_template_refuses_is_told(opened: Open) -> None:
    with pytest.raises(QSpecError, match=r"Only two turns\b"):
        wrapped(opened(own="{{ raise_exception('Only two turns.') }}"))


def test_a_prompt_without_end_is_cut_by_a_cap(opened: Open) -> None:
    text = "{% for a in range(90000) %}{% for b in range(90000) %}0123456789{% endfor %}{% endfor %}"
    with pytest.raises(LimitError, match="over the cap prompt-characters"):
        wrapped(opened(own=text))
