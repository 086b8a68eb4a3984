"""The server as a Django view: middleware, transactions, WSGI and ASGI."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, RequestFactory, TestCase
from django.urls import include, path, reverse

from django_mcp import Context, MCPServer
from django_mcp.auth import AllowAnonymous
from tests.transports.servers import make_database, serving
from tests.wire import (
    initialize,
    message,
    note,
    routing_headers,
    standard_headers,
    stateless,
)

PATIENCE = 5

shop = MCPServer("shop", authenticators=[AllowAnonymous()])
urlpatterns = [path("mcp", shop.urls), path("inner/", include([path("", shop.urls)]))]
pytestmark = pytest.mark.urls(__name__)


@shop.tool
async def echo(text: str) -> str:
    return text


@shop.tool
def add_user(name: str) -> int:
    User.objects.create_user(name)
    return User.objects.count()


@shop.tool(atomic=False)
def see_request(context: Context) -> dict[str, Any]:
    request = context.request
    return {
        "path": request.path,
        "seen": getattr(request, "seen", None),
        "body": json.loads(request.body)["method"],
        "user": str(request.user),
    }


@shop.tool
async def linger() -> str:
    await asyncio.sleep(30)
    return "Still there?"


@shop.tool
async def countdown(context: Context) -> str:
    for step in (1, 2):
        await context.aprogress(step, 2)
        await asyncio.sleep(0.03)
    return "Liftoff."


@shop.tool(atomic=False)
def greet(context: Context) -> str:
    return "yes" if context.confirm("Really?") else "no"


def leave_a_mark(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """A synchronous middleware, as a project may have one."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.seen = "by a middleware"  # type: ignore[attr-defined]
        response = get_response(request)
        response["X-Seen"] = "yes"
        return response

    return middleware


# -- a small client --------------------------------------------------------------


def call(name: str, /, **arguments: Any) -> dict[str, Any]:
    params = {"name": name, "arguments": arguments}
    return stateless("tools/call", params, progressToken="t")


def options(sent: Any, headers: dict[str, str] | None = None) -> dict[str, Any]:
    if headers is None:
        headers = standard_headers() | routing_headers(sent)
    return {
        "data": json.dumps(sent),
        "content_type": "application/json",
        "headers": {n: v for n, v in headers.items() if n != "content-type"},
    }


def post(sent: Any, url: str = "/mcp", client: Client | None = None) -> Any:
    return (client or Client()).post(url, **options(sent))


async def apost(sent: Any, url: str = "/mcp") -> Any:
    return await AsyncClient().post(url, **options(sent))


def text(answer: Any) -> str:
    body = answer if isinstance(answer, dict) else json.loads(answer.content)
    return str(body["result"]["content"][0]["text"])


# -- addresses -------------------------------------------------------------------


@pytest.mark.parametrize("slash", [True, False])
@pytest.mark.parametrize("url", ["/mcp", "/mcp/", "/inner/"])
def test_both_addresses_answer_without_a_redirect(
    settings: Any, url: str, slash: bool
) -> None:
    settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
    settings.APPEND_SLASH = slash
    answer = post(call("echo", text="hello"), url)
    assert (answer.status_code, text(answer)) == (200, "hello")


@pytest.mark.parametrize("url", ["/mcp", "/mcp/"])
async def test_both_addresses_answer_under_asgi(url: str) -> None:
    answer = await apost(call("echo", text="hello"), url)
    assert (answer.status_code, text(answer)) == (200, "hello")


@pytest.mark.parametrize("url", ["/mcpx", "/mcp/x", "/mcp//"])
def test_other_addresses_are_not_ours(url: str) -> None:
    assert Client().get(url).status_code == 404


def test_the_address_has_a_name() -> None:
    assert reverse("mcp:endpoint") in {"/mcp", "/inner/"}


# -- under WSGI ------------------------------------------------------------------


def test_progress_is_left_out_where_nothing_streams() -> None:
    answer = post(call("countdown"))
    assert answer["content-type"] == "application/json"
    assert text(answer) == "Liftoff."


def test_what_needs_a_stream_is_refused_in_words() -> None:
    answer = post(stateless("subscriptions/listen", {"notifications": {}}))
    assert answer.status_code == 404
    assert "Streams are not served here" in answer.json()["error"]["message"]
    answer = Client().get("/mcp", headers={"accept": "text/event-stream"})
    assert answer.status_code == 405
    assert "GET" not in answer["allow"]
    assert answer.json()["error"]["message"]


def test_a_question_of_the_handshake_era_is_refused_in_words() -> None:
    client, headers = Client(), standard_headers("2025-11-25")
    sent = initialize("2025-11-25", {"elicitation": {}})
    answer = client.post("/mcp", **options(sent, headers))
    headers["mcp-session-id"] = answer["mcp-session-id"]
    assert (
        client.post(
            "/mcp", **options(note("notifications/initialized"), headers)
        ).status_code
        == 202
    )
    asking = message("tools/call", {"name": "greet", "arguments": {}})
    result = client.post("/mcp", **options(asking, headers)).json()["result"]
    assert result["isError"]
    assert "there is no stream" in result["content"][0]["text"]


