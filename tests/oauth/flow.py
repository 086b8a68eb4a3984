"""A client that logs in as the protocol says, with Django's client as browser."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.test import Client

BASE_URL = "https://shop.example"
RESOURCE = f"{BASE_URL}/mcp"
AUTHORIZE = "/oauth/authorize"
TOKEN = "/oauth/token"
REVOKE = "/oauth/revoke"
REDIRECT = "https://agent.example/callback"
SCOPES = {
    "shop:read": "See the shop",
    "shop:write": "Change the shop",
    "offline_access": "Stay logged in",
}


def redirected(response: Any) -> dict[str, str]:
    """Return what an answer tells the client, in the address it goes to.

    A person goes there by hand, if nobody knows whose address it is.
    """
    if response.status_code == 302:
        return dict(parse_qsl(urlsplit(response["Location"]).query))
    link = re.search(r'<a href="([^"]*)" rel="noreferrer">', response.content.decode())
    assert link, response.content
    return dict(parse_qsl(urlsplit(unescape(link[1])).query))


@dataclass
class Flow:
    """One login of one client: every step can be taken alone, and changed."""

    client_id: str
    redirect_uri: str = REDIRECT
    resource: str = RESOURCE
    scope: str = "shop:read"
    secret: str = ""
    state: str = field(default_factory=secrets.token_urlsafe)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        """Return what S256 makes of the verifier."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def parameters(self, **changes: Any) -> dict[str, Any]:
        """Return the authorization request; ``None`` leaves a parameter out."""
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "state": self.state,
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
            "resource": self.resource,
            "scope": self.scope,
            **changes,
        }
        return {k: v for k, v in parameters.items() if v is not None}

    def address(self, **changes: Any) -> str:
        """Return where the browser is sent."""
        return f"{AUTHORIZE}?{urlencode(self.parameters(**changes), doseq=True)}"

    def ask(self, browser: Client, **changes: Any) -> Any:
        """Open the consent page."""
        return browser.get(self.address(**changes))

    def decide(self, browser: Client, decision: str = "allow", **changes: Any) -> Any:
        """Press a button of the consent page."""
        return browser.post(self.address(**changes), {decision: "1"})

    def code(self, browser: Client, **changes: Any) -> str:
        """Return the code that a person's consent gives."""
        return redirected(self.decide(browser, **changes))["code"]

    def post(self, **form: Any) -> Any:
        """Post to the token endpoint, without cookies; ``None`` leaves out."""
        form = {k: v for k, v in form.items() if v is not None}
        return Client().post(
            TOKEN,
            urlencode(form, doseq=True),
            content_type="application/x-www-form-urlencoded",
        )

    def exchange(self, code: str, **changes: Any) -> Any:
        """Post a code."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "client_id": self.client_id,
            "client_secret": self.secret or None,
            "code_verifier": self.verifier,
            "resource": self.resource,
        }
        return self.post(**form | changes)

    def refresh(self, token: str, **changes: Any) -> Any:
        """Post a refresh token."""
        form = {
            "grant_type": "refresh_token",
            "refresh_token": token,
            "client_id": self.client_id,
            "client_secret": self.secret or None,
            "resource": self.resource,
        }
        return self.post(**form | changes)

    def log_in(self, browser: Client) -> dict[str, Any]:
        """Go all the way; return what the token endpoint answers."""
        page = self.ask(browser)
        assert page.status_code == 200, page.content
        answer = self.exchange(self.code(browser))
        assert answer.status_code == 200, answer.content
        tokens: dict[str, Any] = answer.json()
        return tokens
