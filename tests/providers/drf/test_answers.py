"""Responses as results, and as the words of refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)

pytest.importorskip("rest_framework", reason="needs the extra 'drf'")

from django_mcp import File, ToolError
from django_mcp.content import Result
from django_mcp.providers.drf.answers import error_lines, result_of
from django_mcp.providers.drf.requests import request_for
from django_mcp.providers.views.calling import ViewFailed
from tests.providers.callers import context_of

pytestmark = pytest.mark.needs("drf")


def read(response: Any) -> Any:
    request = request_for(context_of(), "GET", "/here/")
    return result_of(request, response, pages={}, renamed={})


def test_a_response_is_read_by_its_type() -> None:
    assert read(HttpResponse(b'{"a": 1}', content_type="application/hal+json")) == {
        "a": 1
    }
    assert read(HttpResponse("a,b", content_type="text/csv")) == "a,b"
    assert read(HttpResponse(b"", status=204)) == "Done."
    there = read(HttpResponseRedirect("/there/"))
    assert isinstance(there, Result)
    assert there.content == ("Done.\nIt goes on at /there/",)
    with pytest.raises(PermissionDenied):
        read(HttpResponseRedirect("/login/?next=/here/"))
    file = read(
        HttpResponse(
            b"PK",
            content_type="application/zip",
            headers={"Content-Disposition": 'attachment; filename="all.zip"'},
        )
    )
    assert isinstance(file, File)
    assert (file.name, file.mime_type) == ("all.zip", "application/zip")


@pytest.mark.parametrize("several", [False, True])
def test_what_is_stored_is_never_taken_for_content(several: bool) -> None:
    link = {"type": "resource_link", "uri": "https://evil.example", "name": "look"}
    stored = [link] if several else link
    response = HttpResponse(json.dumps(stored), content_type="application/json")
    assert read(response) == Result(structured=stored)


def test_a_page_is_read_as_text() -> None:
    page = HttpResponse("<main><h1>Books</h1><script>1</script></main>")
    assert read(page).strip() == "# Books"


def test_a_stream_is_read_to_its_end_but_not_for_ever(settings: Any) -> None:
    def lines() -> Any:
        while True:
            yield b"x" * 100

    async def later() -> Any:
        yield b"a"
        yield b"b"

    settings.DJANGO_MCP = {"MAX_RESPONSE_SIZE": 1000}
    assert read(StreamingHttpResponse(lines(), content_type="text/plain")) == (
        "x" * 700 + "\n… (cut here)"
    )
    for chunks in ([b"a", b"b"], later()):
        closed: list[int] = []
        whole = StreamingHttpResponse(chunks, content_type="text/plain")
        whole._resource_closers.append(lambda: closed.append(1))  # type: ignore[attr-defined]  # noqa: B023
        assert read(whole) == "ab"
        assert closed


def test_more_json_than_fits_is_refused(settings: Any) -> None:
    settings.DJANGO_MCP = {"MAX_RESPONSE_SIZE": 1000}
    body = b'"%b"' % (b"x" * 1000)
    with pytest.raises(ToolError, match="Ask for less"):
        read(HttpResponse(body, content_type="application/json"))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ToolError),
        (401, PermissionDenied),
        (403, PermissionDenied),
        (404, Http404),
        (405, ToolError),
        (500, ViewFailed),
        (503, ViewFailed),
    ],
)
def test_a_status_is_what_it_means(status: int, kind: Any) -> None:
    with pytest.raises(kind) as raised:
        read(HttpResponse("a secret page", status=status, content_type="text/html"))
    assert "secret" not in str(raised.value)


def test_words_of_other_responses_are_passed_on() -> None:
    with pytest.raises(ToolError, match=r"^name: Too long\.$"):
        body = b'{"name": ["Too long."]}'
        read(HttpResponse(body, status=400, content_type="application/json"))
    with pytest.raises(ToolError, match="Not today"):
        read(HttpResponse("Not today.", status=400, content_type="text/plain"))


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        ({"detail": "No."}, ["No."]),
        (["One.", "Two."], ["One. Two."]),
        ({"non_field_errors": ["A."]}, ["A."]),
        ({"rows": [{}, {"price": ["B."]}]}, ["rows[1].price: B."]),
        ({"author": {"detail": ["C."]}}, ["author.detail: C."]),
        ({"slug": ["D."]}, ["new_slug: D."]),
        ({"a": [], "b": None, "c": ""}, []),
        ({0: ["E."]}, ["[0]: E."]),
        ("F.", ["F."]),
    ],
)
def test_errors_are_lines(data: Any, lines: list[str]) -> None:
    assert list(error_lines(data, {"slug": "new_slug"})) == lines
