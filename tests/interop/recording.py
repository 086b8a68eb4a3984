"""A transport of the official client that keeps what passes.

Every message of the server is judged by the oracle afterwards. It can also
offer an older revision than the client would, which is how one client stands
in for the clients of five revisions.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any

from mcp.client import Transport
from mcp.shared.message import SessionMessage

from tests.oracle import assert_valid


class Recording:
    """What one client and one server said to each other."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.received: list[dict[str, Any]] = []

    def check(self, revision: str) -> None:
        """Assert that the server's messages are valid in the revision."""
        methods = {
            message["id"]: message["method"]
            for message in self.sent
            if "id" in message and "method" in message
        }
        for message in self.received:
            assert_valid(message, revision, methods.get(message.get("id")))


class RecordingTransport:
    """Wrap a transport; hand over its streams with ears on them."""

    def __init__(
        self,
        transport: AbstractAsyncContextManager[Any],
        recording: Recording,
        offer: str | None = None,
    ) -> None:
        self._transport = transport
        self._recording = recording
        self._offer = offer

    async def __aenter__(self) -> tuple[_Reading, _Writing]:
        read, write = await self._transport.__aenter__()
        return (
            _Reading(read, self._recording),
            _Writing(write, self._recording, self._offer),
        )

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        return await self._transport.__aexit__(kind, error, traceback)


def _members(message: SessionMessage) -> dict[str, Any]:
    return message.message.model_dump(by_alias=True, exclude_unset=True)


class _Stream:
    """What reading and writing have in common: everything else is passed on."""

    def __init__(self, stream: Any, recording: Recording) -> None:
        self._stream = stream
        self._recording = recording

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def __aenter__(self) -> Any:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> bool | None:
        return await self._stream.__aexit__(*error)  # type: ignore[no-any-return]


class _Reading(_Stream):
    async def receive(self) -> Any:
        return self._heard(await self._stream.receive())

    def __aiter__(self) -> _Reading:
        return self

    async def __anext__(self) -> Any:
        return self._heard(await self._stream.__anext__())

    def _heard(self, item: Any) -> Any:
        if isinstance(item, SessionMessage):
            self._recording.received.append(_members(item))
        return item

    @property
    def last_context(self) -> Any:
        return getattr(self._stream, "last_context", None)


class _Writing(_Stream):
    def __init__(self, stream: Any, recording: Recording, offer: str | None) -> None:
        super().__init__(stream, recording)
        self._offer = offer

    async def send(self, item: SessionMessage) -> None:
        members = _members(item)
        if self._offer and members.get("method") == "initialize":
            item.message.params["protocolVersion"] = self._offer  # type: ignore[union-attr,index]
            members = _members(item)
        self._recording.sent.append(members)
        await self._stream.send(item)


def recorded(
    transport: AbstractAsyncContextManager[Any],
    recording: Recording,
    offer: str | None = None,
) -> Transport:
    """Return the transport with a recording of what passes."""
    return RecordingTransport(transport, recording, offer)
