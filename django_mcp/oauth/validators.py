"""What django-oauth-toolkit asks before it gives a code or a token.

It holds no state of a request: one instance serves all threads.
"""

from __future__ import annotations

import re
from typing import Any

from oauth2_provider.models import get_grant_model
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError

from django_mcp.oauth.resources import narrowed, server_for

#: A SHA-256 digest in base64url (RFC 7636, section 4.2).
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")


class Validator(OAuth2Validator):
    """django-oauth-toolkit's rules, and those of the Model Context Protocol.

    A project's own rules go into a subclass:
    ``oauth_settings(..., OAUTH2_VALIDATOR_CLASS="shop.oauth.Validator")``.
    """

    def is_pkce_required(self, client_id: str, request: Any) -> bool:
        """Ask for a code challenge, and take only S256.

        Raises: InvalidRequestError
        """
        # oauthlib asks this on both ways: with a challenge, and for a code.
        if request.response_type and request.code_challenge is not None:
            if request.code_challenge_method != "S256":
                raise InvalidRequestError(
                    description="Only the code challenge method S256 is taken.",
                    request=request,
                )
            if not _CHALLENGE.match(request.code_challenge):
                raise InvalidRequestError(
                    description="This is no code challenge.", request=request
                )
        return bool(super().is_pkce_required(client_id, request))

    def validate_response_type(
        self,
        client_id: str,
        response_type: str,
        client: Any,
        request: Any,
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        """Give codes in the address, and never a token (OAuth 2.1, section 10.1).

        Those of OpenID's hybrid flow would stand there too.
        """
        return response_type == "code" and bool(
            super().validate_response_type(
                client_id, response_type, client, request, *args, **kwargs
            )
        )

    def _load_application(self, client_id: Any, request: Any) -> Any:
        """Find no client by a name that PostgreSQL cannot read, in Basic as well."""
        if client_id and "\0" in client_id:
            return None
        return super()._load_application(client_id, request)

    def _check_secret(self, provided_secret: str, stored_secret: str) -> bool:
        """Take no empty secret for one: a client without any shows none."""
        # The toolkit keeps a hash of it too, and finds that they are the same.
        return bool(provided_secret) and bool(
            super()._check_secret(provided_secret, stored_secret)
        )

    def validate_silent_login(self, request: Any) -> bool:
        """Leave ``prompt=none`` to the view, which knows who is logged in."""
        return True

    def validate_silent_authorization(self, request: Any) -> bool:
        """Leave ``prompt=none`` to the view, which knows who must be asked."""
        return True

    def validate_code(
        self,
        client_id: str,
        code: str,
        client: Any,
        request: Any,
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        """Take a code of a user who is still active, for what was granted."""
        if not super().validate_code(client_id, code, client, request, *args, **kwargs):
            return False
        grant = get_grant_model().objects.get(code=code, application=client)
        request.resource = narrowed(_asked(request), grant.resource or [])
        return bool(request.user.is_active)

    def validate_refresh_token(
        self, refresh_token: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """Take a refresh token of an active user, for what was granted."""
        if not super().validate_refresh_token(
            refresh_token, client, request, *args, **kwargs
        ):
            return False
        granted = request.refresh_token_instance.resource or []
        request.resource = narrowed(_asked(request), granted)
        return bool(request.user.is_active)

    def save_bearer_token(
        self, token: dict[str, Any], request: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """Make a token out to one server, also where nothing was granted before."""
        # A grant that decided sets a list; oauthlib alone leaves a string.
        if not isinstance(getattr(request, "resource", None), list):
            request.resource = [server_for(_asked(request)).url]
        return super().save_bearer_token(token, request, *args, **kwargs)


def _asked(request: Any) -> list[str]:
    """Return every ``resource`` of the body; oauthlib keeps but the last."""
    return [value for key, value in request.decoded_body or () if key == "resource"]
