"""Documents as clients publish them, each with what sets it apart."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import HTTPStatusError

from tests.login.documents import Documents
from tests.login.names import CURSOR
from tests.login.program import Program
from tests.login.visitor import Visitor

pytestmark = [pytest.mark.interop, pytest.mark.needs("oauth")]

CODE = {"grant_types": ["authorization_code", "refresh_token"]}
PUBLIC = {"response_types": ["code"], "token_endpoint_auth_method": "none"}
#: The document, and where the client then wants its answer.
DOCUMENTS: dict[str, tuple[dict[str, Any], str]] = {
    # Lists a grant for machines without a browser, and waits at any port.
    "VS Code": (
        {
            "client_name": "Visual Studio Code",
            "client_uri": "https://code.visualstudio.com",
            "application_type": "native",
            "redirect_uris": [
                "https://vscode.dev/redirect",
                "https://insiders.vscode.dev/redirect",
                "http://127.0.0.1/",
                "http://127.0.0.1:33418/",
                "http://localhost/",
                "http://localhost:33418/",
            ],
            "grant_types": [
                "authorization_code",
                "refresh_token",
                "urn:ietf:params:oauth:grant-type:device_code",
            ],
            **PUBLIC,
        },
        "http://127.0.0.1:59656/",
    ),
    # Would rather sign its requests, and can do without.
    "ChatGPT": (
        {
            "client_name": "ChatGPT",
            "redirect_uris": ["https://chatgpt.com/connector/oauth/abc"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_methods_supported": ["private_key_jwt", "none"],
            "jwks_uri": "https://chatgpt.com/oauth/jwks.json",
            **CODE,
        },
        "https://chatgpt.com/connector/oauth/abc",
    ),
    "opencode": (
        {
            "client_name": "opencode",
            "logo_uri": "https://opencode.ai/web-app-manifest-512x512.png",
            "application_type": "native",
            "redirect_uris": [
                "http://127.0.0.1/callback",
                "http://localhost/callback",
                "http://127.0.0.1/mcp/oauth/callback",
            ],
            "token_endpoint_auth_methods_supported": ["none"],
            **CODE,
            **PUBLIC,
        },
        "http://127.0.0.1:19876/mcp/oauth/callback",
    ),
    # Waits at a name, and at a port that it did not know before.
    "Claude Code": (
        {
            "client_name": "Claude Code",
            "redirect_uris": [
                "http://localhost/callback",
                "http://127.0.0.1/callback",
            ],
            **CODE,
            **PUBLIC,
        },
        "http://localhost:54545/callback",
    ),
    # Says no more than it must.
    "a short one": (
        {"client_name": "Short", "redirect_uris": ["https://short.example/callback"]},
        "https://short.example/callback",
    ),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_client_logs_in_with_its_document(
    shop: str, documents: Documents, alice: Visitor, name: str
) -> None:
    document, redirect_uri = DOCUMENTS[name]
    path = f"/{name.replace(' ', '-')}.json"
    program = Program(shop, documents.publish(path, **document), redirect_uri)
    assert alice.visit(program.url()).startswith(redirect_uri)
    program.told = alice.answer
    assert program.knocks(program.token()) == 200
    [question] = [page for page in alice.read if page.forms[0].asks_for_consent]
    assert str(document["client_name"]) in question.text
    assert "client.example" in question.text


def test_cursor_registers_and_is_sent_its_code(shop: str, alice: Visitor) -> None:
    program = Program(shop, "", CURSOR)
    program.register(client_name="Cursor", redirect_uris=[CURSOR], **CODE, **PUBLIC)
    assert alice.visit(program.url()).startswith(CURSOR)
    program.told = alice.answer
    assert program.knocks(program.token()) == 200
    [question] = [page for page in alice.read if page.forms[0].asks_for_consent]
    assert "cursor://anysphere.cursor-mcp" in question.text


def test_address_that_opens_another_program_is_refused(shop: str) -> None:
    with pytest.raises(HTTPStatusError, match="400"):
        Program(shop, "", CURSOR).register(
            client_name="Cursor", redirect_uris=[CURSOR.replace("cursor-", "cruel-")]
        )
