"""Requests for feeds and sitemaps: whose, and at which domain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory, override_settings
from django.urls import get_script_prefix, re_path, reverse, set_script_prefix
from django.utils.translation import override
from django.views.generic import RedirectView

from django_mcp import MCPServer, ToolError
from django_mcp.context import Context
from django_mcp.providers.files.requests import check_domain, request_for
from tests.calls import asked, context_for


class OverHTTP:
    """Stands for what HTTP knows of a call."""

    def __init__(self, **headers: str) -> None:
        self.request = RequestFactory().get("/mcp", headers=headers, secure=True)

    def make_request(self, context: Context) -> Any:
        """See `django_mcp.context.Carrier`."""
        return self.request


def context(**options: Any) -> Context:
    return context_for(MCPServer("tests"), asked("resources/read"), **options)


def test_a_request_is_the_callers_at_the_address_they_used() -> None:
    ann = User(username="ann")
    carried = OverHTTP(
        **{"Accept-Language": "de", "Cookie": "a=b", "Authorization": "x"}
    )
    call = context(user=ann, make_request=carried.make_request)
    request = request_for(call, "/news/", "", "")
    assert request.build_absolute_uri("/a") == "https://testserver/a"
    assert (request.method, request.path) == ("GET", "/news/")
    assert request.user.get_username() == "ann"
    assert request.user is not ann  # what a view sets on it stays with the view
    assert request.mcp is call
    assert "a" not in request.COOKIES
    assert "Authorization" not in request.headers


def test_a_request_is_what_views_and_context_processors_expect() -> None:
    ann = User(pk=7, username="ann")
    with override("de"):
        request = request_for(context(user=ann), "/", "shop.example", "")
    assert request.headers["Accept-Language"] == "de"
    assert request.session[SESSION_KEY] == "7"
    assert list(get_messages(request)) == []
    assert async_to_sync(request.auser)() == ann


@pytest.fixture(params=["/", "/shop/"])
def prefix(request: pytest.FixtureRequest) -> Iterator[None]:
    """Have a site below a prefix, or at the root."""
    before = get_script_prefix()
    set_script_prefix(request.param)
    yield
    set_script_prefix(before)


urlpatterns = [re_path("^by/(?P<name>.+)/$", RedirectView.as_view(), name="by")]


@pytest.mark.usefixtures("prefix")
@override_settings(ROOT_URLCONF=__name__)
def test_a_path_is_the_one_that_reverse_gives() -> None:
    path = reverse("by", args=["Zoë 100%"])
    request = request_for(context(), path, "shop.example", "")
    assert request.get_full_path() == path
    assert request.path_info == "/by/Zoë 100%/"


def test_a_domain_that_was_given_counts_more() -> None:
    carried = OverHTTP()
    call = context(make_request=carried.make_request)
    for one in (call, context()):
        request = request_for(one, "/", "shop.example:8000", "http")
        assert request.build_absolute_uri("/a") == "http://shop.example:8000/a"
        assert not request.is_secure()


def test_over_stdio_nobody_used_a_domain() -> None:
    with pytest.raises(ToolError, match="not known over stdio"):
        request_for(context(), "/", "", "")
    assert request_for(context(), "/", "shop.example", "").is_secure()


@pytest.mark.parametrize("domain", ["", "shop.example", "localhost:8000", "[::1]:80"])
def test_domains_are_domains(domain: str) -> None:
    check_domain(domain, "")
    check_domain(domain, "https")


@pytest.mark.parametrize(
    ("domain", "protocol"),
    [("https://a.b", ""), ("a.b/", ""), ("a b", ""), (3, ""), ("", "ftp"), ("a\n", "")],
)
def test_what_is_none_is_refused(domain: Any, protocol: str) -> None:
    with pytest.raises(ImproperlyConfigured):
        check_domain(domain, protocol)
