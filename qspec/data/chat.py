"""A model's own chat template: the Jinja text beside its tokenizer that turns what a user says into a prompt."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qspec.canonical import file_digest, parse_json
from qspec.data.limits import DEFAULT_LIMITS
from qspec.errors import LimitError, NotExecutableError, QSpecError, cap, one_line

if TYPE_CHECKING:
    from jinja2 import Template

CONFIG, OWN_FILE = "tokenizer_config.json", "chat_template.jinja"
"""Where Hugging Face's transformers keeps a template: as a text in the one, or as the other."""
MOST_CHARACTERS = 1 << 20
"""Most characters of one prompt that a template writes."""
_TOKENS = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
_LEAVE_OUT = "say `chat-template: false`, and write the words of the prompt into `template`"


class ChatTemplate:
    """A template that is ready to wrap prompts, as transformers' `apply_chat_template` does for one user message.

    It sees `messages`, `add_generation_prompt` and the names of special tokens, and nothing of this machine: no file, no
    clock (`strftime_now` is not there, so that templates take the date that they are written for). Raises `QSpecError` for
    one that is not Jinja.
    """

    def __init__(self, text: str, tokens: Mapping[str, str], name: str, files: Mapping[str, str]) -> None:
        self.name, self.files = name, dict(files)
        """`files`: the SHA-256 of each file that was read, by its name."""
        self._tokens = dict(tokens)
        self._template = _compiled(text, name)

    def wrap(self, text: str) -> str:
        """The prompt in which a user says `text` and the model is to answer.

        Raises `QSpecError` where the template refuses or fails, `LimitError` for a prompt without end.
        """
        most, written, length = cap("prompt-characters", MOST_CHARACTERS), [], 0
        said = {"messages": [{"role": "user", "content": text}], "add_generation_prompt": True}
        try:
            for piece in self._template.generate(**said, **self._tokens):
                written.append(piece)
                length += len(piece)
                if length > most:
                    raise LimitError.over(
                        "prompt-characters", most, f"A prompt that {self.name} writes is longer"
                    )
        except LimitError:
            raise
        except Exception as error:  # whatever the code of a template comes to
            raise QSpecError(
                f"The chat template in {self.name} fails on a prompt: {one_line(error)}.", hint=_LEAVE_OUT
            ) from error
        return "".join(written)


def open_chat(find: Callable[[str], Path | None]) -> ChatTemplate | None:
    """The chat template among the files that `find` gives by name, or None; None from `find` is a file that is not there.

    Raises `QSpecError` for a file that is damaged, and for two templates that differ.
    """
    files: dict[str, str] = {}
    config = find(CONFIG)
    told = _config(config, files) if config is not None else {}
    configured = _named(told.get("chat_template"))
    try:
        path = find(OWN_FILE)
    except NotExecutableError:  # it may not be asked for now, and is not needed where the other holds one
        if configured is None:
            raise
        path = None
    own = _text(path, files) if path is not None else None
    if configured is not None and own is not None and configured.rstrip() != own.rstrip():
        raise QSpecError(
            f"{CONFIG} and {OWN_FILE} hold different chat templates.",
            hint="keep the one that the model was made with",
        )
    text, name = (configured, CONFIG) if own is None else (own, OWN_FILE)
    if text is None:
        return None
    tokens = {name: content for name in _TOKENS if (content := _content(told.get(name))) is not None}
    return ChatTemplate(text, tokens, name, files)


def _config(path: Path, files: dict[str, str]) -> dict[str, Any]:
    try:
        told = parse_json(_text(path, files))
    except (ValueError, RecursionError) as error:
        raise QSpecError(
            f"{path.name} is not JSON: {one_line(error)}.", hint="copy it again from the model"
        ) from error
    return told if isinstance(told, dict) else {}


def _text(path: Path, files: dict[str, str]) -> str:
    DEFAULT_LIMITS.check("text_bytes", path.stat().st_size, f"The size of {path.name}, in bytes,")
    files[path.name] = file_digest(path)
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise QSpecError(f"{path.name} is not UTF-8.", hint="copy it again from the model") from error


def _named(found: object) -> str | None:
    """The template itself, or the one called `default` of several."""
    if isinstance(found, list):
        found = {
            one.get("name"): one.get("template")
            for one in found
            if isinstance(one, dict) and isinstance(one.get("name"), str)
        }
    if isinstance(found, dict):
        found = found.get("default")
    return found if isinstance(found, str) else None


def _content(token: object) -> str | None:
    """The text of a special token, which may be written with its properties."""
    token = token.get("content") if isinstance(token, dict) else token
    return token if isinstance(token, str) else None


def _compiled(text: str, name: str) -> Template:
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: object) -> None:
        raise TemplateError(str(message))

    def as_json(value: object, indent: int | None = None) -> str:
        return json.dumps(value, ensure_ascii=False, indent=indent)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = as_json
    environment.globals["raise_exception"] = refuse
    try:
        return environment.from_string(text)
    except (TemplateError, RecursionError, SyntaxError) as error:
        raise QSpecError(
            f"The chat template in {name} is not one that can be read: {one_line(error)}.", hint=_LEAVE_OUT
        ) from error
