"""One call, as the function that serves it sees it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from django.contrib.auth.models import User

from django_mcp import Context, MCPServer
from django_mcp.context import PROGRESS_INTERVAL
from django_mcp.threads import in_pool
from tests.calls import asked, context_for

SERVER = MCPServer("context", authenticators=[])


class Outlet:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.closed = False

    async def send(self, message: bytes) -> None:
        self.sent.append(json.loads(message))

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def outlet() -> Outlet:
    return Outlet()


def context_of(
    outlet: Outlet | None,
    meta: Any = None,
    revision: str = "2026-07-28",
    **options: Any,
) -> Context:
    params = {"_meta": meta or {}}
    level = options.pop("log_level", None)
    event = asked("tools/call", params, revision, **options)
    event.log_level = level
    try:
        loop: Any = asyncio.get_running_loop()
    except RuntimeError:
        loop = None
    return context_for(SERVER, event, outlet=outlet, loop=loop)


def test_a_context_knows_who_calls() -> None:
    user = User(username="alice")
    event = asked("tools/call", capabilities={"roots": {}})
    context = context_for(SERVER, event, user)
    assert context.user is user
    assert context.server is SERVER
    assert context.message_id == 1


@pytest.mark.parametrize(
    ("capabilities", "asked_for", "supported"),
    [
        ({}, "roots", False),
        ({"roots": {}}, "roots", True),
        ({"roots": {"listChanged": True}}, "roots.listChanged", True),
        ({"roots": {}}, "roots.listChanged", False),
        ({"elicitation": {}}, "elicitation", True),
        ({"elicitation": {}}, "elicitation.form", True),
        ({"elicitation": {}}, "elicitation.url", False),
        ({"elicitation": {"url": {}}}, "elicitation.url", True),
        ({"elicitation": {"url": {}}}, "elicitation.form", False),
        ({"elicitation": {"url": {}, "form": {}}}, "elicitation.form", True),
        ({"sampling": {"tools": {}}}, "sampling.tools", True),
    ],
)
def test_a_context_knows_what_the_client_can_do(
    capabilities: Any, asked_for: str, supported: bool
) -> None:
    context = context_for(SERVER, asked("tools/call", capabilities=capabilities))
    assert context.supports(asked_for) is supported


async def test_progress_needs_a_token(outlet: Outlet) -> None:
    await context_of(outlet).aprogress(1)
    await context_of(None, {"progressToken": "t"}).aprogress(1)
    assert outlet.sent == []


async def test_progress_rises_and_does_not_flood(outlet: Outlet) -> None:
    context = context_of(outlet, {"progressToken": "t"})
    for step in range(1000):
        await context.aprogress(step, 1000)
    await context.aprogress(1000, 1000, "done")
    await context.aprogress(1000, 1000, "again")
    values = [sent["params"]["progress"] for sent in outlet.sent]
    assert values == sorted(set(values))
    assert values[0] == 0
    assert values[-1] == 1000
    assert len(values) < 100
    assert outlet.sent[-1]["params"] == {
        "progressToken": "t",
        "progress": 1000,
        "total": 1000,
        "message": "done",
    }


async def test_a_pause_lets_progress_through(outlet: Outlet) -> None:
    context = context_of(outlet, {"progressToken": "t"})
    for step in (1, 2, 3):
        await context.aprogress(step)
        await asyncio.sleep(PROGRESS_INTERVAL * 1.5)
    assert [sent["params"]["progress"] for sent in outlet.sent] == [1, 2, 3]


async def test_progress_has_no_message_where_the_revision_has_none(
    outlet: Outlet,
) -> None:
    context = context_of(outlet, {"progressToken": 0}, "2024-11-05")
    await context.aprogress(1, message="half")
    assert outlet.sent[0]["params"] == {"progressToken": 0, "progress": 1}


async def test_a_log_message_has_the_wanted_severity(outlet: Outlet) -> None:
    context = context_of(outlet, log_level="warning")
    for level in ("debug", "info", "notice", "warning", "emergency"):
        await context.alog(level, {"at": level}, "shop")
    assert [sent["params"]["level"] for sent in outlet.sent] == ["warning", "emergency"]
    assert outlet.sent[0]["params"]["logger"] == "shop"
    await context_of(outlet).alog("emergency", "nobody asked")
    assert len(outlet.sent) == 2


async def test_a_level_that_is_none_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="loud"):
        await context_of(None).alog("loud", "x")


async def test_a_thread_speaks_through_the_loop(outlet: Outlet) -> None:
    context = context_of(outlet, {"progressToken": "t"}, log_level="debug")

    def work() -> None:
        context.progress(1)
        context.log("info", "hello")
        context.close_stream()

    await in_pool(work)
    assert [sent["method"] for sent in outlet.sent] == [
        "notifications/progress",
        "notifications/message",
    ]
    assert outlet.closed


async def test_the_loop_is_told_to_use_the_other_name(outlet: Outlet) -> None:
    context = context_of(outlet, {"progressToken": "t"})
    with pytest.raises(RuntimeError, match="await context.aprogress"):
        context.progress(1)


def test_without_a_loop_nothing_can_be_said(outlet: Outlet) -> None:
    context = context_of(outlet, {"progressToken": "t"})
    with pytest.raises(RuntimeError, match="loop"):
        context.progress(1)


async def test_what_may_ask_runs_once_what_it_did() -> None:
    context = context_for(SERVER, asked("tools/call"))
    asked_for = []

    def act() -> int:
        asked_for.append(1)
        return len(asked_for)

    async def act_later() -> int:
        return act()

    assert context.once("key", act) == context.once("key", act) == 1
    assert await context.aonce("other", act_later) == 2
    assert await context.aonce("other", act_later) == 2


def test_a_call_that_came_otherwise_has_no_request() -> None:
    with pytest.raises(RuntimeError, match="HTTP"):
        _ = context_of(None).request


def test_a_cancelled_call_can_stop_itself() -> None:
    context = context_of(None)
    context.check_cancelled()
    context.cancelled = True
    with pytest.raises(asyncio.CancelledError):
        context.check_cancelled()
