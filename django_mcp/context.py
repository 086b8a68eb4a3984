"""What a tool, a resource or a prompt may know and do about its call.

A `Context` lives as long as one call. It reads what the client sent and
passes on what the function says; it decides nothing and knows no transport,
no method and no provider: those hand it a `Carrier` and an `Asker`.

Every method that may wait has a twin that starts with ``a``: the plain one
for synchronous functions, which run in a thread, the other for ``async``
ones.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypeVar

from django.utils.functional import Promise
from django.utils.translation import get_language

from django_mcp.languages import speaking, spoken
from django_mcp.protocol.messages import LOG_LEVELS, notification
from django_mcp.questions import Answer, Elicit, ElicitURL, Question, Roots, Sample
from django_mcp.threads import Cross

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser
    from django.http import HttpRequest

    from django_mcp.auth.base import Principal
    from django_mcp.protocol.events import Asked
    from django_mcp.protocol.revisions import Revision
    from django_mcp.server import MCPServer

T = TypeVar("T")
#: A list that clients may keep until they are told that it changed.
ListKind: TypeAlias = Literal["tools", "resources", "prompts"]

#: Progress is passed on at most this often (seconds), but for the last step.
PROGRESS_INTERVAL = 0.02


class Outlet(Protocol):
    """Where the messages of a running call go; a transport provides it."""

    async def send(self, message: bytes) -> None:
        """Pass one message to the client, before the call's result."""

    async def close(self) -> None:
        """End the stream; the client comes back for the rest."""


class Asker(Protocol):
    """Knows the answers so far; ``methods`` provides it."""

    #: How often the client has answered so far.
    rounds: int

    def ask(self, context: Context, questions: Sequence[Question]) -> list[Any]:
        """Return the answers. Raises: InputRequired when one is missing."""

    def recall(self, key: str) -> tuple[bool, Any]:
        """Return whether ``once(key)`` ran in an earlier round, and its value."""

    def record(self, key: str, value: Any) -> None:
        """Remember the value of ``once(key)`` for later rounds."""

    @property
    def returnable(self) -> bool:
        """Whether the sealed state a call came with may be used again."""

    def give_back(self) -> None:
        """Let it be used again. May block."""

    async def agive_back(self) -> None:
        """See `give_back`."""

    def result(self, event: Any, context: Context) -> dict[str, Any]:
        """Return the result that asks through the client."""


class Carrier(Protocol):
    """What brought a call here; a transport provides it."""

    @property
    def outlet(self) -> Outlet | None:
        """Where messages of the running call go, if they can go anywhere."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop on which the outlet lives."""

    @property
    def address(self) -> str:
        """Where the call comes from; empty if nobody knows."""

    @property
    def lifespan(self) -> Any:
        """What the server's ``lifespan`` yielded."""

    @property
    def cross(self) -> Cross:
        """Runs what may block."""

    @property
    def accept_language(self) -> bytes:
        """The languages the client asks for, as ``Accept-Language`` says it."""

    @property
    def language(self) -> str | None:
        """What is known of a call's language: see `Context.language`."""

    def make_asker(self) -> Asker:
        """Return what keeps the answers of the person."""

    def make_request(self, context: Context) -> HttpRequest:
        """Return an ``HttpRequest`` for the caller. Raises: RuntimeError"""

    def read(self, context: Context, uri: str) -> Any:
        """Read a resource of the same server. May block."""


