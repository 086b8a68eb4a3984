"""What a prompt returned, as the messages of ``prompts/get``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.functional import Promise

from django_mcp.content.blocks import block_from, blocks_from, dumped, is_foreign
from django_mcp.content.values import Block, Message
from django_mcp.protocol.revisions import Revision

_ROLES = ("user", "assistant")


def prompt_messages(value: Any, revision: Revision) -> list[Block]:
    """Return the messages for what a prompt's function returned.

    Strings and content are said by the user; `Message` and a dictionary with
    ``role`` and ``content`` say who speaks; a list holds several of these.

    Raises: TypeError, for anything else.
    """
    if isinstance(value, list | tuple | Iterator):
        return [
            message for item in value for message in prompt_messages(item, revision)
        ]
    if isinstance(value, Message):
        return _said(value.role, value.content, revision)
    if is_foreign(value, "PromptMessage", "GetPromptResult", "SamplingMessage"):
        value = dumped(value)
    if isinstance(value, dict) and "messages" in value:
        return prompt_messages(value["messages"], revision)
    if isinstance(value, dict) and value.keys() >= {"role", "content"}:
        content = value["content"]
        several = isinstance(content, list | tuple)
        return _said(value["role"], content if several else [content], revision)
    if isinstance(value, str | Promise) or block_from(value) is not None:
        return _said("user", [value], revision)
    raise TypeError(
        f"A prompt cannot return a {type(value).__name__}: return a string,"
        " a Message, content, or a list of these."
    )


def _said(role: str, content: Any, revision: Revision) -> list[Block]:
    """Return one message per content: a message of a prompt holds no more."""
    if role not in _ROLES:
        raise TypeError(f"A message is said by {' or '.join(_ROLES)}, not by {role!r}.")
    return [
        {"role": role, "content": block} for block in blocks_from(content, revision)
    ]
