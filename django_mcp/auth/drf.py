"""Credentials that a project's API on Django REST framework takes already.

The one authenticator that imports it (the extra ``drf``). Its classes are
shown the headers of a message and nothing else of it: no cookies, no session,
no body.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.core.handlers.wsgi import WSGIRequest
from django.http import Http404
from django.utils.module_loading import import_string
from rest_framework.authentication import BasicAuthentication, SessionAuthentication
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from django_mcp.auth.base import AuthRequest, BaseAuthenticator, Principal
from django_mcp.auth.tokens import active, digest, path_of, refused

# The body is not theirs to read; cookies are not credentials here.
_WITHHELD = frozenset({"cookie", "content-length", "content-type", "authorization"})


class DRFAuthenticator(BaseAuthenticator):
    """Ask authentication classes of Django REST framework, in their order.

    Their tokens are made out to the whole project, and have no scopes:
    permissions alone say what their owners may do.
    """

    bearer = "every"

    #: A class or its dotted path, or several in a list.
    authentication_classes: Any = ()
    #: What stands before a token in the header they know; ``None``: what the
    #: class says, or ``Bearer``. MCP clients always send ``Bearer``.
    keyword: str | None = None

    def authenticate(self, request: AuthRequest) -> Principal | None:
        """Return who is calling. Raises: AuthError"""
        token = request.bearer()
        for authentication in list(self._authentications()):
            shown = Request(self._request(request, token, authentication))
            try:
                found = authentication.authenticate(shown)
            except (APIException, Http404, PermissionDenied) as error:
                raise refused("%s says no", type(authentication).__name__) from error
            if found is not None:
                return Principal(
                    user=active(found[0]),
                    token_id=digest(token) if token else None,
                    authenticator=path_of(self),
                )
        return None

    def _authentications(self) -> Iterator[Any]:
        """Yield an instance of each class. Raises: ImproperlyConfigured"""
        for one in self._classes():
            authentication = import_string(one) if isinstance(one, str) else one
            if problem := _problem(authentication):
                raise ImproperlyConfigured(f"{authentication!r} {problem}")
            yield authentication()

    def _classes(self) -> Iterable[Any]:
        given = self.authentication_classes
        return given if isinstance(given, list | tuple) else (given,)

    def _request(
        self, request: AuthRequest, token: str | None, authentication: Any
    ) -> WSGIRequest:
        """Return a request with the headers of a message."""
        shown = WSGIRequest(
            {
                "REQUEST_METHOD": "POST",
                "PATH_INFO": request.server.path.encode().decode("latin-1"),
                "wsgi.input": BytesIO(),
                **dict(_meta(request)),
            }
        )
        header = request.headers.get(b"authorization")
        if token is not None:
            keyword = self.keyword or getattr(authentication, "keyword", "Bearer")
            shown.META["HTTP_AUTHORIZATION"] = f"{keyword} {token}"
        elif header is not None and b"authorization" not in request.headers.repeated:
            shown.META["HTTP_AUTHORIZATION"] = header.decode("latin-1")
        return shown

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        """E025: there are classes, and they look at headers only."""
        found = super().check(**kwargs)
        try:
            known = list(self._authentications())
        except (ImportError, ImproperlyConfigured, TypeError) as error:
            problem = str(error)
        else:
            problem = "" if known else "There is none."
        if problem:
            text = f"{path_of(self)}.authentication_classes: {problem}"
            found.append(Error(text, id="django_mcp.E025"))
        return found


def _problem(authentication: Any) -> str:
    """Say why a class cannot be asked about a message."""
    if not isinstance(authentication, type):
        return "is no class."
    if issubclass(authentication, SessionAuthentication):
        return "takes cookies, which a foreign page can have sent."
    if issubclass(authentication, BasicAuthentication):
        return "takes passwords, which a client must not know."
    if authentication.__module__.startswith("oauth2_provider."):
        return "takes tokens for anybody; use django_mcp.oauth instead."
    return ""


def _meta(request: AuthRequest) -> Iterator[tuple[str, str]]:
    """Yield headers as Django names them, but those that came twice."""
    client = request.scope.get("client")
    if client:
        yield "REMOTE_ADDR", client[0]
    for name, value in request.headers.items():
        text = name.decode("latin-1")
        # With an underscore it would pass for another header, as in Django.
        if (
            "_" not in text
            and text not in _WITHHELD
            and name not in request.headers.repeated
        ):
            yield f"HTTP_{text.upper().replace('-', '_')}", value.decode("latin-1")
