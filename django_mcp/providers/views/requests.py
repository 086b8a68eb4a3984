"""The request a view gets: the caller's, as a browser of theirs would send it.

Of the call itself only what is no credential is handed on: the address of
this site, the caller's language, program and network address. The session is
fresh and stored nowhere; messages are kept to be read afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from io import BytesIO
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
)
from django.contrib.messages.constants import ERROR
from django.contrib.messages.storage.base import BaseStorage
from django.contrib.sessions.backends.base import SessionBase
from django.core.handlers.wsgi import WSGIRequest
from django.urls import get_script_prefix
from django.utils.crypto import get_random_string, salted_hmac
from django.utils.html import strip_tags
from django.utils.safestring import SafeData
from django.utils.translation import get_language

if TYPE_CHECKING:
    from django_mcp.context import Context

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

#: Headers of the call that make sense to a view, as WSGI names them.
_HANDED_ON = (
    "HTTP_USER_AGENT",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_REAL_IP",
    "REMOTE_ADDR",
    "REMOTE_HOST",
    "REMOTE_PORT",
)
_ACCEPT = "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8"
_PORTS = {"http": "80", "https": "443"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What is sent to a view, and where."""

    method: str
    path: str
    query: str = ""
    body: bytes = b""
    content_type: str = ""
    #: What a form holds beside files, and these: sent without an encoding.
    post: Any = None
    files: Any = None


class ViewRequest(WSGIRequest):
    """A request whose session and messages are ours, whatever the middleware.

    Those of the project would look for what a browser keeps in cookies, and
    would store what nobody could fetch again.
    """

    mcp: Context

    def __init__(
        self, environ: dict[str, Any], context: Context, session: Session
    ) -> None:
        super().__init__(environ)
        # A view may change its user, as a form does with values that are wrong.
        user = copy(context.user)
        self._own_session = session
        self._own_messages = Messages(self)
        self.mcp = context
        # What AuthenticationMiddleware looks at first, and so leaves alone.
        self._cached_user = self._acached_user = user
        self.user = user  # type: ignore[assignment]
        self.auser = self._auser
        self.LANGUAGE_CODE = get_language() or settings.LANGUAGE_CODE
        # The caller has shown who they are, and not by a cookie that a page
        # of another site could send along.
        self._dont_enforce_csrf_checks = True

    async def _auser(self) -> Any:
        return self.user

    @property  # type: ignore[override]
    def session(self) -> Session:
        """The caller's session, which lasts as long as the request."""
        return self._own_session

    @session.setter
    def session(self, session: Any) -> None:
        """Keep our own."""

    @property
    def _messages(self) -> Messages:
        return self._own_messages

    @_messages.setter
    def _messages(self, storage: Any) -> None:
        """Keep our own."""


class Session(SessionBase):
    """A session of nobody's browser: it holds who is calling, and is not stored."""

    def __init__(self, user: Any, session_key: str | None) -> None:
        self._user = user
        super().__init__(session_key)
        # Answers are the caller's own: a cache in front must know (Vary).
        self.accessed = True

    def load(self) -> dict[str, Any]:
        """Return what a login leaves in a session."""
        return {} if self._user.is_anonymous else _login(self._user)

    async def aload(self) -> dict[str, Any]:
        """See `load`."""
        return self.load()

    def exists(self, session_key: str) -> bool:
        """No other session has the key."""
        return False

    async def aexists(self, session_key: str) -> bool:
        """See `exists`."""
        return False

    def create(self) -> None:
        """Take a key that is as new as one of a browser's."""
        self._session_key = get_random_string(32)
        self.modified = True

    async def acreate(self) -> None:
        """See `create`."""
        self.create()

    def save(self, must_create: bool = False) -> None:
        """Store nothing: nobody could come back for it."""
        if self.session_key is None:
            self.create()
        self._get_session(no_load=must_create)  # type: ignore[attr-defined]

    async def asave(self, must_create: bool = False) -> None:
        """See `save`."""
        self.save(must_create)

    def delete(self, session_key: str | None = None) -> None:
        """There is nothing stored."""

    async def adelete(self, session_key: str | None = None) -> None:
        """See `delete`."""

    @classmethod
    def clear_expired(cls) -> None:
        """There is nothing stored."""

    @classmethod
    async def aclear_expired(cls) -> None:
        """See `clear_expired`."""


