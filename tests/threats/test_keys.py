"""Keys that were stolen, kept too long, or sent where they do not belong."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection
from django.test import Client as Browser
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import path
from django.utils import timezone
from django.views.debug import ExceptionReporter

from django_mcp import Context, MCPServer
from django_mcp.auth.base import AllowAnonymous, AuthError, AuthRequest
from django_mcp.keys.authentication import KeyAuthenticator
from django_mcp.keys.models import APIKey
from django_mcp.keys.text import new_text
from django_mcp.protocol.headers import Headers
from tests.wire import Client, standard_headers, stateless

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice() -> User:
    return User.objects.create_superuser("alice")


def serving(*more: Any) -> MCPServer:
    server = MCPServer("keys", authenticators=[KeyAuthenticator(), *more])

    @server.tool
    async def whoami(context: Context) -> str:
        """Name the caller."""
        return context.user.get_username() or "nobody"

    return server


def shows(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def answer(token: str, server: MCPServer | None = None) -> Any:
    client = Client((server or serving()).asgi, headers=shows(token))
    return await client.call("whoami")


def request(token: str) -> AuthRequest:
    return AuthRequest(
        serving(), Headers([(b"authorization", b"Bearer " + token.encode())])
    )


async def test_who_reads_the_table_can_call_with_nothing_in_it(alice: User) -> None:
    """A backup, a replica or an injection shows every row.

    Defence: ``keys/models.py``, ``self.prefix, self.hash = prefix, hash_of(text)``.
    """
    key, text = await APIKey.objects.acreate_key(alice, "laptop")
    assert (await answer(text)).text == "alice"
    row = [str(v) async for row in APIKey.objects.values_list() for v in row]
    assert not any(text.split("_")[2][:20] in value for value in row)
    for value in [*row, f"mcp_{key.prefix}_{key.hash[:49]}", f"mcp_{key.hash}"]:
        token = "".join(c for c in value if c.isalnum() or c == "_") or "x"
        assert (await answer(token)).status == 401


def revoke(key: APIKey) -> None:
    APIKey.objects.filter(pk=key.pk).revoke()


def expire(key: APIKey) -> None:
    APIKey.objects.filter(pk=key.pk).update(expires=timezone.now())


def deactivate(key: APIKey) -> None:
    User.objects.filter(pk=key.user_id).update(is_active=False)


def give_to_another_server(key: APIKey) -> None:
    APIKey.objects.filter(pk=key.pk).update(server="staff")


def delete(key: APIKey) -> None:
    key.delete()


def delete_the_user(key: APIKey) -> None:
    key.user.delete()


@pytest.mark.parametrize(
    "change",
    [revoke, expire, deactivate, give_to_another_server, delete, delete_the_user],
)
def test_a_key_that_opens_nothing_any_more_is_refused_without_a_reason(
    alice: User, change: Callable[[APIKey], None]
) -> None:
    """What a thief has kept: all of it is answered as a key that never was.

    Defence: ``keys/authentication.py``, ``_opens``; for the last two the
    ``except`` in ``find`` of ``keys/models.py``.
    """
    key, text = APIKey.objects.create_key(
        alice, "laptop", expires=timezone.now() + timedelta(hours=1)
    )
    authenticator = KeyAuthenticator()
    assert authenticator.authenticate(request(text))
    change(key)
    refusals = set()
    for shown in (text, new_text(), text[:-1] + "-"):
        with pytest.raises(AuthError) as refused:
            authenticator.authenticate(request(shown))
        refusals.add((refused.value.message, refused.value.code))
    assert len(refusals) == 1


def test_the_secret_of_a_key_cannot_be_left_out_or_taken_from_another(
    alice: User,
) -> None:
    """The prefix is public: lists and logs show it.

    Defence: ``keys/models.py``, ``constant_time_compare`` in ``find``.
    """
    key, _ = APIKey.objects.create_key(alice, "laptop")
    other = new_text()
    APIKey.objects.filter(pk=key.pk).update(prefix=other.split("_")[1])
    with pytest.raises(AuthError):
        KeyAuthenticator().authenticate(request(other))


def test_a_flood_of_invented_keys_does_not_reach_the_database() -> None:
    """Whoever invents keys makes no work but ours.

    Defence: ``keys/models.py``, ``if prefix is None`` in ``find``.
    """
    text = new_text()
    with CaptureQueriesContext(connection) as queries:
        for number in range(100):
            invented = f"{text[:17]}{number:049}"
            with pytest.raises(AuthError):
                KeyAuthenticator().authenticate(request(invented))
    assert len(queries) == 0


async def test_a_bad_key_does_not_fall_through_to_somebody_weaker() -> None:
    """A client that is refused must not go on as anybody.

    Defence: ``keys/authentication.py``, ``raise AuthError``.
    """
    server = serving(AllowAnonymous())
    assert (await answer(new_text(), server)).status == 401
    assert (await Client(server.asgi).call("whoami")).text == "nobody"


@pytest.fixture
def mounted(settings: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """Serve keys in the site's URLs, behind its sessions."""
    module = ModuleType("tests.threats.urls_of_keys")
    vars(module)["urlpatterns"] = [path("mcp", serving().urls)]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    settings.ROOT_URLCONF = module.__name__
    settings.MIDDLEWARE = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ]
    return "/mcp"


