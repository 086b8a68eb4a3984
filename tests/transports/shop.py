"""A small server with one of everything that the wire can show."""

from __future__ import annotations

import asyncio
import threading
from functools import cache
from typing import Any, Literal

from django import forms

from django_mcp import (
    Audio,
    Context,
    Image,
    MCPServer,
    PermissionRequired,
    ToolError,
)
from django_mcp.content import ResourceLink
from django_mcp.primitives import Icon, Tool
from django_mcp.questions import Elicit, Roots, Sample
from django_mcp.schema.headers import headers_from_schema
from tests.wire import Named

PIXEL = b"\x89PNG\r\n\x1a\n" + b"\x00" * 8
REGION = {
    "type": "object",
    "properties": {
        "region": {"type": "string", "x-mcp-header": "Region"},
        "number": {"type": "integer", "x-mcp-header": "Number"},
        "flag": {"type": "boolean", "x-mcp-header": "Flag"},
    },
    "additionalProperties": False,
}


class Reason(forms.Form):
    """What the person is asked."""

    reason = forms.CharField(max_length=20)


class Probe:
    """What a test knows of a call that is running, and how it lets it go on."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the test before; events belong to one loop."""
        self.began = asyncio.Event()
        self.go_on = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.ended = asyncio.Event()
        self.thread_may_end = threading.Event()
        self.count = 0


PROBE = Probe()


@cache
def shared_server(*, blocking: bool = False) -> MCPServer:
    """Return the server of all tests: making its schemas takes long."""
    return make_server(PROBE, blocking=blocking)


def make_server(probe: Probe, *, blocking: bool = False) -> MCPServer:
    """Return a server of its own, with callers named in a header."""
    server = MCPServer(
        "shop",
        title="The shop",
        version="1.2.3",
        instructions="Buy books.",
        website_url="https://shop.example",
        icons=[Icon(src="https://shop.example/icon.png")],
        authenticators=[Named(blocking=blocking)],
    )
    _add_tools(server)
    _add_running(server, probe)
    _add_asking(server, probe)
    _add_others(server)
    return server


def _add_tools(server: MCPServer) -> None:
    @server.tool(
        read_only=True, title="Add", icons=[Icon(src="https://shop.example/add.png")]
    )
    def add(a: int, b: int = 0) -> int:
        """Add two numbers."""
        return a + b

    @server.tool(read_only=True)
    async def echo(value: Any) -> Any:
        """Say the same."""
        return value

    # By hand: checking an author's schema needs an extra.
    server.add(
        Tool(
            name="region",
            description="Say where.",
            call=lambda context, arguments: str(arguments.get("region")),
            input_schema=REGION,
            headers=headers_from_schema(REGION),
            read_only=True,
        )
    )

    @server.tool(read_only=True)
    def crash() -> str:
        """Break."""
        raise RuntimeError("the password is hunter2")

    @server.tool(read_only=True)
    async def acrash() -> str:
        """Break, later."""
        raise RuntimeError("the password is hunter2")

    @server.tool(read_only=True)
    def refuse() -> str:
        """Say no."""
        raise ToolError("Not today.")

    @server.tool(read_only=True, scopes=["shop:read", "shop:write"])
    def scoped() -> str:
        """Need a scope."""
        return "ok"

    @server.tool(read_only=True)
    def permitted() -> str:
        """Need what only the tool knows."""
        raise PermissionRequired(scopes=("shop:admin",))

    @server.tool(read_only=True, allowed=lambda c: c.user.username == "alice")
    def for_alice() -> str:
        """Be seen by alice alone."""
        return "hello alice"

    @server.tool(read_only=True)
    async def pictures() -> list[Any]:
        """Show content of every kind."""
        return [
            "text",
            Image(PIXEL, mime_type="image/png"),
            Audio(b"RIFF", mime_type="audio/wav"),
            ResourceLink("shop://hours", name="hours"),
        ]

    @server.tool(read_only=True)
    async def count() -> list[int]:
        """Return what is no object."""
        return [1, 2]


