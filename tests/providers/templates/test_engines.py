"""A template is found by its name, and what its file is says what it makes."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.context_processors import auth
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.template.context_processors import csrf, debug, i18n

from django_mcp.providers.templates.engines import (
    is_markup,
    mime_type_of,
    names_from_processors,
    template_named,
)
from tests.providers.templates.telling import (
    Write,
    engines_in,
    listed,
    said,
    server_with,
)


@pytest.mark.parametrize(
    ("name", "kind", "markup"),
    [
        ("a.md", "text/markdown", False),
        ("a.txt", "text/plain", False),
        ("a.html", "text/html", True),
        ("a.html.j2", "text/html", True),
        ("a.svg", "image/svg+xml", True),
        ("a.xhtml", "application/xhtml+xml", True),
        ("a.rss", "application/rss+xml", True),
        ("a.atom.j2", "application/atom+xml", True),
        ("a.json", "application/json", False),
        ("a", "text/plain", False),
    ],
)
def test_the_suffix_says_the_type(name: str, kind: str, markup: bool) -> None:
    assert mime_type_of(name) == kind
    assert is_markup(kind) is markup


def shop(request: HttpRequest) -> dict[str, Any]:
    extra = {"shop_name": "Ours"}
    extra["shop_town"] = "Here"
    return dict(extra, shop_motto="Read")


def test_context_processors_are_read_and_not_run() -> None:
    assert {"user", "perms"} <= names_from_processors([auth])
    assert {"debug", "sql_queries"} <= names_from_processors([debug])
    assert {"csrf_token"} <= names_from_processors([csrf])
    assert {"LANGUAGE_CODE"} <= names_from_processors([i18n])
    assert names_from_processors([shop]) == {"shop_name", "shop_town", "shop_motto"}
    assert names_from_processors([functools.partial(shop)]) == set()


def test_what_context_processors_give_is_no_argument(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("{{ shop_name }}{{ LANGUAGE_CODE }}{{ what }}")
    processors = [f"{__name__}.shop", "django.template.context_processors.i18n"]
    with engines_in(tmp_path, context_processors=processors):
        server = server_with("a.md")
        assert [one["name"] for one in listed(server)[0]["arguments"]] == ["what"]
        # Without a request they do not run.
        assert said(server, "a", {"what": "x"}) == [("user", "x")]


def test_context_processors_run_where_there_is_a_request(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("{{ shop_name }} {{ what }} {{ request.method }}")
    processors = [f"{__name__}.shop", "django.template.context_processors.request"]
    request = HttpRequest()
    request.method = "POST"
    with engines_in(tmp_path, context_processors=processors):
        server = server_with("a.md")
        found = said(server, "a", {"what": "x"}, make_request=lambda context: request)
    assert found == [("user", "Ours x POST")]


def basket(request: HttpRequest) -> dict[str, Any]:
    return {"basket": request.session.get("basket", "nothing")}


def test_context_processors_find_a_session(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("{{ basket }}")
    carried = {"make_request": lambda context: HttpRequest()}
    with engines_in(tmp_path, context_processors=[f"{__name__}.basket"]):
        assert said(server_with("a.md"), "a", **carried) == [("user", "nothing")]


def test_what_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"\xff\xfe\xff")
    with (
        engines_in(tmp_path),
        pytest.raises(ImproperlyConfigured, match=r"a\.md is no text in UTF-8"),
    ):
        template_named("a.md")


def test_a_path_out_of_the_folders_is_no_template(write: Write) -> None:
    for name in ("../../etc/passwd", "/etc/passwd"):
        with pytest.raises(ImproperlyConfigured, match="There is no template"):
            template_named(name)


def test_a_syntax_error_is_told_with_and_without_debug(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("\n{% nonsense %}")
    for debugging in (True, False):
        with (
            engines_in(tmp_path, debug=debugging),
            pytest.raises(ImproperlyConfigured, match=r"a\.md:2: Invalid block tag"),
        ):
            template_named("a.md")
