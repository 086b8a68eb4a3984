"""What a prompt returns, as messages."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.translation import gettext_lazy as _
from mcp_types import GetPromptResult, PromptMessage, TextContent

from django_mcp.content import Audio, EmbeddedResource, Image, Message, prompt_messages
from django_mcp.protocol.revisions import REVISIONS, STATELESS

PNG = b"\x89PNG\r\n\x1a\n"


def said(words: Any, role: Any = "user") -> Any:
    return {"role": role, "content": {"type": "text", "text": words}}


FOREIGN = PromptMessage(role="assistant", content=TextContent(type="text", text="a"))


@pytest.mark.parametrize("revision", REVISIONS.values(), ids=REVISIONS)
@pytest.mark.parametrize(
    ("value", "messages"),
    [
        ("a", [said("a")]),
        (_("Hello"), [said("Hello")]),
        (
            Message("assistant", "a", "b"),
            [said("a", "assistant"), said("b", "assistant")],
        ),
        (["a", Message("assistant", "b")], [said("a"), said("b", "assistant")]),
        ({"role": "assistant", "content": "a"}, [said("a", "assistant")]),
        (said("a"), [said("a")]),
        ({"type": "text", "text": "a"}, [said("a")]),
        ({"messages": [said("a"), "b"]}, [said("a"), said("b")]),
        (FOREIGN, [said("a", "assistant")]),
        ([FOREIGN, "b"], [said("a", "assistant"), said("b")]),
        (GetPromptResult(messages=[FOREIGN]), [said("a", "assistant")]),
    ],
)
def test_a_prompts_value_becomes_messages(
    revision: Any, value: Any, messages: Any, judged: Any
) -> None:
    found = prompt_messages(value, revision)
    judged("prompts/get", revision.name, {"messages": found})
    assert found == messages


@pytest.mark.parametrize("revision", REVISIONS.values(), ids=REVISIONS)
def test_a_prompt_may_show_pictures_and_resources(revision: Any, judged: Any) -> None:
    value = [
        Image(PNG),
        Message("user", EmbeddedResource("x://y", text="a"), Audio(b"ID3")),
        {"role": "user", "content": [{"type": "text", "text": "a"}, Image(PNG)]},
    ]
    found = prompt_messages(value, revision)
    judged("prompts/get", revision.name, {"messages": found})
    sound = "audio" if revision.audio else "text"
    kinds = [message["content"]["type"] for message in found]
    assert kinds == ["image", "resource", sound, "text", "image"]


def test_messages_of_a_generator_are_taken_in_order() -> None:
    assert prompt_messages((w for w in "ab"), STATELESS) == [said("a"), said("b")]


@pytest.mark.parametrize("value", [None, 3, {"a": 1}, object(), [None]])
def test_a_prompt_that_says_nothing_is_a_mistake(value: Any) -> None:
    with pytest.raises(TypeError, match="A prompt cannot return"):
        prompt_messages(value, STATELESS)


def test_only_user_and_assistant_speak() -> None:
    with pytest.raises(TypeError, match="user or assistant, not by 'system'"):
        prompt_messages({"role": "system", "content": "a"}, STATELESS)
