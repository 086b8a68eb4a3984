"""In process, without sockets: bytes into an ASGI application, bytes out.

Ours checks a key and a permission; the SDK's has its authentication, routing
and Host check left out, which favours it. Both are entered where the bytes of
a message arrive, and left where the bytes of the answer do. What the SDK
spends below that, without HTTP and without JSON, is printed beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
import cProfile
import os
import pstats
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from benchmarks import messages
from benchmarks.messages import Pairs
from benchmarks.processes import pinned
from benchmarks.report import Goal, Report

LISTED = 200

#: Make one call; return the bytes, or the value, of its answer.
Once = Callable[[], Awaitable[Any]]


class Client:
    """Sends messages to an ASGI application by calling it."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def post(self, headers: Pairs, body: bytes) -> tuple[int, Pairs, bytes]:
        """Return the status, the headers and the body of an answer."""
        event: dict[str, Any] = {
            "type": "http.request",
            "body": body,
            "more_body": False,
        }
        received = False
        status, answered, chunks = 0, [], []

        async def receive() -> dict[str, Any]:
            nonlocal received
            if received:
                # The client stays: what waits for it to leave is cancelled.
                await asyncio.get_running_loop().create_future()
            received = True
            return event

        async def send(event: dict[str, Any]) -> None:
            nonlocal status, answered
            if event["type"] == "http.response.start":
                status, answered = event["status"], event["headers"]
            else:
                chunks.append(event.get("body", b""))

        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/mcp",
            "raw_path": b"/mcp",
            "query_string": b"",
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8000),
            "state": {},
        }
        await self.application(scope, receive, send)
        return status, answered, b"".join(chunks)

    def once(self, headers: Pairs, body: bytes) -> Once:
        """Return a function that sends the same message each time."""

        async def send() -> bytes:
            status, _, answer = await self.post(headers, body)
            assert status == 200, (status, answer)
            return answer

        return send

    async def session(self, key: Pairs) -> Pairs:
        """Begin a handshake-era session; return the headers of its messages."""
        params = {
            "protocolVersion": messages.HANDSHAKE,
            "capabilities": {},
            "clientInfo": messages.CLIENT,
        }
        opening = messages.message("initialize", params, 1)
        status, answered, body = await self.post(
            messages.session_headers() + key, opening
        )
        assert status == 200, (status, body)
        session_id = dict(answered)[b"mcp-session-id"]
        headers = messages.session_headers(session_id) + key
        done = messages.message("notifications/initialized", {}, None)
        status, _, body = await self.post(headers, done)
        assert status == 202, (status, body)
        return headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One thing both sides do."""

    title: str
    ours: Once
    sdk: Once
    #: At least this many times faster than the SDK.
    times: float
    check: Callable[[dict[str, Any]], None]
    #: The SDK's kernel alone, where it can be entered.
    kernel: Once | None = None


def _three(result: dict[str, Any]) -> None:
    assert messages.text_of(result) == "3", result


def _listed(result: dict[str, Any]) -> None:
    assert len(result["tools"]) == LISTED


def _key() -> Pairs:
    # Needs Django to be set up.
    from benchmarks.project.servers import KEY

    return [(b"authorization", b"Bearer " + KEY)]


def _load_users() -> None:
    # Needs Django to be set up; queries, and so not on the loop.
    from benchmarks.project import servers

    servers.keys.load()


def _ours() -> tuple[Client, Client]:
    # Needs Django to be set up.
    from benchmarks.project import asgi

    return Client(asgi.guarded), Client(asgi.guarded_many)


def _kernel(server: Any, method: str, params: dict[str, Any]) -> Once:
    """Return the SDK's own in-process entry: no HTTP and no JSON at all."""
    from mcp.server.runner import modern_on_request  # a test dependency
    from mcp.shared.direct_dispatcher import _DirectDispatchContext
    from mcp.shared.transport_context import TransportContext

    serve = modern_on_request(server._lowlevel_server, {})
    transport = TransportContext(kind="direct", can_send_request=False)
    full = {**params, "_meta": messages.META}

    async def nothing(*args: Any) -> Any:
        return None

    async def once() -> Any:
        context = _DirectDispatchContext(transport, nothing, nothing, request_id=1)
        return await serve(context, method, full)

    return once


class Peers:
    """The SDK's servers, running."""

    def __init__(self) -> None:
        from benchmarks import official  # a test dependency
        from benchmarks.functions import add, add_sync, others

        self.few = official.server("few", add, add_sync)
        self.many = official.server("many", *others(LISTED))
        self.stateful = official.server("stateful", add)
        official.application(self.few)
        official.application(self.many)
        official.application(self.stateful, stateless=False)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Peers]:
        """Keep their session managers open."""
        async with contextlib.AsyncExitStack() as stack:
            for server in (self.few, self.many, self.stateful):
                await stack.enter_async_context(server.session_manager.run())
            yield self

    @staticmethod
    def client(server: Any) -> Client:
        """Return a client of a server, past its router."""
        return Client(server.session_manager.handle_request)


