"""Tools that show what a transport does: wait, ask, tell, print, hang."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from django.contrib.auth.models import User
from pydantic import BaseModel

from django_mcp import Context, MCPServer, Tool, mcp
from tests.served.settings import PLACE

#: What became of the calls of `hang`, by their names.
hanging: dict[str, str] = {}


class Name(BaseModel):
    """What `greet` asks for."""

    name: str


@mcp.tool
async def echo(text: str) -> str:
    """Say it back."""
    return text


@mcp.tool
def users() -> int:
    """Count the users, in a thread."""
    return User.objects.count()


@mcp.tool
def whoami(context: Context) -> str:
    """Name the caller."""
    return context.user.get_username()


@mcp.tool
def environment() -> str:
    """Look for the key where the process that started us put it."""
    here = os.environ.get("DJANGO_MCP_KEY", "nothing")
    shell = 'printf "%s" "${DJANGO_MCP_KEY-nothing}"'
    below = subprocess.run(["sh", "-c", shell], check=True, capture_output=True)
    return f"{here} here, {below.stdout.decode()} below"


@mcp.resource("test://a")
async def watched() -> str:
    """Be listened to."""
    return ""


@mcp.tool
async def countdown(steps: int, context: Context) -> str:
    """Tell of each step."""
    for step in range(steps):
        await context.aprogress(step + 1, steps)
        await asyncio.sleep(0.03)
    return "Liftoff."


@mcp.tool
async def wait(seconds: float) -> str:
    """Take a while."""
    await asyncio.sleep(seconds)
    return "Done."


@mcp.tool(atomic=False)
def sleep(seconds: float) -> str:
    """Take a while, in a thread that nobody can wake."""
    time.sleep(seconds)
    return "Awake."


@mcp.tool
async def block(seconds: float) -> str:
    """Keep the event loop from everything else, as no tool should."""
    time.sleep(seconds)  # noqa: ASYNC251
    return "Sorry."


@mcp.tool
async def hang(name: str) -> str:
    """Run for long; remember how it ended."""
    hanging[name] = "running"
    try:
        await asyncio.sleep(2)
        hanging[name] = "ended"
    except asyncio.CancelledError:
        hanging[name] = "cancelled"
        raise
    return "Ended."


@mcp.tool
async def fate(name: str) -> str:
    """Say what became of a call of `hang`."""
    return hanging.get(name, "unknown")


@mcp.tool
def greet(context: Context) -> str:
    """Ask for a name, and use it."""
    answer = context.elicit("Who are you?", Name, key="who")
    return f"Hello, {answer.value.name}!" if answer else "Hello, nobody!"


@mcp.tool
def change(what: str) -> str:
    """Change the catalogue, or a resource, while clients listen."""
    if what.startswith("test://"):
        mcp.notify_resource_updated(what)
    else:
        mcp.add(Tool(name=what, call=lambda context, arguments: "new"))
    return "Changed."


@mcp.tool
def noise() -> str:
    """Print wherever one can print."""
    print("noise of print")
    print("noise of __stdout__", file=sys.__stdout__, flush=True)
    os.write(1, b"noise of a C library\n")
    subprocess.run(["echo", "noise of another process"], check=True)
    return "Quiet?"


@mcp.tool
def listen() -> str:
    """Read stdin, which is not ours to read."""
    try:
        return input()
    except EOFError:
        return "Nothing to read."


@mcp.tool
async def large(size: int) -> str:
    """Return much."""
    return "x" * size


def mark(name: str) -> None:
    """Leave a trace that outlives the process."""
    with Path(PLACE, name).open("a") as file:
        file.write(f"{os.getpid()}\n")


@asynccontextmanager
async def lifespan() -> AsyncIterator[str]:
    """Leave a trace of the beginning and of the end."""
    mark("entered")
    try:
        yield "a pool of connections"
    finally:
        await asyncio.sleep(0)
        mark("left")


lasting = MCPServer("lasting", lifespan=lifespan)


@lasting.tool
async def held(context: Context) -> str:
    """Return what the lifespan gave."""
    return str(context.lifespan)


@asynccontextmanager
async def no_lifespan() -> AsyncIterator[None]:
    """Fail."""
    raise RuntimeError("The pool is dry.")
    yield  # type: ignore[unreachable] # makes it a generator


broken = MCPServer("broken", lifespan=no_lifespan)