def posted(**headers: str) -> dict[str, Any]:
    body = json.dumps(stateless("tools/call", {"name": "whoami", "arguments": {}}))
    sent = standard_headers() | {"mcp-method": "tools/call", "mcp-name": "whoami"}
    return {"data": body, "content_type": "application/json", "headers": sent | headers}


def test_a_cookie_is_no_credential(alice: User, mounted: str) -> None:
    """A page makes the browser of somebody who is logged in post a form.

    Defence: ``auth/base.py``, the ``raise`` at the end of ``authenticate``;
    nobody reads ``request.user``.
    """
    _, text = APIKey.objects.create_key(alice, "laptop")
    browser = Browser()
    browser.force_login(alice)
    assert browser.post(mounted, **posted()).status_code == 401
    assert browser.post(mounted, **posted(**shows(text))).status_code == 200


def test_a_key_is_taken_from_no_place_that_is_logged(alice: User, mounted: str) -> None:
    """Addresses end up in logs, histories and Referer headers.

    Defence: ``keys/authentication.py``, ``text = request.bearer()``.
    """
    _, text = APIKey.objects.create_key(alice, "laptop")
    browser = Browser()
    browser.cookies["access_token"] = text
    for query in (f"?access_token={text}", f"?key={text}", f"?api_key={text}"):
        refused = browser.post(mounted + query, **posted(**{"x-api-key": text}))
        assert refused.status_code == 401


def test_no_key_is_logged_or_sent_back(
    alice: User, mounted: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Logs are read by more people than may call, and kept for longer.

    Defence: ``keys/models.py``, ``get(prefix=prefix)``: queries are logged.
    """
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="django")
    _, good = APIKey.objects.create_key(alice, "laptop")
    with CaptureQueriesContext(connection):
        for text in (good, new_text(), good[:-1] + "-"):
            shown = Browser().post(mounted, **posted(**shows(text)))
            said = shown.content.decode() + str(shown.headers)
            assert text.split("_")[2][:20] not in said + caplog.text
        KeyAuthenticator().authenticate(request(good))
    assert "django_mcp_keys_apikey" in caplog.text  # queries were logged
    assert good.split("_")[2][:20] not in caplog.text


def test_a_report_of_an_error_does_not_show_the_key(alice: User, settings: Any) -> None:
    """Django mails the variables of every frame to the administrators.

    Defence: ``@sensitive_variables`` on ``authenticate`` in
    ``keys/authentication.py``.
    """
    _, text = APIKey.objects.create_key(alice, "laptop")

    def fail(*args: Any) -> None:
        raise DatabaseError("server closed the connection")

    with connection.execute_wrapper(fail), pytest.raises(DatabaseError) as raised:
        KeyAuthenticator().authenticate(request(text))
    kind, error, frames = raised.type, raised.value, raised.tb.tb_next
    report = ExceptionReporter(RequestFactory().get("/"), kind, error, frames)
    shown = report.get_traceback_html() + report.get_traceback_text()
    assert "server closed the connection" in shown
    assert "authenticate" in shown
    assert text.split("_")[2][:20] not in shown