class Context:
    """One call, as the function that serves it sees it."""

    __slots__ = (
        "_carrier",
        "_event",
        "_progress",
        "_request",
        "asker",
        "cancelled",
        "language",
        "principal",
        "server",
    )

    def __init__(
        self, server: MCPServer, event: Asked, principal: Principal, carrier: Carrier
    ) -> None:
        self.server = server
        #: Who is calling, and with which scopes.
        self.principal = principal
        #: The client gave the call up. Long work should look now and then.
        self.cancelled = False
        #: The code of the language that was chosen for this call. Empty: none
        #: was, and the project's own, or a middleware's, is active. ``None``:
        #: not chosen yet.
        self.language: str | None = carrier.language
        #: Knows the answers of the person, once something was asked.
        self.asker: Asker | None = None
        self._event = event
        self._carrier = carrier
        self._request: HttpRequest | None = None
        #: The last progress that was told, and when.
        self._progress: tuple[float, float] | None = None

    # -- who and what ------------------------------------------------------

    @property
    def user(self) -> AbstractBaseUser | AnonymousUser:
        """The Django user whose permissions count."""
        return self.principal.user

    @property
    def address(self) -> str:
        """Where the call comes from, as limits count it: an address, the ``/64``
        of an IPv6 one, or nothing over stdio.
        """
        return self._carrier.address

    @property
    def request(self) -> HttpRequest:
        """An ``HttpRequest`` for the caller: of the real one, if there is one, a
        copy without credentials."""
        if self._request is None:
            self._request = self._carrier.make_request(self)
        return self._request

    @property
    def revision(self) -> Revision:
        """What the protocol's revision can express."""
        return self._event.revision

    @property
    def message_id(self) -> str | int:
        """The JSON-RPC id of the message."""
        return self._event.id

    @property
    def meta(self) -> Mapping[str, Any]:
        """The ``_meta`` object of the message, as the client sent it."""
        return self._event.meta

    @property
    def client(self) -> Mapping[str, Any]:
        """The client's own words about itself (``name``, ``version``, …).

        For display and logs, never for decisions.
        """
        return self._event.client

    @property
    def capabilities(self) -> Mapping[str, Any]:
        """What the client declared it can do, by capability."""
        return self._event.capabilities

    @property
    def accept_language(self) -> bytes:
        """The languages the client asks for, as ``Accept-Language`` says it."""
        return self._carrier.accept_language

    @property
    def log_level(self) -> str | None:
        """The least severity of log messages the client wants; ``None``: none."""
        return self._event.log_level

    @property
    def lifespan(self) -> Any:
        """What the server's ``lifespan`` yielded."""
        return self._carrier.lifespan

    def supports(self, capability: str) -> bool:
        """Did the client declare a capability, such as ``"elicitation.url"``?

        ``elicitation`` without modes means forms (2025-11-25, client/elicitation).
        """
        name, _, part = capability.partition(".")
        declared = self.capabilities.get(name)
        if declared is None:
            return False
        if name == "elicitation" and part in {"", "form"}:
            return "form" in declared or "url" not in declared
        return not part or part in declared

    # -- saying something while the call runs ------------------------------

    def progress(
        self, progress: float, total: float | None = None, message: str | Promise = ""
    ) -> None:
        """Tell the client how far the call is, if it asked to know."""
        if self._wants_progress(progress, total):
            self._wait(self._send(self._progress_note(progress, total, message)))

    async def aprogress(
        self, progress: float, total: float | None = None, message: str | Promise = ""
    ) -> None:
        """See `progress`."""
        if self._wants_progress(progress, total):
            await self._send(self._progress_note(progress, total, message))

    def log(self, level: str, data: Any, logger: str = "") -> None:
        """Send the client a log message, if it asked for this severity."""
        if self._wants_log(level):
            self._wait(self._send(_log_note(level, data, logger)))

    async def alog(self, level: str, data: Any, logger: str = "") -> None:
        """See `log`."""
        if self._wants_log(level):
            await self._send(_log_note(level, data, logger))

    def close_stream(self) -> None:
        """End the client's stream early; it comes back later for the result.

        Only for clients of 2025-11-25, and useful for calls of many minutes.
        Elsewhere it does nothing.
        """
        outlet = self._carrier.outlet
        if outlet is not None:
            self._wait(outlet.close())

    async def aclose_stream(self) -> None:
        """See `close_stream`."""
        outlet = self._carrier.outlet
        if outlet is not None:
            await outlet.close()

    # -- crossing ----------------------------------------------------------

    def cross(self, function: Callable[..., T], *args: Any) -> Awaitable[T]:
        """Run what may block, in a thread, in the language that is active here."""
        return self._carrier.cross(speaking, get_language(), function, *args)

    # -- asking ------------------------------------------------------------

    def ask(self, *questions: Question) -> list[Any]:
        """Ask several questions at once; return their answers in order.

        The first time, the call ends here and everything it did to the
        database is undone; when the answers are there, it runs again from the
        start and gets them. So ask before you act, or wrap what must not
        happen twice in `once`.
        """
        return self._asking().ask(self, questions)

    async def aask(self, *questions: Question) -> list[Any]:
        """See `ask`. In a thread, because a form may query the database."""
        answers: list[Any] = await self.cross(self.ask, *questions)
        return answers

    def elicit(self, message: str | Promise, form: Any, *, key: str) -> Answer:
        """Ask the person to fill in a Django form or a pydantic model."""
        [answer] = self.ask(Elicit(key=key, message=message, form=form))
        return answer  # type: ignore[no-any-return]

    async def aelicit(self, message: str | Promise, form: Any, *, key: str) -> Answer:
        """See `elicit`."""
        [answer] = await self.aask(Elicit(key=key, message=message, form=form))
        return answer  # type: ignore[no-any-return]

    def confirm(self, message: str | Promise, *, key: str = "confirm") -> bool:
        """Ask the person yes or no. Declining and cancelling mean no."""
        answer = self.elicit(message, None, key=key)
        return bool(answer) and bool(answer["confirm"])

    async def aconfirm(self, message: str | Promise, *, key: str = "confirm") -> bool:
        """See `confirm`."""
        answer = await self.aelicit(message, None, key=key)
        return bool(answer) and bool(answer["confirm"])

    def elicit_url(self, message: str | Promise, url: str, *, key: str) -> Answer:
        """Ask the person to open a page, for what must not pass the client."""
        [answer] = self.ask(ElicitURL(key=key, message=message, url=url))
        return answer  # type: ignore[no-any-return]

    async def aelicit_url(
        self, message: str | Promise, url: str, *, key: str
    ) -> Answer:
        """See `elicit_url`."""
        [answer] = await self.aask(ElicitURL(key=key, message=message, url=url))
        return answer  # type: ignore[no-any-return]

    def sample(
        self,
        messages: str | Sequence[Mapping[str, Any]],
        *,
        key: str,
        max_tokens: int = 1000,
        **options: Any,
    ) -> dict[str, Any]:
        """Ask the client's model; return its message (``role``, ``content``, …).

        ``options`` are the other fields of `django_mcp.questions.Sample`.
        """
        [answer] = self.ask(_sample(messages, key, max_tokens, options))
        return answer  # type: ignore[no-any-return]

    async def asample(
        self,
        messages: str | Sequence[Mapping[str, Any]],
        *,
        key: str,
        max_tokens: int = 1000,
        **options: Any,
    ) -> dict[str, Any]:
        """See `sample`."""
        [answer] = await self.aask(_sample(messages, key, max_tokens, options))
        return answer  # type: ignore[no-any-return]

    def roots(self, *, key: str = "roots") -> list[dict[str, Any]]:
        """Ask the client for its folders: ``[{"uri": …, "name": …}]``."""
        [answer] = self.ask(Roots(key=key))
        return answer  # type: ignore[no-any-return]

    async def aroots(self, *, key: str = "roots") -> list[dict[str, Any]]:
        """See `roots`."""
        [answer] = await self.aask(Roots(key=key))
        return answer  # type: ignore[no-any-return]

    def once(self, key: str, function: Callable[[], T]) -> T:
        """Run ``function`` in the first round only; later rounds get its value.

        For effects outside the database, which asking cannot undo: a mail, a
        charge. The value must be JSON. It travels sealed through the client.
        """
        asker = self._asking()
        known, value = asker.recall(key)
        if not known:
            value = function()
            asker.record(key, value)
        return value  # type: ignore[no-any-return]

    async def aonce(self, key: str, function: Callable[[], Awaitable[T]]) -> T:
        """See `once`; ``function`` returns an awaitable."""
        asker = self._asking()
        known, value = asker.recall(key)
        if not known:
            value = await function()
            asker.record(key, value)
        return value  # type: ignore[no-any-return]

    # -- the server's other primitives -------------------------------------

    def read_resource(self, uri: str) -> list[dict[str, Any]]:
        """Read a resource of this server, with the caller's permissions."""
        value = self._carrier.read(self, uri)
        return value if isinstance(value, list) else self._wait(value)

    async def aread_resource(self, uri: str) -> list[dict[str, Any]]:
        """See `read_resource`."""
        value = await self.cross(self._carrier.read, self, uri)
        return value if isinstance(value, list) else await value

    def notify_resource_updated(self, uri: str) -> None:
        """Tell every subscribed client that a resource changed."""
        self.server.notify_resource_updated(uri)

    async def anotify_resource_updated(self, uri: str) -> None:
        """See `notify_resource_updated`."""
        await self.server.anotify_resource_updated(uri)

    def notify_list_changed(self, kind: ListKind) -> None:
        """Tell every client that listens to fetch a list again."""
        self.server.notify_list_changed(kind)

    async def anotify_list_changed(self, kind: ListKind) -> None:
        """See `notify_list_changed`."""
        await self.server.anotify_list_changed(kind)

    def check_cancelled(self) -> None:
        """Stop here when the client gave the call up.

        Raises: asyncio.CancelledError
        """
        if self.cancelled:
            raise asyncio.CancelledError

    # -- private -----------------------------------------------------------

    def _asking(self) -> Asker:
        """Return the asker; most calls never need one."""
        if self.asker is None:
            self.asker = self._carrier.make_asker()
        return self.asker

    def _wants_progress(self, progress: float, total: float | None) -> bool:
        """Values must rise (basic/patterns/progress) and must not flood."""
        if self._carrier.outlet is None or "progressToken" not in self.meta:
            return False
        now = time.monotonic()
        if self._progress is not None:
            last, told_at = self._progress
            soon = now - told_at < PROGRESS_INTERVAL and progress != total
            if progress <= last or soon:
                return False
        self._progress = (progress, now)
        return True

    def _progress_note(
        self, progress: float, total: float | None, message: str | Promise
    ) -> bytes:
        params: dict[str, Any] = {
            "progressToken": self.meta["progressToken"],
            "progress": progress,
        }
        if total is not None:
            params["total"] = total
        if message and self.revision.progress_message:
            params["message"] = str(message)
        return notification("notifications/progress", params)

    def _wants_log(self, level: str) -> bool:
        if level not in LOG_LEVELS:
            raise ValueError(f"{level!r} is none of {', '.join(LOG_LEVELS)}.")
        wanted = self.log_level
        if self._carrier.outlet is None or wanted is None:
            return False
        return LOG_LEVELS[level] >= LOG_LEVELS[wanted]

    async def _send(self, message: bytes) -> None:
        outlet = self._carrier.outlet
        if outlet is not None:
            await outlet.send(message)

    def _wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the server's loop, from a synchronous function."""
        loop = self._carrier.loop
        if loop is None:
            coroutine.close()
            raise RuntimeError("There is no event loop to do this on.")
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        if here is loop:
            coroutine.close()
            raise RuntimeError(
                "Call the method that starts with “a” in an async function,"
                " for example “await context.aprogress(…)”."
            )
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result()


def _log_note(level: str, data: Any, logger: str) -> bytes:
    params = {"level": level, "data": spoken(data)}
    if logger:
        params["logger"] = logger
    return notification("notifications/message", params)


def _sample(
    messages: str | Sequence[Mapping[str, Any]],
    key: str,
    max_tokens: int,
    options: dict[str, Any],
) -> Sample:
    if isinstance(messages, str):
        content = {"type": "text", "text": messages}
        messages = [{"role": "user", "content": content}]
    return Sample(key=key, messages=messages, max_tokens=max_tokens, **options)
