"""Verifying a token, beside the query that nobody gets around.

The other way is Django's own: fetch the row of the token, with its application
and its user, and look at nothing. Both are taken in turns, and a ratio is that of
one round.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from importlib.util import find_spec
from typing import Any

from benchmarks.processes import pinned
from benchmarks.providers import Case, _add, _measure, _plain
from benchmarks.report import Report

BASE_URL = "https://shop.example"
TOKEN = "a-token-of-about-thirty-letters"
SCOPES = {"shop:read": "See the shop", "shop:write": "Change the shop"}


def _make() -> None:
    """Make a token, and others among which it is found."""
    from django.contrib.auth import get_user_model  # all need Django to be set up
    from django.utils import timezone
    from oauth2_provider.models import get_access_token_model, get_application_model

    user = get_user_model().objects.get(username="alice")
    application, _ = get_application_model().objects.get_or_create(
        client_id="editor",
        client_type="public",
        authorization_grant_type="authorization-code",
    )
    tokens = get_access_token_model().objects
    tokens.all().delete()
    for number in range(1000):
        tokens.create(
            token=f"{TOKEN}{number or ''}",
            user=user,
            application=application,
            expires=timezone.now() + timedelta(days=1),
            scope="shop:read shop:write",
            resource=[f"{BASE_URL}/mcp"],
        )


def _cases() -> Iterator[Case]:
    from oauth2_provider.models import get_access_token_model  # see above

    from django_mcp import MCPServer
    from django_mcp.auth.base import AuthRequest
    from django_mcp.oauth.authentication import OAuthAuthenticator
    from django_mcp.protocol.headers import Headers

    rows = get_access_token_model().objects
    checksum = hashlib.sha256(TOKEN.encode()).hexdigest()

    def found() -> Any:
        related = rows.select_related("application", "user")
        return related.get(token_checksum=checksum)

    headers = Headers([(b"authorization", f"Bearer {TOKEN}".encode())])

    def verified(**attributes: Any) -> Any:
        authenticator = OAuthAuthenticator(**attributes)
        server = MCPServer("tokens", authenticators=[authenticator])
        request = AuthRequest(server, headers)
        return _plain(lambda: authenticator.authenticate(request))

    yield Case(
        what="a token of the own authorization server",
        ours=verified(),
        beside={"its row": _plain(found)},
        times=1.2,
    )
    yield Case(
        what="the same, remembered in this process",
        ours=verified(cache_seconds=60),
        beside={"its row": _plain(found)},
        times=1,
    )


def run(*, quick: bool = False) -> Iterator[Report]:
    """Measure every case."""
    rounds, seconds = (3, 0.01) if quick else (41, 0.05)
    report = Report(
        title="Tokens, in process: processor time",
        columns=("what", "here", "beside", "there", "ratio"),
    )
    if find_spec("oauth2_provider") is None:
        report.notes.append("Without oauth2_provider: it is not installed.")
        yield report
        return
    from django.test.utils import override_settings  # needs Django to be set up

    with (
        pinned(0),
        override_settings(
            DJANGO_MCP={"BASE_URL": BASE_URL}, OAUTH2_PROVIDER={"SCOPES": SCOPES}
        ),
    ):
        _make()
        for case in _cases():
            _add(report, case, _measure(case, rounds, seconds))
    yield report
