"""What a template says while it is rendered for a caller: messages, as objects.

The tags hand over what they mean; nothing is ever read out of the text, so an
argument can neither end a message nor begin one. Where a picture stands in a
message is told by a mark with a number that is drawn for each rendering, after
its arguments have come.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal

from django.template import TemplateSyntaxError

from django_mcp.content.values import Message
from django_mcp.context import Context

#: Private use characters and digits: no filter for text touches them.
_MARK = re.compile("\ue000([0-9]+):([0-9]+)\ue001")
_current: ContextVar[Rendering | None] = ContextVar("rendering", default=None)


class Rendering:
    """One template, rendered once for one caller."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.messages: list[Message] = []
        self._number = str(secrets.randbits(128))
        #: What stands between the words; in a message, of that message.
        self._objects: list[Any] = []
        self._speaking = False

    def say(
        self, role: Literal["user", "assistant"], render: Callable[[], str]
    ) -> None:
        """Add a message of what ``render`` returns. Raises: TemplateSyntaxError"""
        if self._speaking:
            raise TemplateSyntaxError("A message cannot be inside of a message.")
        outside, self._objects, self._speaking = self._objects, [], True
        try:
            self.messages.append(Message(role, *self._contents(render())))
        finally:
            self._objects, self._speaking = outside, False

    def place(self, objects: Iterable[Any]) -> str:
        """Keep what is no text; return the marks of where it stands."""
        marks = ""
        for one in objects:
            marks += f"\ue000{self._number}:{len(self._objects)}\ue001"
            self._objects.append(one)
        return marks

    def finish(self, text: str) -> list[Message]:
        """Return the messages, or the whole text as one, if there are none."""
        return self.messages or [Message("user", *self._contents(text))]

    def _contents(self, text: str) -> list[Any]:
        """Put what is no text back to its place; what lost its place comes last."""
        found: list[Any] = []
        waiting = dict(enumerate(self._objects))
        end = 0
        for mark in _MARK.finditer(text):
            if mark[1] == self._number:
                found += text[end : mark.start()].strip(), waiting.pop(int(mark[2]), "")
                end = mark.end()
        found += text[end:].strip(), *waiting.values()
        return [one for one in found if not isinstance(one, str) or one] or [""]


def current() -> Rendering | None:
    """Return the rendering that goes on; ``None`` on an ordinary page."""
    return _current.get()


@contextmanager
def rendered_for(context: Context) -> Iterator[Rendering]:
    """Let the tags speak to a new rendering in a ``with`` block."""
    rendering = Rendering(context)
    token = _current.set(rendering)
    try:
        yield rendering
    finally:
        _current.reset(token)


@contextmanager
def rendered_as_text() -> Iterator[None]:
    """Let the tags be silent in a ``with`` block: a resource has no messages."""
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)