def _add_running(server: MCPServer, probe: Probe) -> None:
    @server.tool(read_only=True)
    async def talk(context: Context) -> str:
        """Say a lot while running."""
        for step in (1.0, 2.0, 2.0, 1.0):
            await context.aprogress(step, 3, "on the way")
            await asyncio.sleep(0.03)
        await context.aprogress(3, 3)
        await context.alog("debug", "small", "shop")
        await context.alog("error", {"what": "big"})
        return "done"

    @server.tool(read_only=True)
    def talk_in_thread(context: Context) -> str:
        """Say a lot from a thread."""
        context.progress(1, 2)
        context.log("error", "big")
        context.progress(2, 2)
        return "done"

    @server.tool(read_only=True)
    async def wait(talk: bool, context: Context) -> str:
        """Run until told to end."""
        if talk:
            await context.alog("error", "waiting")
        probe.began.set()
        try:
            await probe.go_on.wait()
        except asyncio.CancelledError:
            probe.cancelled.set()
            raise
        await context.alog("error", "going on")
        probe.ended.set()
        return "done"

    @server.tool(read_only=True, timeout=0.05)
    async def slow() -> str:
        """Take too long."""
        await asyncio.sleep(60)
        return "never"

    @server.tool(read_only=True, timeout=0.2)
    def slow_in_thread(context: Context) -> str:
        """Take too long in a thread, and look now and then."""
        while not context.cancelled and not probe.thread_may_end.wait(0.02):
            pass
        return "never"

    @server.tool(read_only=True)
    async def part(context: Context) -> str:
        """End the stream and go on."""
        await context.alog("error", "before")
        await context.aclose_stream()
        await context.alog("error", "after")
        await probe.go_on.wait()
        return "done"


def _add_asking(server: MCPServer, probe: Probe) -> None:
    @server.tool(read_only=True)
    def ask(context: Context, what: str = "") -> str:
        """Ask why."""
        probe.count += 1
        answer = context.elicit("Why?", Reason, key="reason")
        return f"{what}{answer['reason']}" if answer else answer.action

    @server.tool(read_only=True)
    async def aask(context: Context) -> str:
        """Ask why, later."""
        answer = await context.aelicit("Why?", Reason, key="reason")
        return str(answer["reason"]) if answer else answer.action

    @server.tool(read_only=True)
    async def confirm(context: Context) -> bool:
        """Ask yes or no."""
        return await context.aconfirm("Sure?")

    @server.tool(read_only=True)
    def ask_url(context: Context) -> str:
        """Ask to open a page."""
        return context.elicit_url("Log in", "https://shop.example/in", key="in").action

    @server.tool(read_only=True)
    def ask_all(context: Context) -> str:
        """Ask everything at once."""
        reason, message, roots = context.ask(
            Elicit(key="reason", message="Why?", form=Reason),
            Sample(
                key="model", messages=[{"role": "user", "content": "Hi"}], max_tokens=9
            ),
            Roots(key="roots"),
        )
        text = message["content"]["text"]
        return f"{reason['reason']} {text} {roots[0]['uri']}"

    @server.tool(read_only=True)
    def ask_twice(context: Context) -> str:
        """Ask, act once, ask again."""
        first = context.elicit("First?", Reason, key="first")
        probe.count = context.once("count", lambda: probe.count + 1)
        second = context.elicit("Second?", Reason, key="second")
        return f"{first['reason']} {second['reason']} {probe.count}"

    @server.tool(read_only=True)
    def ask_then_crash(context: Context) -> str:
        """Ask, and break at the first try."""
        context.elicit("Why?", Reason, key="reason")
        probe.count += 1
        if probe.count == 1:
            raise RuntimeError("broken")
        return "mended"

    @server.tool(read_only=True)
    def ask_forever(context: Context) -> str:
        """Never be content."""
        for number in range(1000):
            context.elicit("Why?", Reason, key=str(number))
        return "never"

    @server.prompt
    def ask_in_prompt(context: Context) -> str:
        """Ask for a prompt."""
        return str(context.elicit("Why?", Reason, key="reason")["reason"])

    @server.resource("shop://asking")
    def ask_in_resource(context: Context) -> str:
        """Ask for a resource."""
        return str(context.elicit("Why?", Reason, key="reason")["reason"])


def _add_others(server: MCPServer) -> None:
    @server.resource("shop://hours", title="Hours", mime_type="text/markdown")
    async def hours() -> str:
        """When we are open."""
        return "always"

    @server.resource("shop://nothing")
    def nothing() -> None:
        """Nothing here."""

    @server.resource("shop://broken")
    def broken() -> str:
        """Break."""
        raise RuntimeError("the password is hunter2")

    @server.resource("shop://book/{number}")
    def book(number: int) -> dict[str, int]:
        """One book."""
        if number == 0:
            raise ToolError("There is no book 0.")
        return {"number": number}

    @server.prompt(title="Greet")
    def greet(name: str, tone: Literal["warm", "cold"] = "warm") -> str:
        """Say hello."""
        return f"A {tone} hello to {name}."
