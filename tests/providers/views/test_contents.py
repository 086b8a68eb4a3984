"""What APIs answer that is no data is read as what it is."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse

from django_mcp import File, ToolError
from django_mcp.providers.views.bodies import body_of
from django_mcp.providers.views.contents import CUT, content_of


def read(response: HttpResponse) -> Any:
    return content_of(response, body_of(response))


def test_text_is_text_and_a_file_is_a_file() -> None:
    assert read(HttpResponse("a,b", content_type="text/csv")) == "a,b"
    file = read(HttpResponse(b"PK", content_type="application/zip"))
    assert isinstance(file, File)


def test_what_is_too_long_is_cut_or_refused(settings: Any) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "MAX_RESPONSE_SIZE": 100}
    text = read(HttpResponse("x" * 200, content_type="text/plain"))
    assert text == f"{'x' * 70}\n{CUT}"
    with pytest.raises(ToolError, match="too large"):
        read(HttpResponse(b"x" * 200, content_type="application/zip"))
