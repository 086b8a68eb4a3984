"""The project's settings, read when used: one ``DJANGO_MCP`` dictionary.

`conf` has one attribute for each key, with its default. The dictionary is
read at the first use and again after ``override_settings``: asking Django for
a setting costs more than a plain call has to spare. What a wrong value leads
to is said by ``checks.py``, not here. Policy that belongs to one server is an
argument of `MCPServer`, not a setting.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.signals import setting_changed
from django.dispatch import receiver


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """All settings, with the values of this moment."""

    #: Dotted paths of authenticators, for servers that name none.
    AUTHENTICATORS: list[str] = field(default_factory=list)
    #: Where the site stands, as clients see it: ``https://shop.example``. Tokens
    #: are made out to it, so it is never taken from a request.
    BASE_URL: str = ""
    #: Private-use addresses that clients who register themselves may be sent
    #: back to, beside https and their own machine: ``cursor://…``.
    OAUTH_REDIRECT_URIS: list[str] = field(default_factory=list)
    #: Clients that may register themselves from one address, in which time.
    OAUTH_REGISTRATION_RATE: Any = "20/hour"
    #: Requests of one address to the page that asks for consent, and those to
    #: the token endpoint that are refused.
    OAUTH_RATE: Any = "120/min"
    #: Dotted paths of the identity providers whose assertions are taken.
    OAUTH_IDENTITY_PROVIDERS: list[str] = field(default_factory=list)
    #: Web origins, beside the server's own, whose pages may call.
    ALLOWED_ORIGINS: list[str] = field(default_factory=list)
    #: How often somebody may call: ``{"address": "300/min", "user": "120/min"}``.
    THROTTLES: dict[str, Any] = field(default_factory=dict)
    #: Proxies of the site's own before the server; each adds to X-Forwarded-For.
    TRUSTED_PROXIES: int = 0
    #: Bytes of one incoming message.
    MAX_BODY_SIZE: int = 4 * 1024 * 1024
    #: Bytes of one result.
    MAX_RESPONSE_SIZE: int = 16 * 1024 * 1024
    #: Levels of nesting in an incoming message.
    MAX_DEPTH: int = 64
    #: Long-lived streams that one process keeps open.
    MAX_STREAMS: int = 10_000
    #: Calls of one process that wait while its ``THREADS`` are busy.
    MAX_WAITING: int = 1000
    #: Calls of one stdio client at the same time.
    MAX_CALLS: int = 100
    #: Seconds of silence after which a stream carries a comment.
    KEEP_ALIVE: float = 15.0
    #: Give handshake-era clients a session (off: serverless).
    SESSIONS: bool = True
    #: Seconds after which a handshake-era session must begin anew.
    SESSION_AGE: int = 24 * 60 * 60
    #: Seconds a person may take to answer a question.
    STATE_AGE: int = 10 * 60
    #: Seconds for which a broken stream can be taken up again.
    REPLAY_AGE: int = 5 * 60
    #: Serve the templates in the ``prompts`` folders of the installed apps.
    PROMPT_TEMPLATES: bool = True
    #: Primitives on one page of a list; ``None``: all on one.
    PAGE_SIZE: int | None = None
    #: Milliseconds for which a client may keep a list.
    LIST_TTL: int = 0
    #: Threads for synchronous code; 0: Django's one thread-sensitive thread.
    THREADS: int = 16
    #: Dotted path of ``callable(context)``: the code of a caller's language, or
    #: ``None`` for the one the client asks for.
    LANGUAGE: str | None = None
    #: Alias of the cache that keeps what several workers must know.
    CACHE: str = "default"
    #: Alias of the channel layer that carries changes between workers.
    CHANNEL_LAYER: str = "default"


KEYS = frozenset(key.name for key in fields(Values))


class Settings:
    """The values of ``settings.DJANGO_MCP``: ``conf.MAX_DEPTH``."""

    @cached_property
    def now(self) -> Values:
        """All values: the same object until a setting changes."""
        given = getattr(settings, "DJANGO_MCP", None)
        known = given if isinstance(given, dict) else {}
        return Values(**{key: known[key] for key in KEYS & known.keys()})

    def forget(self) -> None:
        """Read the settings again at the next use."""
        self.__dict__.pop("now", None)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


for _key in KEYS:
    # Not `__getattr__`: a class that has it makes every read dear, `now` too.
    setattr(Settings, _key, property(attrgetter(f"now.{_key}")))

conf = Settings()


def is_shared(cache: str) -> bool:
    """Do all workers see what one of them writes to a cache?"""
    backend = settings.CACHES.get(cache, {}).get("BACKEND", "")
    return not backend.endswith(("LocMemCache", "DummyCache"))


@receiver(setting_changed)
def forget(**kwargs: Any) -> None:
    """Django says so when a test overrides a setting; nothing else changes one."""
    conf.forget()
