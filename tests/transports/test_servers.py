"""Each ASGI server passes the same checks, over real sockets, on both mounts."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.transports.servers import COMMANDS, Running, make_database, serving
from tests.wire import (
    STATELESS,
    initialize,
    message,
    note,
    routing_headers,
    standard_headers,
    stateless,
)

PATIENCE = 5
HANDSHAKE = "2025-11-25"
MOUNTS = ("/mcp", "/mcp/", "/view", "/view/")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("served")
    make_database(place)
    return place


@pytest.fixture(scope="module", params=sorted(COMMANDS))
def server(request: pytest.FixtureRequest, place: Path) -> Iterator[Running]:
    with serving(request.param, place) as running:
        yield running
    logged = running.log.split("The pool is dry.")[-1]
    assert "django_mcp" not in logged, running.log


@pytest.fixture(params=("/mcp", "/view"))
def url(request: pytest.FixtureRequest, server: Running) -> str:
    return f"{server.url}{request.param}"


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
        yield client


# -- a small client ------------------------------------------------------------


def call(name: str, /, **arguments: Any) -> dict[str, Any]:
    return stateless(
        "tools/call",
        {"name": name, "arguments": arguments},
        progressToken="token",
    )


def headers(sent: Any, revision: str = STATELESS) -> dict[str, str]:
    found = standard_headers(revision)
    return found | routing_headers(sent) if revision == STATELESS else found


async def post(client: httpx.AsyncClient, url: str, sent: Any) -> httpx.Response:
    return await client.post(url, json=sent, headers=headers(sent))


def text(answer: Any) -> str:
    """Return what a tool said: in a message, or in a JSON or streamed answer."""
    if isinstance(answer, httpx.Response):
        # A slow machine is silent for long, and then the answer is a stream.
        answer = json.loads(answer.text.strip().rpartition("data: ")[2])
    return str(answer["result"]["content"][0]["text"])


@asynccontextmanager
async def streamed(
    client: httpx.AsyncClient, url: str, sent: Any, extra: Any = None
) -> AsyncIterator[Stream]:
    """POST, and read the answer as a stream."""
    everything = headers(sent) if extra is None else extra
    async with client.stream("POST", url, json=sent, headers=everything) as response:
        yield Stream(response)


class Stream:
    """An event stream on its way."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def line(self, start: str) -> str:
        """Return the rest of the next line that begins so."""
        async with asyncio.timeout(PATIENCE):
            async for line in self._lines:
                if line.startswith(start):
                    return line.removeprefix(start)
        raise AssertionError("The stream ended.")

    async def message(self) -> Any:
        """Return the next message."""
        return json.loads(await self.line("data: ") or "null") or await self.message()

    async def end(self) -> None:
        """Wait until the server ends the stream, in whatever way."""
        async with asyncio.timeout(PATIENCE):
            with suppress(httpx.HTTPError):
                async for _ in self._lines:
                    pass


class Session:
    """A client of the handshake era, over any number of connections."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self.client = client
        self.url = url
        self.headers = standard_headers(HANDSHAKE)

    async def open(self) -> Session:
        sent = initialize(HANDSHAKE, {"elicitation": {}})
        answer = await self.client.post(self.url, json=sent, headers=self.headers)
        assert answer.status_code == 200, answer.text
        self.headers["mcp-session-id"] = answer.headers["mcp-session-id"]
        assert (await self.send(note("notifications/initialized"))) == 202
        return self

    async def send(self, sent: Any, url: str = "") -> int:
        answer = await self.client.post(
            url or self.url, json=sent, headers=self.headers
        )
        return answer.status_code

    def stream(self, sent: Any) -> Any:
        return streamed(self.client, self.url, sent, self.headers)

    def call(self, name: str, id: int = 1, /, **arguments: Any) -> dict[str, Any]:
        params = {"name": name, "arguments": arguments, "_meta": {"progressToken": 1}}
        return message("tools/call", params, id)


async def fate(client: httpx.AsyncClient, url: str, name: str, *others: str) -> str:
    """Wait until it is known how a call of `hang` ended."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = text(await post(client, url, call("fate", name=name)))
            if found not in {"unknown", "running", *others}:
                return found
            await asyncio.sleep(0.02)


