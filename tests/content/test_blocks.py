"""Which values are content, and what of it each revision can show."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from django_mcp.content import Audio, ResourceLink, Text
from django_mcp.content.blocks import block_from, blocks_from, is_block
from django_mcp.protocol.revisions import REVISIONS

OLDEST, SECOND = REVISIONS["2024-11-05"], REVISIONS["2025-03-26"]
THIRD, FOURTH = REVISIONS["2025-06-18"], REVISIONS["2025-11-25"]


def text(words: Any) -> Any:
    return {"type": "text", "text": words}


def shown(value: Any, revision: Any) -> Any:
    return blocks_from([value], revision)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (text("a"), True),
        (text("a") | {"annotations": {}, "_meta": {}}, True),
        ({"type": "image", "data": "eA==", "mimeType": "image/png"}, True),
        ({"type": "resource_link", "uri": "x://y", "name": "y", "size": 1}, True),
        ({"type": "resource", "resource": {}}, True),
        (text("a") | {"id": 1}, False),
        ({"type": "text"}, False),
        ({"type": ["text"], "text": "a"}, False),
        ({"type": None}, False),
        ({"type": "book", "text": "a"}, False),
        ({}, False),
    ],
)
def test_a_dictionary_is_a_block_only_when_it_can_be_nothing_else(
    value: Any, expected: Any
) -> None:
    assert is_block(value) is expected


class TextContent(BaseModel):
    type: str = "novel"
    text: str = "a"


def test_a_projects_own_class_is_not_mistaken_for_the_official_sdks() -> None:
    assert block_from(TextContent()) is None
    assert block_from(TextContent(type="text")) == text("a")


def test_what_a_revision_lacks_is_said_in_words() -> None:
    assert shown(Audio(b"ID3"), OLDEST) == [text("[audio, audio/mpeg]")]
    assert shown(Audio(b"ID3"), SECOND)[0]["type"] == "audio"
    link = ResourceLink("x://y", "y", title="The Y", annotations={"priority": 1})
    assert shown(link, SECOND) == [
        text("The Y: x://y") | {"annotations": {"priority": 1}}
    ]
    assert shown(link, THIRD)[0]["type"] == "resource_link"
    icons = {
        "type": "resource_link",
        "uri": "x://y",
        "name": "y",
        "icons": [{"src": "z"}],
    }
    assert "icons" in shown(icons, FOURTH)[0]
    assert "icons" not in shown(icons, THIRD)[0]


def test_metadata_and_modification_times_are_left_out_where_unknown() -> None:
    annotations = {"audience": ["user"], "lastModified": "2026-01-01T00:00:00Z"}
    embedded = {
        "type": "resource",
        "resource": {"uri": "x://y", "text": "a", "_meta": {"b": 1}},
        "annotations": annotations,
        "_meta": {"a": 1},
    }
    assert shown(embedded, THIRD) == [embedded]
    assert shown(embedded, SECOND) == [
        {
            "type": "resource",
            "resource": {"uri": "x://y", "text": "a"},
            "annotations": {"audience": ["user"]},
        }
    ]
    only = Text("a", {"lastModified": "2026-01-01T00:00:00Z"})
    assert shown(only, OLDEST) == [text("a")]
