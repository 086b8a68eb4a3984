"""How to test who may call: with a key, with a token, and with neither.

They run where the shop has a login: `manage.py test` with the settings
``example_project.settings_login``.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any
from unittest import skipUnless

from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import TestCase
from django.utils import timezone

from django_mcp import mcp

EMMA = "9780141439587"


@skipUnless(apps.is_installed("oauth2_provider"), "The shop has no login.")
class LoginTests(TestCase):
    alice: User

    @classmethod
    def setUpTestData(cls) -> None:
        call_command("load_sample_books", verbosity=0)
        cls.alice = User.objects.get(username="alice")

    def call(self, tool: str, shown: str = "", **arguments: Any) -> Any:
        """Call a tool with what a client shows: a key, a token or nothing."""
        headers = {
            "MCP-Protocol-Version": "2026-07-28",
            "Mcp-Method": "tools/call",
            "Mcp-Name": tool,
        }
        if shown:
            headers["Authorization"] = f"Bearer {shown}"
        meta = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}},
        }
        params = {"name": tool, "arguments": arguments, "_meta": meta}
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        return self.client.post(
            "/mcp", message, content_type="application/json", headers=headers
        )

    def token(self, scope: str, **fields: Any) -> str:
        """Return a token of alice, as the login gives it."""
        application = apps.get_model("oauth2_provider.Application").objects.create(
            client_type="public", authorization_grant_type="authorization-code"
        )
        given = {
            "user": self.alice,
            "application": application,
            "token": secrets.token_urlsafe(),
            "scope": scope,
            "resource": [mcp.url],
            "expires": timezone.now() + timedelta(hours=1),
        }
        token = apps.get_model("oauth2_provider.AccessToken").objects.create(
            **(given | fields)
        )
        return str(token.token)

    def test_a_stranger_is_told_where_to_log_in(self) -> None:
        refused = self.call("stock_of", isbn=EMMA)
        self.assertEqual(refused.status_code, 401)
        self.assertIn(mcp.metadata_url, refused["WWW-Authenticate"])
        about = self.client.get("/.well-known/oauth-protected-resource/mcp").json()
        self.assertEqual(about["resource"], mcp.url)
        self.assertEqual(about["scopes_supported"], ["shop:read"])

    def test_a_token_does_what_was_allowed(self) -> None:
        self.assertContains(
            self.call("stock_of", self.token("shop:read"), isbn=EMMA), "7"
        )

    def test_more_must_be_allowed_first(self) -> None:
        refused = self.call("return_order", self.token("shop:read"), order=1)
        self.assertEqual(refused.status_code, 403)
        self.assertIn('scope="shop:read shop:write"', refused["WWW-Authenticate"])
        self.assertContains(
            self.call("return_order", self.token("shop:write"), order=1),
            "Why is it coming back?",
        )

    def test_a_token_for_another_site_is_refused(self) -> None:
        token = self.token("shop:read", resource=["https://other.example/mcp"])
        self.assertEqual(self.call("stock_of", token, isbn=EMMA).status_code, 401)

    def test_a_key_is_its_user(self) -> None:
        manager = apps.get_model("django_mcp_keys.APIKey").objects
        _, key = manager.create_key(self.alice, "nightly report")
        self.assertContains(
            self.call("return_order", key, order=1), "Why is it coming back?"
        )
        self.alice.user_permissions.clear()
        unknown = self.call("return_order", key, order=1)
        self.assertContains(unknown, "Unknown tool", status_code=400)
