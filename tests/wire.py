"""A client of either era, small enough to be wrong on purpose.

It writes messages and headers as a revision wants them, lets a test change
any of them, and holds every answer against the official types. It speaks
ASGI to an application, and lines to a `Stdio`; it opens no socket.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import AnonymousUser, User

from django_mcp import MCPServer, Tool
from django_mcp.auth.base import AuthError, AuthRequest, BaseAuthenticator, Principal
from django_mcp.conf import conf
from django_mcp.protocol.headers import Headers
from django_mcp.protocol.messages import CAPABILITIES_KEY, CLIENT_KEY, VERSION_KEY
from django_mcp.protocol.stateless import NAMED_BY
from django_mcp.transports.caller import Caller, NamedCaller
from django_mcp.transports.lines import Lines
from django_mcp.transports.stdio import Stdio

try:
    from tests.oracle import assert_valid as assert_valid
except ImportError:  # a run without the official types

    def assert_valid(
        message: Mapping[str, Any], revision: str, method: str | None = None
    ) -> None:
        """Judge nothing."""


STATELESS = "2026-07-28"
HANDSHAKE = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
REVISIONS = (*HANDSHAKE, STATELESS)
BOTH_TYPES = "application/json, text/event-stream"
CLIENT = {"name": "test", "version": "1"}
#: Seconds that no wait of a test may exceed.
PATIENCE = 5

Message = dict[str, Any]


# -- messages --------------------------------------------------------------


def meta(capabilities: Message | None = None, **more: Any) -> Message:
    """Return the ``_meta`` of a message that stands alone."""
    return {
        VERSION_KEY: STATELESS,
        CLIENT_KEY: CLIENT,
        CAPABILITIES_KEY: capabilities or {},
        **more,
    }


def message(method: str, params: Any = None, id: Any = 1) -> Message:
    """Return a message of the handshake era, or for a test to complete."""
    made: Message = {"jsonrpc": "2.0", "id": id, "method": method}
    return made if params is None else {**made, "params": params}


def stateless(
    method: str,
    params: Message | None = None,
    id: Any = 1,
    *,
    capabilities: Message | None = None,
    **more: Any,
) -> Message:
    """Return a message that stands alone; ``more`` goes into ``_meta``."""
    params = {**(params or {}), "_meta": meta(capabilities, **more)}
    return message(method, params, id)


def initialize(
    revision: str, capabilities: Message | None = None, id: Any = 0
) -> Message:
    """Return the first message of the handshake era."""
    return message(
        "initialize",
        {
            "protocolVersion": revision,
            "capabilities": capabilities or {},
            "clientInfo": CLIENT,
        },
        id,
    )


def note(method: str, params: Message | None = None) -> Message:
    """Return a message that wants no answer."""
    made: Message = {"jsonrpc": "2.0", "method": method}
    return made if params is None else {**made, "params": params}


def standard_headers(revision: str = STATELESS) -> dict[str, str]:
    """Return what every POST says about itself."""
    return {
        "accept": BOTH_TYPES,
        "content-type": "application/json",
        "mcp-protocol-version": revision,
    }


def routing_headers(sent: Any) -> dict[str, str]:
    """Return the headers that repeat parts of a message of the stateless era."""
    if not isinstance(sent, dict) or "method" not in sent:
        return {}
    method, params = str(sent["method"]), sent.get("params")
    headers = {"mcp-method": method}
    name = params.get(NAMED_BY.get(method)) if isinstance(params, dict) else None
    return headers if name is None else {**headers, "mcp-name": str(name)}


def pairs(headers: Mapping[str, Any]) -> list[tuple[bytes, bytes]]:
    """Return headers as ASGI has them: ``None`` leaves out, a list repeats."""
    found = []
    for name, value in headers.items():
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                one = one.encode("latin-1") if isinstance(one, str) else one
                found.append((name.lower().encode("latin-1"), one))
    return found


def engine_headers(sent: Any, **changed: Any) -> Headers:
    """Return right headers for a message of the stateless era, but for changes."""
    changes = {name.replace("_", "-"): value for name, value in changed.items()}
    return Headers(pairs(standard_headers() | routing_headers(sent) | changes))


# -- who is calling --------------------------------------------------------


class Named(BaseAuthenticator):
    """``Authorization: Bearer alice`` is alice; ``alice:read`` has a scope too."""

    def __init__(self, *, blocking: bool = False, anonymous: bool = True) -> None:
        self.blocking = blocking
        self.anonymous = anonymous

    def authenticate(self, request: AuthRequest) -> Principal | None:
        """See `BaseAuthenticator`."""
        given = request.headers.get(b"authorization", b"").decode("latin-1")
        if not given:
            return Principal(user=AnonymousUser()) if self.anonymous else None
        name, _, scopes = given.removeprefix("Bearer ").partition(":")
        if name == "nobody":
            raise AuthError
        user = User(pk=sum(name.encode()), username=name)
        return Principal(user=user, scopes=frozenset(scopes.split()) or None)


class Issued(BaseAuthenticator):
    """Takes tokens of an authorization server, and knows none."""

    blocking = False

    def authenticate(self, request: AuthRequest) -> Principal | None:
        """See `BaseAuthenticator`."""
        if request.bearer() is not None:
            raise AuthError
        return None

    def authorization_servers(self) -> list[str]:
        """See `BaseAuthenticator`."""
        return ["https://login.example"]


def filled(server: MCPServer) -> MCPServer:
    """Return a server with a tool: one that serves nothing is not described."""
    server.add(Tool(name="something", call=lambda context, arguments: "ok"))
    return server


# -- HTTP, as an ASGI application sees it ----------------------------------


class Visit:
    """One HTTP message and its answer; checks that the answer obeys ASGI."""

    def __init__(
        self,
        app: Any,
        method: str,
        body: bytes | list[bytes],
        headers: Mapping[str, Any],
        path: str = "/mcp",
    ) -> None:
        self._app = app
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": pairs({"host": "testserver", **headers}),
            "client": ("127.0.0.1", 1),
            "server": ("testserver", 80),
        }
        self._in: asyncio.Queue[Message] = asyncio.Queue()
        self._out: asyncio.Queue[Message] = asyncio.Queue()
        parts = body if isinstance(body, list) else [body]
        for number, part in enumerate(parts, start=1):
            more = number < len(parts)
            event = {"type": "http.request", "body": part, "more_body": more}
            self._in.put_nowait(event)
        self._task: asyncio.Task[None] | None = None
        self._started = self._ended = False
        self._buffer = b""
        self.status = 0
        self.headers: dict[str, str] = {}

    async def __aenter__(self) -> Visit:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._task is not None
        self.leave()
        async with asyncio.timeout(PATIENCE):
            try:
                await self._task
            finally:
                self._task.cancel()

    async def _run(self) -> None:
        try:
            await self._app(self._scope, self._in.get, self._send)
        finally:
            self._out.put_nowait({"type": "the application returned"})

    async def _send(self, event: Message) -> None:
        if event["type"] == "http.response.start":
            assert not self._started, "The answer began twice."
            self._started = True
        else:
            assert event["type"] == "http.response.body"
            assert self._started, "The answer has no beginning."
            assert not self._ended, "Something was sent after the end."
            self._ended = not event.get("more_body", False)
        self._out.put_nowait(event)

    def leave(self) -> None:
        """Close the connection from the client's side."""
        self._in.put_nowait({"type": "http.disconnect"})

    @property
    def done(self) -> bool:
        """Whether the application has returned."""
        return self._task is not None and self._task.done()

    async def finished(self) -> None:
        """Wait until the application has returned."""
        assert self._task is not None
        async with asyncio.timeout(PATIENCE):
            await asyncio.shield(self._task)

    async def _next(self) -> Message:
        async with asyncio.timeout(PATIENCE):
            event = await self._out.get()
        if event["type"] == "the application returned":
            assert self._task is not None
            await self._task
        return event

    async def begin(self) -> Visit:
        """Wait for status and headers."""
        if not self.status:
            event = await self._next()
            assert event["type"] == "http.response.start", event
            self.status = event["status"]
            for name, value in event["headers"]:
                assert name == name.lower()
                self.headers[name.decode()] = value.decode("latin-1")
        return self

    @property
    def is_stream(self) -> bool:
        """Whether the answer is an event stream."""
        return self.headers.get("content-type") == "text/event-stream"

    async def text(self) -> str:
        """Return the whole body, or what is left of it."""
        await self.begin()
        while (event := await self._next())["type"] == "http.response.body":
            self._buffer += event.get("body", b"")
            if not event.get("more_body"):
                break
        text, self._buffer = self._buffer.decode(), b""
        return text

    async def events(self) -> AsyncIterator[dict[str, str]]:
        """Yield the events of the stream as they come, comments too."""
        await self.begin()
        assert self.is_stream, await self.text()
        more = True
        while more:
            event = await self._next()
            if event["type"] != "http.response.body":
                raise AssertionError("The stream broke off.")
            more = event.get("more_body", False)
            self._buffer += event.get("body", b"")
            while b"\n\n" in self._buffer:
                block, _, self._buffer = self._buffer.partition(b"\n\n")
                yield _event(block.decode())

    async def messages(self) -> AsyncIterator[Message]:
        """Yield the messages of the stream as they come."""
        async for event in self.events():
            if event.get("data"):
                assert event["event"] == "message"
                yield json.loads(event["data"])

    async def message(self) -> Message:
        """Return the next message of the stream."""
        async for found in self.messages():
            return found
        raise AssertionError("The stream ended.")


