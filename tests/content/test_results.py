"""What a tool returns, as its result on every revision."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.translation import gettext_lazy as _
from mcp_types import (
    AudioContent,
    CallToolResult,
    EmbeddedResource,
    ImageContent,
    TextContent,
    TextResourceContents,
)
from mcp_types import ResourceLink as ForeignLink
from pydantic import BaseModel, TypeAdapter
from pydantic_core import from_json

from django_mcp.content import (
    Audio,
    File,
    Image,
    ResourceLink,
    Result,
    Text,
    error_result,
    output_schema_for,
    tool_result,
)
from django_mcp.content import (
    EmbeddedResource as Embedded,
)
from django_mcp.protocol.revisions import REVISIONS, STATELESS
from tests.testapp.models import Author

PNG = b"\x89PNG\r\n\x1a\n"
OLDEST, SECOND = REVISIONS["2024-11-05"], REVISIONS["2025-03-26"]
THIRD, FOURTH = REVISIONS["2025-06-18"], REVISIONS["2025-11-25"]
every_revision = pytest.mark.parametrize("revision", REVISIONS.values(), ids=REVISIONS)

INTEGER = {"type": "integer"}
OBJECT = {"type": "object"}
EITHER = {"anyOf": [{"type": "object"}, {"type": "null"}]}


class Node(BaseModel):
    children: list[Node] = []


def text(words: Any) -> Any:
    return {"type": "text", "text": words}


@every_revision
@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("plain “text”", "plain “text”"),
        ("", ""),
        (_("Hello"), "Hello"),
        (3, "3"),
        (True, "true"),
        (2.5, "2.5"),
        ({"a": [1, "ü"]}, '{"a":[1,"ü"]}'),
        ([{"id": 1}, {"id": 2}], '[{"id":1},{"id":2}]'),
        ((1, "two"), '[1,"two"]'),
        ([], "[]"),
        (Node(), '{"children":[]}'),
        (
            {"type": "text", "text": "a", "mine": 1},
            '{"type":"text","text":"a","mine":1}',
        ),
        ({"type": ["text"], "text": "a"}, '{"type":["text"],"text":"a"}'),
    ],
)
def test_data_is_one_block_of_compact_json_and_strings_are_themselves(
    revision: Any, value: Any, words: Any, judged: Any
) -> None:
    result = tool_result(value, revision)
    assert judged("tools/call", revision.name, result) == {"content": [text(words)]}


def test_rows_of_a_generator_are_a_list() -> None:
    result = tool_result((n for n in (1, 2)), STATELESS, structured=True)
    assert members_of(result)["structuredContent"] == [1, 2]


@every_revision
def test_nothing_is_an_empty_result(revision: Any, judged: Any) -> None:
    for structured in (True, False):
        result = tool_result(None, revision, structured=structured)
        assert judged("tools/call", revision.name, result) == {"content": []}


def members_of(result: Any) -> Any:
    return from_json(b"{%b}" % result) if type(result) is bytes else result


def structured(value: Any, revision: Any, **options: Any) -> Any:
    result = tool_result(value, revision, structured=True, **options)
    return members_of(result).get("structuredContent", "absent")


def test_structured_content_is_the_value_itself_in_the_stateless_era() -> None:
    for value in ("text", 3, [1], {"a": 1}, {"result": 3}, None):
        assert structured(value, STATELESS, schema={}) == value
    assert structured("text", STATELESS) == "text"
    assert structured(None, STATELESS) == "absent"


def test_structured_content_is_wrapped_where_it_must_be_an_object(judged: Any) -> None:
    for revision in (THIRD, FOURTH):
        assert structured("text", revision) == {"result": "text"}
        assert structured([1], revision, schema={"type": "array"}) == {"result": [1]}
        assert structured(None, revision, schema=EITHER) == {"result": None}
        assert structured({"a": 1}, revision) == {"a": 1}
        assert structured({"a": 1}, revision, schema=OBJECT) == {"a": 1}
        result = tool_result(3, revision, structured=True, schema=INTEGER)
        judged("tools/call", revision.name, result)


def test_the_schema_decides_about_wrapping_and_not_the_value() -> None:
    assert structured({"a": 1}, THIRD, schema=EITHER) == {"result": {"a": 1}}
    tree = TypeAdapter(Node).json_schema(mode="serialization")
    assert structured(Node(), THIRD, schema=tree) == {"children": []}


def test_old_revisions_have_no_structured_content() -> None:
    for revision in (OLDEST, SECOND):
        for value in (None, "text", {"a": 1}, [1], Result(structured=1)):
            result = tool_result(value, revision, structured=True, schema=OBJECT)
            assert members_of(result).keys() == {"content"}


def test_text_and_structured_content_are_the_same_value() -> None:
    value = {"quote": 'a "b" \\ \n ü', "n": float("nan")}
    members = members_of(tool_result(value, STATELESS, structured=True))
    [block] = members["content"]
    assert from_json(block["text"]) == members["structuredContent"]
    assert members["structuredContent"]["n"] is None


FOREIGN: list[Any] = [
    TextContent(type="text", text="a"),
    ImageContent(type="image", data="eA==", mime_type="image/png"),
    AudioContent(type="audio", data="eA==", mime_type="audio/wav"),
    ForeignLink(type="resource_link", uri="x://y", name="y"),
    EmbeddedResource(
        type="resource", resource=TextResourceContents(uri="x://y", text="a")
    ),
]
CONTENT = [
    Text("a"),
    Image(PNG),
    Audio(b"ID3"),
    ResourceLink("x://y", "y"),
    Embedded("x://y", text="a"),
    File(b"a", name="a.txt"),
]


@every_revision
@pytest.mark.parametrize("value", [*FOREIGN, *CONTENT], ids=lambda v: type(v).__name__)
def test_content_is_one_block_and_nothing_structured(
    revision: Any, value: Any, judged: Any
) -> None:
    result = tool_result(value, revision, structured=True)
    members = judged("tools/call", revision.name, result)
    assert members.keys() == {"content"}
    assert len(members["content"]) == 1
    same = tool_result([value], revision, structured=True)
    assert same == result


@every_revision
def test_a_list_with_content_keeps_its_order(revision: Any, judged: Any) -> None:
    value = ["before", Image(PNG), {"a": 1}, text("block"), b"\0", _("after")]
    members = judged("tools/call", revision.name, tool_result(value, revision))
    kinds = [block["type"] for block in members["content"]]
    assert kinds == ["text", "image", "text", "text", "resource", "text"]
    words = [block.get("text") for block in members["content"]]
    assert words == ["before", None, '{"a":1}', "block", None, "after"]


def test_a_dictionary_that_is_a_block_is_content_unless_a_schema_says_data() -> None:
    assert tool_result(text("a"), STATELESS) == {"content": [text("a")]}
    assert structured(text("a"), STATELESS, schema=OBJECT) == text("a")
    assert structured([text("a")], STATELESS, schema={}) == [text("a")]


def test_bytes_are_a_file() -> None:
    [block] = members_of(tool_result(PNG, STATELESS))["content"]
    assert block["resource"]["mimeType"] == "image/png"


@every_revision
def test_a_full_result_is_taken_as_it_is(revision: Any, judged: Any) -> None:
    value = Result("a", Image(PNG), structured={"n": 1}, is_error=True, meta={"k": 1})
    members = judged("tools/call", revision.name, tool_result(value, revision))
    assert [block["type"] for block in members["content"]] == ["text", "image"]
    assert members["isError"] is True
    assert members["_meta"] == {"k": 1}
    assert members.get("structuredContent") == (
        {"n": 1} if revision.structured_content else None
    )


def test_a_full_result_without_content_shows_its_structured_content() -> None:
    assert tool_result(Result(structured=[1]), THIRD) == {
        "content": [text("[1]")],
        "structuredContent": {"result": [1]},
    }
    assert tool_result(Result(structured=None), STATELESS) == {
        "content": [text("null")],
        "structuredContent": None,
    }
    assert tool_result(Result(), STATELESS) == {"content": []}


@every_revision
def test_a_result_of_the_official_sdk_is_taken_as_it_is(
    revision: Any, judged: Any
) -> None:
    value = CallToolResult(
        content=[TextContent(type="text", text="a"), *FOREIGN[1:]],
        structured_content={"n": 1},
        is_error=True,
        _meta={"k": 1},
    )
    members = judged("tools/call", revision.name, tool_result(value, revision))
    assert len(members["content"]) == 5
    assert members["isError"] is True
    assert members["_meta"] == {"k": 1}
    assert ("structuredContent" in members) is revision.structured_content
    assert tool_result(CallToolResult(content=[]), revision) == {"content": []}


def test_a_models_row_is_refused_wherever_it_hides() -> None:
    for value in (Author(name="a"), [Author(name="a")], {"a": Author(name="a")}):
        with pytest.raises(TypeError, match="never sent whole"):
            tool_result(value, STATELESS)


def test_content_inside_data_is_refused() -> None:
    with pytest.raises(TypeError, match="Return Image on its own or in a list"):
        tool_result({"picture": Image(PNG)}, STATELESS)


@every_revision
def test_an_error_is_words_for_the_model(revision: Any, judged: Any) -> None:
    members = judged("tools/call", revision.name, error_result("No.", revision))
    assert members == {"content": [text("No.")], "isError": True}


def test_an_output_schema_is_shown_as_it_is_where_it_may_be_anything() -> None:
    assert output_schema_for(INTEGER, STATELESS) is INTEGER
    assert output_schema_for(OBJECT, THIRD) is OBJECT
    assert output_schema_for(OBJECT, SECOND) is None


def test_an_output_schema_is_wrapped_where_it_must_be_an_object() -> None:
    schema = TypeAdapter(list[Node]).json_schema(mode="serialization")
    wrapped = output_schema_for(schema, FOURTH)
    assert wrapped == {
        "type": "object",
        "properties": {"result": {"type": "array", "items": {"$ref": "#/$defs/Node"}}},
        "required": ["result"],
        "$defs": schema["$defs"],
    }
    jsonschema = pytest.importorskip("jsonschema_rs")
    validator = jsonschema.validator_for(wrapped)
    assert validator.is_valid({"result": [{"children": [{"children": []}]}]})
    assert not validator.is_valid({"result": [{"children": 1}]})


def test_references_to_the_root_follow_the_schema_to_its_new_place() -> None:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "array",
        "items": {"anyOf": [{"$ref": "#"}, {"$ref": "#/definitions/x"}]},
        "definitions": {"x": {"type": "integer"}},
    }
    wrapped: Any = output_schema_for(schema, THIRD)
    assert wrapped["$schema"] == schema["$schema"]
    jsonschema = pytest.importorskip("jsonschema_rs")
    validator = jsonschema.validator_for(wrapped)
    assert validator.is_valid({"result": [1, [2, [3]]]})
    assert not validator.is_valid({"result": [1, [2, ["3"]]]})
    named = {"$id": "x://y", "$ref": "#/$defs/a", "$defs": {"a": {"type": "integer"}}}
    wrapped = output_schema_for(named, THIRD)
    assert wrapped["properties"] == {"result": named}


def test_a_schema_that_is_an_object_behind_a_reference_says_so_at_its_root() -> None:
    schema = TypeAdapter(Node).json_schema(mode="serialization")
    shown = output_schema_for(schema, THIRD)
    assert shown == {"type": "object", **schema}
