"""``manage.py mcp_stdio``: serve one local client over stdin and stdout.

Everything but messages is kept off stdout, even what a library prints: the
real one is put aside and ``stdout`` becomes ``stderr``.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from django.utils.module_loading import import_string
from django.utils.translation import get_supported_language_variant

from django_mcp.auth.base import Principal, anonymous
from django_mcp.conf import conf
from django_mcp.languages import accept_language_from
from django_mcp.protocol.errors import ProtocolError
from django_mcp.server import MCPServer, mcp
from django_mcp.transports.caller import Caller, KeyCaller, NamedCaller
from django_mcp.transports.lines import Lines
from django_mcp.transports.stdio import Stdio

#: The variable that holds a key, or another token that the server takes.
KEY = "DJANGO_MCP_KEY"
#: Seconds for the last words, until the process ends the hard way.
PATIENCE = 0.8


class Command(BaseCommand):
    """Serve one local client over stdin and stdout."""

    help = "Serve one local MCP client over stdin and stdout."
    #: Nothing may be written before the client speaks; run ``check`` for it.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """See Django."""
        parser.add_argument(
            "--user",
            help="Username of the Django user whose permissions count."
            " Without it the caller is anonymous.",
        )
        parser.add_argument(
            "--server",
            metavar="PATH",
            help="Dotted path of the server; the default one if it is not given.",
        )
        parser.add_argument(
            "--language",
            metavar="CODE",
            help="Language of titles and messages, one of LANGUAGES. Without it,"
            " what the environment says (LANG and its kin).",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """See Django."""
        # First of all: what the project does from here on must not see it.
        key = os.environ.pop(KEY, None)
        reader, writer = _private_streams()
        server = _server(options["server"])
        caller = _caller(server, options["user"], key)
        language = _language(options["language"])
        connections.close_all()  # this thread queries no more

        def make(lines: Lines) -> Stdio:
            return Stdio(server, caller, lines, language)

        if not asyncio.run(_serve(make, reader, writer)):
            raise CommandError("The server could not start; the log says why.")


async def _serve(make: Callable[[Lines], Stdio], reader: int, writer: int) -> bool:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        _end_soon()
        with suppress(RuntimeError):  # the loop has ended already
            loop.call_soon_threadsafe(serving.cancel)

    lines = Lines(reader, writer, conf.MAX_BODY_SIZE, gone=stop)
    serving = asyncio.ensure_future(make(lines).run())
    _on_signal(stop)
    try:
        return await serving
    except asyncio.CancelledError:
        return True
    finally:
        _end_soon()


def _on_signal(stop: Callable[[], None]) -> None:
    """Stop when told to, in a thread: a tool may keep the main one busy."""
    signals = {signal.SIGTERM, signal.SIGINT}
    for number in signals:
        signal.signal(number, lambda number, frame: None)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)

    def wait() -> None:
        while os.read(reader, 1)[0] not in signals:
            pass
        stop()

    threading.Thread(target=wait, daemon=True).start()


def _end_soon() -> None:
    """The client has gone, or wants us gone: be gone, whatever still runs.

    Python itself would wait for the thread of each synchronous tool.
    """
    timer = threading.Timer(PATIENCE, os._exit, [0])
    timer.daemon = True
    timer.start()


def _private_streams() -> tuple[int, int]:
    """Take stdin and stdout for messages; whatever prints, prints to stderr.

    Descriptors and not only ``sys.stdout``: C libraries and other processes
    write too, and so do log handlers that hold the old ``sys.stdout``.
    """
    reader, writer = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    try:
        os.dup2(2, 1)
    except OSError:  # we were started without a stderr
        os.dup2(nothing, 1)
    os.close(nothing)
    # What was printed while the project loaded is still in the buffer.
    sys.stdout.flush()
    sys.stdout = sys.stderr or sys.stdout
    return reader, writer


def _server(path: str | None) -> MCPServer:
    if path is None:
        return mcp
    try:
        server = import_string(path)
    except ImportError as error:
        raise CommandError(f"There is no server at {path!r}: {error}") from None
    if not isinstance(server, MCPServer):
        raise CommandError(f"{path!r} is no MCPServer.")
    return server


def _language(code: str | None) -> bytes:
    """Return what the client reads, as ``Accept-Language`` would say it."""
    if code is None:
        return accept_language_from(os.environ)
    try:
        return get_supported_language_variant(code).encode()
    except LookupError:
        known = ", ".join(code for code, _ in settings.LANGUAGES)
        raise CommandError(
            f"{code!r} is none of the project's LANGUAGES: {known}."
        ) from None


def _caller(server: MCPServer, username: str | None, key: str | None) -> Caller:
    if key is None:
        return NamedCaller(_principal(username))
    if username is not None:
        raise CommandError(f"Who calls: --user, or {KEY}? Use one of them.")
    caller = KeyCaller(server, key)
    try:
        asyncio.run(caller.principal())
    except ProtocolError:
        raise CommandError(
            f"The key in {KEY} is not valid for {server.name!r}. Make one with"
            " manage.py mcp_key, and look whether the server has a KeyAuthenticator."
        ) from None
    return caller


def _principal(username: str | None) -> Principal:
    if username is None:
        return anonymous()
    users = get_user_model()
    try:
        user = users._default_manager.get_by_natural_key(username)
    except users.DoesNotExist:
        raise CommandError(f"There is no user {username!r}.") from None
    if not user.is_active:
        raise CommandError(f"The user {username!r} is not active.")
    return Principal(user=user, authenticator="mcp_stdio")
