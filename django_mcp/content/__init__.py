"""From the values that functions return to content on the wire, and no further.

Nothing in here calls a function, and nothing in here knows a method.
"""

from django_mcp.content.prompts import prompt_messages
from django_mcp.content.resources import resource_contents
from django_mcp.content.results import error_result, output_schema_for, tool_result
from django_mcp.content.values import (
    UNSET,
    Audio,
    Content,
    EmbeddedResource,
    File,
    Image,
    Message,
    ResourceLink,
    Result,
    Text,
)

__all__ = [
    "UNSET",
    "Audio",
    "Content",
    "EmbeddedResource",
    "File",
    "Image",
    "Message",
    "ResourceLink",
    "Result",
    "Text",
    "error_result",
    "output_schema_for",
    "prompt_messages",
    "resource_contents",
    "tool_result",
]
