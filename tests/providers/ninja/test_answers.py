"""What an operation answered, as a result or a refusal."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("ninja")

from django.test import RequestFactory

from django_mcp import MCPServer
from django_mcp.providers.views import bodies
from tests.providers.ninja.calling import (
    body,
    browser,
    called,
    refusal_of,
    tool_of,
    value_of,
)

pytestmark = pytest.mark.needs("ninja")


@pytest.mark.parametrize("name", ["data", "lean", "alias", "page"])
def test_data_is_what_http_answers(answers: MCPServer, name: str) -> None:
    expected = body(browser().get(f"/answers/{name}"))
    assert value_of(answers, name) == expected


def test_each_status_has_its_own_model(answers: MCPServer) -> None:
    assert value_of(answers, "several", {"status": 200})["id"] == 1
    assert value_of(answers, "several", {"status": 202})["full_name"] == "status 202"


def test_no_content_is_nothing(answers: MCPServer) -> None:
    assert called(answers, "nothing")["content"] == []


def test_a_redirect_to_the_login_page_is_a_refusal(
    answers: MCPServer, settings: Any
) -> None:
    refused = refusal_of(answers, "raw", {"kind": "login"})
    assert refused == "You must be logged in to do this."
    assert "/there" in str(called(answers, "raw", {"kind": "elsewhere"})["content"])


def test_what_takes_long_is_read_where_the_transport_says(answers: MCPServer) -> None:
    crossed: list[Any] = []

    async def cross(function: Any, *arguments: Any) -> Any:
        crossed.append(function)
        return function(*arguments)

    assert "Books" in value_of(answers, "async_page", cross=cross)
    assert crossed


def test_addresses_of_async_operations_have_the_prefix_of_the_site(
    answers: MCPServer, settings: Any
) -> None:
    settings.FORCE_SCRIPT_NAME = "/shop"
    assert value_of(answers, "where") == "/shop/answers/where"


def test_a_host_that_is_not_allowed_is_a_bad_request(
    answers: MCPServer, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["other.example"]
    request = RequestFactory().get("/", headers={"Host": "evil.example"})
    refused = refusal_of(answers, "data", make_request=lambda context: request)
    assert refused == "The site calls this a bad request."


def test_other_content_goes_as_what_it_is(answers: MCPServer) -> None:
    assert value_of(answers, "raw", {"kind": "text/plain"}) == "words"
    [image] = called(answers, "raw", {"kind": "image/png"})["content"]
    assert (image["type"], image["mimeType"]) == ("image", "image/png")
    [file] = called(answers, "raw", {"kind": "file"})["content"]
    assert file["resource"]["text"] == "a,b\n"
    [blob] = called(answers, "raw", {"kind": "application/octet-stream"})["content"]
    assert blob["resource"]["blob"] == "AA=="


@pytest.mark.parametrize("name", ["lines", "events"])
def test_a_stream_is_a_list_of_its_items(answers: MCPServer, name: str) -> None:
    items = value_of(answers, name, {"count": 3})
    assert [item["full_name"] for item in items] == ["0", "1", "2"]
    assert value_of(answers, name, {"count": 0}) == []


@pytest.mark.parametrize("name", ["lines", "events"])
def test_a_stream_without_end_is_cut(
    answers: MCPServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(bodies, "MAX_SECONDS", 0.05)
    result = called(answers, name, {"count": 10**9})
    items = result["structuredContent"]
    assert [item["full_name"] for item in items[:2]] == ["0", "1"]
    assert "cut here" in result["content"][-1]["text"]


@pytest.mark.parametrize("name", ["lines", "events"])
def test_a_stream_is_no_larger_than_a_result(
    answers: MCPServer, settings: Any, name: str
) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "MAX_RESPONSE_SIZE": 2000}
    assert "too large" in refusal_of(answers, name, {"count": 10**9})


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("application/jsonl", '{"a": 1}\n{"a": 2}', [{"a": 1}, {"a": 2}]),
        ("text/event-stream", "id: 1\ndata: 1\r\n\r\ndata: 2", [1, 2]),
        ("text/event-stream", "data: 1\n\ndata: [DONE]\n\n", None),
        ("application/jsonl", "not data\n", None),
    ],
)
def test_a_stream_made_by_hand_is_its_items_or_its_text(
    answers: MCPServer, kind: str, text: str, value: Any
) -> None:
    result = called(answers, "by_hand", {"kind": kind, "text": text})
    assert result.get("structuredContent") == value
    if value is None:
        [block] = result["content"]
        assert text in (block.get("text"), block.get("resource", {}).get("text"))


def test_a_stream_of_a_format_of_its_own_is_text(answers: MCPServer) -> None:
    assert tool_of(answers, "table").output_schema is None
    assert value_of(answers, "table") == "Ada,first\n"


@pytest.mark.parametrize("several", [True, False])
def test_data_that_looks_like_content_stays_data(
    answers: MCPServer, several: bool
) -> None:
    [block] = called(answers, "stored", {"several": several})["content"]
    assert block["type"] == "text"
    expected = body(browser().get("/answers/stored", {"several": several}))
    assert value_of(answers, "stored", {"several": several}) == expected
