"""One call, run as often as it asks something: the same for every transport."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from django_mcp import dispatch
from django_mcp.conf import conf
from django_mcp.context import Carrier, Context, Outlet
from django_mcp.dispatch import Paused, Reply
from django_mcp.exceptions import Throttled
from django_mcp.methods.asking import Answers
from django_mcp.methods.primitives import contents_at
from django_mcp.primitives import Text
from django_mcp.protocol import messages
from django_mcp.protocol.events import Answered, Asked
from django_mcp.throttling import count_message
from django_mcp.transports import running
from django_mcp.transports.steps import AWAITED

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_mcp.server import MCPServer


class Carries:
    """What all transports give a call: see `django_mcp.context.Carrier`."""

    __slots__ = ()
    accept_language = b""
    language: str | None = ""

    @property
    def address(self) -> str:
        """Where the call comes from; only HTTP knows."""
        return ""

    def make_asker(self) -> Answers:
        """Return what keeps the answers of the person."""
        return Answers()

    def make_request(self, context: Context) -> HttpRequest:
        """Return a request; only HTTP has one."""
        raise RuntimeError("This call did not come over HTTP.")

    def read(self, context: Context, uri: str) -> Any:
        """Read a resource of the same server. May block."""
        return contents_at(context, uri)


class Call:
    """A message that wants an answer, with everything needed to find it."""

    __slots__ = ("_carrier", "_context", "_event", "_server", "_session_id")

    def __init__(
        self,
        server: MCPServer,
        event: Asked,
        context: Context,
        carrier: Carrier,
        session_id: str,
    ) -> None:
        self._server = server
        self._event = event
        self._context = context
        self._carrier = carrier
        #: Empty where the client cannot be asked.
        self._session_id = session_id

    def serve(self) -> Reply | Paused | Awaitable[Reply | Paused]:
        """Run it once, here."""
        return dispatch.serve(self._server, self._event, self._context)

    async def counted(self) -> Reply:
        """Run it, if its caller may call again; HTTP counts when it asks who calls."""
        if self._server.throttles.user:
            try:
                await self._carrier.cross(count_message, self._context)
            except Throttled as error:
                return dispatch.throttled(
                    self._server, self._event, self._context, error
                )
        return await self.reply()

    async def reply(self, outcome: Any = None) -> Reply:
        """Run it until it ends. ``outcome`` is what `serve` returned already."""
        while True:
            if outcome is None:
                outcome = dispatch.serve_here(self._server, self._event, self._context)
            if outcome is None:
                outcome = await self._carrier.cross(self.serve)
            if isinstance(outcome, AWAITED):
                outcome = await outcome
            if type(outcome) is Reply:
                return outcome
            problem = await self._ask()
            if problem is not None:
                return problem
            outcome = None

    # -- asking the client, in the handshake era ----------------------------

    async def _ask(self) -> Reply | None:
        """Ask on this call's stream; return a reply when that is in vain."""
        outlet = self._carrier.outlet
        if outlet is None or not self._session_id:
            reason = _("This client cannot be asked: there is no stream.")
            return self._unanswered(reason)
        answers: Any = self._context.asker
        answered: dict[str, Answered] = {}
        try:
            async with (
                running.reachable(self._session_id),
                asyncio.timeout(conf.STATE_AGE),
            ):
                await self._ask_and_wait(outlet, answers.asked, answered)
        except TimeoutError:
            return self._unanswered(_("Nobody answered in time."))
        for answer in answered.values():
            if answer.result is None:
                said = str((answer.error or {}).get("message", ""))[:500]
                reason = _("The client answered with an error: {error}")
                return self._unanswered(format_lazy(reason, error=said))
        given = {key: answer.result for key, answer in answered.items()}
        return dispatch.took(self._server, self._event, answers, given)

    async def _ask_and_wait(
        self, outlet: Outlet, asked: dict[str, Any], answered: dict[str, Answered]
    ) -> None:
        waiting: dict[str, running.Asking] = {}
        try:
            for key, question in asked.items():
                waiting[key] = running.Asking(self._session_id)
                message = messages.question(
                    waiting[key].id, question["method"], question["params"]
                )
                await outlet.send(message)
            for key, asking in waiting.items():
                answered[key] = await asking.answered()
        finally:
            for asking in waiting.values():
                asking.forget()

    def _unanswered(self, reason: Text) -> Reply:
        return dispatch.unanswered(self._server, self._event, self._context, reason)
