"""Messages are objects, and what is no text keeps its place between the words."""

from __future__ import annotations

import pytest
from django.template import TemplateSyntaxError

from django_mcp import MCPServer
from django_mcp.providers.templates.rendering import (
    Rendering,
    current,
    rendered_as_text,
    rendered_for,
)
from tests.calls import asked, context_for

SERVER = MCPServer("tests")
CONTEXT = context_for(SERVER, asked("prompts/get"))


def test_what_is_no_text_stands_where_the_template_put_it() -> None:
    rendering = Rendering(CONTEXT)
    rendering.say("user", lambda: f" a {rendering.place([1, 2])} b ")
    [message] = rendering.messages
    assert message.content == ("a", 1, 2, "b")


def test_what_lost_its_place_comes_last() -> None:
    rendering = Rendering(CONTEXT)
    rendering.say("user", lambda: rendering.place([1])[:5] + "words")
    assert rendering.messages[0].content[-1] == 1


def test_a_mark_that_is_repeated_counts_once() -> None:
    rendering = Rendering(CONTEXT)
    rendering.say("user", lambda: rendering.place([1]) * 3)
    assert rendering.messages[0].content == (1,)


def test_the_mark_of_another_rendering_is_text() -> None:
    mark = Rendering(CONTEXT).place([1])
    rendering = Rendering(CONTEXT)
    rendering.say("user", lambda: mark + rendering.place([2]))
    assert rendering.messages[0].content == (mark, 2)


def test_without_messages_all_is_one() -> None:
    rendering = Rendering(CONTEXT)
    [message] = rendering.finish(f" text {rendering.place([1])}")
    assert (message.role, message.content) == ("user", ("text", 1))


def test_an_empty_message_is_still_one() -> None:
    rendering = Rendering(CONTEXT)
    rendering.say("assistant", lambda: "  ")
    assert rendering.messages[0].content == ("",)


def test_a_message_in_a_message_is_refused() -> None:
    rendering = Rendering(CONTEXT)

    def nested() -> str:
        rendering.say("assistant", str)
        return ""

    with pytest.raises(TemplateSyntaxError):
        rendering.say("user", nested)
    rendering.say("user", lambda: "after")
    assert rendering.messages[0].content == ("after",)


def test_tags_find_the_rendering_that_goes_on() -> None:
    assert current() is None
    with rendered_for(CONTEXT) as rendering:
        assert current() is rendering
        with rendered_as_text():
            assert current() is None
        assert current() is rendering
    assert current() is None
