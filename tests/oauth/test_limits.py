"""How often one address may ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from django_mcp.oauth.limits import limited


@pytest.fixture(autouse=True)
def _nobody_was_counted() -> None:
    cache.clear()


@pytest.fixture
def ask() -> Callable[..., HttpResponse]:
    """Ask a view that answers in this way."""

    def ask(
        status: int = 200, *, failures: bool = False, **headers: str
    ) -> HttpResponse:
        view = limited("OAUTH_RATE", failures=failures)(
            lambda request: HttpResponse(status=status)
        )
        response = view(RequestFactory().post("/", **headers))  # type: ignore[arg-type]
        assert isinstance(response, HttpResponse)
        return response

    return ask


def test_one_too_many_waits(settings: Settings, ask: Callable[..., Any]) -> None:
    settings.DJANGO_MCP = {"OAUTH_RATE": "2/min"}
    assert [ask().status_code for _ in range(3)] == [200, 200, 429]
    assert ask(REMOTE_ADDR="192.0.2.7").status_code == 200
    refused = ask()
    assert 0 < int(refused["Retry-After"]) <= 60
    assert refused["Cache-Control"] == "no-store"
    assert refused["Content-Type"] == "application/json"


def test_a_person_reads_words(settings: Settings, ask: Callable[..., Any]) -> None:
    settings.DJANGO_MCP = {"OAUTH_RATE": "1/min"}
    accept = {"HTTP_ACCEPT": "text/html,application/xhtml+xml,*/*;q=0.8"}
    ask(**accept)
    refused = ask(**accept)
    assert refused.status_code == 429
    assert refused["Content-Type"] == "text/plain"
    assert b"Try again in" in refused.content


def test_several_rates_all_hold(settings: Settings, ask: Callable[..., Any]) -> None:
    settings.DJANGO_MCP = {"OAUTH_RATE": ["100/min", "1/hour"]}
    assert [ask().status_code for _ in range(2)] == [200, 429]


def test_without_a_rate_nobody_is_counted(
    settings: Settings, ask: Callable[..., Any]
) -> None:
    settings.DJANGO_MCP = {"OAUTH_RATE": None}
    assert {ask().status_code for _ in range(200)} == {200}


def test_where_only_refusals_count_others_of_the_address_go_on(
    settings: Settings, ask: Callable[..., Any]
) -> None:
    settings.DJANGO_MCP = {"OAUTH_RATE": "2/hour"}
    asked = [200, 200, 200, 400, 401, 200]
    told = [ask(status, failures=True).status_code for status in asked]
    assert told == [200, 200, 200, 400, 401, 429]
    assert ask(failures=True, REMOTE_ADDR="192.0.2.7").status_code == 200
    assert ask().status_code == 200


def test_refusals_that_come_at_once_are_still_told_why(
    settings: Settings, ask: Callable[..., Any]
) -> None:
    """The last of them finds the count spent after it was let in."""
    settings.DJANGO_MCP = {"OAUTH_RATE": "1/hour"}

    def meanwhile(request: object) -> HttpResponse:
        ask(400, failures=True)
        return HttpResponse(status=401)

    view = limited("OAUTH_RATE", failures=True)(meanwhile)
    assert view(RequestFactory().post("/")).status_code == 401


def test_what_a_view_is_marked_with_stays() -> None:
    def view(request: object) -> HttpResponse:
        return HttpResponse()

    view.csrf_exempt = True  # type: ignore[attr-defined]
    assert limited("OAUTH_RATE")(view).csrf_exempt  # type: ignore[attr-defined]