def _event(block: str) -> dict[str, str]:
    lines = (line.partition(":") for line in block.split("\n"))
    return {name or "comment": value.removeprefix(" ") for name, _, value in lines}


@dataclass
class Answer:
    """A whole answer: status, headers and the messages in it."""

    status: int
    headers: dict[str, str]
    #: What came on the stream before the answer.
    before: list[Message] = field(default_factory=list)
    #: The answer; empty when there is none.
    body: Any = None
    is_stream: bool = False

    @property
    def result(self) -> Message:
        """The result. Raises: AssertionError"""
        assert "result" in (self.body or {}), (self.status, self.body)
        result: Message = self.body["result"]
        return result

    @property
    def code(self) -> int:
        """The error code. Raises: AssertionError"""
        assert "error" in (self.body or {}), (self.status, self.body)
        code: int = self.body["error"]["code"]
        return code

    @property
    def data(self) -> Any:
        """What the error says beside its message."""
        return self.body["error"].get("data")

    @property
    def text(self) -> str:
        """The text of a tool's result, or the message of an error."""
        if "error" in self.body:
            return str(self.body["error"]["message"])
        return "".join(part.get("text", "") for part in self.result["content"])


class Client:
    """One client of an ASGI application, in the manner of one revision."""

    def __init__(
        self,
        app: Any,
        revision: str = STATELESS,
        *,
        capabilities: Message | None = None,
        headers: Mapping[str, Any] | None = None,
    ) -> None:
        self.app = app
        self.revision = revision
        self.capabilities = capabilities or {}
        self.extra = dict(headers or {})
        self.session_id: str | None = None
        self._id = 0

    # -- what to send ------------------------------------------------------

    def headers(self, sent: Any) -> dict[str, Any]:
        """Return the headers that belong to a message."""
        headers: dict[str, Any] = {
            "accept": BOTH_TYPES,
            "content-type": "application/json",
        }
        if self.revision == STATELESS:
            headers |= {"mcp-protocol-version": STATELESS, **routing_headers(sent)}
        elif self.session_id is not None:
            headers["mcp-session-id"] = self.session_id
            if self.revision >= "2025-06-18":
                headers["mcp-protocol-version"] = self.revision
        return headers | self.extra

    def message(self, method: str, params: Message | None = None) -> Message:
        """Return a message with an id of its own."""
        self._id += 1
        if self.revision != STATELESS:
            return message(method, params, self._id)
        params = dict(params or {})
        more = params.pop("_meta", {})
        return stateless(
            method, params, self._id, capabilities=self.capabilities, **more
        )

    def visit(
        self,
        sent: Any = None,
        headers: Mapping[str, Any] | None = None,
        *,
        method: str = "POST",
        body: bytes | list[bytes] | None = None,
        path: str = "/mcp",
    ) -> Visit:
        """Return an HTTP message to enter; ``headers`` change the right ones."""
        if body is None:
            body = b"" if sent is None else json.dumps(sent).encode()
        merged = {**self.headers(sent), **(headers or {})}
        return Visit(self.app, method, body, merged, path)

    # -- what comes back ---------------------------------------------------

    async def send(self, sent: Any, headers: Any = None, **options: Any) -> Answer:
        """Send one message, whatever it is, and return the whole answer."""
        async with self.visit(sent, headers, **options) as visit:
            return await self.answer(visit, sent)

    async def answer(self, visit: Visit, sent: Any) -> Answer:
        """Read a whole answer and hold it against the official types."""
        await visit.begin()
        answer = Answer(visit.status, visit.headers, is_stream=visit.is_stream)
        if visit.is_stream:
            found = [message async for message in visit.messages()]
            if found and "method" not in found[-1]:
                answer.body = found.pop()
            answer.before = found
        elif text := await visit.text():
            assert visit.headers["content-type"] == "application/json", text
            answer.body = json.loads(text)
        self.judge(answer, sent)
        return answer

    def judge(self, answer: Answer, sent: Any) -> None:
        """Is everything in an answer valid in this revision?"""
        method = sent.get("method") if isinstance(sent, dict) else None
        for before in answer.before:
            assert_valid(before, self.revision)
        body = answer.body
        if isinstance(body, dict) and (
            "error" not in body or answer.status in {200, 400, 404}
        ):
            assert_valid(body, self.revision, method)
        if answer.status == 200 and isinstance(body, dict):
            assert body["id"] == sent["id"]
            assert type(body["id"]) is type(sent["id"])

    async def ask(
        self, method: str, params: Message | None = None, **headers: Any
    ) -> Answer:
        """Send a message of this revision and return the whole answer."""
        changes = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.send(self.message(method, params), changes)

    async def call(self, name: str, arguments: Any = None, **more: Any) -> Answer:
        """Call a tool; ``more`` are further params."""
        params: Message = {"name": name, **more}
        if arguments is not None:
            params["arguments"] = arguments
        return await self.ask("tools/call", params)

    async def tell(self, method: str, params: Message | None = None) -> Answer:
        """Send what wants no answer."""
        sent = note(method, params)
        async with self.visit(sent) as visit:
            return Answer((await visit.begin()).status, visit.headers, body=None)

    async def open(self) -> Client:
        """Begin a session, where the revision has them."""
        if self.revision != STATELESS:
            answer = await self.send(initialize(self.revision, self.capabilities))
            assert answer.result["protocolVersion"] == self.revision
            self.session_id = answer.headers.get("mcp-session-id")
            assert (await self.tell("notifications/initialized")).status == 202
        return self

    async def reply(self, question: Message, result: Message) -> int:
        """Answer a question of the server; return the HTTP status."""
        sent = {"jsonrpc": "2.0", "id": question["id"], "result": result}
        async with self.visit(sent) as visit:
            return (await visit.begin()).status

    def stream(self, **headers: Any) -> Visit:
        """Return the GET stream of the session, to enter."""
        changes = {name.replace("_", "-"): value for name, value in headers.items()}
        accept = {"accept": "text/event-stream", "content-type": None}
        return self.visit(None, accept | changes, method="GET")