def test_a_question_of_the_stateless_era_needs_no_stream() -> None:
    params = {"name": "greet", "arguments": {}}
    asked = stateless("tools/call", params, capabilities={"elicitation": {}})
    result = post(asked).json()["result"]
    assert result["resultType"] == "input_required"


def test_a_body_over_the_limit_is_refused(settings: Any) -> None:
    settings.DJANGO_MCP = {"MAX_BODY_SIZE": 1000}
    assert post(call("echo", text="x" * 2000)).status_code == 413


def test_our_limit_counts_and_not_that_of_forms(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert text(post(call("echo", text="x" * 2000))) == "x" * 2000


@pytest.fixture(scope="module")
def wsgi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    place: Path = tmp_path_factory.mktemp("served")
    make_database(place)
    with serving("wsgiref", place) as running:
        yield running.url
    assert "Traceback" not in running.log, running.log


@pytest.fixture
async def http(wsgi: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=wsgi, timeout=PATIENCE, trust_env=False
    ) as client:
        yield client


async def test_a_wsgi_server_answers_calls_of_every_kind(
    http: httpx.AsyncClient,
) -> None:
    for sent, expected in (
        (call("echo", text="hello"), "hello"),
        (call("users"), "0"),
        (call("countdown", steps=2), "Liftoff."),
    ):
        for url in ("/view", "/view/"):
            headers = standard_headers() | routing_headers(sent)
            answer = await http.post(url, json=sent, headers=headers)
            assert text(answer.json()) == expected
    assert (await http.get("/view")).status_code == 405


async def test_a_wsgi_server_answers_several_clients_at_once(
    http: httpx.AsyncClient,
) -> None:
    sent = call("sleep", seconds=0.3)
    headers = standard_headers() | routing_headers(sent)
    async with asyncio.timeout(PATIENCE):
        answers = await asyncio.gather(
            *(http.post("/view", json=sent, headers=headers) for _ in range(8))
        )
    assert [text(answer.json()) for answer in answers] == ["Awake."] * 8


# -- under ASGI ------------------------------------------------------------------


async def test_progress_streams_under_asgi() -> None:
    answer = await apost(call("countdown"))
    assert answer["content-type"] == "text/event-stream"
    events = [part async for part in answer.streaming_content]
    assert [b"notifications/progress" in part for part in events] == [True, True, False]
    assert b"Liftoff." in events[-1]


async def test_a_client_that_leaves_is_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sent = call("linger")
    # What cannot become a stream is answered, and nobody is there to hear it.
    headers = (
        standard_headers() | routing_headers(sent) | {"accept": "application/json"}
    )
    answering = AsyncClient().post("/mcp", **options(sent, headers))
    asking = asyncio.create_task(answering)
    await asyncio.sleep(0.1)
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking
    await asyncio.sleep(0.1)
    gc.collect()  # asyncio tells of an error that nobody heard when it forgets it
    assert [record.getMessage() for record in caplog.records] == []


# -- what a project has around its views -------------------------------------------


@pytest.mark.parametrize("mode", ["sync", "async"])
async def test_a_tool_sees_the_request_that_middleware_saw(
    settings: Any, mode: str
) -> None:
    settings.MIDDLEWARE = [f"{__name__}.leave_a_mark"]
    sent = call("see_request")
    if mode == "sync":
        answer = await asyncio.to_thread(post, sent)
    else:
        answer = await apost(sent)
    assert answer["X-Seen"] == "yes"
    assert json.loads(text(answer)) == {
        "path": "/mcp",
        "seen": "by a middleware",
        "body": "tools/call",
        "user": "AnonymousUser",
    }


def test_a_forged_form_protection_is_not_in_the_way(settings: Any) -> None:
    settings.MIDDLEWARE = ["django.middleware.csrf.CsrfViewMiddleware"]
    client = Client(enforce_csrf_checks=True)
    assert text(post(call("echo", text="hello"), client=client)) == "hello"


@pytest.mark.django_db
def test_a_login_wall_is_not_in_the_way(settings: Any) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    settings.MIDDLEWARE = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    assert text(post(call("echo", text="hello"))) == "hello"


@pytest.mark.django_db
def test_requests_in_transactions_are_not_in_the_way(settings: Any) -> None:
    view = urlpatterns[0].url_patterns[0].callback
    assert view._non_atomic_requests == set(settings.DATABASES)


class TransactionTest(TestCase):
    """What a project's own ``TestCase`` may expect of sync tools."""

    databases = {"default"}

    def test_a_tool_sees_and_joins_the_transaction_of_a_test(self) -> None:
        with self.settings(ROOT_URLCONF=__name__):
            User.objects.create_user("alice")
            assert text(post(call("add_user", name="bob"))) == "2"
            assert User.objects.filter(username="bob").exists()

    async def test_so_it_does_in_an_async_test(self) -> None:
        with self.settings(ROOT_URLCONF=__name__):
            await User.objects.acreate(username="alice")
            assert text(await apost(call("add_user", name="bob"))) == "2"
            assert await User.objects.filter(username="bob").aexists()


def test_an_empty_content_length_is_none() -> None:
    request = RequestFactory().post("/mcp", **options(call("echo", text="hello")))
    request.META["CONTENT_LENGTH"] = ""
    view = urlpatterns[0].url_patterns[0].callback
    assert text(asyncio.run(view(request))) == "hello"