async def running(client: httpx.AsyncClient, url: str, name: str) -> None:
    """Wait until a call of `hang` runs."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = text(await post(client, url, call("fate", name=name)))
            if found != "unknown":
                return
            await asyncio.sleep(0.02)


# -- plain answers ---------------------------------------------------------------


@pytest.mark.parametrize("mount", MOUNTS)
async def test_a_call_is_answered_with_json_with_and_without_a_slash(
    server: Running, client: httpx.AsyncClient, mount: str
) -> None:
    answer = await post(client, server.url + mount, call("echo", text="hello"))
    assert (answer.status_code, answer.history) == (200, [])
    assert answer.headers["content-type"] == "application/json"
    assert text(answer) == "hello"


async def test_a_synchronous_tool_reads_the_database(
    url: str, client: httpx.AsyncClient
) -> None:
    assert text(await post(client, url, call("users"))) == "0"


async def test_django_serves_everything_else(
    server: Running, client: httpx.AsyncClient
) -> None:
    answer = await client.get(f"{server.url}/hello/")
    assert answer.text == "Hello from Django."
    assert (await client.get(f"{server.url}/mcpx")).status_code == 404
    assert (await client.get(f"{server.url}/mcp/x")).status_code == 404


async def test_a_body_over_the_limit_is_refused(
    url: str, client: httpx.AsyncClient
) -> None:
    answer = await post(client, url, call("echo", text="x" * 2_000_000))
    assert answer.status_code == 413


async def test_a_body_in_chunks_is_read_up_to_the_limit(
    url: str, client: httpx.AsyncClient
) -> None:
    async def chunks(size: int) -> AsyncIterator[bytes]:
        sent = json.dumps(call("echo", text="x" * size)).encode()
        for begin in range(0, len(sent), 50_000):
            yield sent[begin : begin + 50_000]

    named = headers(call("echo"))
    answer = await client.post(url, content=chunks(500_000), headers=named)
    assert len(text(answer)) == 500_000
    answer = await client.post(url, content=chunks(1_500_000), headers=named)
    assert answer.status_code == 413


async def test_many_calls_share_one_connection(url: str) -> None:
    limits = httpx.Limits(max_connections=1)
    async with httpx.AsyncClient(
        timeout=PATIENCE, limits=limits, trust_env=False
    ) as client:
        for number in range(50):
            answer = await post(client, url, call("echo", text=str(number)))
            assert text(answer) == str(number)


# -- streams ---------------------------------------------------------------------


async def test_progress_comes_before_the_result(
    url: str, client: httpx.AsyncClient
) -> None:
    async with streamed(client, url, call("countdown", steps=3)) as stream:
        assert stream.response.headers["content-type"] == "text/event-stream"
        progress = [(await stream.message())["params"]["progress"] for _ in range(3)]
        assert progress == [1, 2, 3]
        assert text(await stream.message()) == "Liftoff."


async def test_a_silent_call_is_kept_alive(url: str, client: httpx.AsyncClient) -> None:
    async with streamed(client, url, call("wait", seconds=0.8)) as stream:
        assert await stream.line(":") == " keep-alive"
        assert text(await stream.message()) == "Done."


async def test_a_listener_hears_of_a_change(
    url: str, client: httpx.AsyncClient
) -> None:
    name = f"tool_{time.monotonic_ns()}"
    wanted = {"toolsListChanged": True, "resourceSubscriptions": ["test://a"]}
    sent = stateless("subscriptions/listen", {"notifications": wanted}, "s")
    async with streamed(client, url, sent) as stream:
        assert (await stream.message())["params"]["notifications"] == wanted
        await post(client, url, call("change", what=name))
        changed = await stream.message()
        assert changed["method"] == "notifications/tools/list_changed"
        await post(client, url, call("change", what="test://a"))
        assert (await stream.message())["params"]["uri"] == "test://a"
        assert await stream.line(":") == " keep-alive"
    assert text(await post(client, url, call(name))) == "new"


# -- sessions --------------------------------------------------------------------


async def test_a_session_begins_lives_and_ends(
    url: str, client: httpx.AsyncClient
) -> None:
    session = await Session(client, url).open()
    assert await session.send(session.call("echo", text="hello")) == 200
    ended = await client.delete(url, headers=session.headers)
    assert ended.status_code in {200, 204}
    assert await session.send(session.call("echo", text="hello")) == 404


async def test_a_session_hears_of_changes_on_its_own_stream(
    url: str, client: httpx.AsyncClient
) -> None:
    session = await Session(client, url).open()
    accept = session.headers | {"accept": "text/event-stream"}
    async with client.stream("GET", url, headers=accept) as response:
        stream = Stream(response)
        assert await stream.line(":") == " keep-alive"
        await post(client, url, call("change", what=f"tool_{time.monotonic_ns()}"))
        changed = await stream.message()
        assert changed["method"] == "notifications/tools/list_changed"


async def test_an_answer_on_a_second_connection_reaches_the_call_that_asked(
    url: str, client: httpx.AsyncClient
) -> None:
    session = await Session(client, url).open()
    async with session.stream(session.call("greet")) as stream:
        question = await stream.message()
        assert question["method"] == "elicitation/create"
        given = {"action": "accept", "content": {"name": "Ada"}}
        reply = {"jsonrpc": "2.0", "id": question["id"], "result": given}
        assert await session.send(reply) == 202
        assert text(await stream.message()) == "Hello, Ada!"


# -- leaving ---------------------------------------------------------------------


async def leave(
    client: httpx.AsyncClient, url: str, name: str, sent: Any, extra: Any
) -> None:
    """POST, and close the connection once the call runs."""
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as other:
        posting = asyncio.create_task(other.post(url, json=sent, headers=extra))
        await running(client, url, name)
        posting.cancel()
        await asyncio.wait([posting])


async def test_leaving_cancels_a_call_of_the_stateless_era(
    url: str, client: httpx.AsyncClient
) -> None:
    name = f"left {time.monotonic_ns()}"
    sent = call("hang", name=name)
    await leave(client, url, name, sent, headers(sent))
    assert await fate(client, url, name) == "cancelled"


async def test_leaving_does_not_cancel_a_call_of_the_handshake_era(
    url: str, client: httpx.AsyncClient
) -> None:
    session = await Session(client, url).open()
    name = f"left {time.monotonic_ns()}"
    await leave(client, url, name, session.call("hang", name=name), session.headers)
    assert await fate(client, url, name) == "ended"


async def test_leaving_during_a_synchronous_tool_holds_up_nobody(
    url: str, client: httpx.AsyncClient
) -> None:
    sent = call("sleep", seconds=3)
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as other:
        posting = asyncio.create_task(other.post(url, json=sent, headers=headers(sent)))
        await post(client, url, call("wait", seconds=0.3))
        posting.cancel()
        await asyncio.wait([posting])
    begin = time.monotonic()
    for _ in range(10):
        await post(client, url, call("echo", text="hello"))
    assert time.monotonic() - begin < 1


async def test_a_cancelled_notification_cancels(
    url: str, client: httpx.AsyncClient
) -> None:
    session = await Session(client, url).open()
    name = f"cancelled {time.monotonic_ns()}"
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(session.send(session.call("hang", 7, name=name)))
        await running(client, url, name)
        await session.send(note("notifications/cancelled", {"requestId": 7}))
    assert await fate(client, url, name) == "cancelled"


# -- the end of the server ---------------------------------------------------------


@pytest.mark.parametrize("mount", ["/mcp", "/view"])
@pytest.mark.parametrize("name", sorted(COMMANDS))
async def test_a_server_stops_cleanly_with_open_streams(
    name: str, mount: str, place: Path
) -> None:
    with serving(name, place) as server:
        url = server.url + mount
        async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
            session = await Session(client, url).open()
            wanted = {"notifications": {"toolsListChanged": True}}
            sent = stateless("subscriptions/listen", wanted, "s")
            accept = session.headers | {"accept": "text/event-stream"}
            async with (
                streamed(client, url, sent) as listening,
                client.stream("GET", url, headers=accept) as response,
            ):
                await listening.message()
                changes = Stream(response)
                await changes.line(":")
                stopping = asyncio.ensure_future(asyncio.to_thread(server.stop))
                if name != "hypercorn":
                    await listening.end()
                    await changes.end()
        # Hypercorn's workers get no signal, and from Python 3.12 on they wait
        # for their clients to leave before they tell the application.
        seconds = await stopping
        assert seconds < PATIENCE
        # Of some servers' own noise we know (hypercorn on idle connections,
        # daphne with Django's handler); of us there is none.
        assert "django_mcp" not in server.log, server.log


@pytest.mark.parametrize("name", sorted(COMMANDS))
async def test_a_lifespan_is_entered_on_first_use_and_left_at_the_end(
    name: str, tmp_path: Path
) -> None:
    make_database(tmp_path)
    with serving(name, tmp_path) as server:
        assert not (tmp_path / "entered").exists()
        async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
            for _ in range(2):
                answer = await post(client, f"{server.url}/lasting", call("held"))
                assert text(answer) == "a pool of connections"
        assert not (tmp_path / "left").exists()
        await asyncio.to_thread(server.stop)
    assert len((tmp_path / "entered").read_text().splitlines()) == 1
    assert (tmp_path / "left").read_text() == (tmp_path / "entered").read_text()
    assert "django_mcp" not in server.log, server.log


async def test_a_lifespan_that_fails_answers_503(
    server: Running, client: httpx.AsyncClient
) -> None:
    for _ in range(2):
        answer = await post(client, f"{server.url}/broken", call("anything"))
        assert answer.status_code == 503
