"""Who shows a key is its user, within its limits, or is refused without a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import modify_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_mcp import MCPServer, checks
from django_mcp.auth.base import AuthError, AuthRequest
from django_mcp.keys.authentication import KeyAuthenticator
from django_mcp.keys.models import APIKey
from django_mcp.keys.text import new_text
from django_mcp.protocol.headers import Headers
from tests.wire import HANDSHAKE, Client

Shown = Callable[..., AuthRequest]
HOUR = timedelta(hours=1)


def test_a_key_names_its_user_and_its_limits(alice: User, shown: Shown) -> None:
    expires = timezone.now() + HOUR
    key, text = APIKey.objects.create_key(
        alice, "laptop", scopes=["shop:read"], expires=expires
    )
    principal = KeyAuthenticator().authenticate(shown(text))
    assert principal is not None
    assert principal.user == alice
    assert principal.scopes == frozenset({"shop:read"})
    assert principal.expires_at == expires.timestamp()
    assert principal.token_id == principal.client_id == f"key:{key.prefix}"
    assert text not in repr(principal)


def test_a_key_without_limits_has_none(alice: User, shown: Shown) -> None:
    _, text = APIKey.objects.create_key(alice, "laptop")
    principal = KeyAuthenticator().authenticate(shown(text))
    assert principal is not None
    assert (principal.scopes, principal.expires_at) == (None, None)


def test_two_keys_of_a_user_are_two_clients(alice: User, shown: Shown) -> None:
    texts = [APIKey.objects.create_key(alice, name)[1] for name in ("a", "b")]
    principals = [KeyAuthenticator().authenticate(shown(text)) for text in texts]
    assert len({principal.owner for principal in principals if principal}) == 2


def test_a_good_key_costs_one_query(alice: User, shown: Shown) -> None:
    key, text = APIKey.objects.create_key(alice, "laptop")
    APIKey.objects.note_use(key)
    request = shown(text)
    with CaptureQueriesContext(connection) as queries:
        KeyAuthenticator().authenticate(request)
    assert len(queries) == 1


def test_what_cannot_be_a_key_costs_no_query(shown: Shown) -> None:
    # Without the database a query would fail the test.
    text = new_text()
    for bad in (text[:-1], text + "x", text[:-1] + "-", text[:20]):
        with pytest.raises(AuthError):
            KeyAuthenticator().authenticate(shown(bad))


@pytest.mark.parametrize("token", ["eyJhbGciOi.e30.x", "mcp_at_foreign", "alice"])
def test_tokens_of_others_are_left_to_others(shown: Shown, token: str) -> None:
    assert KeyAuthenticator().authenticate(shown(token)) is None


def test_a_message_without_a_bearer_token_shows_no_key() -> None:
    server = MCPServer("shop", authenticators=[])
    basic = Headers([(b"authorization", b"Basic YWxpY2U6eA==")])
    for headers in (Headers([]), basic):
        assert KeyAuthenticator().authenticate(AuthRequest(server, headers)) is None


def test_a_key_for_one_server_opens_no_other(alice: User, shown: Shown) -> None:
    _, text = APIKey.objects.create_key(alice, "laptop", server="shop")
    assert KeyAuthenticator().authenticate(shown(text, "shop"))
    with pytest.raises(AuthError):
        KeyAuthenticator().authenticate(shown(text, "staff"))


def test_a_key_that_opens_nothing_leaves_no_trace_of_a_use(
    alice: User, shown: Shown
) -> None:
    key, text = APIKey.objects.create_key(alice, "laptop", expires=timezone.now())
    with pytest.raises(AuthError):
        KeyAuthenticator().authenticate(shown(text))
    key.refresh_from_db()
    assert key.last_used is None


def test_a_project_without_the_app_is_told_by_a_check(settings: Any) -> None:
    settings.DJANGO_MCP = {
        "AUTHENTICATORS": ["django_mcp.keys.authentication.KeyAuthenticator"],
        # Apps that are installed anew would fill the default server.
        "PROMPT_TEMPLATES": False,
    }
    assert checks.check_authenticators(None) == []
    with modify_settings(INSTALLED_APPS={"remove": ["django_mcp.keys"]}):
        found = checks.check_authenticators(None)
    assert [message.id for message in found] == ["django_mcp.E020"]


@pytest.mark.django_db(transaction=True)
async def test_a_session_belongs_to_the_key_it_was_opened_with() -> None:
    alice = await User.objects.acreate(username="alice")
    _, text = await APIKey.objects.acreate_key(alice, "laptop")
    _, other = await APIKey.objects.acreate_key(alice, "phone")
    app = MCPServer("keys", authenticators=[KeyAuthenticator()]).asgi
    client = Client(app, HANDSHAKE[-1], headers={"authorization": f"Bearer {text}"})
    await client.open()
    assert (await client.ask("tools/list")).status == 200
    stolen = await client.ask("tools/list", authorization=f"Bearer {other}")
    assert stolen.status == 404


@pytest.mark.django_db(transaction=True)
async def test_a_refusal_tells_which_scheme_to_use_and_no_more() -> None:
    client = Client(MCPServer("keys", authenticators=[KeyAuthenticator()]).asgi)
    answer = await client.ask("tools/list", authorization=f"Bearer {new_text()}")
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert answer.body["error"]["message"] == "The credentials are not valid."