# -- stdio -----------------------------------------------------------------


class Pipe:
    """One client of a `Stdio`, in this process, over real pipes."""

    def __init__(self, write: Callable[[bytes], None], read: Any) -> None:
        self._write = write
        self._read = read
        self.ended: Awaitable[bool] | None = None

    def line(self, line: bytes) -> None:
        """Send a line, whatever it is."""
        self._write(line + b"\n")

    def send(self, sent: Any) -> None:
        """Send a message."""
        self.line(json.dumps(sent).encode())

    async def receive(self) -> Message:
        """Return the next message of the server."""
        async with asyncio.timeout(PATIENCE):
            line: bytes = await self._read()
        assert line.endswith(b"\n"), line
        received: Message = json.loads(line)
        return received

    async def ask(self, sent: Any, revision: str = STATELESS) -> Message:
        """Send a message and return the answer, passing over what comes before."""
        self.send(sent)
        while True:
            received = await self.receive()
            answers = "method" not in received
            method = sent.get("method") if isinstance(sent, dict) else None
            assert_valid(received, revision, method if answers else None)
            if answers:
                return received


@asynccontextmanager
async def stdio_client(
    server: Any,
    principal: Principal | None = None,
    accept_language: bytes = b"",
    *,
    caller: Caller | None = None,
) -> AsyncIterator[Pipe]:
    """Serve a client over pipes for the length of a ``with`` block."""
    (their_in, our_out), (our_in, their_out) = os.pipe(), os.pipe()
    incoming = os.fdopen(our_in, "rb")
    loop = asyncio.get_running_loop()

    async def read() -> bytes:
        return await loop.run_in_executor(None, incoming.readline)

    lines = Lines(their_in, their_out, conf.MAX_BODY_SIZE, gone=lambda: None)
    caller = caller or NamedCaller(principal or Principal(user=AnonymousUser()))
    stdio = Stdio(server, caller, lines, accept_language)
    task = asyncio.create_task(stdio.run())
    pipe = Pipe(lambda line: _write_all(our_out, line), read)
    pipe.ended = task
    try:
        yield pipe
    finally:
        os.close(our_out)
        async with asyncio.timeout(PATIENCE):
            await task
        os.close(their_out)
        await loop.run_in_executor(None, incoming.read)
        os.close(their_in)
        incoming.close()


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