class Messages(BaseStorage):
    """Messages that are read when the view has answered, and kept nowhere."""

    def _get(self, *args: Any, **kwargs: Any) -> tuple[list[Any], bool]:
        return [], True

    def _store(self, messages: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        return []

    def said(self, markdown: Callable[[str], str] | None = None) -> list[str]:
        """Return every message, shown by a template or not.

        ``markdown`` reads those that are HTML.
        """
        read = markdown or _plain
        texts = (one.message for one in self)
        return [
            read(text) if isinstance(text, SafeData) else str(text) for text in texts
        ]

    def complain(self) -> bool:
        """Is one of them about an error?"""
        return any(one.level >= ERROR for one in self)


def _plain(html: str) -> str:
    return unescape(strip_tags(html))


def request_for(
    context: Context, sent: Sent, after: ViewRequest | None = None
) -> ViewRequest:
    """Return the request that the caller's browser would send.

    ``after`` is the one before it, whose session goes on.
    """
    environ = _origin(context)
    environ |= {
        "REQUEST_METHOD": sent.method,
        "SCRIPT_NAME": _prefix(),
        # As WSGI wants it: the bytes of the path, one character each.
        "PATH_INFO": sent.path.encode().decode("latin-1"),
        "QUERY_STRING": sent.query,
        "HTTP_ACCEPT": _ACCEPT,
        "HTTP_ACCEPT_LANGUAGE": get_language() or settings.LANGUAGE_CODE,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.input": BytesIO(sent.body),
    }
    if sent.content_type:
        environ["CONTENT_TYPE"] = sent.content_type
        environ["CONTENT_LENGTH"] = str(len(sent.body))
    key = None if context.user.is_anonymous else _key(context.user)
    if key is not None:
        # Pages that vary on the cookie are each caller's own.
        environ["HTTP_COOKIE"] = f"{settings.SESSION_COOKIE_NAME}={key}"
    session = Session(context.user, key) if after is None else after.session
    request = ViewRequest(environ, context, session)
    if sent.files:
        vars(request).update(_post=sent.post, _files=sent.files)
    return request


def mark_caller(request: ViewRequest) -> None:
    """Make what is kept for each ``Authorization`` (Vary) this caller's own.

    APIs know their callers by it. It is no credential, and of no scheme.
    """
    if not request.mcp.user.is_anonymous:
        request.META["HTTP_AUTHORIZATION"] = f"Caller {_key(request.mcp.user)}"


def _origin(context: Context) -> dict[str, Any]:
    """Return where the site is, and who asks it, as far as the call tells."""
    try:
        request = context.request
    except RuntimeError:  # it came over no network
        host, scheme, known = _own_host(), "http", {}
    else:
        host, scheme, known = request.get_host(), request.scheme or "http", request.META
    if settings.SECURE_SSL_REDIRECT:  # then there are no other pages
        scheme = "https"
    name, _, port = host.rpartition(":") if ":" in host else (host, "", "")
    origin = {key: known[key] for key in _HANDED_ON if key in known}
    return {
        # Of unknown origin is not this host: a view may let that in.
        "REMOTE_ADDR": "",
        **origin,
        "HTTP_HOST": host,
        "SERVER_NAME": name,
        "SERVER_PORT": port if port.isdecimal() else _PORTS.get(scheme, "80"),
        "wsgi.url_scheme": scheme,
    }


def _own_host() -> str:
    """Return the first name of this site that its settings tell."""
    names = [name.lstrip(".") for name in settings.ALLOWED_HOSTS if name != "*"]
    return names[0] if names else "localhost"


def _prefix() -> str:
    prefix = settings.FORCE_SCRIPT_NAME or get_script_prefix()
    return prefix.rstrip("/")


def _key(user: Any) -> str:
    """Return a key of nobody's stored session, the same for each user."""
    return _key_of(str(user.pk), settings.SECRET_KEY)


@lru_cache(maxsize=1000)
def _key_of(name: str, secret: Any) -> str:
    salt = "django_mcp.providers.views"
    return salted_hmac(salt, name, secret, algorithm="sha256").hexdigest()[:32]


def _login(user: Any) -> dict[str, Any]:
    """Return what Django's ``login`` writes into a session."""
    backend = getattr(user, "backend", None) or settings.AUTHENTICATION_BACKENDS[0]
    login = {
        SESSION_KEY: user._meta.pk.value_to_string(user),
        BACKEND_SESSION_KEY: backend,
    }
    if hasattr(user, "get_session_auth_hash"):
        login[HASH_SESSION_KEY] = user.get_session_auth_hash()
    return login
