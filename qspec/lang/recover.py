"""Parsing that goes on after an error: skip to the next item, and pop the parser until it takes it."""

from __future__ import annotations

import re
from typing import Any

from qspec.lang import grammar
from qspec.lang.diagnostic import Diagnostic
from qspec.lang.engine import (
    InteractiveParser,
    Token,
    UnexpectedCharacters,
    UnexpectedInput,
    UnexpectedToken,
)
from qspec.lang.messages import describe
from qspec.lang.source import Source
from qspec.lang.tree import Block
from qspec.lang.trouble import Trouble

MAX_ERRORS = 200

_REST_OF_LIST = re.compile(r"[^\[\]{}:]*\]")

# A string that is not closed is no string, and looking for its end costs no more than so many characters.
_SKIPPED = re.compile(r'"""[\s\S]*?(?:"""|\Z)|"(?:[^"\\\r\n]|\\.){0,1000}+"|#[^\n]*|[{}\n]')


def parse_with_recovery(source: Source) -> tuple[Block, list[Diagnostic]]:
    """The tree of every item that can be read, and the errors in the order of their places."""
    return _Recovery(source).run()


class _Recovery:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.parser: InteractiveParser = grammar.parser().parse_interactive(source.text)
        self.errors: list[Diagnostic] = []

    # The thread of tokens --------------------------------------------------------------------

    def _next_token(self, parser: InteractiveParser) -> Token:
        thread: Any = parser.lexer_thread
        for token in thread.lex(parser.parser_state):
            return token  # type: ignore[no-any-return]
        return Token.new_borrow_pos(
            "$END", "", Token("$END", "", len(self.source.text), end_pos=len(self.source.text))
        )

    def _move_to(self, parser: InteractiveParser, offset: int) -> None:
        thread: Any = parser.lexer_thread
        thread.state.line_ctr.char_pos = offset
        thread.state.last_token = None

    # The loop --------------------------------------------------------------------------------

    def run(self) -> tuple[Block, list[Diagnostic]]:
        while True:
            try:
                token = self._next_token(self.parser)
                result = self.parser.feed_token(token)
                if token.type == "$END":
                    return self._finished(result)
            except UnexpectedInput as error:
                offset = self._record(error)
                if len(self.errors) >= MAX_ERRORS or not self._resume(offset):
                    return self._closed()

    def _finished(self, result: Any) -> tuple[Block, list[Diagnostic]]:
        root: Block = result
        return root, self.errors

    def _record(self, error: UnexpectedInput) -> int:
        if isinstance(error, UnexpectedToken):
            token = error.token
            start, end = int(token.start_pos or 0), int(token.end_pos or 0)
            if token.type == "$END":
                start = end = len(self.source.text)
            kind = token.type
        else:
            assert isinstance(error, UnexpectedCharacters)
            start = int(error.pos_in_stream or 0)
            end, kind = start + 1, "CHARACTER"
        trouble = Trouble(
            source=self.source,
            start=start,
            end=end,
            kind=kind,
            accepts=frozenset(self._parser_accepts()),
            stack=list(self.parser.parser_state.value_stack),
        )
        diagnostic = describe(trouble)
        if diagnostic is None:
            return start
        self.errors.append(diagnostic)
        return start if kind == "$END" else min(start, diagnostic.span.start)

    def _parser_accepts(self) -> set[str]:
        accepts: Any = self.parser.accepts
        return set(accepts())

    # Where to go on --------------------------------------------------------------------------

    def _skip(self, offset: int) -> tuple[int, int]:
        """Offset of the first line after the broken item, and how many blocks were closed on the way."""
        opened = closed = 0
        text = self.source.text
        for match in _SKIPPED.finditer(text, offset):
            sign = match[0]
            if sign == "{":
                opened += 1
            elif sign == "}":
                if opened:
                    opened -= 1
                else:
                    closed += 1
            elif sign == "\n" and not opened:
                return match.end(), closed
        return len(text), closed

    def _resume(self, offset: int) -> bool:
        """Pop the parser to where the text after the broken item can go on; False at the end of the text."""
        state = self.parser.parser_state
        states, values = list(state.state_stack), list(state.value_stack)
        rest = _REST_OF_LIST.match(self.source.text, offset) if _in_list(values) else None
        position, closed = self._skip(rest.end() if rest else offset)
        depth = max(_open_blocks(values) - closed, 0)
        while position < len(self.source.text):
            for size in range(len(states), 0, -1):
                kept = values[: size - 1]
                if _open_blocks(kept) > depth:
                    continue
                state.state_stack[:], state.value_stack[:] = states[:size], kept
                if self._accepts_from(position):
                    self._move_to(self.parser, position)
                    return True
            position, more = self._skip(position)
            depth = max(depth - more, 0)
        state.state_stack[:], state.value_stack[:] = states, values
        return False

    def _accepts_from(self, position: int) -> bool:
        """Whether the state takes an item at `position`; a closing brace or the end must pass a simulated feed."""
        if not _takes(self.parser, "PIPE"):  # only where an item may begin can a `|` stand
            return False
        trial = _copy(self.parser)
        before = _lexer_place(trial)
        self._move_to(trial, position)
        try:
            token = self._next_token(trial)
            while token.type == "_NEWLINE":
                trial.feed_token(token)
                token = self._next_token(trial)
        except UnexpectedInput:
            return True  # an item that is broken from its first sign: the loop reports it
        finally:
            self._move_to(self.parser, before)
        if token.type not in {"RBRACE", "$END"}:
            return True
        return _takes(self.parser, token.type)

    def _closed(self) -> tuple[Block, list[Diagnostic]]:
        """Close every open block, so that what was read before the end is kept."""
        state = self.parser.parser_state
        end = len(self.source.text)
        states, values = list(state.state_stack), list(state.value_stack)
        for size in range(len(states), 0, -1):
            state.state_stack[:], state.value_stack[:] = states[:size], values[: size - 1]
            trial = _copy(self.parser)
            try:
                for _ in range(_open_blocks(values[: size - 1])):
                    trial.feed_token(Token("RBRACE", "}", end, end_pos=end))
                root: Block = trial.feed_token(Token("$END", "", end, end_pos=end))
                return root, self.errors
            except UnexpectedInput:
                continue
        return Block(0, 0, []), self.errors


def _copy(parser: InteractiveParser) -> InteractiveParser:
    """A parser that can be fed for trial; the nodes on its stack are shared."""
    copy: Any = parser.copy
    trial: InteractiveParser = copy(deepcopy_values=False)
    return trial


def _takes(parser: InteractiveParser, kind: str) -> bool:
    """Whether a simulated feed succeeds: table membership is not enough, since LALR look-aheads are merged."""
    try:
        _copy(parser).feed_token(Token(kind, "", 0, end_pos=0))
    except UnexpectedInput:
        return False
    return True


def _open_blocks(values: list[Any]) -> int:
    return sum(1 for value in values if isinstance(value, Token) and value.type == "LBRACE")


def _in_list(values: list[Any]) -> bool:
    """Whether the innermost bracket that is open is a list's."""
    brackets = (v.type for v in reversed(values) if isinstance(v, Token) and v.type in {"LBRACE", "LBRACKET"})
    return next(brackets, None) == "LBRACKET"


def _lexer_place(parser: InteractiveParser) -> int:
    thread: Any = parser.lexer_thread
    return int(thread.state.line_ctr.char_pos)
