"""Files go as objects, and arrive as uploads."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

pytest.importorskip("ninja")

from hypothesis import given
from hypothesis import strategies as st

from django_mcp import MCPServer
from django_mcp.providers.fields.files import MAX_DATA
from django_mcp.providers.ninja.files import upload_from
from tests.providers.ninja import apis
from tests.providers.ninja.calling import refusal_of, tool_of, value_of

pytestmark = pytest.mark.needs("ninja")


def file(data: bytes = b"hello", name: str = "a.txt", **more: str) -> dict[str, str]:
    return {"name": name, "data": b64encode(data).decode(), **more}


@pytest.fixture
def shapes(server: MCPServer) -> MCPServer:
    server.ninja(apis.files)
    return server


def test_files_fields_and_a_body_arrive_together(shapes: MCPServer) -> None:
    answer = value_of(
        shapes,
        "files",
        {
            "first": file(mime_type="text/csv"),
            "more": [file(b"two", "b.txt"), file(b"three", 'c".what')],
            "title": "T",
            "item": {"name": "tea"},
        },
    )
    assert answer["files"] == [
        ["a.txt", "text/csv", "hello"],
        ["b.txt", "text/plain", "two"],
        ["c%22.what", "application/octet-stream", "three"],
    ]
    assert answer["title"] == "T"
    assert answer["item"]["name"] == "tea"


def test_files_may_be_left_out_where_they_may(shapes: MCPServer) -> None:
    assert value_of(shapes, "files", {"first": file()})["title"] == "none"
    assert refusal_of(shapes, "files", {}) == "first: field required"


def test_the_schema_says_what_a_file_is(shapes: MCPServer, settings: Any) -> None:
    # From where on uploads are kept on the disk is no limit to them.
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 9
    schema = tool_of(shapes, "files").input_schema["properties"]["first"]
    assert schema["required"] == ["name", "data"]
    assert value_of(shapes, "files", {"first": file(b"ten bytes!")})
    large = {**file(), "data": "A" * (MAX_DATA + 1)}
    assert refusal_of(shapes, "files", {"first": large}) == "first: is too large a file"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("text", "should be an object with name, data and mime_type"),
        ({"name": "a"}, "should be an object with name, data and mime_type"),
        (file(path="/etc/passwd"), "should be an object with name, data and mime_type"),
        ({"name": "a", "data": 1}, "should have a name, data and a mime_type"),
        ({"name": "a", "data": "%%"}, "should have data in base64"),
        ({"name": "a", "data": "é"}, "should have data in base64"),
        (file(name=""), "should have the name of a file"),
        (file(name="a\r\nX: y"), "should have the name of a file"),
        (file(name="x" * 256), "should have the name of a file"),
        (file(mime_type="a/b\r\nX: y"), "should have a media type"),
    ],
)
def test_what_is_no_file_is_refused(shapes: MCPServer, wrong: Any, words: str) -> None:
    assert refusal_of(shapes, "files", {"first": wrong}).startswith(f"first: {words}")


@pytest.mark.parametrize("name", ["../../etc/passwd", "c:\\x\\passwd", "/passwd"])
def test_folders_of_a_name_are_dropped(shapes: MCPServer, name: str) -> None:
    [[kept, *_]] = value_of(shapes, "files", {"first": file(name=name)})["files"]
    assert "/" not in kept
    assert "\\" not in kept
    assert kept.endswith("passwd")


def test_the_handlers_of_the_project_see_uploads(
    shapes: MCPServer, settings: Any
) -> None:
    settings.FILE_UPLOAD_HANDLERS = ["tests.providers.ninja.test_files.Quarantine"]
    assert "first: " in refusal_of(shapes, "files", {"first": file()})


def Quarantine(request: Any) -> Any:
    """Make a handler of uploads that keeps none."""
    from django.core.files.uploadhandler import FileUploadHandler, SkipFile

    class Handler(FileUploadHandler):
        def new_file(self, *args: Any, **kwargs: Any) -> None:
            raise SkipFile

        def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
            return raw_data

        def file_complete(self, file_size: int) -> None:
            return None

    return Handler(request)


@given(
    st.recursive(
        st.none() | st.text() | st.integers(),
        lambda inner: st.dictionaries(
            st.sampled_from(["name", "data", "mime_type", "x"]), inner
        ),
    )
)
def test_anything_is_a_file_or_refused_in_words(value: Any) -> None:
    try:
        upload = upload_from(value)
    except ValueError as error:
        assert str(error).startswith(("should ", "is too "))
    else:
        assert upload.name.isprintable()
