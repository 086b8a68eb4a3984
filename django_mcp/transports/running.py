"""What is going on in this process: running calls and open questions.

Cancellations and answers arrive as messages of their own, maybe at another
worker; then they come here over the bus. Bound to a session's id, so nobody
reaches a call of somebody else.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from django_mcp import broadcast
from django_mcp.protocol.events import Answered
from django_mcp.protocol.messages import Id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

#: Calls by session and message id, and what cancels them.
_calls: dict[tuple[str, Id], Callable[[], None]] = {}
#: Questions by session and question id.
_questions: dict[tuple[str, Id], asyncio.Future[Answered]] = {}


def began(session_id: str, message_id: Id, cancel: Callable[[], None]) -> None:
    """Remember a call of a session, so that it can be cancelled."""
    _calls[session_id, message_id] = cancel


def ended(session_id: str, message_id: Id, cancel: Callable[[], None]) -> None:
    """Forget it again, unless another call has taken its id meanwhile."""
    if _calls.get((session_id, message_id)) == cancel:
        del _calls[session_id, message_id]


async def cancel(session_id: str, message_id: Id) -> None:
    """Cancel a call, wherever it runs."""
    if not _cancel_here(session_id, message_id):
        await broadcast.apublish(_topic(session_id), {"cancel": message_id})


async def answer(session_id: str, answered: Answered) -> None:
    """Hand an answer to the call that waits for it, wherever it runs."""
    if not _answer_here(session_id, answered):
        await broadcast.apublish(_topic(session_id), {"answer": list(answered)})


@asynccontextmanager
async def reachable(session_id: str) -> AsyncIterator[None]:
    """Hear what other workers received for this session."""

    def listen(message: dict[str, Any]) -> None:
        if "cancel" in message:
            _cancel_here(session_id, message["cancel"])
        elif "answer" in message:
            _answer_here(session_id, Answered(*message["answer"]))

    bus = broadcast.bus()
    await bus.subscribe(_topic(session_id), listen)
    try:
        yield
    finally:
        await bus.unsubscribe(_topic(session_id), listen)


class Asking:
    """One question on its way to the client."""

    __slots__ = ("_future", "_key", "id")

    def __init__(self, session_id: str) -> None:
        self.id = secrets.token_urlsafe(12)
        self._key = (session_id, self.id)
        self._future: asyncio.Future[Answered] = (
            asyncio.get_running_loop().create_future()
        )
        _questions[self._key] = self._future

    async def answered(self) -> Answered:
        """Wait for the answer."""
        return await self._future

    def forget(self) -> None:
        """Stop waiting."""
        _questions.pop(self._key, None)


def _cancel_here(session_id: str, message_id: Id) -> bool:
    stop = _calls.get((session_id, message_id))
    if stop is not None:
        stop()
    return stop is not None


def _answer_here(session_id: str, answered: Answered) -> bool:
    future = _questions.get((session_id, answered.id))
    if future is None:
        return False
    # The call may run on another loop of this process.
    with suppress(RuntimeError):  # that loop has ended
        future.get_loop().call_soon_threadsafe(_settle, future, answered)
    return True


def _settle(future: asyncio.Future[Answered], answered: Answered) -> None:
    if not future.done():
        future.set_result(answered)


def _topic(session_id: str) -> str:
    return broadcast.topic("session", session_id)
