"""What a resource returns, as the contents a client reads."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.safestring import mark_safe
from mcp_types import BlobResourceContents, ReadResourceResult, TextResourceContents

from django_mcp.content import (
    Audio,
    EmbeddedResource,
    File,
    Image,
    Text,
    resource_contents,
)
from django_mcp.exceptions import NotRegistered
from django_mcp.protocol.revisions import REVISIONS

PNG = b"\x89PNG\r\n\x1a\n"
HERE = "x://here"


@pytest.mark.parametrize("revision", REVISIONS.values(), ids=REVISIONS)
@pytest.mark.parametrize(
    ("value", "mime_type", "expected"),
    [
        ("a", "", {"mimeType": "text/plain", "text": "a"}),
        (mark_safe("<b>"), "text/html", {"mimeType": "text/html", "text": "<b>"}),
        (b"\0", "", {"mimeType": "application/octet-stream", "blob": "AA=="}),
        (PNG, "", {"mimeType": "image/png", "blob": "iVBORw0KGgo="}),
        (b"a", "text/plain", {"mimeType": "text/plain", "blob": "YQ=="}),
        ({"a": 1}, "", {"mimeType": "application/json", "text": '{"a":1}'}),
        ([1, "a"], "a/b+json", {"mimeType": "a/b+json", "text": '[1,"a"]'}),
        ([], "", {"mimeType": "application/json", "text": "[]"}),
        (3, "", {"mimeType": "application/json", "text": "3"}),
        (Image(PNG), "x/y", {"mimeType": "image/png", "blob": "iVBORw0KGgo="}),
        (Audio(b"ID3"), "", {"mimeType": "audio/mpeg", "blob": "SUQz"}),
        (Text("a"), "", {"mimeType": "text/plain", "text": "a"}),
        (File(b"a", name="a.csv"), "", {"mimeType": "text/csv", "text": "a"}),
    ],
)
def test_a_value_becomes_the_contents_at_the_uri_that_was_read(
    revision: Any, value: Any, mime_type: Any, expected: Any, judged: Any
) -> None:
    contents = resource_contents(value, HERE, mime_type, revision)
    judged("resources/read", revision.name, {"contents": contents})
    assert contents == [{"uri": HERE, **expected}]


@pytest.mark.parametrize("revision", REVISIONS.values(), ids=REVISIONS)
def test_contents_that_say_where_they_are_go_as_they_are(
    revision: Any, judged: Any
) -> None:
    raw = {"uri": "x://1", "text": "a", "_meta": {"k": 1}}
    value: list[Any] = [
        raw,
        EmbeddedResource("x://2", blob=b"a"),
        TextResourceContents(uri="x://3", text="b"),
        BlobResourceContents(uri="x://4", blob="YQ=="),
        File(b"a", uri="x://5"),
    ]
    contents = resource_contents(value, HERE, "", revision)
    judged("resources/read", revision.name, {"contents": contents})
    assert [item["uri"] for item in contents] == [f"x://{n}" for n in range(1, 6)]
    assert ("_meta" in contents[0]) is revision.titles
    assert resource_contents(raw, HERE, "", revision) == contents[:1]
    foreign = ReadResourceResult(contents=[value[2]])
    assert resource_contents(foreign, HERE, "", revision) == [
        {"uri": "x://3", "text": "b"}
    ]


def test_a_list_with_data_among_it_is_json() -> None:
    value = [{"uri": "x://1", "text": "a"}, {"uri": "x://2"}]
    [contents] = resource_contents(iter(value), HERE, "", REVISIONS["2026-07-28"])
    assert contents["mimeType"] == "application/json"


def test_none_means_that_there_is_nothing() -> None:
    with pytest.raises(NotRegistered, match="nothing at x://here"):
        resource_contents(None, HERE, "", REVISIONS["2026-07-28"])
