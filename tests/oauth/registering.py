"""The documents of clients as they are in the world, and the settings for them.

Written after what their makers publish, so that a change of our policy that
locks one of them out is noticed here.
"""

from __future__ import annotations

from typing import Any

#: What ``OAUTH2_PROVIDER`` needs for clients that register themselves.
PROVIDER: dict[str, Any] = {
    "SCOPES": {"shop:read": "See the shop"},
    "DEFAULT_SCOPES": ["shop:read"],
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https", "http", "cursor"],
    "ALLOW_LOCALHOST_LOOPBACK": True,
    "CIMD_ENABLED": True,
    "CIMD_METADATA_FETCHER": "django_mcp.oauth.cimd.MetadataFetcher",
    "DCR_ENABLED": True,
    "DCR_REGISTRATION_PERMISSION_CLASSES": (
        "oauth2_provider.dcr.AllowAllDCRPermission",
    ),
}

CURSOR_REDIRECT = "cursor://anysphere.cursor-retrieval/oauth/user-agent-callback"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
GRANTS = ["authorization_code", "refresh_token"]

CLAUDE = {
    "client_id": "https://claude.ai/oauth/mcp-oauth-client-metadata",
    "client_name": "Claude",
    "client_uri": "https://claude.ai",
    "redirect_uris": ["https://claude.ai/api/mcp/auth_callback"],
    "grant_types": GRANTS,
    "response_types": ["code"],
    "token_endpoint_auth_method": "none",
}
CLAUDE_CODE = {
    "client_id": "https://claude.ai/oauth/claude-code-client-metadata",
    "client_name": "Claude Code",
    "client_uri": "https://claude.ai",
    "redirect_uris": ["http://localhost/callback", "http://127.0.0.1/callback"],
    "grant_types": GRANTS,
    "response_types": ["code"],
    "token_endpoint_auth_method": "none",
}
VS_CODE = {
    "client_id": "https://vscode.dev/oauth/client-metadata.json",
    "client_name": "Visual Studio Code",
    "client_uri": "https://vscode.dev/product",
    "logo_uri": "https://code.visualstudio.com/assets/branding/code-stable.png",
    "application_type": "native",
    "redirect_uris": ["http://127.0.0.1:33418/", "https://vscode.dev/redirect"],
    "grant_types": [*GRANTS, DEVICE],
    "response_types": ["code"],
    "token_endpoint_auth_method": "none",
}
CHATGPT = {
    "client_id": "https://chatgpt.com/oauth/client.json",
    "client_name": "ChatGPT",
    "client_uri": "https://chatgpt.com/",
    "redirect_uris": ["https://chatgpt.com/connector_platform_oauth_redirect"],
    "grant_types": GRANTS,
    "response_types": ["code"],
    "token_endpoint_auth_method": "private_key_jwt",
    "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
    "token_endpoint_auth_signing_alg": "RS256",
    "jwks_uri": "https://chatgpt.com/oauth/jwks.json",
}
#: Clients that are known by a URL.
DOCUMENTS = [CLAUDE, CLAUDE_CODE, VS_CODE, CHATGPT]

CURSOR = {
    "client_name": "Cursor",
    "redirect_uris": [
        CURSOR_REDIRECT,
        "https://www.cursor.com/agents/mcp/oauth/callback",
        "http://localhost:8787/callback",
    ],
    "grant_types": GRANTS,
    "response_types": ["code"],
    "token_endpoint_auth_method": "none",
}
#: What VS Code posts where it has to register.
VS_CODE_POSTED = {
    "client_name": "Visual Studio Code",
    "client_uri": "https://code.visualstudio.com",
    "grant_types": [*GRANTS, DEVICE],
    "response_types": ["code"],
    "redirect_uris": [
        "https://insiders.vscode.dev/redirect",
        "https://vscode.dev/redirect",
        "http://127.0.0.1/",
        "http://127.0.0.1:33418/",
    ],
    "token_endpoint_auth_method": "none",
    "application_type": "native",
}
#: What the official SDK posts unless it is told more.
PLAIN = {
    "client_name": "A client",
    "redirect_uris": ["http://localhost:3030/callback"],
    "grant_types": GRANTS,
    "response_types": ["code"],
    "scope": "shop:read",
    "application_type": "native",
}
