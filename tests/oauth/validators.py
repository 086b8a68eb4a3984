"""Validators as projects write them; read when a setting names one."""

from __future__ import annotations

from typing import Any

from oauth2_provider.oauth2_validators import OAuth2Validator


class Remembering(OAuth2Validator):  # type: ignore[misc]  # has no types
    """Find tokens in a way of its own."""

    asked: list[str] = []

    def _load_access_token(self, token: str) -> Any:
        self.asked.append(token)
        return super()._load_access_token(token)


class Strict(OAuth2Validator):  # type: ignore[misc]  # has no types
    """Look at the request in every way that oauthlib offers."""

    asked: list[str] = []

    def validate_bearer_token(self, token: str, scopes: Any, request: Any) -> bool:
        self.asked.append(request.uri)
        assert request.http_method
        assert request.headers.get("Authorization") is None
        assert request.body is None
        assert not request.uri_query_params
        return token != "wrong" and super().validate_bearer_token(
            token, scopes, request
        )
