"""Whatever arrives, wherever: an answer in order, or none, and life goes on.

Random bytes, random JSON and right messages made wrong, thrown at the engine,
the ASGI application, the URL view and stdio. Nothing may raise, nothing may
be a failure of ours, and the next right message is served.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from channels.layers import channel_layers
from django.core.cache import cache
from django.core.handlers.asgi import ASGIHandler
from django.test import AsyncClient, override_settings
from django.urls import path
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_mcp.protocol.connection import Connection
from django_mcp.protocol.events import (
    Answered,
    Asked,
    Batched,
    Notified,
    Rejected,
    Session,
)
from django_mcp.protocol.headers import Headers
from django_mcp.protocol.messages import CAPABILITIES_KEY, LOG_LEVEL_KEY, VERSION_KEY
from django_mcp.protocol.revisions import REVISIONS
from tests.transports.shop import PROBE, shared_server
from tests.wire import (
    HANDSHAKE,
    PATIENCE,
    Client,
    Pipe,
    Visit,
    engine_headers,
    initialize,
    message,
    meta,
    note,
    pairs,
    routing_headers,
    standard_headers,
    stateless,
    stdio_client,
)

#: Every run tries the same examples where a run must be repeatable.
REPEATABLE = bool(os.environ.get("CI"))


def tries(count: int) -> Callable[[Any], Any]:
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=REPEATABLE,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


# -- what is thrown -----------------------------------------------------------

WEIRD = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        -1,
        2**53,
        2**63,
        2**64,
        10**400,
        1.5,
        -0.0,
        1e308,
        "",
        "\x00",
        "é",
        "\ud800",
        "\U0001f600",
        "x" * 5000,
        "__proto__",
        "2026-07-28",
        "2025-11-25",
        "debug",
        "add",
        "shop://hours",
        [],
        {},
        [[]],
        [None],
        {"": {}},
        json.loads("[" * 90 + "]" * 90),
        json.loads('{"a":' * 90 + "1" + "}" * 90),
    ]
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | WEIRD,
    lambda part: (
        st.lists(part, max_size=4)
        | st.dictionaries(st.text(max_size=8), part, max_size=4)
    ),
    max_leaves=12,
)
LOUD: dict[str, Any] = {LOG_LEVEL_KEY: "debug"}
ASKING = {"elicitation": {"form": {}, "url": {}}, "sampling": {}, "roots": {}}
RIGHT: list[dict[str, Any]] = [
    stateless("server/discover"),
    stateless("tools/list", {"cursor": "x"}),
    stateless("tools/call", {"name": "add", "arguments": {"a": 1, "b": 2}}),
    stateless("tools/call", {"name": "echo", "arguments": {"value": [1]}}),
    stateless("tools/call", {"name": "region", "arguments": {"region": "eu"}}),
    stateless(
        "tools/call",
        {"name": "ask", "inputResponses": {"reason": {}}, "requestState": "x"},
        capabilities=ASKING,
    ),
    stateless("tools/call", {"name": "ask_all"}, capabilities=ASKING),
    stateless("tools/call", {"name": "talk_in_thread"}, progressToken=1, **LOUD),
    stateless("resources/read", {"uri": "shop://book/1"}),
    stateless("resources/templates/list"),
    stateless("prompts/get", {"name": "greet", "arguments": {"name": "a"}}),
    stateless(
        "completion/complete",
        {
            "ref": {"type": "ref/prompt", "name": "greet"},
            "argument": {"name": "tone", "value": "w"},
            "context": {"arguments": {"name": "a"}},
        },
    ),
    stateless("subscriptions/listen", {"notifications": {"resourceSubscriptions": 1}}),
    message("tools/list", {}),
    message("tools/call", {"name": "add", "arguments": {"a": 1}}),
    message("resources/subscribe", {"uri": "shop://hours"}),
    message("resources/unsubscribe", {"uri": "shop://hours"}),
    message("logging/setLevel", {"level": "error"}),
    message("ping"),
    *(initialize(revision) for revision in HANDSHAKE),
    note("notifications/initialized"),
    note("notifications/cancelled", {"requestId": 1, "_meta": meta()}),
    {"jsonrpc": "2.0", "id": 1, "result": {"action": "accept"}},
    {"jsonrpc": "2.0", "id": "x", "error": {"code": 1, "message": "no"}},
]
KEYS = st.sampled_from(
    ["id", "method", "params", "jsonrpc", "_meta", "result", "error", "name", "uri"]
    + ["arguments", "cursor", VERSION_KEY, CAPABILITIES_KEY, "progressToken", ""]
)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    inner = value.items() if isinstance(value, dict) else ()
    for key, part in inner:
        yield from places(part, (*at, key))


def changed(value: Any, at: tuple[Any, ...], change: Callable[[Any], Any]) -> Any:
    if not at:
        return change(value)
    return {**value, at[0]: changed(value[at[0]], at[1:], change)}


def worse(draw: Any, sent: Any) -> Any:
    """The same message, wrong in one more place."""
    at = draw(st.sampled_from(list(places(sent))))
    kind = draw(st.sampled_from(["replace", "drop", "nest", "add", "many"]))
    value, key = draw(WEIRD | JSON), draw(KEYS)

    def change(old: Any) -> Any:
        if kind == "nest":
            return {key: old}
        if kind == "many":
            return [old, old]
        return {**old, key: value} if kind == "add" and type(old) is dict else value

    if kind == "drop" and at:
        *holder, last = at
        return changed(
            sent, tuple(holder), lambda d: {k: v for k, v in d.items() if k != last}
        )
    return changed(sent, at, change)


@st.composite
def mutated(draw: Any) -> Any:
    """A right message, wrong in one to three places."""
    sent: Any = draw(st.sampled_from(RIGHT))
    for _ in range(draw(st.integers(1, 3))):
        sent = worse(draw, sent)
    return sent


@st.composite
def bodies(draw: Any) -> tuple[Any, bytes]:
    """A message, or what is left of one, and its bytes."""
    kind = draw(
        st.sampled_from(
            ["bytes", "json", "mutated", "mutated", "mutated", "cut", "batch"]
        )
    )
    if kind == "bytes":
        return None, draw(st.binary(max_size=200))
    if kind == "batch":
        sent: Any = draw(st.lists(mutated(), max_size=4))
    else:
        sent = draw(JSON if kind == "json" else mutated())
    body = json.dumps(sent).encode()
    if kind == "cut":
        where = draw(st.integers(0, len(body)))
        garbage = draw(st.binary(max_size=3))
        body = body[:where] + garbage + body[where + len(garbage) :]
    return sent, body


HEADER_VALUE = st.sampled_from(
    [
        b"",
        b"\xff\xfe",
        b"\x00",
        b"=?base64?",
        b"=?base64?\xff?=",
        b"=?base64?AAA?=",
        b"2026-07-28",
        b"2025-11-25",
        b"2024-11-05",
        b"tools/call",
        b"add",
        b"application/json",
        b"text/event-stream;q=0",
        b"*/*;q=x",
        b"a" * 5000,
        b",;=" * 50,
        b"x:y:z",
        b"http://testserver",
        b"testserver",
        b"0",
        b"-1",
        b"9" * 30,
        b"Bearer alice",
    ]
) | st.binary(max_size=30).map(lambda b: b.replace(b"\r", b"").replace(b"\n", b""))
HEADER_NAME = st.sampled_from(
    ["accept", "content-type", "mcp-protocol-version", "mcp-method", "mcp-name"]
    + ["mcp-session-id", "last-event-id", "mcp-param-region", "authorization"]
    + ["origin", "host", "content-length", "access-control-request-headers", "x-y"]
)
ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=10)
WRONG_HEADERS = st.dictionaries(
    HEADER_NAME,
    st.none() | HEADER_VALUE | st.lists(HEADER_VALUE, max_size=2),
    max_size=3,
)


# -- what must hold -------------------------------------------------------------


def check_answer(body: bytes) -> None:
    """An answer is nothing, a message in order, or several."""
    if not body:
        return
    answer = json.loads(body)
    for one in answer if isinstance(answer, list) else [answer]:
        assert one["jsonrpc"] == "2.0"
        if "method" in one:
            assert isinstance(one["method"], str)
            continue
        assert ("result" in one) != ("error" in one)
        assert one["id"] is None or type(one["id"]) in {int, str}
        if "error" in one:
            error = one["error"]
            assert error["code"] != -32603, error
            assert error["message"]
            assert "Traceback" not in body.decode()


def check_event(event: Any) -> None:
    if type(event) is Batched:
        for part in event.events:
            check_event(part)
    elif type(event) is Rejected:
        assert 400 <= event.status < 500
        check_answer(event.body)
    else:
        assert type(event) in {Asked, Notified, Answered}
        assert type(event.params if type(event) is not Answered else {}) is dict


SESSIONS = st.sampled_from(
    [None, Connection.ENDED, *(Session(REVISIONS[r], {}, {}) for r in HANDSHAKE)]
)


@tries(600)
@given(
    sent=bodies(),
    wrong=st.none() | WRONG_HEADERS,
    session=SESSIONS,
    needed=st.booleans(),
)
def test_the_engine_makes_an_event_of_anything(
    sent: tuple[Any, bytes], wrong: Any, session: Any, needed: bool
) -> None:
    headers = None
    if wrong is not None:
        given_headers = standard_headers() | routing_headers(sent[0]) | wrong
        headers = Headers(_pairs(given_headers))
    connection = Connection(session, sessions_required=needed)
    check_event(connection.receive(sent[1], headers))
    right = stateless("tools/list")
    event = connection.receive(json.dumps(right).encode(), engine_headers(right))
    assert type(event) is Asked


def _pairs(headers: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    encodable = {
        name: value.encode("utf-8", "replace") if isinstance(value, str) else value
        for name, value in headers.items()
    }
    return pairs(encodable)


@pytest.fixture
def fresh() -> Iterator[None]:
    PROBE.reset()
    PROBE.go_on.set()
    PROBE.thread_may_end.set()
    cache.clear()
    channel_layers.backends.clear()
    with override_settings(LOGGING_CONFIG=None):
        yield


def on_one_loop(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    channel_layers.backends.clear()
    PROBE.reset()
    PROBE.go_on.set()
    PROBE.thread_may_end.set()
    asyncio.run(work())


async def knock(app: Any, sent: tuple[Any, bytes], headers: Any, method: str) -> None:
    """Send one HTTP message and hold its answer against the rules."""
    visit = Visit(app, method, sent[1], {})
    base = {"host": "testserver"} | standard_headers() | routing_headers(sent[0])
    visit._scope["headers"] = _pairs(base | headers)
    async with visit:
        await visit.begin()
        assert 200 <= visit.status < 500 or visit.status == 503, visit.status
        if visit.is_stream:
            async with asyncio.timeout(PATIENCE):
                async for event in visit.events():
                    check_answer(event.get("data", "").encode())
                    if "acknowledged" in event.get("data", "") or "comment" in event:
                        break
        elif visit.headers.get("content-type") == "application/json":
            check_answer((await visit.text()).encode())
        else:
            await visit.text()


async def session_ids(app: Any) -> list[bytes]:
    clients = [await Client(app, revision).open() for revision in HANDSHAKE]
    return [str(client.session_id).encode() for client in clients]


@asynccontextmanager
async def mounted(kind: str) -> AsyncIterator[Any]:
    server = shared_server(blocking=kind == "blocking mount")
    if kind != "view":
        yield server.asgi
        return
    with override_settings(ROOT_URLCONF=(path("mcp", server.urls),)):
        yield ASGIHandler()


@pytest.mark.parametrize("kind", ["mount", "blocking mount", "view"])
@pytest.mark.usefixtures("fresh")
def test_an_application_answers_anything(kind: str) -> None:
    @tries(120 if kind == "mount" else 60)
    @given(
        several=st.lists(
            st.tuples(
                bodies(),
                WRONG_HEADERS,
                st.integers(0, 5),
                st.sampled_from(["POST"] * 8 + ["GET", "DELETE", "OPTIONS", "PUT"]),
            ),
            min_size=1,
            max_size=4,
        )
    )
    def throw(several: Any) -> None:
        async def work() -> None:
            async with mounted(kind) as app:
                ids = await session_ids(app)
                for sent, wrong, which, method in several:
                    headers = dict(wrong)
                    if which < len(ids):
                        headers = {
                            "mcp-session-id": ids[which],
                            "mcp-protocol-version": None,
                        } | headers
                    await knock(app, sent, headers, method)
                answer = await Client(app).ask("tools/list")
                assert answer.status == 200

        on_one_loop(work)

    throw()


@pytest.mark.usefixtures("fresh")
def test_the_view_answers_anything_to_the_test_client() -> None:
    @tries(60)
    @given(
        sent=bodies(),
        wrong=st.dictionaries(HEADER_NAME, ASCII, max_size=2),
    )
    def throw(sent: Any, wrong: Any) -> None:
        async def work() -> None:
            client = AsyncClient()
            headers = standard_headers() | wrong
            headers.pop("host", None)
            headers.pop("content-length", None)
            content_type = headers.pop("content-type")
            response = await client.post(
                "/mcp", sent[1], content_type=content_type, headers=headers
            )
            assert response.status_code < 500
            if not response.streaming:
                check_answer(response.content)
            else:
                response.close()
            right = stateless("tools/list")
            headers = standard_headers() | routing_headers(right)
            del headers["content-type"]
            response = await client.post(
                "/mcp",
                json.dumps(right),
                content_type="application/json",
                headers=headers,
            )
            assert response.status_code == 200

        server = shared_server()
        with override_settings(ROOT_URLCONF=(path("mcp", server.urls),)):
            on_one_loop(work)

    throw()


async def say(pipe: Pipe, several: list[bytes]) -> None:
    for body in several:
        for line in body.split(b"\n"):
            pipe.line(line)
    pipe.send(stateless("tools/list", id="the last one"))
    while True:
        received: Any = await pipe.receive()
        check_answer(json.dumps(received).encode())
        if isinstance(received, dict) and received.get("id") == "the last one":
            assert "result" in received
            return


@pytest.mark.usefixtures("fresh")
def test_a_process_answers_anything() -> None:
    @tries(60)
    @given(
        several=st.lists(bodies().map(lambda sent: sent[1]), min_size=1, max_size=8),
        revision=st.sampled_from([None, *HANDSHAKE]),
    )
    def throw(several: Any, revision: str | None) -> None:
        async def work() -> None:
            async with stdio_client(shared_server()) as pipe:
                if revision is not None:
                    pipe.send(initialize(revision, ASKING))
                await say(pipe, several)

        on_one_loop(work)

    throw()
