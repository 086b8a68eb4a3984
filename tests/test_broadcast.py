"""What one worker says, the others hear; a layer that is away fails no call."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import InMemoryChannelLayer

from django_mcp import broadcast
from django_mcp.broadcast import apublish, bus, publish, topic

PATIENCE = 5
NO_LAYER = {"CHANNEL_LAYER": "nowhere"}


class Flaky(InMemoryChannelLayer):  # type: ignore[misc]
    """A channel layer that fails as often as it is told to."""

    failures = 0
    joined = 0
    sent: list[str] = []

    def _fail(self) -> None:
        if Flaky.failures:
            Flaky.failures -= 1
            raise ConnectionError("the layer is away")

    async def group_add(self, group: str, channel: str) -> None:
        self._fail()
        await super().group_add(group, channel)
        Flaky.joined += 1

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        Flaky.sent.append(group)
        self._fail()
        await super().group_send(group, message)

    async def receive(self, channel: str) -> Any:
        self._fail()
        return await super().receive(channel)


@pytest.fixture
def flaky(settings: Any, monkeypatch: pytest.MonkeyPatch) -> type[Flaky]:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"{__name__}.Flaky"}}
    monkeypatch.setattr(broadcast, "RETRY", 0.01)
    monkeypatch.setattr(Flaky, "failures", 0)
    monkeypatch.setattr(Flaky, "joined", 0)
    monkeypatch.setattr(Flaky, "sent", [])
    return Flaky


class Ear:
    """A listener; the first message it heard can be waited for."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self._something = asyncio.Event()

    def __call__(self, message: dict[str, Any]) -> None:
        self.heard.append(message)
        self._something.set()

    async def first(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            await self._something.wait()
        return self.heard[0]


@pytest.mark.parametrize("name", ["shop", "a" * 60, "a" * 61, "größer", "a b", ""])
def test_any_name_makes_a_valid_group(name: str) -> None:
    layer = InMemoryChannelLayer()
    assert layer.require_valid_group_name(topic("server", name))
    assert topic("server", name) == topic("server", name)


def test_different_names_make_different_groups() -> None:
    names = ["shop", "a b", "a c", ""]
    assert len({topic("server", name) for name in names}) == len(names)


async def in_a_thread(name: str, message: dict[str, Any]) -> None:
    await sync_to_async(publish, thread_sensitive=False)(name, message)


async def on_the_loop(name: str, message: dict[str, Any]) -> None:
    publish(name, message)


Publish = Callable[[str, dict[str, Any]], Awaitable[None]]


@pytest.mark.parametrize("say", [apublish, in_a_thread, on_the_loop])
@pytest.mark.parametrize("layer", ["default", "nowhere"])
async def test_subscribers_hear_until_they_unsubscribe(
    settings: Any, layer: str, say: Publish
) -> None:
    settings.DJANGO_MCP = {"CHANNEL_LAYER": layer}
    one, other = Ear(), Ear()
    await bus().subscribe("topic", one)
    await bus().subscribe("topic", other)
    await say("topic", {"number": 1})
    assert await one.first() == await other.first() == {"number": 1}
    await bus().unsubscribe("topic", one)
    third = Ear()
    await bus().subscribe("topic", third)
    await say("topic", {"number": 2})
    assert await third.first() == {"number": 2}
    assert (len(one.heard), len(other.heard)) == (1, 2)
    for ear in (other, third, one):
        await bus().unsubscribe("topic", ear)


async def test_other_topics_are_not_heard() -> None:
    ear, other = Ear(), Ear()
    await bus().subscribe("one", ear)
    await bus().subscribe("other", other)
    await apublish("other", {})
    await other.first()
    assert ear.heard == []
    await bus().unsubscribe("other", other)
    await apublish("one", {"still": "heard"})
    assert await ear.first() == {"still": "heard"}
    await bus().unsubscribe("one", ear)


async def test_without_a_layer_all_loops_of_the_process_hear(settings: Any) -> None:
    settings.DJANGO_MCP = NO_LAYER
    ready, heard = threading.Event(), threading.Event()

    async def listen() -> None:
        ear = Ear()
        await bus().subscribe("topic", ear)
        ready.set()
        assert await ear.first() == {"for": "all"}
        heard.set()

    other = threading.Thread(target=lambda: asyncio.run(listen()))
    other.start()
    assert await asyncio.to_thread(ready.wait, PATIENCE)
    await apublish("topic", {"for": "all"})
    await asyncio.to_thread(other.join, PATIENCE)
    assert heard.is_set()


def test_code_that_no_loop_serves_is_heard_by_the_layer(flaky: type[Flaky]) -> None:
    publish("topic", {})
    assert flaky.sent == ["topic"]


async def test_a_layer_that_is_away_fails_no_call(
    flaky: type[Flaky], caplog: pytest.LogCaptureFixture
) -> None:
    flaky.failures = 1
    await apublish("topic", {})
    assert "The channel layer failed" in caplog.text


async def test_a_layer_that_comes_back_is_heard_again(
    flaky: type[Flaky], caplog: pytest.LogCaptureFixture
) -> None:
    flaky.failures = 3
    ear = Ear()
    await bus().subscribe("topic", ear)
    async with asyncio.timeout(PATIENCE):
        while flaky.failures or flaky.joined < 2:
            await asyncio.sleep(0.01)
    await apublish("topic", {"back": True})
    assert await ear.first() == {"back": True}
    assert "trying again" in caplog.text
    await bus().unsubscribe("topic", ear)


async def test_groups_are_joined_again_before_the_layer_forgets_them(
    flaky: type[Flaky], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcast, "REJOIN", -1)
    ear = Ear()
    await bus().subscribe("topic", ear)
    await apublish("topic", {})
    await ear.first()
    assert flaky.joined == 2
    await bus().unsubscribe("topic", ear)


class Deaf(InMemoryChannelLayer):  # type: ignore[misc]
    """A channel layer that keeps a cancellation to itself, as some do."""

    async def receive(self, channel: str) -> Any:
        try:
            return await super().receive(channel)
        except asyncio.CancelledError:
            raise ConnectionError("something else") from None


async def test_nothing_is_left_where_a_layer_swallows_a_cancellation(
    settings: Any,
) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"{__name__}.Deaf"}}
    before = asyncio.all_tasks()
    ear = Ear()
    await bus().subscribe("topic", ear)
    await apublish("topic", {})
    await ear.first()
    left = asyncio.all_tasks() - before
    await bus().unsubscribe("topic", ear)
    _, running = await asyncio.wait(left, timeout=PATIENCE)
    assert not running