async def _cases(peers: Peers) -> list[Case]:
    few, many = _ours()
    key = _key()
    sum_of = {"a": 1, "b": 2}
    sdk = peers.client(peers.few)

    def called(name: str) -> tuple[Pairs, bytes]:
        return messages.headers("tools/call", name), messages.call(name, sum_of)

    async_headers, async_body = called("add")
    sync_headers, sync_body = called("add_sync")
    list_headers = messages.headers("tools/list")
    list_body = messages.stateless("tools/list", {})
    in_session = {"name": "add", "arguments": sum_of}
    session_body = messages.message("tools/call", in_session, 1)
    stateful = peers.client(peers.stateful)
    return [
        Case(
            title="add(a, b), async",
            ours=few.once(async_headers + key, async_body),
            sdk=sdk.once(async_headers, async_body),
            kernel=_kernel(peers.few, "tools/call", in_session),
            times=6,
            check=_three,
        ),
        Case(
            title="add(a, b), sync",
            ours=few.once(sync_headers + key, sync_body),
            sdk=sdk.once(sync_headers, sync_body),
            kernel=_kernel(
                peers.few, "tools/call", {"name": "add_sync", "arguments": sum_of}
            ),
            times=5,
            check=_three,
        ),
        Case(
            title=f"tools/list, {LISTED} tools",
            ours=many.once(list_headers + key, list_body),
            sdk=peers.client(peers.many).once(list_headers, list_body),
            kernel=_kernel(peers.many, "tools/list", {}),
            times=300,
            check=_listed,
        ),
        Case(
            title="add(a, b), in a handshake-era session",
            ours=few.once(await few.session(key), session_body),
            sdk=stateful.once(await stateful.session([]), session_body),
            times=3,
            check=_three,
        ),
    ]


async def _batch(once: Once, count: int) -> float:
    """Return the seconds one call takes."""
    start = time.perf_counter()
    for _ in range(count):
        await once()
    return (time.perf_counter() - start) / count


async def _measure(case: Case, rounds: int, seconds: float) -> dict[str, list[float]]:
    contestants = {"django_mcp": case.ours, "official SDK": case.sdk}
    for once in contestants.values():
        case.check(messages.result_of(await once()))
    if case.kernel is not None:
        contestants["SDK, kernel alone"] = case.kernel
    counts = {}
    for name, once in contestants.items():
        await _batch(once, 3)
        counts[name] = max(1, int(seconds / await _batch(once, 5)))
    figures: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, once in contestants.items():
            figures[name].append(await _batch(once, counts[name]))
    return figures


def _add(report: Report, case: Case, figures: dict[str, list[float]]) -> None:
    ours = figures["django_mcp"]
    for name, times in figures.items():
        faster = statistics.median(
            theirs / mine for mine, theirs in zip(ours, times, strict=True)
        )
        micro = statistics.median(times) * 1e6
        report.rows.append((case.title, name, f"{micro:,.1f} µs", f"{faster:.1f}"))
        if name == "official SDK":
            report.goals.append(
                Goal(what=case.title, value=faster, limit=case.times, at_least=True)
            )


async def _run(quick: bool) -> Report:
    rounds, seconds = (3, 0.02) if quick else (21, 0.1)
    report = Report(
        title="In process, authentication and permission on (ours alone)",
        columns=("what", "server", "time per call", "times ours"),
    )
    async with Peers().running() as peers:
        for case in await _cases(peers):
            _add(report, case, await _measure(case, rounds, seconds))
    return report


def run(*, quick: bool = False) -> Iterator[Report]:
    """Measure every case."""
    # One core for the loop and its threads: a crossing is then no matter of
    # waking another core, which varies more than what is measured.
    with pinned(0):
        _load_users()
        yield asyncio.run(_run(quick))


# -- profiles --------------------------------------------------------------


async def _once_of(name: str) -> Once:
    few, many = _ours()
    key = _key()
    if name == "open-echo":
        from benchmarks.project import asgi  # needs Django to be set up

        return Client(asgi.one).once(
            messages.headers("tools/call", "echo"),
            messages.call("echo", {"text": "hello"}),
        )
    if name == "list":
        return many.once(
            messages.headers("tools/list") + key, messages.stateless("tools/list", {})
        )
    if name == "session":
        params = {"name": "add", "arguments": {"a": 1, "b": 2}}
        body = messages.message("tools/call", params, 1)
        return few.once(await few.session(key), body)
    calls: dict[str, tuple[str, dict[str, Any]]] = {
        "async-echo": ("echo", {"text": "hello"}),
        "sync-echo": ("echo_sync", {"text": "hello"}),
        "add": ("add", {"a": 1, "b": 2}),
        "rows": ("rows", {"shelf": 3}),
    }
    tool, arguments = calls[name]
    return few.once(
        messages.headers("tools/call", tool) + key, messages.call(tool, arguments)
    )


PROFILES = ("open-echo", "async-echo", "sync-echo", "add", "rows", "list", "session")


async def _profile(name: str) -> None:
    once = await _once_of(name)
    from_json(await once())
    await _batch(once, 500)
    print(f"{name}: {await _batch(once, 5000) * 1e6:.1f} µs per call, unprofiled\n")
    profiler = cProfile.Profile()
    profiler.enable()
    await _batch(once, 5000)
    profiler.disable()
    for order in ("tottime", "cumulative"):
        pstats.Stats(profiler).strip_dirs().sort_stats(order).print_stats(30)


def profile(name: str) -> None:
    """Print where the time of one call goes (threads are not followed)."""
    if name not in PROFILES:
        raise SystemExit(f"--profile knows {', '.join(PROFILES)}, not {name}")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.project.settings")
    _load_users()
    asyncio.run(_profile(name))
